"""Whole tables where SQL Server's rules are its own: temporary ones, other databases, synonyms, rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.tds.server import Server
from tests.tds.wire import tokens

pytestmark = pytest.mark.backend("mssql")

NEW: dict[str, list[Any]] = {"id": [7, 8], "name": ["x", None]}
ROWS = [(7, "x"), (8, None)]


@pytest.fixture
def other(ms: idb.Connection) -> Iterator[str]:
    """A second database."""
    ms.execute("CREATE DATABASE industrydb_other")
    yield "industrydb_other"
    ms.execute("DROP DATABASE industrydb_other")


@pytest.fixture
def t(ms: idb.Connection) -> str:
    """A table with a row."""
    ms.execute("CREATE TABLE t (id int NOT NULL PRIMARY KEY, name nvarchar(10)); INSERT INTO t VALUES (1, N'a')")
    return "t"


def names(conn: idb.Connection) -> list[str]:
    """The tables and views that are there."""
    return sorted(conn.tables()["name"])


@pytest.mark.parametrize("name", ["#t", ("tempdb", "dbo", "#t")])
def test_a_temporary_table_is_replaced(ms: idb.Connection, name: str | tuple[str, ...]) -> None:
    ms.execute("CREATE TABLE #t (a int); INSERT INTO #t VALUES (1)")
    assert ms.insert(name, NEW, mode="replace") == 2
    assert ms.execute("SELECT * FROM #t ORDER BY id").rows() == ROWS
    assert names(ms) == []
    # What is missing is made.
    assert ms.insert("#u", NEW, mode="replace") == 2
    assert ms.execute("SELECT * FROM #u ORDER BY id").rows() == ROWS


def test_a_temporary_table_that_can_not_be_replaced_stays(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE #t (a int); INSERT INTO #t VALUES (1)")
    for inside in (False, True):
        if inside:
            ms.begin()
        with pytest.raises(idb.UniqueViolationError):
            ms.insert("#t", {"a": [1, 1]}, mode="replace", on_conflict="update", conflict_columns=["a"])
        assert ms.in_transaction is inside
        assert ms.execute("SELECT * FROM #t").rows() == [(1,)]
    ms.commit()


def test_a_table_of_another_database_is_replaced(ms: idb.Connection, other: str) -> None:
    table = (other, "dbo", "it's")
    assert ms.insert(table, {"a": [1]}, mode="create") == 1
    assert ms.insert(table, NEW, mode="replace") == 2
    assert ms.select(table, order_by="id").rows() == ROWS
    assert ms.execute(f"SELECT name FROM {other}.sys.tables").rows() == [("it's",)]
    assert names(ms) == []


def test_a_view_of_another_database_is_in_the_way(server: Server, ms: idb.Connection, other: str) -> None:
    with config(server, database=other).connect() as there:
        there.execute("CREATE TABLE t (a int)")
        there.execute("CREATE VIEW v AS SELECT a FROM t")
    with pytest.raises(idb.QueryExecutionError, match="view v depends"):
        ms.insert((other, "dbo", "t"), NEW, mode="replace")


def test_synonyms_stand_for_their_tables(ms: idb.Connection, t: str) -> None:
    ms.execute("CREATE SYNONYM s FOR t")
    for name in ("s", "dbo.s", ("test", "dbo", "s")):
        assert ms.columns(name).equals(ms.columns(t))
        assert ms.insert(name, NEW) == 2
        assert ms.insert(name, {"id": [7, 1], "name": ["y", "b"]}, on_conflict="update") == 2
        assert ms.select(name, order_by="id").rows() == [(1, "b"), (7, "y"), (8, None)]
        assert ms.insert(name, NEW, mode="create_append", on_conflict="ignore") == 0
        assert ms.update(name, {"name": "z"}, {"id": 8}) == 1
        assert ms.delete(name, {"id": [7, 8]}) == 2
    assert ms.insert("s", NEW, mode="overwrite") == 2
    assert ms.select(t, order_by="id").rows() == ROWS
    assert ms.insert("s", NEW, mode="replace") == 2
    assert ms.columns("s")["type"].to_list() == ["bigint", "nvarchar(max)"]
    assert names(ms) == ["t"]


def test_synonyms_reach_other_databases(ms: idb.Connection, other: str) -> None:
    ms.insert((other, "dbo", "a]b"), NEW, mode="create")
    ms.execute(f"CREATE SYNONYM s FOR {other}..[a]]b]")
    assert ms.insert("s", {"id": [9], "name": ["n"]}) == 1
    assert ms.columns("s")["name"].to_list() == ["id", "name"]
    assert ms.select((other, "dbo", "a]b")).height == 3


def test_a_synonym_of_nothing_is_no_table(ms: idb.Connection) -> None:
    ms.execute("CREATE SYNONYM s FOR nothing; CREATE SYNONYM s2 FOR nowhere.dbo.nothing")
    for name in ("s", "s2", "nothing"):
        with pytest.raises(idb.QueryExecutionError):
            ms.columns(name)
        with pytest.raises(idb.QueryExecutionError):
            ms.insert(name, NEW)


def test_a_parameter_for_a_synonym_is_judged_by_its_table(ms: idb.Connection, t: str) -> None:
    ms.execute("CREATE SYNONYM s FOR t")
    with pytest.raises(idb.DataConversionError, match=r"1\.5"):
        ms.execute("INSERT INTO s VALUES (?, 'a')", [1.5])
    assert ms.select(t).height == 1


def test_conflicts_inside_a_snapshot_transaction(ms: idb.Connection, t: str) -> None:
    ms.execute("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
    with ms.transaction(isolation="snapshot"):
        assert ms.insert(t, {"id": [2, 1, 2], "name": ["b", "x", "c"]}, on_conflict="ignore") == 1
        assert ms.insert(t, {"id": [2], "name": ["d"]}, on_conflict="update") == 1
    assert ms.select(t, order_by="id").rows() == [(1, "a"), (2, "d")]


def test_xml_goes_through_the_staging_table(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int PRIMARY KEY, x xml)")
    rows: dict[str, list[Any]] = {"id": [1, 2], "x": ["<a/>", None]}
    assert ms.insert("t", rows, on_conflict="update") == 2
    assert ms.insert("t", {"id": [1, 3], "x": ["<b/>", "<c/>"]}, on_conflict="ignore") == 1
    assert ms.select("t", order_by="id").rows() == [(1, "<a/>"), (2, None), (3, "<c/>")]


def test_replace_needs_no_owner_of_the_database(server: Server, ms: idb.Connection, t: str) -> None:
    server.faults.denied = {"sql_expression_dependencies"}
    assert ms.insert(t, NEW, mode="replace") == 2
    assert ms.select(t, order_by="id").rows() == ROWS


def test_a_missing_right_is_named_and_rolls_nothing_back(server: Server, ms: idb.Connection, t: str) -> None:
    server.faults.denied = {"dm_sql_referencing_entities"}
    ms.execute("SET XACT_ABORT ON")
    with ms.transaction():
        ms.insert(t, {"id": [5], "name": ["e"]})
        with pytest.raises(idb.QueryExecutionError) as caught:
            ms.insert(t, NEW, mode="replace")
        assert ms.in_transaction
    assert caught.value.code == "229"
    assert "GRANT CONTROL" in (caught.value.hint or "")
    assert 'mode="overwrite"' in (caught.value.hint or "")
    assert ms.select(t, order_by="id").rows() == [(1, "a"), (5, "e")]


def test_no_catalog_query_rolls_back(server: Server, ms: idb.Connection, t: str) -> None:
    ms.execute("SET XACT_ABORT ON")
    with ms.transaction():
        ms.execute("INSERT INTO t VALUES (5, N'e')")
        for denied in ("objects", "columns", "triggers"):
            server.faults.denied = {denied}
            with pytest.raises(idb.QueryExecutionError) as caught:
                ms.insert(t, NEW, mode="replace")
            assert (caught.value.code, ms.in_transaction) == ("229", True), denied
        server.faults.denied = set()
    assert ms.select(t).height == 2


def test_errors_know_a_table_with_a_dot_in_its_name(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE [a.b] (id int NOT NULL CONSTRAINT pk_dotted PRIMARY KEY, n int CHECK (n > 0))")
    ms.insert(("dbo", "a.b"), {"id": [1], "n": [1]})
    for values in ("(1, 1)", "(2, 0)", "(NULL, 1)"):
        with pytest.raises(idb.ConstraintViolationError) as caught:
            ms.execute(f"INSERT INTO [a.b] VALUES {values}")
        assert (caught.value.schema_name, caught.value.table_name) == ("dbo", "a.b")


@pytest.mark.parametrize(
    ("number", "text", "named"),
    [
        (229, "The INSERT permission was denied on the object 'a.b', database 'test', schema 's'.", ("s", "a.b", None)),
        (
            230,
            "The SELECT permission was denied on the column 'c' of the object 't', database 'test', schema 'dbo'.",
            ("dbo", "t", "c"),
        ),
        (
            229,
            "The EXECUTE permission was denied on the object 'p', database 'test', schema 'dbo'.",
            (None, None, None),
        ),
    ],
)
def test_a_missing_right_names_the_table(
    server: Server, ms: idb.Connection, number: int, text: str, named: tuple[str | None, ...]
) -> None:
    said = tokens.message(number, 5, 14, text, "S", "", 1)
    server.faults.responses["SELECT denied"] = said + tokens.done(tokens.DONE, tokens.ERROR)
    with pytest.raises(idb.QueryExecutionError) as caught:
        ms.execute("SELECT denied")
    error = caught.value
    assert (error.code, error.schema_name, error.table_name, error.column_name) == (str(number), *named)
