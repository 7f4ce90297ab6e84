"""SQLSTATEs: which class each raises, and what else the server said."""

from __future__ import annotations

import pytest

import industrydb as idb

STATES: list[tuple[str, type[idb.IndustryDbError]]] = [
    ("02000", idb.QueryExecutionError),
    ("08001", idb.QueryExecutionError),
    ("08P01", idb.QueryExecutionError),
    ("0A000", idb.QueryExecutionError),
    ("21000", idb.QueryExecutionError),
    ("22001", idb.IndustryDbError),
    ("22003", idb.IndustryDbError),
    ("22012", idb.QueryExecutionError),
    ("22P02", idb.IndustryDbError),
    ("23000", idb.ConstraintViolationError),
    ("23001", idb.ForeignKeyViolationError),
    ("23502", idb.NotNullViolationError),
    ("23503", idb.ForeignKeyViolationError),
    ("23505", idb.UniqueViolationError),
    ("23514", idb.CheckViolationError),
    ("23P01", idb.ConstraintViolationError),
    ("25006", idb.QueryExecutionError),
    ("28000", idb.IndustryDbError),
    ("40001", idb.QueryExecutionError),
    ("40P01", idb.QueryExecutionError),
    ("42501", idb.QueryExecutionError),
    ("42601", idb.QueryExecutionError),
    ("42P01", idb.QueryExecutionError),
    ("53200", idb.QueryExecutionError),
    ("54000", idb.QueryExecutionError),
    ("55P03", idb.QueryExecutionError),
    ("57014", idb.QueryExecutionError),
    ("57P01", idb.QueryExecutionError),
    ("57P05", idb.QueryExecutionError),
    ("P0001", idb.QueryExecutionError),
    ("XX000", idb.QueryExecutionError),
    ("ZZ999", idb.QueryExecutionError),
]


@pytest.mark.parametrize(("code", "exception"), STATES)
def test_every_state(conn: idb.Connection, code: str, exception: type[idb.IndustryDbError]) -> None:
    with pytest.raises(exception) as caught:
        conn.execute(
            f"""DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}', MESSAGE = 'the message', DETAIL = 'the detail',
            HINT = 'the hint', SCHEMA = 's', TABLE = 't', COLUMN = 'c', CONSTRAINT = 'k'; END $$"""
        )
    error = caught.value
    assert error.code == code
    assert error.message == "the message"
    assert error.hint == "the hint"
    assert error.detail is not None
    assert error.detail.splitlines()[0] == "the detail", "what follows is where it happened"
    assert (error.schema_name, error.table_name, error.column_name, error.constraint_name) == ("s", "t", "c", "k")
    assert error.backend == "postgres"
    for part in ("the message", "the detail", "the hint"):
        assert part in str(error)
    if exception is not idb.DatabaseConnectionError:
        assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize(
    ("sql", "at"),
    [
        ("SELECT 1,, 2", ", 2"),
        ("SELECT missing FROM pg_class", "missing"),
        ("SELECT 'żółw 🐢', missing FROM pg_class", "missing"),
        ("/* 🐢 */ SELECT * FROM missing", "missing"),
        ("SELECT nofunction(1)", "nofunction"),
        ("SELECT 'x'::integer", "'x'"),
    ],
)
def test_the_position_in_a_statement(conn: idb.Connection, sql: str, at: str) -> None:
    with pytest.raises(idb.IndustryDbError) as caught:
        conn.execute(sql)
    assert caught.value.position == sql.index(at) + 1


@pytest.mark.parametrize("mark", ["?", ":a"])
def test_the_position_is_that_of_the_callers_text(conn: idb.Connection, mark: str) -> None:
    sql = f"SELECT {mark}::text AS a, {mark}::text AS b, missing FROM pg_class"
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute(sql, {"a": "x"} if mark == ":a" else ["x", "y"])
    assert caught.value.position in {None, sql.index("missing") + 1}


def test_the_position_in_a_script(conn: idb.Connection) -> None:
    sql = "SELECT 1;\n SELECT 'ü';\n SELECT missing FROM pg_class; SELECT 2"
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute(sql)
    assert caught.value.position in {None, sql.index("missing") + 1}


def test_a_hint_of_the_server(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT relnam FROM pg_class")
    assert caught.value.code == "42703"
    assert caught.value.hint is not None
    assert "relname" in caught.value.hint


def test_an_error_in_the_middle_of_many_rows(conn: idb.Connection) -> None:
    sql = "SELECT 100000 / (90000 - i) AS v FROM generate_series(1, 100000) AS i"
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute(sql)
    assert caught.value.code == "22012"
    seen = 0
    with conn.execute_batches(sql, batch_size=10_000) as batches, pytest.raises(idb.QueryExecutionError):
        for batch in batches:
            seen += batch.height
    assert seen < 90_000
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_an_error_of_a_parameter_names_no_value(conn: idb.Connection) -> None:
    conn.execute("CREATE TABLE t (id integer UNIQUE, v integer)")
    for sql, params in (
        ("SELECT $1::uuid", ["s3cret"]),
        ("SELECT 1 FROM missing WHERE a = $1", ["s3cret"]),
        ("SELECT $1::text, $2::text", ["s3cret"]),
    ):
        with pytest.raises(idb.IndustryDbError) as caught:
            conn.execute(sql, params)
        if "uuid" not in sql:
            assert "s3cret" not in str(caught.value) + repr(caught.value)


def test_the_context_of_a_function_is_not_lost(conn: idb.Connection) -> None:
    conn.execute("CREATE FUNCTION f() RETURNS integer LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / 0; END $$")
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT f()")
    assert caught.value.code == "22012"
    assert caught.value.position is None, "the position is in another text"


def test_another_language(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("DO $$ BEGIN RAISE EXCEPTION 'żółw 🐢 \"x\"'; END $$")
    assert caught.value.message == 'żółw 🐢 "x"'
