"""Settings that a session's SQL changes: values stay what they are, and what was configured comes back."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.conformance.types import Run

BYTES = bytes(range(256))


@pytest.mark.parametrize("output", ["hex", "escape"])
@pytest.mark.parametrize("value", [b"", b"abcd", b"\\", b"\\x41", b"\\134", BYTES, None], ids=repr)
def test_bytes_beside_a_type_in_text(conn: idb.Connection, run: Run, output: str, value: bytes | None) -> None:
    run(f"SET bytea_output = '{output}'")
    run("CREATE TABLE t (b bytea)")
    conn.insert("t", pl.DataFrame({"b": pl.Series([value], dtype=pl.Binary)}))
    frame = run("SELECT b, 'a'::tsquery AS q FROM t")
    assert frame.schema["b"] == pl.Binary
    assert frame["b"].to_list() == [value]


OTHER_ENCODINGS = [
    "SET client_encoding = 'LATIN1'",
    "set Client_Encoding to latin1",
    "SET SESSION client_encoding TO LATIN1",
    "SET LOCAL client_encoding TO LATIN1",
    'SET "client_encoding" TO LATIN1',
    "SET NAMES 'LATIN1'",
    "/* first */ SET LOCAL NAMES LATIN1;",
    "SELECT 1; SET client_encoding = 'SQL_ASCII'",
    "SELECT set_config('client_encoding', 'LATIN1', false)",
    "WITH a AS (SELECT pg_catalog.SET_CONFIG('CLIENT_ENCODING', 'LATIN1', true)) SELECT * FROM a",
    "DO $$ BEGIN SET client_encoding = 'LATIN1'; END $$",
]


@pytest.mark.parametrize("sql", OTHER_ENCODINGS)
@pytest.mark.parametrize("pooler", [False, True], ids=["", "pooler"])
def test_another_encoding_is_refused(database: Database, sql: str, *, pooler: bool) -> None:
    with database.connect(**({"pooler": "transaction"} if pooler else {})) as conn:
        with pytest.raises(idb.QueryExecutionError, match="client_encoding"):
            conn.execute(sql)
        assert conn.execute("SHOW client_encoding").item() == "UTF8"
        assert conn.execute("SELECT chr(195) || chr(169) AS s").item() == "Ã©"


SAME_ENCODING = [
    "SET client_encoding = 'UTF8'",
    "SET client_encoding TO UTF8",
    "SET client_encoding TO 'utf-8'",
    "SET client_encoding TO DEFAULT",
    "SET NAMES 'UTF8'",
    "SET NAMES",
    "RESET client_encoding",
    "SHOW client_encoding",
    "SELECT current_setting('client_encoding') AS s",
    "SELECT 'SET NAMES LATIN1; client_encoding' AS s",
    "SELECT set_config('work_mem', '5MB', false) AS s",
    "CREATE TABLE names (client_encoding text)",
]


@pytest.mark.parametrize("sql", SAME_ENCODING)
def test_what_keeps_the_encoding_runs(conn: idb.Connection, sql: str) -> None:
    conn.execute(sql)
    assert conn.execute("SHOW client_encoding").item() == "UTF8"


BACK = [
    "DISCARD ALL",
    "RESET ALL",
    "RESET timezone; RESET search_path; RESET statement_timeout",
    "RESET TIME ZONE; RESET search_path; RESET statement_timeout",
    "SET timezone TO DEFAULT; SET search_path = DEFAULT; SET statement_timeout TO DEFAULT",
    'SET SESSION TIME ZONE DEFAULT; SET search_path = DEFAULT; SET "statement_timeout" TO DEFAULT',
    "SET TIME ZONE LOCAL; SET search_path = DEFAULT; SET statement_timeout TO DEFAULT",
    "BEGIN; RESET timezone; RESET search_path; RESET statement_timeout; COMMIT",
]
CHANGED = "SET timezone = 'Europe/Paris'; SET search_path = public; SET statement_timeout = '7s'"


@pytest.mark.parametrize("sql", BACK)
def test_what_was_configured_comes_back(database: Database, sql: str) -> None:
    with database.connect(timezone="Asia/Tokyo", search_path='"a b", public', statement_timeout=90) as conn:
        shown = [conn.execute(f"SHOW {name}").item() for name in ("timezone", "search_path", "statement_timeout")]
        assert shown == ["Asia/Tokyo", '"a b", public', "90s"]
        for before in ("SELECT 1", CHANGED):
            conn.execute(before)
            conn.execute(sql)
            after = [conn.execute(f"SHOW {name}").item() for name in ("timezone", "search_path", "statement_timeout")]
            assert after == shown
        noon = dt.datetime(2024, 1, 1, 12)
        stored = conn.execute("SELECT ?::timestamptz AS t", [noon]).item()
        assert stored == dt.datetime(2024, 1, 1, 3, tzinfo=dt.UTC)


def test_what_sets_something_else_leaves_the_zone(database: Database) -> None:
    with database.connect(timezone="Asia/Tokyo") as conn:
        conn.execute("SET timezone = 'Europe/Paris'")
        for other in ("RESET work_mem", "SET work_mem TO DEFAULT", "DISCARD PLANS", "SET LOCAL timezone TO DEFAULT"):
            conn.execute(other)
            assert conn.execute("SHOW timezone").item() == "Europe/Paris", other
        conn.begin()
        conn.execute("SET LOCAL timezone = 'America/Lima'; SET LOCAL timezone TO DEFAULT")
        assert conn.execute("SHOW timezone").item() == "Asia/Tokyo"
        conn.commit()
        assert conn.execute("SHOW timezone").item() == "Europe/Paris"
        conn.begin()
        conn.execute("RESET timezone")
        conn.rollback()
        assert conn.execute("SHOW timezone").item() == "Europe/Paris"


FLOATS = "SELECT 0.1::float8 + 0.2 AS f, 'a'::tsquery AS q"


def test_floats_that_the_server_rounds_are_refused_in_text(conn: idb.Connection, run: Run) -> None:
    assert run(FLOATS)["f"].item() == 0.1 + 0.2
    run("SET extra_float_digits = 0")
    for sql in (FLOATS, "SELECT 0.1::real AS f, 'a'::tsquery AS q", "SELECT '{0.1}'::float8[] AS f, 'a'::tsquery AS q"):
        with pytest.raises(idb.DataConversionError, match="extra_float_digits"):
            run(sql)
    with pytest.raises(idb.DataConversionError, match="extra_float_digits"):
        conn.execute(FLOATS.replace("0.2", "$1"), [0.2])
    assert run("SELECT 0.1::float8 + 0.2 AS f")["f"].item() == 0.1 + 0.2
    assert run("SELECT 1 AS i, 'a'::tsquery AS q")["i"].item() == 1
    run("RESET extra_float_digits")
    assert run(FLOATS)["f"].item() == 0.1 + 0.2
