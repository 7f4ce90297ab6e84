"""`insert`: every kind of data, matched to the table's columns by name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

import industrydb as idb
from tests.arrow import arrow, pa
from tests.conformance.backends import Backend
from tests.conformance.types import Ids, Run

FRAME = pl.DataFrame({"id": [1, 2, 3], "name": ["a", None, "ü"]})
ROWS = [(1, "a"), (2, None), (3, "ü")]


class Stream:
    """Somebody's own type that knows nothing but the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows."""
        return arrow(FRAME).__arrow_c_stream__(requested_schema)


DATA: dict[str, Callable[[], Any]] = {
    "dataframe": FRAME.clone,
    "lazyframe": lambda: FRAME.lazy().filter(pl.col("id") > 0),
    "chunks": lambda: pl.concat([FRAME[:1], FRAME[1:]], rechunk=False),
    "slice": lambda: pl.concat([FRAME, FRAME])[2:5].with_columns(FRAME["id"], FRAME["name"]),
    "columns": lambda: {"id": [1, 2, 3], "name": ["a", None, "ü"]},
    "columns-in-another-order": lambda: {"name": ["a", None, "ü"], "id": [1, 2, 3]},
    "columns-of-tuples": lambda: {"id": (1, 2, 3), "name": ("a", None, "ü")},
    "columns-of-series": lambda: {"id": FRAME["id"], "name": FRAME["name"]},
    "columns-of-numpy": lambda: {"id": np.array([1, 2, 3]), "name": ["a", None, "ü"]},
    "rows": FRAME.to_dicts,
    "rows-with-a-gap": lambda: [{"id": 1, "name": "a"}, {"id": 2}, {"name": "ü", "id": 3}],
    "rows-tuple": lambda: tuple(FRAME.to_dicts()),
    "pyarrow-table": lambda: arrow(FRAME),
    "pyarrow-batch": lambda: arrow(FRAME).combine_chunks().to_batches()[0],
    "pyarrow-reader": lambda: arrow(FRAME).to_reader(),
    "pyarrow-old-strings": lambda: pa.table({"id": [1, 2, 3], "name": pa.array(["a", None, "ü"], pa.string())}),
    "pyarrow-dictionary": lambda: pa.table({"id": [1, 2, 3], "name": pa.array(["a", None, "ü"]).dictionary_encode()}),
    "pandas": lambda: pd.DataFrame({"id": [1, 2, 3], "name": ["a", None, "ü"]}),
    "own-stream": Stream,
}


@pytest.mark.parametrize("kind", DATA)
def test_every_kind_of_data(conn: idb.Connection, t: str, kind: str) -> None:
    assert conn.insert(t, DATA[kind]()) == 3
    assert conn.select(t, order_by="id").rows() == ROWS


@pytest.mark.parametrize("kind", DATA)
def test_every_kind_of_data_creates_a_table(conn: idb.Connection, kind: str) -> None:
    assert conn.insert("made", DATA[kind](), mode="create") == 3
    assert conn.select("made", ["id", "name"], order_by="id").equals(FRAME)


@pytest.mark.parametrize("kind", DATA)
@pytest.mark.parametrize("mode", ["replace", "overwrite", "create_append"])
def test_every_kind_of_data_in_the_other_modes(conn: idb.Connection, t: str, kind: str, mode: Any) -> None:
    assert conn.insert(t, DATA[kind](), mode=mode) == 3
    assert conn.select(t, ["id", "name"], order_by="id").rows() == ROWS


@pytest.mark.parametrize("kind", DATA)
def test_every_kind_of_data_is_upserted(conn: idb.Connection, t: str, kind: str) -> None:
    conn.execute("INSERT INTO t VALUES (1, 'old')")
    assert conn.insert(t, DATA[kind](), on_conflict="update") == 3
    assert conn.select(t, order_by="id").rows() == ROWS


@pytest.mark.parametrize("data", [None, 1, "id", b"id", [1, 2], [[1]], object(), {1: [1]}], ids=repr)
def test_other_data_is_refused(conn: idb.Connection, t: str, ids: Ids, data: Any) -> None:
    with pytest.raises(TypeError):
        conn.insert(t, data)
    assert ids() == []


def test_columns_of_different_lengths(conn: idb.Connection, t: str, ids: Ids) -> None:
    with pytest.raises((ValueError, TypeError, pl.exceptions.PolarsError)):
        conn.insert(t, {"id": [1, 2], "name": ["a", "b", "c"]})
    assert ids() == []


@pytest.mark.parametrize(
    "data", [pl.DataFrame(schema={"id": pl.Int64, "name": pl.String}), {"id": [], "name": []}], ids=repr
)
def test_no_rows(conn: idb.Connection, t: str, ids: Ids, data: Any) -> None:
    assert conn.insert(t, data) == 0
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_no_columns(conn: idb.Connection) -> None:
    with pytest.raises((ValueError, idb.IndustryDbError)):
        conn.insert("made", pl.DataFrame(), mode="create")
    assert conn.tables()["name"].to_list() == ["t"]


def test_columns_go_by_name(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (a {bigint}, b {text}, c {double})")
    conn.insert("u", pl.DataFrame({"c": [0.5], "a": [1], "b": ["x"]}))
    assert conn.select("u").rows() == [(1, "x", 0.5)]


def test_a_column_that_is_missing_takes_its_default(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (a {bigint}, b {bigint} DEFAULT 7, c {text})")
    conn.insert("u", {"a": [1, 2]})
    assert conn.select("u", order_by="a").rows() == [(1, 7, None), (2, 7, None)]


def test_a_null_is_not_the_default(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (a {bigint}, b {bigint} DEFAULT 7)")
    conn.insert("u", {"a": [1], "b": [None]})
    assert conn.select("u").rows() == [(1, None)]


def test_a_column_that_the_table_lacks(conn: idb.Connection, t: str, ids: Ids) -> None:
    with pytest.raises(idb.IndustryDbError, match="extra") as caught:
        conn.insert(t, {"id": [1], "extra": [1]})
    assert caught.value.column_name == "extra"
    assert ids() == []


EXACT = [
    pytest.param(pl.Series([1, None, 2], dtype=pl.Int8), "bigint", [1, None, 2], id="small-int-into-bigint"),
    pytest.param(pl.Series([1.0, None, -2.0]), "bigint", [1, None, -2], id="whole-floats-into-bigint"),
    pytest.param(pl.Series([1, None, 2**53]), "double", [1.0, None, 2.0**53], id="exact-ints-into-double"),
    pytest.param(pl.Series([1, None]), "decimal", [Decimal("1.00"), None], id="int-into-decimal"),
    pytest.param(pl.Series(["1.50", None]), "decimal", [Decimal("1.50"), None], id="text-into-decimal"),
    pytest.param(pl.Series([True, None, False]), "bigint", [1, None, 0], id="boolean-into-bigint"),
    pytest.param(pl.Series([1, 0, None]), "boolean", [True, False, None], id="bits-into-boolean"),
    pytest.param(pl.Series(["2024-02-29", None]).str.to_date(), "text", ["2024-02-29", None], id="date-into-text"),
    pytest.param(pl.Series([1, None]), "text", ["1", None], id="int-into-text"),
    pytest.param(pl.Series([None, None]), "date", [None, None], id="nulls-into-date"),
    pytest.param(pl.Series(["a"], dtype=pl.Categorical()), "text", ["a"], id="categorical-into-text"),
]


@pytest.mark.parametrize(("series", "target", "expected"), EXACT)
def test_a_cast_that_is_exact(
    run: Run, conn: idb.Connection, series: pl.Series, target: str, expected: list[Any]
) -> None:
    run("CREATE TABLE u (id {bigint}, v {" + target + "})")
    conn.insert("u", pl.DataFrame({"id": range(len(series)), "v": series}))
    assert conn.select("u", order_by="id")["v"].to_list() == expected


INEXACT = [
    pytest.param(pl.Series([1.0, 0.5]), "bigint", id="fraction-into-bigint"),
    pytest.param(pl.Series([1, 2**53 + 1]), "double", id="int-into-double"),
    pytest.param(pl.Series([Decimal("1.00"), Decimal("0.005")], dtype=pl.Decimal(10, 3)), "decimal", id="scale"),
    pytest.param(pl.Series([1, 2]), "boolean", id="two-into-boolean"),
    pytest.param(pl.Series(["1", "x"]), "bigint", id="text-into-bigint"),
    pytest.param(pl.Series(["2024-02-29", "2024-02-30"]), "date", id="text-into-date"),
    pytest.param(pl.Series([b"\0", b"\xff"]), "text", id="bytes-into-text"),
    pytest.param(pl.Series([float("inf")]), "bigint", id="infinity-into-bigint"),
    pytest.param(pl.Series([1e300]), "bigint", id="huge-float-into-bigint"),
    pytest.param(pl.Series([2**63], dtype=pl.UInt64), "bigint", id="uint64-into-bigint"),
]


@pytest.mark.parametrize(("series", "target"), INEXACT)
def test_a_cast_that_is_not_exact(
    backend: Backend, run: Run, conn: idb.Connection, series: pl.Series, target: str
) -> None:
    run("CREATE TABLE u (id {bigint}, odd {" + target + "})")
    with pytest.raises(idb.DataConversionError, match="odd") as caught:
        conn.insert("u", pl.DataFrame({"id": range(len(series)), "odd": series}))
    assert caught.value.column_name == "odd"
    assert caught.value.backend == backend.name
    assert conn.select("u").height == 0


def test_a_bad_value_far_down_stores_nothing(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint}, odd {bigint})")
    values = [1.0] * 99_999 + [0.5]
    with pytest.raises(idb.DataConversionError, match="99999|100000|99,999|100,000"):
        conn.insert("u", pl.DataFrame({"id": range(100_000), "odd": values}))
    assert conn.select("u").height == 0


def test_many_rows(conn: idb.Connection, t: str) -> None:
    frame = pl.DataFrame({"id": range(200_000)}).with_columns(name=pl.col("id").cast(pl.String))
    assert conn.insert(t, frame) == 200_000
    assert conn.select(t, order_by="id").equals(frame)


def test_many_columns(conn: idb.Connection) -> None:
    frame = pl.DataFrame({f"c{at}": [at, at + 1] for at in range(300)})
    assert conn.insert("wide", frame, mode="create") == 2
    assert conn.select("wide").equals(frame)


def test_the_frame_is_left_alone(conn: idb.Connection, t: str) -> None:
    frame = FRAME.clone()
    conn.insert(t, frame)
    assert frame.equals(FRAME)


def test_an_insert_is_part_of_a_transaction(conn: idb.Connection, t: str, ids: Ids) -> None:
    with pytest.raises(ZeroDivisionError), conn.transaction():
        conn.insert(t, FRAME)
        raise ZeroDivisionError
    assert ids() == []
