"""`pooler="transaction"` behind a real pgbouncer: no state is left in a session that somebody else gets next."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.postgres.databases import Pool
from tests.postgres.pooler import Bouncer, program
from tests.postgres.servers import Cluster

pytestmark = pytest.mark.backend("postgres 18")


@pytest.fixture(scope="module")
def bouncer(own_server: Cluster) -> Iterator[Bouncer]:
    """One connection to each database for all clients."""
    if program() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no pgbouncer")
    with Bouncer(own_server, size=1) as bouncer:
        yield bouncer


@pytest.fixture
def config(own_server: Cluster, bouncer: Bouncer) -> Iterator[idb.DatabaseConfig]:
    """A fresh database behind it."""
    pool = Pool(own_server.admin, "postgres")
    with pool.fresh() as name:
        yield own_server.config(name, host="127.0.0.1", port=bouncer.port, pooler="transaction")
    pool.close()


@pytest.fixture
def conn(config: idb.DatabaseConfig) -> Iterator[idb.Connection]:
    """One client of it."""
    with config.connect() as conn:
        yield conn


def test_clients_in_turn(config: idb.DatabaseConfig) -> None:
    clients = [config.connect() for _ in range(5)]
    for round_ in range(10):
        for number, client in enumerate(clients):
            assert client.execute("SELECT $1::int + 1 AS a", [number]).item() == number + 1
            assert client.execute("SELECT $1::text AS a", [f"{round_}"]).item() == f"{round_}"
            assert client.execute("SELECT :a::int AS a, :b::text AS b", {"a": 1, "b": "x"}).row(0) == (1, "x")
    for client in clients:
        client.close()


def test_clients_at_once(config: idb.DatabaseConfig) -> None:
    with config.connect() as conn:
        conn.execute("CREATE TABLE t (who integer, n integer)")

    def work(who: int) -> int:
        with config.connect() as client:
            for at in range(20):
                client.execute("INSERT INTO t VALUES ($1, $2)", [who, at])
                with client.transaction():
                    client.execute("UPDATE t SET n = n + 1 WHERE who = $1", [who])
                    assert client.execute("SELECT count(*) AS n FROM t WHERE who = $1", [who]).item() == at + 1
            return int(client.execute("SELECT sum(n) AS n FROM t WHERE who = $1", [who]).item())

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(work, range(6))) == {400}


def test_every_verb(conn: idb.Connection, config: idb.DatabaseConfig) -> None:
    frame = pl.DataFrame({"id": range(1000), "name": [f"n{at}" for at in range(1000)]})
    with config.connect() as other:
        assert conn.insert("t", frame, mode="create") == 1000
        conn.execute("ALTER TABLE t ADD PRIMARY KEY (id)")
        assert_frame_equal(other.select("t", order_by="id"), frame)
        assert conn.execute_many("UPDATE t SET name = $1 WHERE id = $2", [["x", 1], ["y", 2]]) == 2
        assert other.insert("t", {"id": [1, 5000], "name": ["up", "new"]}, on_conflict="update") == 2
        assert conn.insert("t", {"id": [1, 6000], "name": ["no", "new"]}, on_conflict="ignore") == 1
        with other.execute_batches("SELECT * FROM t ORDER BY id", batch_size=100) as batches:
            assert sum(batch.height for batch in batches) == 1002
        assert conn.schema("SELECT * FROM t") == {"id": pl.Int64, "name": pl.String}
        assert other.update("t", {"name": None}, {"id": 1}) == 1
        assert conn.delete("t", {"id": [1, 2]}) == 2
        assert other.tables()["name"].to_list() == ["t"]
        assert conn.columns("t").height == 2
        assert other.insert("t", frame, mode="replace") == 1000
        assert conn.insert("t", frame, mode="overwrite") == 1000
        conn.ping()


def test_types_that_have_to_be_looked_up(conn: idb.Connection, config: idb.DatabaseConfig) -> None:
    conn.execute("CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a integer, b mood)")
    conn.execute("CREATE TABLE t (m mood, p pair, n numeric(10, 2), x xid)")
    conn.execute("INSERT INTO t VALUES ($1, $2, $3, $4)", ["ok", "(1,sad)", "1.5", "7"])
    with config.connect() as other:
        frame = other.execute("SELECT * FROM t WHERE m = $1", ["ok"])
    assert frame.schema["m"] == pl.Enum(["sad", "ok"])
    assert frame.schema["n"] == pl.Decimal(10, 2)
    assert frame["p"].to_list() == [{"a": 1, "b": "sad"}]
    assert frame["x"].to_list() == ["7"]


def test_a_transaction_keeps_its_connection(conn: idb.Connection) -> None:
    conn.execute("CREATE TABLE t (id integer)")
    with conn.transaction():
        conn.execute("INSERT INTO t VALUES ($1)", [1])
        with pytest.raises(idb.QueryExecutionError), conn.transaction():
            conn.execute("SELECT 1 / $1::int", [0])
        conn.execute("INSERT INTO t VALUES ($1)", [2])
    assert conn.select("t", order_by="id")["id"].to_list() == [1, 2]


def test_nothing_stays_in_the_session(config: idb.DatabaseConfig, own_server: Cluster) -> None:
    for at in range(3):
        with config.connect() as client:
            client.execute("SELECT $1::int AS a", [at])
            client.execute("SELECT $1::text AS a", ["x"])
            client.insert("t", {"id": [at]}, mode="create_append")
    with config.connect() as client:
        left = "SELECT count(*) AS n FROM pg_prepared_statements WHERE statement NOT LIKE '%itself%'"
        assert client.execute(left).item() == 0
        assert client.execute("SHOW statement_timeout").item() == "0"
        assert client.execute("SELECT count(*) AS n FROM pg_class WHERE relpersistence = 't'").item() == 0


def test_errors_leave_the_connection_to_others(conn: idb.Connection, config: idb.DatabaseConfig) -> None:
    with config.connect() as other:
        for _ in range(5):
            with pytest.raises(idb.QueryExecutionError):
                conn.execute("SELECT * FROM missing WHERE id = $1", [1])
            with pytest.raises(idb.DataConversionError):
                conn.execute("SELECT 'infinity'::date AS d, $1::int AS a", [1])
            assert other.execute("SELECT $1::int AS a", [3]).item() == 3
            assert conn.execute("SELECT $1::int AS a", [4]).item() == 4


def test_a_cancel_closes_the_connection_and_stops_nobody_else(config: idb.DatabaseConfig) -> None:
    conn = config.connect()
    with pytest.raises(idb.QueryTimeoutError):
        conn.execute("SELECT pg_sleep(30)", timeout=0.3)
    with pytest.raises(idb.ConnectionClosedError, match="behind a pooler no cancel can be addressed"):
        conn.execute("SELECT 1")
    conn.close()
    with config.connect() as other:
        assert other.execute("SELECT 1 AS a", timeout=20).item() == 1


@pytest.mark.parametrize("params", [None, [1]])
def test_a_timeout_before_anything_runs(
    config: idb.DatabaseConfig, own_server: Cluster, params: list[Any] | None
) -> None:
    sql = "SELECT * FROM t" + (" WHERE id = $1" if params else "")
    with own_server.admin(config.database or "") as admin:
        admin.execute("CREATE TABLE t (id integer)")
        with admin.transaction():
            admin.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
            conn = config.connect()
            start = time.monotonic()
            with pytest.raises(idb.QueryTimeoutError):
                conn.execute(sql, params, timeout=0.3)
            assert time.monotonic() - start < 3
            with pytest.raises(idb.ConnectionClosedError):
                conn.execute("SELECT 1")
            conn.close()


def test_an_end_that_cannot_be_read_is_none(conn: idb.Connection) -> None:
    conn.execute("CREATE TABLE t (id integer)")
    conn.begin()
    conn.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("COMMIT foo")
    assert conn.in_transaction
    conn.rollback()
    assert conn.select("t").height == 0


def test_a_reader_that_is_closed_early(conn: idb.Connection, config: idb.DatabaseConfig) -> None:
    with conn.execute_batches("SELECT i FROM generate_series(1, 100000) AS i", batch_size=10) as batches:
        next(batches)
    with config.connect() as other:
        assert other.execute("SELECT 1 AS a", timeout=20).item() == 1


def test_without_the_option_the_error_names_it(config: idb.DatabaseConfig) -> None:
    fields = {**config.to_dict(), "pooler": "none"}
    with pytest.raises(idb.DatabaseConnectionError, match="unsupported startup parameter") as caught:
        idb.DatabaseConfig.from_dict(fields).connect()
    assert 'pooler="transaction"' in (caught.value.hint or "")


def test_the_session_is_in_utc_here_as_well(conn: idb.Connection) -> None:
    assert conn.execute("SELECT current_setting('TimeZone') AS z").item() == "UTC"
    assert conn.execute("SELECT '2024-01-01 12:00'::timestamptz AS t").item().isoformat() == "2024-01-01T12:00:00+00:00"


def test_sessions_behind_a_pooler_keep_their_settings(own_server: Cluster) -> None:
    options = {"search_path": "one, public", "statement_timeout": 90, "timezone": "Asia/Tokyo"}
    with Bouncer(own_server, size=2, mode="session") as bouncer:
        config = own_server.config(host="127.0.0.1", port=bouncer.port, pooler="session", **options)
        config = idb.DatabaseConfig.from_dict({**config.to_dict(), "options": "-c geqo=off --work-mem=5MB"})
        for _ in range(2):
            with config.connect() as client:
                names = ("search_path", "statement_timeout", "timezone", "geqo", "work_mem")
                shown = [client.execute(f"SHOW {name}").item() for name in names]
                assert shown == ["one, public", "90s", "Asia/Tokyo", "off", "5MB"]
                client.execute("CREATE TEMPORARY TABLE kept (i integer)")
                assert client.insert("kept", {"i": [1, 2]}) == 2
                assert client.execute("SELECT sum(i) AS s FROM kept WHERE i > $1", [0]).item() == 3
                with pytest.raises(idb.QueryTimeoutError):
                    client.execute("SELECT pg_sleep(30)", timeout=0.2)


def test_the_config_says_what_stands_between(config: idb.DatabaseConfig) -> None:
    assert config.to_dict()["pooler"] == "transaction"
    with pytest.raises(idb.ConfigurationError, match="pooler"):
        idb.DatabaseConfig("postgres", pooler="sometimes")
