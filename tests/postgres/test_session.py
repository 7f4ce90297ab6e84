"""What a session begins with: its name, its settings, its limits."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterator

import pytest

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.conformance.types import Run
from tests.postgres.conftest import Referee
from tests.postgres.servers import Cluster, Installation


def show(conn: idb.Connection, setting: str) -> object:
    """A setting of the session."""
    return conn.execute(f"SHOW {setting}").item()


def test_the_application_name(database: Database, referee: Referee) -> None:
    with database.connect(application_name="it's żółw & co") as conn:
        pid = conn.execute("SELECT pg_backend_pid() AS pid").item()
        named = referee.execute("SELECT application_name FROM pg_stat_activity WHERE pid = %s", [pid]).fetchone()
    assert named is not None
    assert "it's" in named[0]


def test_a_fallback_name(database: Database) -> None:
    with database.connect(fallback_application_name="fallback") as conn:
        assert show(conn, "application_name") == "fallback"
    with database.connect(fallback_application_name="fallback", application_name="own") as conn:
        assert show(conn, "application_name") == "own"


@pytest.mark.parametrize(
    "options", ["-c geqo=off -c work_mem=5MB", "--geqo=off --work_mem=5MB", "-cgeqo=off -c work_mem=5MB"]
)
def test_options(database: Database, options: str) -> None:
    with database.connect(options=options) as conn:
        assert (show(conn, "geqo"), show(conn, "work_mem")) == ("off", "5MB")


def test_options_that_the_driver_has_a_mind_of_its_own_about(database: Database) -> None:
    options = "-c TimeZone=Asia/Tokyo --datestyle=ISO,DMY -c intervalstyle=iso_8601 -c bytea_output=escape"
    with database.connect(options=options) as conn:
        assert show(conn, "timezone") == "Asia/Tokyo"
        assert conn.execute("SELECT '01/02/2024'::date AS d").item() == dt.date(2024, 2, 1)
        assert (show(conn, "intervalstyle"), show(conn, "bytea_output")) == ("iso_8601", "escape")
        conn.execute("SET timezone = 'Europe/Paris'")
        conn.execute("RESET timezone")
        assert show(conn, "timezone") == "Asia/Tokyo"
    with database.connect(options=options, timezone="Asia/Kathmandu") as conn:
        assert show(conn, "timezone") == "Asia/Kathmandu"


def test_a_session_that_cannot_be_set_up(database: Database) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="session failed: .*Nowhere/At All") as caught:
        database.connect(timezone="Nowhere/At All")
    assert caught.value.code == "22023"


def test_options_with_a_blank(database: Database) -> None:
    with database.connect(options=r'-c search_path="a\ b",public') as conn:
        assert show(conn, "search_path") == '"a b",public'


def test_an_option_that_the_server_does_not_know(database: Database) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="nonsense") as caught:
        database.connect(options="-c nonsense=1")
    assert caught.value.code == "42704"


def test_the_search_path(database: Database) -> None:
    with database.connect() as conn:
        conn.execute('CREATE SCHEMA one; CREATE SCHEMA "Two Words"; CREATE TABLE "Two Words".t (id integer)')
    with database.connect(search_path='one, "Two Words", public') as conn:
        assert conn.execute("SELECT current_schemas(false) AS s").item().to_list() == ["one", "Two Words", "public"]
        assert conn.insert("t", {"id": [1]}) == 1
        assert conn.select("Two Words.t").height == 1
        conn.insert("new", {"id": [1]}, mode="create")
        assert conn.select("one.new").height == 1
        assert conn.columns("t").height == 1
        assert conn.insert("t", {"id": [2]}, mode="replace") == 1
        assert conn.select("Two Words.t")["id"].to_list() == [2]


def test_a_search_path_that_changes(database: Database) -> None:
    with database.connect() as conn:
        for schema in ("one", "two"):
            conn.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.t AS SELECT '{schema}' AS name")
        for schema in ("one", "two", "one"):
            conn.execute(f"SET search_path = {schema}")
            assert conn.execute("SELECT name FROM t").item() == schema
            assert conn.execute("SELECT name FROM t WHERE name = $1", [schema]).item() == schema


def test_types_are_named_with_their_schema(conn: idb.Connection, run: Run) -> None:
    run("""
        CREATE SCHEMA one; CREATE SCHEMA "Two ""Words";
        CREATE TYPE one.pair AS (x int, y int); CREATE TYPE one.mood AS ENUM ('a', 'b'); CREATE DOMAIN one.small AS int;
        CREATE TYPE one.span AS RANGE (subtype = float8);
        CREATE TABLE one.t (p one.pair, ps one.pair[], m one.mood[], d one.small[], r one.span, q tsquery);
        CREATE TYPE "Two ""Words".pair AS (x text);
        SET search_path = one
    """)
    insert = "INSERT INTO one.t VALUES ($1, $2, $3, $4, $5, $6)"
    row = ["(1,2)", '{"(1,2)"}', "{a}", "{1}", "[1,2)", "a & b"]
    for path in ("one", "public", '"Two ""Words"', '"Two ""Words", one', "''"):
        run(f"SET search_path = {path}")
        assert conn.execute(insert, row).item() == 1
        assert conn.execute_many(insert, [row, row]) == 2
    assert run("SELECT count(*) AS n FROM one.t").item() == 15


def test_functions_ahead_of_the_catalogs_own(conn: idb.Connection, run: Run) -> None:
    run("""
        CREATE SCHEMA evil; CREATE TYPE evil.mood AS ENUM ('a');
        CREATE FUNCTION evil.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
        CREATE FUNCTION evil.json_build_array(VARIADIC "any") RETURNS json LANGUAGE internal
            AS 'json_build_array_noargs';
        CREATE FUNCTION evil.unnest(int2[]) RETURNS SETOF int2 LANGUAGE sql AS $$ SELECT 0::int2 $$;
        CREATE TYPE evil.pair AS (x int, y evil.mood);
        CREATE TABLE evil.t (id int PRIMARY KEY, m evil.mood[], p evil.pair);
        SET search_path = evil, pg_catalog
    """)
    assert conn.execute("INSERT INTO t VALUES (1, $1, $2)", ["{a}", "(1,a)"]).item() == 1
    assert conn.insert("t", {"id": [1], "m": [["a"]], "p": [{"x": 2, "y": "a"}]}, on_conflict="update") == 1
    assert run("SELECT m, p FROM t").rows() == [(["a"], {"x": 2, "y": "a"})]


def test_the_statement_timeout(database: Database) -> None:
    with database.connect(statement_timeout=0.3) as conn:
        start = time.monotonic()
        with pytest.raises(idb.QueryTimeoutError) as caught:
            conn.execute("SELECT pg_sleep(20)")
        assert time.monotonic() - start < 5
        assert isinstance(caught.value, TimeoutError)
        assert conn.execute("SELECT 1 AS a").item() == 1
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT pg_sleep(20)", timeout=10)
        assert time.monotonic() - start < 5, "whichever limit comes first"


def test_a_statement_timeout_of_the_server_is_a_timeout(conn: idb.Connection) -> None:
    conn.execute("SET statement_timeout = '200ms'")
    with pytest.raises(idb.QueryTimeoutError) as caught:
        conn.execute("SELECT pg_sleep(20)")
    assert caught.value.code == "57014"
    conn.execute("RESET statement_timeout")
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.fixture(scope="module")
def german(debian: Installation) -> Iterator[Cluster]:
    """A server that speaks German, where its words are installed."""
    cluster = Cluster(debian, settings={"lc_messages": "C.UTF-8"}, environment={"LANGUAGE": "de", "LC_ALL": "C.UTF-8"})
    yield cluster
    cluster.stop()


def test_a_timeout_is_told_from_a_cancel_in_any_language(german: Cluster) -> None:
    with german.config().connect() as conn, german.admin() as admin:
        with pytest.raises(idb.QueryExecutionError) as caught:
            conn.execute("SELECT 1 / 0")
        speaks_german = "Division durch Null" in caught.value.message
        conn.execute("SET statement_timeout = '300ms'")
        with pytest.raises(idb.QueryTimeoutError) as timed_out:
            conn.execute("SELECT pg_sleep(20)")
        assert timed_out.value.code == "57014"
        assert ("Zeitüberschreitung" in timed_out.value.message) == speaks_german
        conn.execute("SET statement_timeout = '20s'")
        pid = conn.execute("SELECT pg_backend_pid() AS p").item()
        for cancel in (conn.cancel, lambda: admin.execute("SELECT pg_cancel_backend(%s)", [pid])):
            timer = threading.Timer(0.3, cancel)
            timer.start()
            with pytest.raises(idb.QueryCancelledError):
                conn.execute("SELECT pg_sleep(10)")
            timer.join()


ZONES = [
    ["SET timezone = 'Europe/Berlin'"],
    ["SET TIME ZONE 'Asia/Kathmandu'", "RESET timezone"],
    ["SELECT set_config('TimeZone', 'America/Caracas', false)"],
    ["SET timezone = 'Asia/Tokyo'; SELECT 1", "DISCARD ALL"],
    ["BEGIN", "SET LOCAL timezone = 'Asia/Tokyo'", "ROLLBACK"],
    ["BEGIN", "SET timezone = 'Asia/Tokyo'", "COMMIT", "SET timezone TO DEFAULT"],
    ["BEGIN", "SAVEPOINT s", "SET timezone = 'Asia/Tokyo'", "ROLLBACK TO SAVEPOINT s", "COMMIT"],
    ["SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY", "SET timezone = '-03:30'"],
]


@pytest.mark.parametrize("steps", ZONES, ids=lambda steps: steps[0])
@pytest.mark.parametrize("zone", ["UTC", "Europe/London"])
def test_ranges_are_in_the_zone_of_the_moment(database: Database, steps: list[str], zone: str) -> None:
    value = "'[2024-01-01 12:30+02,2024-07-02)'::tstzrange"
    with database.connect(timezone=zone) as conn:
        for step in ["SELECT 1", *steps]:
            conn.execute(step)
            for frame in (
                conn.execute(f"SELECT {value} AS v, {value}::text AS t"),
                conn.execute(f"SELECT $1::tstzrange AS v, {value}::text AS t", ["[2024-01-01 12:30+02,2024-07-02)"]),
            ):
                assert frame["v"].to_list() == frame["t"].to_list(), step


@pytest.mark.parametrize("setting", ["lock_timeout"])
def test_a_lock_timeout(conn: idb.Connection, referee: Referee, setting: str) -> None:
    conn.execute("CREATE TABLE t (id integer)")
    with referee.transaction():
        referee.execute("LOCK TABLE t")
        conn.execute(f"SET {setting} = '100ms'")
        with pytest.raises(idb.QueryExecutionError) as caught:
            conn.execute("SELECT * FROM t")
    assert caught.value.code == "55P03"


def test_an_idle_transaction_that_the_server_ends(conn: idb.Connection) -> None:
    conn.execute("SET idle_in_transaction_session_timeout = '100ms'")
    conn.begin()
    time.sleep(0.6)
    with pytest.raises(idb.DatabaseConnectionError):
        conn.execute("SELECT 1")
    with pytest.raises((idb.DatabaseConnectionError, idb.ConnectionClosedError)):
        conn.execute("SELECT 1")


def test_the_encoding_is_utf8(conn: idb.Connection) -> None:
    assert show(conn, "client_encoding") == "UTF8"


def test_the_servers_version(conn: idb.Connection) -> None:
    assert (
        conn.server_version == conn.execute("SELECT split_part(current_setting('server_version'), ' ', 1) AS v").item()
    )


def test_one_connection_is_one_session(database: Database, referee: Referee) -> None:
    with database.connect(application_name="counted") as conn:
        conn.execute("SELECT 1")
        count = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'counted'"
        assert referee.execute(count).fetchone() == (1,)
    end = time.monotonic() + 5
    while referee.execute(count).fetchone() != (0,):
        assert time.monotonic() < end, "close() ends the session"
        time.sleep(0.01)


def test_a_cancel_leaves_no_session_behind(database: Database, referee: Referee) -> None:
    with database.connect() as conn:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        before = referee.execute(count).fetchone()
        for _ in range(3):
            with pytest.raises(idb.QueryTimeoutError):
                conn.execute("SELECT pg_sleep(20)", timeout=0.05)
        time.sleep(0.2)
        assert referee.execute(count).fetchone() == before
