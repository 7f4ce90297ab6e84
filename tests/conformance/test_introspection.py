"""`tables` and `columns`."""

from __future__ import annotations

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.types import Run


def test_no_tables(conn: idb.Connection) -> None:
    frame = conn.tables()
    assert frame.schema == {"schema": pl.String, "name": pl.String, "kind": pl.String}
    assert frame.height == 0


@pytest.mark.usefixtures("people")
def test_tables_and_views(backend: Backend, conn: idb.Connection) -> None:
    conn.execute("CREATE VIEW reds AS SELECT id FROM people WHERE team = 'red'")
    schema = backend.default_schema
    expected = [(schema, "people", "table"), (schema, "reds", "view")]
    assert conn.tables().sort("name").rows() == expected
    assert conn.tables(schema).sort("name").rows() == expected


@pytest.mark.usefixtures("people")
def test_tables_of_a_missing_schema(conn: idb.Connection) -> None:
    assert conn.tables("nowhere").height == 0


@pytest.mark.usefixtures("people")
def test_tables_follow_what_happens(conn: idb.Connection) -> None:
    conn.execute("DROP TABLE people")
    assert conn.tables().height == 0
    conn.insert("new", {"id": [1]}, mode="create")
    assert conn.tables()["name"].to_list() == ["new"]


def test_columns_in_their_order(backend: Backend, run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (z {bigint} NOT NULL PRIMARY KEY, a {text} NOT NULL, m {double} DEFAULT 0.5, b {date})")
    frame = conn.columns("u")
    assert frame["name"].to_list() == ["z", "a", "m", "b"]
    assert frame["nullable"].to_list() == [False, False, True, True]
    assert frame["primary_key"].to_list() == [1, None, None, None]
    assert frame["default"].null_count() == 3
    types = [backend.spellings[name].lower() for name in ("bigint", "text", "double", "date")]
    assert frame["type"].str.to_lowercase().to_list() == types


def test_a_key_of_several_columns(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (a {bigint} NOT NULL, b {bigint} NOT NULL, c {bigint}, PRIMARY KEY (b, a))")
    assert conn.columns("u")["primary_key"].to_list() == [2, 1, None]


@pytest.mark.usefixtures("people")
def test_columns_of_a_view(conn: idb.Connection) -> None:
    conn.execute("CREATE VIEW reds AS SELECT name, id FROM people WHERE team = 'red'")
    assert conn.columns("reds")["name"].to_list() == ["name", "id"]


def test_columns_of_a_missing_table(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.columns("missing")


@pytest.mark.cases("types")
def test_every_type_is_described(run: Run, conn: idb.Connection, case: object) -> None:
    declared = getattr(case, "declared")  # noqa: B009
    conn.execute(f"CREATE TABLE u (v {declared})")
    frame = conn.columns("u")
    assert frame.height == 1
    assert frame["type"].null_count() == 0


@pytest.mark.usefixtures("people")
def test_introspection_in_other_types(conn: idb.Connection) -> None:
    assert conn.tables(schema_overrides={"kind": pl.Categorical}).schema["kind"] == pl.Categorical
    assert conn.columns("people", schema_overrides={"nullable": pl.String}).schema["nullable"] == pl.String
    with pytest.raises(ValueError, match="names 'kin'|names \"kin\""):
        conn.tables(schema_overrides={"kin": pl.String})
    with pytest.raises(idb.DataConversionError):
        conn.tables(schema_overrides={"kind": pl.Int64})
