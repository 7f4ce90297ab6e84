"""What breaks between us and the server: typed errors, soon, and never a short frame."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.postgres.proxy import Action, Proxy
from tests.postgres.servers import Cluster

pytestmark = pytest.mark.backend("postgres 18")

BOUND = 30.0
"""Seconds in which every call has to be back on a busy machine; nothing here may wait for ever."""

ROWS = 200_000
SQL = f"SELECT i, repeat('x', 20) AS s FROM generate_series(1, {ROWS}) AS i"
OFFSETS = (0, 1, 4, 5, 60, 200, 5_000, 1_000_000)


@pytest.fixture
def proxy(own_server: Cluster) -> Iterator[Proxy]:
    """In front of the server; it closes everything once a test should be long over, so that none hangs."""
    with Proxy(lambda: socket.create_connection(("127.0.0.1", own_server.port))) as proxy:
        guard = threading.Timer(BOUND, proxy.close)
        guard.start()
        yield proxy
        guard.cancel()


def connect(own_server: Cluster, proxy: Proxy, **options: Any) -> idb.Connection:
    """A connection through it."""
    return own_server.config(host="127.0.0.1", port=proxy.port, sslmode="disable", **options).connect()


@pytest.fixture
def conn(own_server: Cluster, proxy: Proxy) -> Iterator[idb.Connection]:
    """One that is open before anything happens."""
    with connect(own_server, proxy) as conn:
        conn.execute("SELECT 1")
        yield conn


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """Every test is over in time."""
    start = time.monotonic()
    yield
    assert time.monotonic() - start < BOUND


def assert_lost(conn: idb.Connection) -> None:
    """The connection says that it is gone, at once and each time."""
    for _ in range(2):
        with pytest.raises((idb.ConnectionClosedError, idb.DatabaseConnectionError)):
            conn.execute("SELECT 1", timeout=5)
    conn.close()
    assert conn.closed


@pytest.mark.parametrize("action", ["cut", "reset"])
@pytest.mark.parametrize("after", OFFSETS)
def test_lost_while_reading(conn: idb.Connection, proxy: Proxy, action: Action, after: int) -> None:
    proxy.arm(action, after)
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        conn.execute(SQL)
    assert caught.value.backend == "postgres"
    assert_lost(conn)


@pytest.mark.parametrize("action", ["cut", "reset"])
@pytest.mark.parametrize("after", [0, 5, 300, 5_000, 2_000_000])
def test_lost_in_a_stream(conn: idb.Connection, proxy: Proxy, action: Action, after: int) -> None:
    proxy.arm(action, after)
    seen = 0
    with pytest.raises(idb.DatabaseConnectionError), conn.execute_batches(SQL, batch_size=1_000) as batches:
        for batch in batches:
            seen += batch.height
    assert seen < ROWS
    assert_lost(conn)


@pytest.mark.parametrize("after", OFFSETS)
def test_a_stall_ends_with_the_timeout(conn: idb.Connection, proxy: Proxy, after: int) -> None:
    proxy.arm("stall", after)
    with pytest.raises(idb.QueryTimeoutError):
        conn.execute(SQL, timeout=0.5)
    with pytest.raises(idb.ConnectionClosedError, match="no second connection"):
        conn.execute("SELECT 1")


def test_an_answer_that_never_ends_ends_with_the_timeout(conn: idb.Connection, proxy: Proxy) -> None:
    """The server has said it all, and hears that it is to stop; what is missing was lost on the way."""
    proxy.arm("zeros", 60)
    with pytest.raises(idb.IndustryDbError):
        conn.execute(SQL, timeout=0.5)
    assert_lost(conn)


def test_a_stall_can_be_cancelled(conn: idb.Connection, proxy: Proxy) -> None:
    proxy.arm("stall", 5_000)
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    with pytest.raises((idb.QueryCancelledError, idb.DatabaseConnectionError)):
        conn.execute(SQL)
    timer.join(BOUND)
    assert not timer.is_alive()


def test_closing_ends_a_call_whatever_the_server_does(conn: idb.Connection, proxy: Proxy) -> None:
    proxy.arm("stall", 5_000)
    with ThreadPoolExecutor(1) as pool:
        call = pool.submit(conn.execute, SQL)
        assert proxy.happened.wait(BOUND)
        conn.close()
        assert isinstance(call.exception(BOUND), idb.IndustryDbError)
    assert conn.closed


def test_closing_does_not_wait_for_a_server_that_says_nothing(conn: idb.Connection, proxy: Proxy) -> None:
    proxy.arm("stall", side="client")
    conn.close()
    assert conn.closed


@pytest.mark.parametrize("action", ["garbage", "zeros"])
@pytest.mark.parametrize("after", [0, 5, 5_000])
def test_garbage_while_reading(conn: idb.Connection, proxy: Proxy, action: Action, after: int) -> None:
    proxy.arm(action, after, seed=after)
    with pytest.raises(idb.IndustryDbError):
        conn.execute(SQL, timeout=1)


@pytest.mark.parametrize("seed", range(4))
def test_garbage_of_many_kinds(conn: idb.Connection, proxy: Proxy, seed: int) -> None:
    proxy.arm("garbage", seed * 7, seed=seed)
    with pytest.raises(idb.IndustryDbError):
        conn.execute("SELECT i::text AS a, i::numeric AS b, ARRAY[i] AS c FROM generate_series(1, 100) AS i", timeout=1)


@pytest.mark.parametrize("seed", range(25))
def test_flipped_bits_never_panic(own_server: Cluster, proxy: Proxy, seed: int) -> None:
    """A flipped bit of a value is a value; of anything else it is an error. It is never a panic, never a hang."""
    with connect(own_server, proxy) as conn:
        proxy.arm("flip", seed, seed=seed)
        told = "it was read"
        try:
            conn.execute(
                """SELECT i, i::text AS a, i::numeric / 7 AS b, ARRAY[i, NULL] AS c, ROW(i)::text AS d, now() AS e,
                int4range(0, i) AS f, '{"a": 1}'::jsonb AS g, '10.0.0.1'::inet AS h, 'a b'::tsvector AS j
                FROM generate_series(1, 500) AS i""",
                timeout=1,
            )
        except idb.IndustryDbError as error:
            told = str(error)
        assert told


@pytest.mark.parametrize("action", ["cut", "reset", "garbage", "zeros"])
@pytest.mark.parametrize("after", [0, 1, 9, 100])
def test_faults_while_connecting(own_server: Cluster, proxy: Proxy, action: Action, after: int) -> None:
    proxy.arm(action, after, seed=after)
    with pytest.raises(idb.DatabaseConnectionError):
        connect(own_server, proxy, connect_timeout=3)


@pytest.mark.parametrize("after", [0, 1, 9, 100])
def test_a_stall_while_connecting(own_server: Cluster, proxy: Proxy, after: int) -> None:
    proxy.arm("stall", after)
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)tim"):
        connect(own_server, proxy, connect_timeout=1)


@pytest.mark.parametrize("after", [0, 200, 20_000, 5_000_000])
@pytest.mark.parametrize("mode", ["append", "replace", "overwrite"])
def test_lost_while_writing_stores_nothing(
    own_server: Cluster, conn: idb.Connection, proxy: Proxy, after: int, mode: Any
) -> None:
    with own_server.admin() as admin:
        admin.execute("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer, s text); INSERT INTO t VALUES (-1, 'old')")
        proxy.arm("reset", after, side="client")
        frame = pl.DataFrame({"id": range(ROWS)}).with_columns(s=pl.lit("x" * 50))
        with pytest.raises(idb.DatabaseConnectionError):
            conn.insert("t", frame, mode=mode)
        assert proxy.happened.is_set()
        assert admin.execute("SELECT id, s FROM t").fetchall() == [(-1, "old")]
        assert_lost(conn)


def test_a_stall_while_writing(own_server: Cluster, conn: idb.Connection, proxy: Proxy) -> None:
    with own_server.admin() as admin:
        admin.execute("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer, s text)")
        frame = pl.DataFrame({"id": range(ROWS)}).with_columns(s=pl.lit("x" * 200))
        proxy.arm("stall", 100_000, side="client")
        with pytest.raises(idb.QueryTimeoutError):
            conn.insert("t", frame, timeout=0.5)
        proxy.close()
        assert admin.execute("SELECT count(*) FROM t").fetchone() == (0,)


def write_frame(conn: idb.Connection, timeout: float | None) -> None:
    """By COPY."""
    conn.insert("t", pl.DataFrame({"id": range(ROWS)}).with_columns(s=pl.lit("x" * 200)), timeout=timeout)


def write_many(conn: idb.Connection, timeout: float | None) -> None:
    """One statement many times."""
    conn.execute_many("INSERT INTO t VALUES ($1, $2)", [[i, "x" * 200] for i in range(50_000)], timeout=timeout)


@pytest.mark.parametrize("write", [write_frame, write_many])
@pytest.mark.parametrize("way_out", ["timeout", "cancel", "patience"])
def test_a_peer_that_only_listens_no_more(
    own_server: Cluster, conn: idb.Connection, proxy: Proxy, write: Any, way_out: str
) -> None:
    """It has closed its half of the connection, which is not seen by who only writes."""
    with own_server.admin() as admin:
        admin.execute("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer, s text)")
        proxy.arm("half", 100_000, side="client")
        expected = {"timeout": idb.QueryTimeoutError, "cancel": idb.QueryCancelledError}

        def cancel() -> None:
            if proxy.happened.wait(BOUND) and way_out == "cancel":
                conn.cancel()

        timer = threading.Thread(target=cancel)
        timer.start()
        with pytest.raises((expected.get(way_out, idb.DatabaseConnectionError), idb.DatabaseConnectionError)):
            write(conn, 0.5 if way_out == "timeout" else None)
        timer.join(BOUND)
        assert proxy.happened.is_set()
        assert admin.execute("SELECT count(*) FROM t").fetchone() == (0,)
    assert_lost(conn)


def test_a_commit_whose_answer_is_lost_is_an_error(conn: idb.Connection, proxy: Proxy) -> None:
    conn.begin()
    conn.execute("SELECT 1")
    proxy.arm("cut", 0)
    with pytest.raises(idb.DatabaseConnectionError):
        conn.commit()
    assert not conn.in_transaction
    assert_lost(conn)


def test_lost_in_a_transaction(conn: idb.Connection, proxy: Proxy) -> None:
    def block() -> None:
        with conn.transaction():
            conn.execute("SELECT 1")
            proxy.arm("cut", 0)
            conn.execute("SELECT 2")

    with pytest.raises(idb.DatabaseConnectionError):
        block()
    assert not conn.in_transaction
    assert_lost(conn)
