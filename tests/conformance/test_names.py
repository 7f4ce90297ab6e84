"""Names of tables and columns: whatever the server allows, always quoted."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend

NAMES = [
    "MiXeD",
    "select",
    "two words",
    'quo"te',
    "apo'strophe",
    "back`tick",
    "br[ack]et",
    "semi;colon",
    "dash--dash",
    "ques?tion",
    "co:lon",
    "dollar$1",
    "per%cent",
    "żółw 🐢",
    "new\nline",
    "'; DROP TABLE t; --",
    "1",
    " ",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_any_name(conn: idb.Connection, name: str) -> None:
    table = (name,)
    frame = pl.DataFrame({"id": [1, 2], "name": ["a", "b"]})
    assert conn.insert(table, frame, mode="create") == 2
    assert conn.select(table, order_by="id").equals(frame)
    assert conn.update(table, {"name": "c"}, {"id": 1}) == 1
    assert conn.delete(table, {"id": 2}) == 1
    assert conn.insert(table, frame, mode="overwrite") == 2
    assert conn.insert(table, frame, mode="replace") == 2
    assert conn.tables()["name"].to_list() == [name]
    assert conn.columns(table).height == 2


@pytest.mark.parametrize("name", NAMES)
def test_a_column_of_any_name(conn: idb.Connection, name: str) -> None:
    frame = pl.DataFrame({"id": [1, 2], name: ["a", None]})
    assert conn.insert("t", frame, mode="create") == 2
    assert conn.select("t", ["id", name], order_by=[name, "id"]).sort("id").equals(frame)
    assert conn.select("t", [name], {name: "a"}).rows() == [("a",)]
    assert conn.update("t", {name: "c"}, {name: None}) == 1
    assert conn.delete("t", {name: ["a", "c"]}) == 2


@pytest.mark.parametrize("name", NAMES)
def test_an_upsert_on_any_name(backend: Backend, conn: idb.Connection, name: str) -> None:
    conn.insert((name,), pl.DataFrame({"id": [1]}).with_columns(pl.lit("a").alias(name)), mode="create")
    conn.execute(f"CREATE UNIQUE INDEX one ON {backend.quote(name)} (id)")
    frame = pl.DataFrame({"id": [1, 2], name: ["b", "c"]})
    assert conn.insert((name,), frame, on_conflict="update", conflict_columns=["id"]) == 2
    assert conn.select((name,), order_by="id").equals(frame)


def test_a_name_with_its_schema(backend: Backend, conn: idb.Connection) -> None:
    frame = pl.DataFrame({"id": [1]})
    schema = backend.default_schema
    assert conn.insert(f"{schema}.t", frame, mode="create") == 1
    assert conn.insert((schema, "t"), frame) == 1
    assert conn.select(f"{schema}.t").height == 2
    assert conn.select("t").height == 2
    assert conn.insert(f"{schema}.t", frame, mode="replace") == 1
    assert conn.update((schema, "t"), {"id": 2}, True) == 1
    assert conn.columns(f"{schema}.t").height == 1


def test_a_dot_in_a_part(backend: Backend, conn: idb.Connection) -> None:
    frame = pl.DataFrame({"id": [1]})
    table = (backend.default_schema, "a.b")
    assert conn.insert(table, frame, mode="create") == 1
    assert conn.select(table).height == 1
    with pytest.raises(idb.QueryExecutionError):
        conn.select("a.b")


@pytest.mark.parametrize("table", ["", ".", "a.", ".a", "a..b", (), ("",), ("a", "")], ids=repr)
def test_an_empty_part_is_refused(conn: idb.Connection, table: Any) -> None:
    with pytest.raises(ValueError):
        conn.select(table)
    with pytest.raises(ValueError):
        conn.insert(table, {"id": [1]}, mode="create")


@pytest.mark.parametrize("table", [None, 1, b"t", {"t"}, (1,)], ids=repr)
def test_a_name_is_text(conn: idb.Connection, table: Any) -> None:
    with pytest.raises(TypeError):
        conn.select(table)


def test_a_nul_in_a_name(conn: idb.Connection) -> None:
    with pytest.raises((ValueError, idb.QueryExecutionError)):
        conn.insert(("a\0b",), {"id": [1]}, mode="create")
    assert conn.tables().height == 0


def test_a_table_of_a_missing_schema(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="nowhere"):
        conn.insert("nowhere.t", {"id": [1]}, mode="create")
    with pytest.raises(idb.QueryExecutionError, match="nowhere"):
        conn.select("nowhere.t")
