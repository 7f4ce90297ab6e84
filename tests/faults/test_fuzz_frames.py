"""Frames of every type that Polars has, whole, empty, nested and mixed: stored exactly or refused, never a panic."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.faults.fuzz import attempt, rounds

pytestmark = pytest.mark.backend("sqlite")

NUMERIC: tuple[type[pl.DataType], ...] = (
    *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.UInt128),
    *(pl.Float16, pl.Float32, pl.Float64),
)
DAY = dt.date(2024, 2, 29)
NOON = dt.datetime(2024, 2, 29, 12)

SERIES: dict[str, pl.Series] = {
    **{str(dtype): pl.Series([0, 1, None], dtype=dtype) for dtype in NUMERIC},
    "bool": pl.Series([True, None, False]),
    "string": pl.Series(["", "x\0y", None]),
    "binary": pl.Series([b"", b"\xff", None]),
    "null": pl.Series([None, None, None]),
    "date": pl.Series([DAY, None, dt.date.max]),
    "date-beyond": pl.Series([2**31 - 1, -(2**31), 0], dtype=pl.Int32).cast(pl.Date),
    "datetime-beyond": pl.Series([2**63 - 1, -(2**63) + 1, 0]).cast(pl.Datetime("us")),
    "datetime-ms-beyond": pl.Series([2**63 - 1, -(2**63) + 1, 0]).cast(pl.Datetime("ms")),
    "datetime-ns-beyond": pl.Series([2**63 - 1, -(2**63) + 1, 0]).cast(pl.Datetime("ns")),
    "datetime-aware": pl.Series([NOON, None]).dt.replace_time_zone("America/New_York"),
    "datetime-aware-beyond": pl.Series([2**63 - 1, -(2**63) + 1]).cast(pl.Datetime("us", "Asia/Kathmandu")),
    "time": pl.Series([dt.time.min, None, dt.time.max]),
    "time-ns": pl.Series([1, 999]).cast(pl.Time),
    **{f"duration-{unit}": pl.Series([1, None, -1]).cast(pl.Duration(unit)) for unit in ("ms", "us", "ns")},
    "duration-beyond": pl.Series([2**63 - 1, -(2**63) + 1]).cast(pl.Duration("ms")),
    "decimal": pl.Series([Decimal("1.5"), None], dtype=pl.Decimal(38, 10)),
    "decimal-max": pl.Series([Decimal("9" * 38)], dtype=pl.Decimal(38, 0)),
    "floats": pl.Series([float("nan"), float("inf"), -0.0]),
    "categorical": pl.Series(["a", None, "a"], dtype=pl.Categorical()),
    "enum": pl.Series(["a", None], dtype=pl.Enum(["a", "b"])),
    "enum-empty": pl.Series([None], dtype=pl.Enum([])),
    "list": pl.Series([[1], [], None]),
    "list-of-lists": pl.Series([[[1], None], [], None]),
    "list-of-dates": pl.Series([[DAY], None]),
    "list-of-decimals": pl.Series([[Decimal("1.5")]], dtype=pl.List(pl.Decimal(10, 2))),
    "list-of-binary": pl.Series([[b"\xff"]]),
    "list-of-nan": pl.Series([[float("nan"), float("inf")]]),
    "list-of-categoricals": pl.Series([["a"]], dtype=pl.List(pl.Categorical())),
    "list-of-null": pl.Series([[None]]),
    "array": pl.Series([[1, 2], None], dtype=pl.Array(pl.Int8, 2)),
    "array-of-none": pl.Series([[], []], dtype=pl.Array(pl.Int8, 0)),
    "struct": pl.Series([{"a": 1, "b": [NOON]}, {"a": None, "b": None}]),
    "struct-of-structs": pl.Series([{"a": {"b": {"c": b"\xff"}}}]),
    "struct-empty": pl.Series([{}], dtype=pl.Struct([])),
    "struct-null": pl.Series([None], dtype=pl.Struct({"a": pl.Int64})),
    "object": pl.Series([object()], dtype=pl.Object),
}

DECLARED = (
    "INTEGER",
    "REAL",
    "NUMERIC",
    "TEXT",
    "BLOB",
    "BOOLEAN",
    "DATE",
    "TIMESTAMP",
    "TIMESTAMPTZ",
    "TIME",
    "DECIMAL(5, 2)",
    "",
)


@pytest.fixture
def conn() -> Iterator[idb.Connection]:
    """A database in memory."""
    with idb.connect("sqlite://") as conn:
        yield conn


def variants(series: pl.Series) -> Iterator[pl.Series]:
    """The column itself, empty, of nulls, sliced, in chunks."""
    yield series
    yield series.clear()
    if series.dtype == pl.Object:
        return
    yield pl.Series([None] * 3, dtype=series.dtype)
    yield series[1:]
    yield pl.concat([series, series[:0], series], rechunk=False)


@pytest.mark.parametrize("kind", SERIES)
def test_every_type_in_every_mode(conn: idb.Connection, kind: str) -> None:
    for series in variants(SERIES[kind]):
        frame = pl.DataFrame({"odd": series})
        if attempt(0, kind, conn.insert, "t", frame, mode="replace"):
            assert conn.select("t").height == frame.height
            assert conn.insert("t", frame) == frame.height
            assert conn.insert("t", frame, mode="overwrite") == frame.height
            assert conn.select("t")["odd"].null_count() == frame["odd"].null_count(), "nothing became NULL"
    assert not conn.in_transaction


@pytest.mark.parametrize("kind", SERIES)
def test_every_type_into_every_column(conn: idb.Connection, kind: str) -> None:
    for declared in DECLARED:
        for series in variants(SERIES[kind]):
            conn.execute(f"DROP TABLE IF EXISTS t; CREATE TABLE t (odd {declared})")
            frame = pl.DataFrame({"odd": series})
            stored = attempt(0, (kind, declared), conn.insert, "t", frame)
            read = conn.execute("SELECT count(*) AS n, count(odd) AS filled FROM t").row(0)
            assert read == ((frame.height, frame.height - series.null_count()) if stored else (0, 0)), declared
            attempt(0, (kind, declared), conn.select, "t")


def test_odd_shapes(conn: idb.Connection) -> None:
    frames: list[Any] = [
        pl.DataFrame(),
        pl.DataFrame(height=3),
        pl.DataFrame({"": [1]}),
        pl.DataFrame({"a\0b": [1]}),
        pl.DataFrame({"a": [1], "A": [2]}),
        pl.DataFrame({"x" * 10_000: [1]}),
        pl.DataFrame({f"c{at}": [at] for at in range(2_001)}),
        pl.DataFrame({"rowid": [1], "oid": [2], "_rowid_": [3]}),
        pl.LazyFrame({"a": [1]}).select("missing"),
        {}, [], [{}], [{}, {"a": 1}], [{"a": 1}, {"b": 2}], [{"a": 1}, {"a": "x"}], [{"a": object()}],
        {"a": 1}, {"a": "x"}, {"a": None}, {"a": [1], "b": [1, 2]}, {1: [1]}, {"a": [[1], "x"]}, [None], [1, {}],
        {"a": [float("nan")]}, {"a": [2**64]}, {"a": [-(2**200)]}, {"a": ["\ud800"]}, {"a": [1j]}, {"a": [dt.UTC]},
    ]  # fmt: skip
    for data in frames:
        for mode in ("create", "append", "overwrite", "replace", "create_append"):
            attempt_frame(conn, data, mode)
            attempt(0, data, conn.execute, "DROP TABLE IF EXISTS t")
    assert conn.execute("SELECT 1 AS a").item() == 1


def attempt_frame(conn: idb.Connection, data: Any, mode: Any) -> None:
    """Inserts it; what Polars itself says about data that makes no frame is an answer as well."""
    try:
        attempt(0, data, conn.insert, "t", data, mode=mode)
    except AssertionError as error:
        if not isinstance(error.__cause__, (pl.exceptions.PolarsError, OverflowError)):
            raise


def test_frames_at_random(conn: idb.Connection) -> None:
    kinds = [kind for kind in SERIES if kind != "object"]
    for seed, rng in rounds():
        height = rng.randint(0, 50)
        columns = {f"c{at}": column(rng, SERIES[rng.choice(kinds)], height) for at in range(rng.randint(1, 6))}
        frame = pl.DataFrame(columns)
        if attempt(seed, frame.schema, conn.insert, "t", frame, mode="replace"):
            read = conn.select("t")
            assert read.height == frame.height
            assert read.null_count().row(0) == frame.null_count().row(0), f"seed {seed}"


def column(rng: random.Random, series: pl.Series, height: int) -> pl.Series:
    """`height` of its values, in any order."""
    return series.gather([rng.randrange(len(series)) for _ in range(height)])
