"""Tables as SQLite has them: STRICT, WITHOUT ROWID, generated columns, keys, triggers, and swapping them."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")


def test_foreign_keys_are_on(lite: idb.Connection) -> None:
    assert lite.execute("PRAGMA foreign_keys").item() == 1


def test_foreign_keys_can_be_off(path: Path) -> None:
    with idb.DatabaseConfig("sqlite", path=str(path), foreign_keys=False).connect() as conn:
        assert conn.execute("PRAGMA foreign_keys").item() == 0


def test_a_row_that_is_referred_to(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE p (id INTEGER PRIMARY KEY); CREATE TABLE c (p INTEGER REFERENCES p)")
    lite.execute("INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)")
    with pytest.raises(idb.ForeignKeyViolationError):
        lite.delete("p", True)
    with pytest.raises(idb.ForeignKeyViolationError):
        lite.insert("p", {"id": [2]}, mode="overwrite")
    assert lite.select("p").rows() == [(1,)]


def test_a_deferred_foreign_key_fails_at_commit(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE p (id INTEGER PRIMARY KEY)")
    lite.execute("CREATE TABLE c (p INTEGER REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(idb.ForeignKeyViolationError), lite.transaction():
        lite.execute("INSERT INTO c VALUES (1)")
    assert not lite.in_transaction
    assert lite.select("c").height == 0
    with lite.transaction():
        lite.execute("INSERT INTO c VALUES (1)")
        lite.execute("INSERT INTO p VALUES (1)")
    assert lite.select("c").height == 1


STRICT = "CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB, a ANY) STRICT"


def test_a_strict_table(lite: idb.Connection) -> None:
    lite.execute(STRICT)
    frame = pl.DataFrame({"i": [1], "r": [0.5], "s": ["x"], "b": [b"\0"], "a": [7]})
    assert lite.insert("t", frame) == 1
    assert lite.select("t").equals(frame)
    with pytest.raises(idb.IndustryDbError) as caught:
        lite.execute("INSERT INTO t (i) VALUES ('x')")
    assert caught.value.code == "SQLITE_CONSTRAINT_DATATYPE"
    assert isinstance(caught.value, idb.ConstraintViolationError)
    assert (caught.value.table_name, caught.value.column_name) == ("t", "i")


def test_a_frame_that_a_strict_table_refuses(lite: idb.Connection) -> None:
    lite.execute(STRICT)
    with pytest.raises(idb.DataConversionError, match="i"):
        lite.insert("t", {"i": ["x"]})
    assert lite.select("t").height == 0


def test_a_table_without_rowid(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (name TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
    frame = pl.DataFrame({"name": ["a", "b"], "n": [1, 2]})
    assert lite.insert("t", frame) == 2
    assert lite.insert("t", frame.with_columns(n=pl.lit(3)), on_conflict="update") == 2
    assert lite.select("t")["n"].to_list() == [3, 3]
    with pytest.raises(idb.NotNullViolationError):
        lite.execute("INSERT INTO t VALUES (NULL, 1)")
    assert lite.insert("t", frame, mode="overwrite") == 2
    assert lite.insert("t", frame, mode="replace") == 2


@pytest.mark.parametrize("kind", ["VIRTUAL", "STORED"])
def test_generated_columns(lite: idb.Connection, kind: str) -> None:
    lite.execute(f"CREATE TABLE t (a INTEGER PRIMARY KEY, twice INTEGER GENERATED ALWAYS AS (a * 2) {kind})")
    assert lite.insert("t", {"a": [1, 2]}) == 2
    assert lite.select("t", order_by="a").rows() == [(1, 2), (2, 4)]
    with pytest.raises(idb.IndustryDbError, match="twice"):
        lite.insert("t", {"a": [3], "twice": [6]})
    assert lite.columns("t")["name"].to_list() == ["a", "twice"]
    assert lite.insert("t", {"a": [1]}, on_conflict="ignore") == 0
    assert lite.insert("t", {"a": [5]}, mode="overwrite") == 1


def test_rowids_are_given(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
    lite.insert("t", {"name": ["a", "b"]})
    assert lite.select("t", order_by="id").rows() == [(1, "a"), (2, "b")]


def test_an_upsert_on_a_unique_index(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (name TEXT COLLATE NOCASE, n INTEGER)")
    lite.execute("CREATE UNIQUE INDEX one ON t (name)")
    lite.insert("t", {"name": ["a"], "n": [1]})
    lite.insert("t", {"name": ["A"], "n": [2]}, on_conflict="update", conflict_columns=["name"])
    assert lite.select("t").height == 1
    assert lite.select("t")["n"].to_list() == [2]


def test_an_upsert_with_a_null_key(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (k TEXT UNIQUE, n INTEGER)")
    lite.insert("t", {"k": [None, None], "n": [1, 2]}, on_conflict="update", conflict_columns=["k"])
    assert lite.select("t").height == 2, "NULLs are never equal"


def test_an_upsert_fires_triggers_once(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)")
    lite.execute("CREATE TABLE log (what TEXT)")
    lite.execute("CREATE TRIGGER ins AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('insert'); END")
    lite.execute("CREATE TRIGGER upd AFTER UPDATE ON t BEGIN INSERT INTO log VALUES ('update'); END")
    lite.insert("t", {"id": [1], "n": [1]})
    lite.insert("t", {"id": [1, 2], "n": [5, 6]}, on_conflict="update")
    assert sorted(lite.select("log")["what"]) == ["insert", "insert", "update"]


def test_a_trigger_with_semicolons_is_one_statement(lite: idb.Connection) -> None:
    lite.execute(
        """
        CREATE TABLE t (id INTEGER);
        CREATE TABLE log (id INTEGER);
        CREATE TRIGGER twice AFTER INSERT ON t BEGIN
            INSERT INTO log VALUES (new.id);
            INSERT INTO log VALUES (new.id); -- END;
        END;
        INSERT INTO t VALUES (1);
        """,
    )
    assert lite.select("log").height == 2


def test_a_trigger_that_raises(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (id INTEGER)")
    lite.execute("CREATE TRIGGER no BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'not today'); END")
    with pytest.raises(idb.ConstraintViolationError, match="not today") as caught:
        lite.insert("t", {"id": [1]})
    assert caught.value.code == "SQLITE_CONSTRAINT_TRIGGER"


DEPENDENTS = {
    "view": "CREATE VIEW dependent AS SELECT id FROM t",
    "view-of-a-join": "CREATE VIEW dependent AS SELECT 1 AS a FROM other JOIN t USING (id)",
    "foreign-key": "CREATE TABLE dependent (t INTEGER REFERENCES t (id))",
    "trigger": "CREATE TRIGGER dependent AFTER INSERT ON t BEGIN SELECT 1; END",
    "trigger-of-another-table": "CREATE TRIGGER dependent AFTER INSERT ON other BEGIN DELETE FROM t; END",
}


@pytest.mark.parametrize("kind", DEPENDENTS)
def test_replace_names_what_depends_on_the_table(lite: idb.Connection, kind: str) -> None:
    lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE other (id INTEGER); INSERT INTO t VALUES (1)")
    lite.execute(DEPENDENTS[kind])
    before = lite.execute("SELECT sql FROM sqlite_schema ORDER BY name")["sql"].to_list()
    with pytest.raises(idb.QueryExecutionError, match="dependent"):
        lite.insert("t", {"id": [2]}, mode="replace")
    assert lite.select("t").rows() == [(1,)]
    assert lite.execute("SELECT sql FROM sqlite_schema ORDER BY name")["sql"].to_list() == before
    assert lite.insert("t", {"id": [2]}, mode="overwrite") == 1


INDEPENDENT = {
    "view-with-its-name-in-text": "CREATE VIEW v AS SELECT 't' AS a, id FROM other -- t",
    "view-with-a-column-of-its-name": "CREATE VIEW v AS SELECT id AS t FROM other",
    "its-own-foreign-key": "CREATE INDEX i ON other (id)",
}


@pytest.mark.parametrize("kind", INDEPENDENT)
def test_replace_goes_on_where_nothing_depends_on_the_table(lite: idb.Connection, kind: str) -> None:
    lite.execute("CREATE TABLE other (id INTEGER); CREATE TABLE t (id INTEGER PRIMARY KEY REFERENCES t (id))")
    lite.execute(INDEPENDENT[kind])
    assert lite.insert("t", {"id": [2]}, mode="replace") == 1
    assert lite.select("t").rows() == [(2,)]


def test_readers_see_the_old_table_or_the_new_one(path: Path) -> None:
    config = idb.DatabaseConfig("sqlite", path=str(path), journal_mode="wal", busy_timeout=20)
    old = pl.DataFrame({"old": range(1_000)})
    new = pl.DataFrame({"new": range(2_000), "more": range(2_000)})
    seen: set[tuple[Any, ...]] = set()
    with config.connect() as writer, config.connect() as reader:
        writer.insert("t", old, mode="create")
        stop = threading.Event()
        failures: list[BaseException] = []

        def look() -> None:
            try:
                while not stop.is_set():
                    frame = reader.execute("SELECT * FROM t")
                    seen.add((*frame.columns, frame.height))
            except idb.IndustryDbError as error:
                failures.append(error)

        thread = threading.Thread(target=look)
        thread.start()
        for _ in range(20):
            writer.insert("t", new, mode="replace")
            writer.insert("t", old, mode="replace")
        stop.set()
        thread.join()
    assert failures == []
    assert seen <= {("old", 1_000), ("new", "more", 2_000)}


def test_overwrite_is_seen_whole(path: Path) -> None:
    config = idb.DatabaseConfig("sqlite", path=str(path), journal_mode="wal", busy_timeout=20)
    with config.connect() as writer, config.connect() as reader:
        writer.insert("t", {"id": range(500)}, mode="create")
        stop = threading.Event()
        heights: set[int] = set()

        def look() -> None:
            while not stop.is_set():
                heights.add(reader.select("t").height)

        thread = threading.Thread(target=look)
        thread.start()
        for count in (1_000, 500) * 10:
            writer.insert("t", {"id": range(count)}, mode="overwrite")
        stop.set()
        thread.join()
    assert heights <= {500, 1_000}


@pytest.mark.parametrize("name", ["sqlite_mine", "sqlite_schema"])
def test_reserved_names(lite: idb.Connection, name: str) -> None:
    with pytest.raises(idb.QueryExecutionError):
        lite.insert(name, {"id": [1]}, mode="create")


def test_columns_that_differ_by_case_only(lite: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError):
        lite.insert("t", {"a": [1], "A": [2]}, mode="create")
    assert lite.tables().height == 0


def test_names_are_found_whatever_their_case(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE People (Id INTEGER, Name TEXT)")
    assert lite.insert("people", {"id": [1], "NAME": ["a"]}) == 1
    assert lite.select("PEOPLE", ["name"]).rows() == [("a",)]


def test_too_many_parameters(lite: idb.Connection) -> None:
    marks = ", ".join("?" * 40_000)
    with pytest.raises(idb.QueryExecutionError):
        lite.execute(f"SELECT 1 WHERE 1 IN ({marks})", list(range(40_000)))


def test_a_savepoint_as_sql(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (id INTEGER)")
    lite.execute("SAVEPOINT mine")
    assert lite.in_transaction
    lite.execute("INSERT INTO t VALUES (1)")
    lite.execute("ROLLBACK TO mine")
    lite.execute("RELEASE mine")
    assert not lite.in_transaction
    assert lite.select("t").height == 0


def test_a_transaction_that_sqlite_rolls_back_itself(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (id INTEGER UNIQUE ON CONFLICT ROLLBACK)")
    lite.begin()
    lite.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(idb.UniqueViolationError):
        lite.execute("INSERT INTO t VALUES (1)")
    assert not lite.in_transaction
    with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"):
        lite.select("t")
    lite.rollback()
    assert lite.select("t").height == 0
    with pytest.raises(idb.UniqueViolationError), lite.transaction():
        lite.execute("INSERT INTO t VALUES (1)")
        lite.execute("INSERT INTO t VALUES (1)")
    assert not lite.in_transaction


def test_vacuum_runs_outside_a_transaction(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (id INTEGER); VACUUM")
    with pytest.raises(idb.QueryExecutionError), lite.transaction():
        lite.execute("VACUUM")


def test_extensions_cannot_be_loaded_by_sql(lite: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError):
        lite.execute("SELECT load_extension('x')")


def test_json_and_math_functions_are_there(lite: idb.Connection) -> None:
    assert lite.execute("""SELECT json_extract('{"a": [1, 2]}', '$.a[1]') AS v""").item() == 2
    assert lite.execute("SELECT json_extract(?, '$.a') AS v", [{"a": 5}]).item() == 5


def test_full_text_search(lite: idb.Connection) -> None:
    lite.execute("CREATE VIRTUAL TABLE notes USING fts5 (body)")
    lite.insert("notes", {"body": ["a green turtle", "a red fox"]})
    assert lite.execute("SELECT body FROM notes WHERE notes MATCH ?", ["turtle"]).item() == "a green turtle"
