"""A server that ends: killed, stopped, or told to end a session; while idle, reading, writing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import polars as pl
import psutil
import pytest

import industrydb as idb
from tests.postgres.servers import Cluster, Installation

pytestmark = pytest.mark.backend("postgres 18")

BOUND = 15.0
ROWS = 3_000_000
SQL = f"SELECT i, repeat('x', 50) AS s FROM generate_series(1, {ROWS}) AS i"


@pytest.fixture(scope="module")
def server(newest: Installation) -> Iterator[Cluster]:
    """A server that keeps what is committed, whatever happens to it."""
    cluster = Cluster(newest, tcp=True, settings={"synchronous_commit": "on", "log_min_messages": "warning"})
    yield cluster
    cluster.stop()


@pytest.fixture(autouse=True)
def running(server: Cluster) -> None:
    """It runs when a test begins."""
    if server.process is None or server.process.poll() is not None:
        server.start()


@pytest.fixture(params=["socket", "tcp"])
def conn(request: pytest.FixtureRequest, server: Cluster) -> Iterator[idb.Connection]:
    """A connection of each kind."""
    options = {"host": "127.0.0.1"} if request.param == "tcp" else {}
    with server.config(**options).connect() as conn:
        conn.execute("DROP TABLE IF EXISTS t; CREATE TABLE t (id integer, s text); INSERT INTO t VALUES (-1, 'old')")
        yield conn


def backend_of(conn: idb.Connection) -> int:
    """The server's process."""
    return int(conn.execute("SELECT pg_backend_pid() AS pid").item())


def assert_lost(conn: idb.Connection) -> None:
    """The connection says that it is gone."""
    for _ in range(2):
        with pytest.raises((idb.ConnectionClosedError, idb.DatabaseConnectionError)):
            conn.execute("SELECT 1", timeout=5)


@pytest.mark.parametrize("how", ["kill", "SIGQUIT", "SIGINT"])
def test_the_server_ends_while_it_is_read(server: Cluster, conn: idb.Connection, how: str) -> None:
    seen = 0
    start = time.monotonic()
    with pytest.raises(idb.DatabaseConnectionError), conn.execute_batches(SQL, batch_size=10_000) as batches:
        for batch in batches:
            seen += batch.height
            if seen == 50_000:
                start = time.monotonic()
                end(server, how)
    assert time.monotonic() - start < BOUND
    assert seen < ROWS, "what was read is not taken for the whole"
    assert_lost(conn)


def end(server: Cluster, how: str) -> None:
    """Ends the server."""
    if how == "kill":
        server.kill()
    else:
        server.stop(signal.Signals[how])


@pytest.mark.parametrize("how", ["kill", "SIGQUIT", "SIGINT"])
def test_the_server_ends_while_a_frame_is_read(server: Cluster, conn: idb.Connection, how: str) -> None:
    timer = threading.Timer(0.15, end, (server, how))
    timer.start()
    with pytest.raises(idb.DatabaseConnectionError):
        conn.execute(
            "SELECT a.i, b.i AS j FROM generate_series(1, 100000) AS a (i), generate_series(1, 10000) AS b (i)"
        )
    timer.join(BOUND)
    assert_lost(conn)


@pytest.mark.parametrize("how", ["kill", "SIGQUIT", "SIGINT"])
@pytest.mark.parametrize("mode", ["append", "replace", "overwrite"])
def test_the_server_ends_while_it_is_written(server: Cluster, conn: idb.Connection, how: str, mode: Any) -> None:
    frame = pl.DataFrame({"id": range(ROWS)}).with_columns(s=pl.lit("x" * 100))
    timer = threading.Timer(0.25, end, (server, how))
    timer.start()
    with pytest.raises(idb.DatabaseConnectionError):
        conn.insert("t", frame, mode=mode)
    timer.join(BOUND)
    assert_lost(conn)
    server.start()
    with server.admin() as admin:
        assert admin.execute("SELECT id, s FROM t").fetchall() == [(-1, "old")], "nothing of it is stored"


def test_the_server_ends_while_nobody_looks(server: Cluster, conn: idb.Connection) -> None:
    end(server, "SIGINT")
    with pytest.raises(idb.DatabaseConnectionError):
        conn.execute("SELECT 1")
    assert_lost(conn)
    server.start()
    assert_lost(conn)
    with server.config().connect() as other:
        assert other.execute("SELECT 1 AS a").item() == 1


def test_a_session_is_ended_while_idle(server: Cluster, conn: idb.Connection) -> None:
    with server.admin() as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", [backend_of(conn)])
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        conn.execute("SELECT 1")
    assert caught.value.code in {"57P01", None}
    assert_lost(conn)


@pytest.mark.parametrize("verb", ["execute", "batches", "insert", "ping-in-transaction"])
def test_a_session_is_ended_at_work(server: Cluster, conn: idb.Connection, verb: str) -> None:
    pid = backend_of(conn)

    def terminate() -> None:
        with server.admin() as admin:
            admin.execute("SELECT pg_terminate_backend(%s)", [pid])

    def work() -> None:
        match verb:
            case "execute":
                conn.execute("SELECT pg_sleep(30)")
            case "batches":
                list(conn.execute_batches("SELECT generate_series(1, 1000000000) AS i"))
            case "insert":
                conn.insert("t", pl.DataFrame({"id": range(ROWS)}).with_columns(s=pl.lit("x" * 100)))
            case _:
                with conn.transaction():
                    while True:
                        conn.ping()

    timer = threading.Timer(0.2, terminate)
    timer.start()
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        work()
    timer.join(BOUND)
    assert caught.value.code in {"57P01", None}
    assert not conn.in_transaction
    assert_lost(conn)
    with server.admin() as admin:
        assert admin.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_another_session_crashes(server: Cluster, conn: idb.Connection) -> None:
    with server.config().connect() as other:
        os.kill(backend_of(other), signal.SIGKILL)
        with pytest.raises(idb.DatabaseConnectionError):
            other.execute("SELECT 1")
    deadline = time.monotonic() + BOUND
    with pytest.raises(idb.DatabaseConnectionError):
        while time.monotonic() < deadline:
            conn.execute("SELECT 1")
    assert_lost(conn)
    server.kill()  # it is busy with its recovery


def test_a_session_that_hangs_ends_with_the_timeout(server: Cluster, conn: idb.Connection) -> None:
    process = psutil.Process(backend_of(conn))
    timer = threading.Timer(0.1, process.suspend)
    guard = threading.Timer(BOUND, process.resume)
    timer.start()
    guard.start()
    start = time.monotonic()
    try:
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT count(*) FROM (SELECT generate_series(1::bigint, 1000000000000)) AS s", timeout=0.5)
        assert time.monotonic() - start < BOUND
        conn.close()
        assert time.monotonic() - start < BOUND
    finally:
        timer.join()
        guard.cancel()
        process.resume()


def test_connecting_while_the_server_starts_or_stops(server: Cluster) -> None:
    end(server, "SIGINT")
    for host in (server.host, "127.0.0.1"):
        with pytest.raises(idb.DatabaseConnectionError):
            server.config(host=host).connect()
