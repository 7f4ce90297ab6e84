"""Types as rows of data: literal to value, parameter to value, frame to table to frame; with NULL, empty, extremes."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.conformance.backends.base import (
    Backend,
    Bind,
    Expression,
    Override,
    RefusedColumn,
    RoundTrip,
    Type,
)
from tests.hints import suggested


def make(conn: idb.Connection, declared: str) -> None:
    """A table `v` of `id` and one column of the type."""
    conn.execute(f"CREATE TABLE v (id integer, v {declared})")


def stored(conn: idb.Connection) -> pl.DataFrame:
    """That column."""
    return conn.execute("SELECT v FROM v ORDER BY id")


@pytest.mark.cases("types")
def test_a_literal_arrives_as_its_value(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    for at, (literal, _) in enumerate(case.values):
        conn.execute(f"INSERT INTO v VALUES ({at}, {literal})")
    conn.execute(f"INSERT INTO v VALUES ({len(case.values)}, NULL)")
    frame = stored(conn)
    assert frame.schema == {"v": case.dtype}
    assert frame["v"].to_list() == [*(value for _, value in case.values), None]


@pytest.mark.cases("types")
def test_null_comes_first(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    conn.execute("INSERT INTO v VALUES (0, NULL)")
    assert stored(conn).schema == {"v": case.dtype}
    conn.execute(f"INSERT INTO v VALUES (1, {case.values[0][0]})")
    assert stored(conn).schema == {"v": case.dtype}
    assert stored(conn)["v"].to_list() == [None, case.values[0][1]]


@pytest.mark.cases("types")
def test_an_empty_table_keeps_the_type(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    assert stored(conn).schema == {"v": case.dtype}
    assert stored(conn).height == 0
    assert conn.schema("SELECT v FROM v") == {"v": case.dtype}


@pytest.mark.cases("types")
def test_a_value_arrives_as_a_parameter(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    for at, (_, value) in enumerate(case.values):
        conn.execute("INSERT INTO v VALUES (?, ?)", [at, value])
    frame = stored(conn)
    assert frame.schema == {"v": case.dtype}
    assert frame["v"].to_list() == [value for _, value in case.values]


@pytest.mark.cases("types")
def test_a_frame_is_appended_and_read_back(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    values = [*(value for _, value in case.values), None]
    frame = pl.DataFrame({"id": range(len(values)), "v": pl.Series(values, dtype=case.dtype)})
    assert conn.insert("v", frame) == frame.height
    assert_frame_equal(stored(conn), frame.select("v"))


@pytest.mark.cases("types")
def test_batches_have_the_type(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    for at, (literal, _) in enumerate(case.values):
        conn.execute(f"INSERT INTO v VALUES ({at}, {literal})")
    with conn.execute_batches("SELECT v FROM v ORDER BY id", batch_size=1) as batches:
        assert batches.schema == {"v": case.dtype}
        frames = list(batches)
    assert [frame["v"].to_list() for frame in frames] == [[value] for _, value in case.values]


@pytest.mark.cases("types")
def test_any_value_can_be_read_as_text(conn: idb.Connection, case: Type) -> None:
    make(conn, case.declared)
    readable = [(literal, value) for literal, value in case.values if not isinstance(value, bytes)]
    for at, (literal, _) in enumerate(readable):
        conn.execute(f"INSERT INTO v VALUES ({at}, {literal})")
    frame = conn.execute("SELECT v FROM v", schema_overrides={"v": pl.String})
    assert frame.schema == {"v": pl.String}
    assert frame["v"].null_count() == 0
    assert frame.height == len(readable)


@pytest.mark.cases("expressions")
def test_an_expression_has_a_type(conn: idb.Connection, case: Expression) -> None:
    frame = conn.execute(case.sql)
    assert frame.schema == {"v": case.dtype}
    assert frame["v"].to_list() == [case.value]


@pytest.mark.cases("binds")
def test_a_python_value_is_bound(conn: idb.Connection, case: Bind) -> None:
    make(conn, case.declared)
    conn.execute("INSERT INTO v (v) VALUES (?)", [case.value])
    conn.execute("INSERT INTO v (v) VALUES (:value)", {"value": case.value})
    assert conn.execute_many("INSERT INTO v (v) VALUES (?)", [[case.value]]) == 1
    frame = stored(conn)
    assert frame.schema == {"v": case.dtype}
    assert frame["v"].to_list() == [case.read] * 3


@pytest.mark.cases("unbindable")
def test_a_value_that_the_column_cannot_hold_is_refused(conn: idb.Connection, case: Bind) -> None:
    make(conn, case.declared)
    with pytest.raises(idb.DataConversionError):
        conn.execute("INSERT INTO v (v) VALUES (?)", [case.value])
    assert stored(conn).height == 0


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, 1j, range(3), iter([]), int], ids=lambda value: type(value).__name__
)
def test_a_value_of_an_unknown_type_is_named(conn: idb.Connection, value: Any) -> None:
    with pytest.raises(TypeError, match=type(value).__name__):
        conn.execute("SELECT ?", [value])
    assert conn.execute("SELECT 1").height == 1


@pytest.mark.cases("round_trips")
def test_a_column_survives_create(conn: idb.Connection, case: RoundTrip) -> None:
    frame = pl.DataFrame({"v": case.series})
    assert conn.insert("created", frame, mode="create") == frame.height
    assert_frame_equal(conn.select("created"), pl.DataFrame({"v": case.read}))


@pytest.mark.cases("round_trips")
def test_an_empty_column_creates_the_same_type(conn: idb.Connection, case: RoundTrip) -> None:
    assert conn.insert("created", pl.DataFrame({"v": case.series.clear()}), mode="create") == 0
    assert conn.select("created").schema == {"v": case.read.dtype}


@pytest.mark.cases("round_trips")
def test_a_column_of_nulls_creates_the_same_type(conn: idb.Connection, case: RoundTrip) -> None:
    nulls = pl.Series([None, None], dtype=case.series.dtype)
    assert conn.insert("created", pl.DataFrame({"v": nulls}), mode="create") == 2
    frame = conn.select("created")
    assert frame.schema == {"v": case.read.dtype}
    assert frame["v"].to_list() == [None, None]


@pytest.mark.cases("refused_columns")
def test_a_column_that_would_lose_something_is_refused(
    backend: Backend, conn: idb.Connection, case: RefusedColumn
) -> None:
    rows = case.series.len()
    frame = pl.DataFrame({"fine": list(range(rows)), "odd": case.series})
    if case.declared is not None:
        conn.execute(f"CREATE TABLE v (fine {backend.spellings['bigint']}, odd {case.declared})")
    with pytest.raises(idb.DataConversionError, match="odd") as caught:
        conn.insert("v", frame, mode="append" if case.declared else "create")
    assert caught.value.column_name == "odd"
    names = conn.tables()["name"].to_list()
    assert ("v" in names) == (case.declared is not None)
    if case.declared is not None:
        assert conn.select("v").height == 0


@pytest.mark.cases("overrides")
def test_an_override_is_exact(conn: idb.Connection, case: Override) -> None:
    make(conn, case.declared)
    conn.execute(f"INSERT INTO v VALUES (0, {case.literal}), (1, NULL)")
    overrides = {"v": case.override}
    frame = conn.execute("SELECT v FROM v ORDER BY id", schema_overrides=overrides)
    assert frame.schema == {"v": case.override}
    assert frame["v"].to_list() == [case.value, None]
    with conn.execute_batches("SELECT v FROM v ORDER BY id", schema_overrides=overrides) as batches:
        assert batches.schema == {"v": case.override}
        assert_frame_equal(pl.concat(batches), frame)


@pytest.mark.cases("refused_overrides")
def test_an_override_that_would_lose_something_is_refused(
    backend: Backend, conn: idb.Connection, case: Override
) -> None:
    make(conn, case.declared)
    conn.execute(f"INSERT INTO v VALUES (0, NULL), (1, {case.literal})")
    with pytest.raises(idb.DataConversionError, match="v") as caught:
        conn.execute("SELECT v FROM v ORDER BY id", schema_overrides={"v": case.override})
    assert caught.value.column_name == "v"
    assert caught.value.backend == backend.name
    assert case.literal.strip("'") in caught.value.message, "names the value"
    assert "row" in caught.value.message
    assert conn.execute("SELECT v FROM v", schema_overrides=suggested(caught.value)).height == 2


def test_an_override_touches_its_column_only(backend: Backend, conn: idb.Connection) -> None:
    conn.execute(backend.sql("CREATE TABLE v (a {bigint}, b {bigint})"))
    conn.execute("INSERT INTO v VALUES (1, 2)")
    frame = conn.execute("SELECT a, b FROM v", schema_overrides={"b": pl.String})
    assert frame.schema == {"a": pl.Int64, "b": pl.String}
    assert frame.rows() == [(1, "2")]


def test_overrides_may_be_a_schema(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT 1 AS a", schema_overrides=pl.Schema({"a": pl.Int8()}))
    assert frame.schema == {"a": pl.Int8}
