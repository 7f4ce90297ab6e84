"""Statements of PostgreSQL's own: each runs, exactly once, and gives a frame."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.conformance.types import Run
from tests.postgres.conftest import Referee

SETUP = """
    CREATE TABLE t (id integer PRIMARY KEY, name text);
    CREATE SEQUENCE runs;
    CREATE FUNCTION tick() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('runs') $$;
    CREATE PROCEDURE store(n integer) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t VALUES (n, 'stored'); END $$;
    CREATE PROCEDURE answer(INOUT a integer, INOUT b text) LANGUAGE plpgsql AS $$
        BEGIN a := a + 1; b := b || '; done'; END $$;
    CREATE PROCEDURE commits() LANGUAGE plpgsql AS $$
        BEGIN INSERT INTO t VALUES (1, 'a'); COMMIT; INSERT INTO t VALUES (2, 'b'); ROLLBACK; END $$;
    CREATE FUNCTION both_kinds(OUT a integer, OUT b text) LANGUAGE sql BEGIN ATOMIC SELECT 1, 'x;y'; END;
"""


@pytest.fixture(autouse=True)
def setup(conn: idb.Connection) -> None:
    """A script with semicolons in bodies."""
    conn.execute(SETUP)


NO_RESULT = [
    ("CREATE INDEX i ON t (name)", 0),
    ("INSERT INTO t VALUES (1, 'a'), (2, 'b')", 2),
    ("INSERT INTO t SELECT i, 'x' FROM generate_series(1, 5) AS i", 5),
    ("CREATE TABLE made AS SELECT i FROM generate_series(1, 3) AS i", 3),
    ("CREATE MATERIALIZED VIEW made AS SELECT 1 AS a", 1),
    ("SELECT i INTO made FROM generate_series(1, 4) AS i", 4),
    ("DO $$ BEGIN INSERT INTO t VALUES (1, 'a;b'); END $$", 0),
    ("CALL store(7)", 0),
    ("SET work_mem = '5MB'", 0),
    ("RESET ALL", 0),
    ("VACUUM t", 0),
    ("ANALYZE t", 0),
    ("LISTEN channel", 0),
    ("NOTIFY channel, 'text'", 0),
    ("COMMENT ON TABLE t IS 'a; comment'", 0),
    ("TRUNCATE t", 0),
    ("ALTER TABLE t ADD COLUMN extra integer DEFAULT 5", 0),
    ("MERGE INTO t USING (VALUES (1, 'm')) AS s (i, n) ON id = i WHEN NOT MATCHED THEN INSERT VALUES (i, n)", 1),
    ("DISCARD ALL", 0),
]


@pytest.mark.parametrize(("sql", "affected"), NO_RESULT)
def test_statements_without_a_result(conn: idb.Connection, sql: str, affected: int) -> None:
    frame = conn.execute(sql)
    assert frame.schema == {"rows_affected": pl.Int64}
    assert frame.item() == affected
    assert not conn.in_transaction


RESULTS = [
    ("SHOW work_mem", ["work_mem"]),
    ("SHOW ALL", ["name", "setting", "description"]),
    ("EXPLAIN SELECT * FROM t", ["QUERY PLAN"]),
    ("EXPLAIN (ANALYZE, COSTS OFF) INSERT INTO t VALUES (1, 'a')", ["QUERY PLAN"]),
    ("EXPLAIN (FORMAT JSON) SELECT 1", ["QUERY PLAN"]),
    ("VALUES (1, 'a'), (2, 'b')", ["column1", "column2"]),
    ("TABLE pg_type", None),
    ("CALL answer(1, 'x')", ["a", "b"]),
    ("SELECT * FROM both_kinds()", ["a", "b"]),
    ("SELECT 1, 2", ["?column?", "?column?_1"]),
    ("WITH n AS (INSERT INTO t VALUES (1, 'a') RETURNING *) SELECT * FROM n", ["id", "name"]),
    ("UPDATE t SET name = 'x' RETURNING id, name AS \"New Name\"", ["id", "New Name"]),
]


@pytest.mark.parametrize(("sql", "names"), RESULTS)
def test_statements_with_a_result(conn: idb.Connection, sql: str, names: list[str] | None) -> None:
    described = conn.schema(sql)
    frame = conn.execute(sql)
    assert frame.schema == described
    if names is not None:
        assert frame.columns == names


def test_call_gives_its_values(run: Run) -> None:
    assert run("CALL answer(1, 'x')").row(0) == (2, "x; done")


def test_call_with_parameters(conn: idb.Connection) -> None:
    conn.execute("CALL store($1)", [9])
    assert conn.select("t").rows() == [(9, "stored")]
    assert conn.execute("CALL answer(?, ?)", [5, "y"]).row(0) == (6, "y; done")


def test_a_procedure_that_commits(conn: idb.Connection) -> None:
    conn.execute("CALL commits()")
    assert conn.select("t").rows() == [(1, "a")]
    assert not conn.in_transaction


def test_every_statement_runs_once(conn: idb.Connection, referee: Referee) -> None:
    def runs() -> int:
        row = referee.execute("SELECT last_value FROM runs").fetchone()
        assert row is not None
        return int(row[0])

    calls: list[Callable[[], object]] = [
        lambda: conn.execute("SELECT tick()"),
        lambda: conn.execute("SELECT tick(), $1::int", [1]),
        lambda: conn.execute("SELECT tick() AS a", schema_overrides={"a": pl.String}),
        lambda: conn.execute("SELECT 1; SELECT tick()"),
        lambda: list(conn.execute_batches("SELECT tick()")),
        lambda: conn.execute("SELECT tick(), ROW(1)"),
        lambda: conn.execute("SELECT tick(), '1'::xid"),
        lambda: conn.execute("EXPLAIN ANALYZE SELECT tick()"),
        lambda: conn.execute_many("SELECT tick(), $1::int", [[1]]),
    ]
    for number, call in enumerate(calls, 1):
        call()
        assert runs() == number, f"call {number}"
    conn.schema("SELECT tick()")
    assert runs() == len(calls)
    with pytest.raises(idb.DataConversionError):
        conn.execute("SELECT tick(), 'infinity'::date AS d")
    assert runs() == len(calls) + 1


def test_a_statement_that_fails_has_run_once_or_not(conn: idb.Connection, referee: Referee) -> None:
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT tick() / 0")
    assert caught.value.code == "22012"
    assert referee.execute("SELECT last_value FROM runs").fetchone() == (1,)


def test_what_no_transaction_block_takes(conn: idb.Connection) -> None:
    conn.execute("CREATE INDEX CONCURRENTLY i ON t (name)")
    conn.execute("VACUUM; REINDEX TABLE CONCURRENTLY t")
    with pytest.raises(idb.QueryExecutionError) as caught, conn.transaction():
        conn.execute("VACUUM")
    assert caught.value.code == "25001"


def test_a_script_of_every_kind_of_body(conn: idb.Connection) -> None:
    frame = conn.execute(r"""
        -- a comment; with a semicolon
        CREATE FUNCTION f() RETURNS text LANGUAGE plpgsql AS $body$ BEGIN RETURN 'a;$$;b'; END; $body$;
        CREATE FUNCTION g(i integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC
            SELECT CASE WHEN i > 0 THEN 1 ELSE 2 END; SELECT i + 1; END;
        CREATE RULE r AS ON INSERT TO t WHERE NEW.id < 0 DO INSTEAD (SELECT 1; SELECT 2);
        INSERT INTO t VALUES (1, E'it\'s; /* no comment */'), (2, 'b');
        /* a /* nested; */ comment; */
        SELECT f() AS f, g(5) AS g, ';' AS ";";
    """)
    assert frame.rows(named=True) == [{"f": "a;$$;b", "g": 6, ";": ";"}]
    assert conn.select("t", order_by="id")["name"].to_list() == ["it's; /* no comment */", "b"]


def test_copy_says_that_it_is_not_for_here(conn: idb.Connection) -> None:
    for sql in ("COPY t TO STDOUT", "COPY t FROM STDIN", "COPY (SELECT 1) TO STDOUT WITH (FORMAT binary)"):
        with pytest.raises(idb.IndustryDbError, match="(?i)copy"):
            conn.execute(sql, timeout=20)
        assert conn.execute("SELECT 1 AS a").item() == 1


def test_a_cursor(conn: idb.Connection) -> None:
    with conn.transaction():
        conn.execute("DECLARE c CURSOR FOR SELECT i FROM generate_series(1, 10) AS i")
        assert conn.execute("FETCH 3 FROM c")["i"].to_list() == [1, 2, 3]
        assert conn.execute("FETCH ALL FROM c")["i"].to_list() == list(range(4, 11))
        assert conn.execute("FETCH ALL FROM c").schema == {"i": pl.Int32}
        assert conn.execute("MOVE FIRST FROM c").item() == 1


def test_prepared_statements_of_ones_own(conn: idb.Connection) -> None:
    conn.execute("PREPARE p (integer) AS SELECT $1 + 1 AS a")
    assert conn.execute("EXECUTE p(41)").item() == 42
    conn.execute("DEALLOCATE ALL")
    assert conn.execute("SELECT 1 AS a").item() == 1
    assert conn.execute("SELECT $1::int AS a", [2]).item() == 2
    conn.execute("DISCARD ALL")
    assert conn.execute("SELECT 1 AS a").item() == 1
    assert conn.execute("SELECT $1::int AS a", [2]).item() == 2


def test_plans_that_the_server_has_to_make_anew(conn: idb.Connection, referee: Referee) -> None:
    conn.insert("t", {"id": [1], "name": ["a"]})
    for _ in range(3):
        assert conn.execute("SELECT * FROM t").columns == ["id", "name"]
        assert conn.execute("SELECT * FROM t WHERE id = $1", [1]).columns == ["id", "name"]
    referee.execute("ALTER TABLE t ADD COLUMN more text DEFAULT 'm'")
    assert conn.execute("SELECT * FROM t").rows() == [(1, "a", "m")]
    assert conn.execute("SELECT * FROM t WHERE id = $1", [1]).rows() == [(1, "a", "m")]
    referee.execute("ALTER TABLE t ALTER COLUMN id TYPE bigint")
    assert conn.execute("SELECT * FROM t").schema["id"] == pl.Int64
    referee.execute("DROP TABLE t; CREATE TABLE t (id text, name integer)")
    conn.insert("t", {"id": ["x"], "name": [5]})
    assert conn.execute("SELECT * FROM t").rows() == [("x", 5)]
    assert conn.execute("SELECT * FROM t WHERE id = $1", ["x"]).rows() == [("x", 5)]


@pytest.fixture
def notices(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged."""
    caplog.set_level(logging.DEBUG, logger="industrydb")
    return caplog


def test_notices_go_to_the_log(conn: idb.Connection, notices: pytest.LogCaptureFixture) -> None:
    conn.execute("DO $$ BEGIN RAISE NOTICE 'hear me'; RAISE WARNING 'and me'; END $$")
    conn.execute("DROP TABLE IF EXISTS not_there")
    heard = {record.getMessage(): record for record in notices.records if record.name.startswith("industrydb")}
    told = "\n".join(heard)
    assert "hear me" in told
    assert "not_there" in told
    warning = next(record for text, record in heard.items() if "and me" in text)
    assert warning.levelno >= logging.WARNING


def test_a_flood_of_notices(conn: idb.Connection, notices: pytest.LogCaptureFixture) -> None:
    conn.execute("DO $$ BEGIN FOR i IN 1..2000 LOOP RAISE NOTICE 'notice %', i; END LOOP; END $$")
    assert any("notice 2000" in record.getMessage() for record in notices.records)


def test_notifications_disturb_nobody(conn: idb.Connection, database: Database) -> None:
    conn.execute("LISTEN channel")
    with database.connect() as other:
        for at in range(50):
            other.execute("SELECT pg_notify('channel', $1)", [str(at)])
            assert conn.execute("SELECT $1::int AS a", [at]).item() == at
    assert conn.insert("t", {"id": range(5)}) == 5


LISTENING = "DO $$ BEGIN EXECUTE 'LISTEN channel'; END $$"
"""No keyword tells that the session listens."""


def test_notifications_that_nobody_expects(conn: idb.Connection, referee: Referee) -> None:
    conn.execute(LISTENING)
    referee.execute("NOTIFY channel")
    for at in range(3):
        assert conn.execute(f"SELECT {at} AS a").item() == at
        referee.execute("NOTIFY channel")
        assert conn.execute("SELECT $1::int AS a", [at]).item() == at


def test_a_notification_in_the_place_of_a_begin(conn: idb.Connection, referee: Referee) -> None:
    with conn.transaction():
        conn.execute("INSERT INTO t VALUES (1)")
    conn.execute(LISTENING)
    referee.execute("NOTIFY channel")
    conn.begin()
    conn.execute("INSERT INTO t VALUES (2)")
    conn.rollback()
    assert conn.execute("SELECT id FROM t")["id"].to_list() == [1]


def test_a_notification_in_the_place_of_a_result(conn: idb.Connection, referee: Referee) -> None:
    insert = "INSERT INTO t VALUES ($1) RETURNING id"
    conn.execute(insert, [1])
    conn.execute(LISTENING)
    referee.execute("NOTIFY channel")
    with pytest.raises(idb.QueryExecutionError, match="has run"):
        conn.execute(insert, [2])
    assert conn.execute(insert, [3]).item() == 3
    assert conn.execute("SELECT id FROM t ORDER BY id")["id"].to_list() == [1, 2, 3]


def test_a_setting_that_the_server_reports(conn: idb.Connection) -> None:
    conn.execute("SET application_name = 'renamed'; SET datestyle = 'German'; SET client_min_messages = 'debug1'")
    assert conn.execute("SELECT date '2024-02-03' AS d").item().isoformat() == "2024-02-03"


def test_more_parameters_than_a_statement_takes(conn: idb.Connection) -> None:
    for count in (65_536, 70_000):
        with pytest.raises(idb.QueryExecutionError, match=f"{count} parameters.*65535"):
            conn.execute(f"SELECT 1 WHERE 1 IN ({', '.join('?' * count)})", list(range(count)))
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("end", ["DISCARD ALL", "DEALLOCATE ALL", "SELECT 1", "SET search_path = public"])
def test_rows_of_parameters_after_some_that_failed(conn: idb.Connection, end: str) -> None:
    insert = "INSERT INTO t (id) VALUES ($1)"
    for first in (0, 10):
        with pytest.raises(idb.UniqueViolationError):
            conn.execute_many(insert, [[first + 1], [first + 1]])
        conn.execute(end)
        assert conn.execute_many(insert, [[first + 1], [first + 2]]) == 2
        with conn.transaction():
            assert conn.execute_many(insert, [[first + 3], [first + 4]]) == 2
    assert conn.execute("SELECT count(*) AS n FROM t").item() == 8
    assert conn.execute("SELECT count(*) AS n FROM pg_prepared_statements WHERE name ~ '^industrydb'").item() == 0


def test_types_of_parameters_that_could_not_be_asked_for(conn: idb.Connection) -> None:
    conn.execute("PREPARE industrydb_types AS SELECT 1")
    for value in ("{[1,2)}", "{}"):
        assert conn.execute("SELECT $1::int4multirange::text AS a", [value]).item() == value
        assert conn.execute("SELECT $1::int4multirange AS a", [value]).item() == value
    with pytest.raises(idb.IndustryDbError):
        conn.execute("SELECT $1::int4multirange, 1 / 0", ["{}"])
    assert conn.execute("SELECT $1::int4multirange AS a", ["{}"]).item() == "{}"
    assert (
        conn.execute("SELECT count(*) AS n FROM pg_prepared_statements WHERE name ~ '^industrydb_types_'").item() == 0
    )


@pytest.mark.parametrize("end", ["", ";", " ; ", ";;", "; -- end", " -- end\n;"])
@pytest.mark.parametrize("params", [None, ["{[1,2)}", 1]])
def test_a_multirange_and_what_ends_its_statement(conn: idb.Connection, params: list[Any] | None, end: str) -> None:
    sql = "SELECT '{[1,2)}'::int4multirange AS m"
    if params is not None:
        sql += ", $1::int4multirange AS n WHERE $2 = 1"
    assert conn.execute(sql + end, params).row(0) == ("{[1,2)}", "{[1,2)}")[: 1 if params is None else 2]
    if params is None:
        assert conn.schema(sql + end) == {"m": pl.String}


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO m VALUES ('{[1,2)}') RETURNING m",
        "UPDATE m SET m = '{[1,2)}' RETURNING m",
        "WITH i AS (INSERT INTO m VALUES ('{[1,2)}') RETURNING m) SELECT m FROM i",
        "WITH i AS (DELETE FROM m RETURNING m) SELECT m FROM i",
    ],
)
@pytest.mark.parametrize("params", [None, [1]])
def test_a_result_that_cannot_be_read_costs_no_transaction(
    conn: idb.Connection, sql: str, params: list[Any] | None
) -> None:
    conn.execute("CREATE TABLE m (m int4multirange); INSERT INTO m VALUES ('{}')")
    if params is not None:
        sql = sql.replace("('{[1,2)}')", "(CASE WHEN $1 = 1 THEN '{[1,2)}'::int4multirange END)")
        sql = sql.replace("m = '{[1,2)}'", "m = CASE WHEN $1 = 1 THEN '{[1,2)}'::int4multirange END")
        sql = sql.replace("DELETE FROM m", "DELETE FROM m WHERE $1 = 1")
    with conn.transaction():
        conn.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(idb.DataConversionError, match="cast|read"):
            conn.execute(sql, params)
        assert conn.execute("SELECT m::text FROM m")["m"].to_list() == ["{}"], "it has not run"
    assert conn.select("t").height == 1
