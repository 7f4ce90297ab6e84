"""Timeouts and `cancel`: the server stops, the connection goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Run

SOON = 2.0
"""Seconds within which a call that was stopped has to be back, on a busy machine."""

ENDLESS: dict[str, Callable[[idb.Connection, Backend, float | None], object]] = {
    "execute": lambda conn, backend, timeout: conn.execute(backend.endless, timeout=timeout),
    "execute_batches": lambda conn, backend, timeout: list(conn.execute_batches(backend.endless, timeout=timeout)),
    "execute_many": lambda conn, backend, timeout: conn.execute_many(
        f"DELETE FROM t WHERE {condition(backend)}",
        [[], []],
        timeout=timeout,
    ),
    "select": lambda conn, _, timeout: conn.select("slow", timeout=timeout),
    "update": lambda conn, backend, timeout: conn.update("t", {"name": "x"}, condition(backend), timeout=timeout),
    "delete": lambda conn, backend, timeout: conn.delete("t", condition(backend), timeout=timeout),
}


def condition(backend: Backend) -> str:
    """A condition that takes for ever."""
    return f"id = ({backend.endless})"


@pytest.fixture
def slow(backend: Backend, conn: idb.Connection, t: str) -> None:
    """A row for the conditions to look at, and a view that never ends."""
    conn.execute("INSERT INTO t VALUES (1, 'a')")
    conn.execute(f"CREATE VIEW slow AS {backend.endless}")


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("verb", ENDLESS)
def test_a_timeout(backend: Backend, conn: idb.Connection, verb: str) -> None:
    start = time.monotonic()
    with pytest.raises(idb.QueryTimeoutError, match=r"0\.2|timeout") as caught:
        ENDLESS[verb](conn, backend, 0.2)
    assert 0.15 < time.monotonic() - start < SOON
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.backend == backend.name
    assert not conn.in_transaction
    assert conn.select("t").rows() == [(1, "a")]


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("verb", ENDLESS)
def test_cancel_from_another_thread(backend: Backend, conn: idb.Connection, verb: str) -> None:
    timer = threading.Timer(0.2, conn.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(idb.QueryCancelledError) as caught:
        ENDLESS[verb](conn, backend, None)
    assert 0.15 < time.monotonic() - start < SOON
    assert not isinstance(caught.value, TimeoutError)
    assert caught.value.backend == backend.name
    timer.join()
    assert conn.select("t").rows() == [(1, "a")]


@pytest.mark.usefixtures("t")
def test_a_timeout_that_is_not_reached(conn: idb.Connection) -> None:
    assert conn.execute("SELECT 1 AS a", timeout=30).item() == 1
    assert conn.insert("t", {"id": [1]}, timeout=30) == 1
    assert conn.select("t", timeout=30).height == 1
    assert conn.update("t", {"name": "x"}, True, timeout=30) == 1
    assert conn.delete("t", True, timeout=30) == 1
    time.sleep(0.05)
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_a_timeout_counts_one_call(backend: Backend, conn: idb.Connection) -> None:
    conn.execute("SELECT 1 AS a", timeout=0.2)
    time.sleep(0.3)
    assert conn.execute(f"SELECT count(*) AS n FROM {backend.rows(300_000)} AS s").item() == 300_000


def test_a_timeout_counts_the_server_not_the_consumer(backend: Backend, conn: idb.Connection) -> None:
    sql = f"SELECT i FROM {backend.rows(40)} AS s"
    seen = 0
    with conn.execute_batches(sql, batch_size=10, timeout=1.0) as batches:
        for frame in batches:
            time.sleep(0.5)
            seen += frame.height
    assert seen == 40


def test_a_timeout_of_an_insert_stores_nothing(database: Database, conn: idb.Connection, t: str) -> None:
    frame = pl.DataFrame({"id": range(3_000_000)}).with_columns(name=pl.lit("x" * 100))
    with pytest.raises(idb.QueryTimeoutError):
        conn.insert(t, frame, timeout=0.05)
    # The server may have been at its end just then: a connection that can't tell says so.
    if conn.closed:
        with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
            conn.ping()
        conn = database.connect()
    with conn:
        assert conn.select("t", limit=1).height == 0
        assert not conn.in_transaction


@pytest.mark.usefixtures("t")
def test_a_timeout_in_a_transaction_leaves_it_open(backend: Backend, run: Run, conn: idb.Connection) -> None:
    with conn.transaction():
        run("INSERT INTO t VALUES (1, 'a')")
        with pytest.raises(idb.QueryTimeoutError), conn.transaction():
            conn.execute(backend.endless, timeout=0.1)
        assert conn.in_transaction
        run("INSERT INTO t VALUES (2, 'b')")
    assert conn.select("t").height == 2


@pytest.mark.parametrize("timeout", [-1, -0.5, float("nan")])
def test_a_timeout_that_makes_no_sense(conn: idb.Connection, timeout: float) -> None:
    with pytest.raises(ValueError, match="timeout"):
        conn.execute("SELECT 1", timeout=timeout)


@pytest.mark.parametrize("timeout", [1e-9, 0.0])
def test_a_timeout_of_nothing(backend: Backend, conn: idb.Connection, timeout: float) -> None:
    with pytest.raises((idb.QueryTimeoutError, ValueError)):
        conn.execute(backend.endless, timeout=timeout)
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("timeout", [1e9, 1e300, float("inf")])
def test_a_timeout_of_ages(conn: idb.Connection, timeout: float) -> None:
    assert conn.execute("SELECT 1 AS a", timeout=timeout).item() == 1


def test_cancel_stops_no_later_call(conn: idb.Connection) -> None:
    for _ in range(20):
        conn.cancel()
        assert conn.execute("SELECT 1 AS a").item() == 1


def test_cancel_a_reader(backend: Backend, conn: idb.Connection) -> None:
    sql = f"SELECT i FROM {backend.rows(50_000_000)} AS s"
    batches = conn.execute_batches(sql, batch_size=1_000)
    next(batches)
    timer = threading.Timer(0.1, conn.cancel)
    timer.start()
    with pytest.raises(idb.QueryCancelledError):
        for _ in batches:
            pass
    timer.join()
    if backend.closes_when_cut and conn.closed:
        with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
            conn.execute("SELECT 1 AS a")
    else:
        assert conn.execute("SELECT 1 AS a").item() == 1


def test_close_from_another_thread_ends_a_query(backend: Backend, conn: idb.Connection) -> None:
    timer = threading.Timer(0.2, conn.close)
    timer.start()
    start = time.monotonic()
    with pytest.raises((idb.QueryCancelledError, idb.ConnectionClosedError, idb.QueryTimeoutError)):
        conn.execute(backend.endless, timeout=SOON)
    assert time.monotonic() - start < SOON + 1
    timer.join()
    assert conn.closed
