"""Statements that were prepared before their tables and types were changed: by others, and by what was taken back."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.postgres.conftest import Referee

CHANGES: list[tuple[str, str, str, Any, list[tuple[Any, ...]]]] = [
    ("bigint", "double precision", "SELECT * FROM t WHERE id = $1", 5, [(5.0, "a")]),
    ("integer", "bigint", "SELECT * FROM t WHERE id = $1", 5, [(5, "a")]),
    ("integer", "smallint", "SELECT * FROM t WHERE id = $1", 5, [(5, "a")]),
    ("integer", "text", "SELECT * FROM t WHERE id IS DISTINCT FROM $1", None, [("5", "a")]),
    ("bigint", "double precision", "INSERT INTO t VALUES ($1, 'n') RETURNING *", 7, [(7.0, "n")]),
    ("bigint", "numeric(10, 2)", "UPDATE t SET id = $1 RETURNING id::text, id::bigint", 7, [("7.00", 7)]),
    ("integer", "pg_lsn USING '0/41424344'", "SELECT * FROM t WHERE $1 = 1", 1, [("0/41424344", "a")]),
    ("integer", "tsquery USING 'a'::tsquery", "SELECT * FROM t WHERE $1 = 1", 1, [("'a'", "a")]),
    ("integer", "int4multirange USING '{[1,2)}'", "SELECT * FROM t WHERE $1 = 1", 1, [("{[1,2)}", "a")]),
]
"""The column's type before and after, a statement, its parameter, and what it then gives."""


@pytest.mark.parametrize("listening", [False, True])
@pytest.mark.parametrize(("before", "after", "sql", "value", "rows"), CHANGES)
def test_a_type_that_others_change(
    conn: idb.Connection,
    referee: Referee,
    *,
    before: str,
    after: str,
    sql: str,
    value: Any,
    rows: list[tuple[Any, ...]],
    listening: bool,
) -> None:
    create = f"DROP TABLE IF EXISTS t; CREATE TABLE t (id {before}, s text); INSERT INTO t VALUES (5, 'a')"
    conn.execute(create)
    if listening:
        conn.execute("LISTEN channel")
    for _ in range(2):
        conn.execute(sql, [value])
    referee.execute("TRUNCATE t; INSERT INTO t VALUES (5, 'a')")
    referee.execute(f"ALTER TABLE t ALTER id TYPE {after}".encode())
    assert conn.execute(sql, [value]).rows() == rows


def test_a_schema_is_that_of_now(conn: idb.Connection, referee: Referee) -> None:
    conn.execute("CREATE TABLE t (a integer)")
    sql = "SELECT * FROM t"
    conn.execute(sql)
    referee.execute("ALTER TABLE t ALTER a TYPE bigint, ADD b text")
    assert conn.schema(sql) == {"a": pl.Int64, "b": pl.String}
    assert conn.execute(sql).schema == conn.schema(sql)


def test_a_cast_to_a_type_that_is_gone_is_written_once(conn: idb.Connection, referee: Referee) -> None:
    conn.execute("CREATE TABLE t (id integer); INSERT INTO t VALUES (5)")
    sql = "SELECT * FROM t WHERE id = $1"
    assert conn.execute(sql, [5]).item() == 5
    referee.execute("ALTER TABLE t ALTER id TYPE text")
    with pytest.raises(idb.QueryExecutionError, match="text = integer"):
        conn.execute(sql, ["5"])
    assert conn.execute(sql, ["5"]).item() == "5"


@pytest.mark.parametrize("kind", ["pg_lsn", "tsquery", "xid8"])
def test_a_type_without_a_binary_form(conn: idb.Connection, referee: Referee, kind: str) -> None:
    value = {"pg_lsn": "0/41424344", "tsquery": "'a'", "xid8": "65"}[kind]
    conn.execute("CREATE TABLE t (a integer)")
    conn.execute("SELECT * FROM t")
    referee.execute(f"ALTER TABLE t ALTER a TYPE {kind} USING NULL".encode())
    referee.execute("INSERT INTO t VALUES (%s)", [value])
    assert conn.execute("SELECT * FROM t").rows() == [(value,)]


COLUMNS = [
    ("DROP x; ALTER TABLE t ADD z text DEFAULT 'z'", {"y": "y", "q": "'q'", "z": "z"}),
    ("RENAME y TO x2", {"x": "x", "x2": "y", "q": "'q'"}),
    ("ADD z integer DEFAULT 5", {"x": "x", "y": "y", "q": "'q'", "z": 5}),
    ("DROP y", {"x": "x", "q": "'q'"}),
    ("ALTER y TYPE integer USING 7", {"x": "x", "y": 7, "q": "'q'"}),
    ("ALTER y TYPE numeric(5, 1) USING 7.5", {"x": "x", "y": 7.5, "q": "'q'"}),
]


@pytest.mark.parametrize("own", [False, True], ids=["others", "own"])
@pytest.mark.parametrize(("change", "row"), COLUMNS)
def test_a_result_as_text_with_other_columns(
    conn: idb.Connection, referee: Referee, change: str, row: dict[str, Any], *, own: bool
) -> None:
    conn.execute("CREATE TABLE t (x text, y text, q tsquery); INSERT INTO t VALUES ('x', 'y', 'q')")
    for sql, params in (("SELECT * FROM t", None), ("SELECT * FROM t WHERE 1 = $1", [1])):
        assert conn.execute(sql, params).to_dicts() == [{"x": "x", "y": "y", "q": "'q'"}]
    # As no keyword tells it, and no plan cache.
    change = f"DO $$ BEGIN ALTER TABLE t {change}; END $$"
    if own:
        conn.execute(change)
    else:
        referee.execute(change.encode())
    for sql, params in (("SELECT * FROM t", None), ("SELECT * FROM t WHERE 1 = $1", [1])):
        assert conn.execute(sql, params).to_dicts() == [row]
        with conn.execute_batches(sql, params, batch_size=1) as batches:
            assert [frame.to_dicts() for frame in batches] == [[row]]


@pytest.mark.parametrize(
    "back",
    [
        "ROLLBACK",
        "ROLLBACK AND CHAIN; COMMIT",
        "ROLLBACK TO s; COMMIT",
        "SELECT 1 / 0",
        "SAVEPOINT o; ROLLBACK TO s; ROLLBACK",
    ],
)
def test_a_change_of_ours_that_is_taken_back(conn: idb.Connection, back: str) -> None:
    conn.execute("CREATE TABLE t (a integer)")
    conn.execute("SELECT * FROM t")
    conn.execute("BEGIN; SAVEPOINT s; ALTER TABLE t ADD b integer")
    assert conn.execute("SELECT * FROM t").columns == ["a", "b"]
    if back == "SELECT 1 / 0":
        with pytest.raises(idb.QueryExecutionError):
            conn.execute(back)
        with pytest.raises(idb.QueryExecutionError, match="rolled back, not committed"):
            conn.execute("COMMIT")
    else:
        conn.execute(back)
    with conn.transaction():
        assert conn.execute("SELECT * FROM t").columns == ["a"]


def test_a_change_of_others_within_a_transaction(conn: idb.Connection, referee: Referee) -> None:
    conn.execute("CREATE TABLE t (a integer)")
    conn.execute("SELECT * FROM t")
    referee.execute("ALTER TABLE t ADD b integer")
    conn.begin()
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT * FROM t")
    assert caught.value.code == "0A000"
    assert caught.value.hint is not None
    assert "run the transaction again" in caught.value.hint
    conn.rollback()
    with conn.transaction():
        assert conn.execute("SELECT * FROM t").columns == ["a", "b"]
