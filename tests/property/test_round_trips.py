"""Whatever frame goes into SQLite comes out of it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.property.strategies import COLUMNS, FLOATS, INT64, NAMES, TEXT, frames

pytestmark = pytest.mark.backend("sqlite")

repeated = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def conn() -> Iterator[idb.Connection]:
    """A database in memory for all examples: each one replaces its table."""
    with idb.connect("sqlite://") as conn:
        yield conn


@repeated
@given(frame=frames())
def test_a_frame_through_a_table(conn: idb.Connection, frame: pl.DataFrame) -> None:
    assert conn.insert("t", frame, mode="replace") == frame.height
    assert_frame_equal(
        conn.execute("SELECT * FROM t ORDER BY rowid") if "rowid" not in frame.columns else conn.select("t"), frame
    )


@repeated
@given(frame=frames(), batch_size=st.integers(1, 10))
def test_a_frame_through_batches(conn: idb.Connection, frame: pl.DataFrame, batch_size: int) -> None:
    conn.insert("t", frame, mode="replace")
    with conn.execute_batches("SELECT * FROM t", batch_size=batch_size) as batches:
        schema, read = batches.schema, list(batches)
    assert schema == frame.schema
    assert all(0 < batch.height <= batch_size for batch in read)
    assert_frame_equal(pl.concat([frame.clear(), *read]), frame)


@repeated
@given(frame=frames())
def test_a_frame_through_other_modes(conn: idb.Connection, frame: pl.DataFrame) -> None:
    conn.insert("t", frame, mode="replace")
    assert conn.insert("t", frame.reverse(), mode="overwrite") == frame.height
    assert_frame_equal(conn.select("t"), frame.reverse())
    assert conn.insert("t", frame) == frame.height
    assert_frame_equal(conn.select("t"), pl.concat([frame.reverse(), frame]))


@repeated
@given(frame=frames())
def test_a_frame_as_rows_and_as_columns(conn: idb.Connection, frame: pl.DataFrame) -> None:
    assume(frame.height > 0)
    conn.insert("t", frame.clear(), mode="replace")
    conn.insert("t", frame.to_dicts())
    conn.insert("t", frame.to_dict())
    assert_frame_equal(conn.select("t"), pl.concat([frame, frame]))


@repeated
@given(frame=frames())
def test_a_frame_as_parameters(conn: idb.Connection, frame: pl.DataFrame) -> None:
    conn.insert("t", frame.clear(), mode="replace")
    marks = ", ".join("?" * frame.width)
    assert conn.execute_many(f"INSERT INTO t VALUES ({marks})", frame.rows()) == frame.height
    assert_frame_equal(conn.select("t"), frame)


@repeated
@given(data=st.data())
def test_upserts_equal_a_dictionary(conn: idb.Connection, data: st.DataObject) -> None:
    conn.execute("DROP TABLE IF EXISTS u; CREATE TABLE u (k TEXT PRIMARY KEY, v INTEGER)")
    expected: dict[str, int | None] = {}
    keys = st.sampled_from(["", "a", "A", "ü", "a\0", "b"])
    for _ in range(data.draw(st.integers(1, 4))):
        rows = data.draw(st.dictionaries(keys, st.none() | INT64, min_size=1))
        frame = pl.DataFrame({"k": list(rows), "v": list(rows.values())}, schema={"k": pl.String, "v": pl.Int64})
        assert conn.insert("u", frame, on_conflict="update") == len(rows)
        expected |= rows
    assert dict(conn.select("u").rows()) == expected


@repeated
@given(values=st.lists(st.none() | INT64 | FLOATS | TEXT, max_size=8))
def test_mixed_storage_classes_lose_nothing(conn: idb.Connection, values: list[Any]) -> None:
    conn.execute("DROP TABLE IF EXISTS m; CREATE TABLE m (v)")
    conn.execute_many("INSERT INTO m VALUES (?)", [[value] for value in values])
    read = conn.execute("SELECT v FROM m ORDER BY rowid")["v"]
    for value, back in zip(values, read, strict=True):
        promoted = isinstance(back, str) and not isinstance(value, str)
        assert (type(value)(back) if promoted else back) == value


@repeated
@given(value=st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**11), max_value=10**11))
def test_a_decimal_is_exact_or_refused(conn: idb.Connection, value: Decimal) -> None:
    conn.execute("DROP TABLE IF EXISTS d; CREATE TABLE d (v DECIMAL(15, 4))")
    frame = pl.DataFrame({"v": pl.Series([value], dtype=pl.Decimal(38, 4))})
    try:
        conn.insert("d", frame)
    except idb.DataConversionError:
        assert len(value.as_tuple().digits) > 15
    else:
        assert conn.select("d").item() == value


@repeated
@given(name=NAMES, column=NAMES)
def test_any_name(conn: idb.Connection, name: str, column: str) -> None:
    assume(not name.lower().startswith("sqlite_"))
    frame = pl.DataFrame({column: [1, 2]})
    assert conn.insert((name,), frame, mode="replace") == 2
    try:
        assert conn.select((name,), [column], {column: [1, 2]}, order_by=(column, "desc"))[column].to_list() == [2, 1]
        assert name in conn.tables()["name"]
        assert conn.columns((name,))["name"].to_list() == [column]
    finally:
        quoted = name.replace('"', '""')
        conn.execute(f'DROP TABLE "{quoted}"')


@repeated
@given(data=st.data())
def test_any_value_as_an_override_is_exact_or_refused(conn: idb.Connection, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(list(COLUMNS)))
    target = data.draw(st.sampled_from(list(COLUMNS)))
    value = data.draw(COLUMNS[dtype])
    frame = pl.DataFrame({"v": pl.Series([value], dtype=dtype)})
    conn.insert("t", frame, mode="replace")
    try:
        read = conn.execute("SELECT v FROM t", schema_overrides={"v": target})
    except idb.DataConversionError:
        assert target != dtype
        return
    assert read.schema == {"v": target}
    if target == dtype:
        assert_frame_equal(read, frame)
