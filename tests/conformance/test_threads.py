"""Threads: one connection for many, many connections at once, and the GIL released meanwhile."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Ids


@pytest.mark.usefixtures("t")
def test_threads_share_a_connection(conn: idb.Connection, ids: Ids) -> None:
    def work(key: int) -> int:
        conn.execute("INSERT INTO t (id, name) VALUES (?, ?)", [key, str(key)])
        return int(conn.execute("SELECT id FROM t WHERE name = :name", {"name": str(key)}).item())

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(200))) == list(range(200))
    assert ids() == list(range(200))


def test_a_connection_may_move_between_threads(database: Database) -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as two:
        conn = one.submit(database.connect).result()
        assert two.submit(conn.execute, "SELECT 1 AS a").result().item() == 1
        two.submit(conn.close).result()
    assert conn.closed


def test_many_connections_run_in_parallel(backend: Backend, database: Database) -> None:
    sql = f"SELECT sum(i) AS n FROM {backend.rows(100_000)} AS s"

    def work(_: int) -> int:
        with database.connect() as conn:
            return int(conn.execute(sql).item())

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(24))) == {5_000_050_000}


def test_the_gil_is_released_while_a_query_runs(backend: Backend, conn: idb.Connection) -> None:
    done = threading.Event()

    def run() -> None:
        try:
            conn.execute(backend.endless, timeout=0.6)
        except idb.QueryTimeoutError:
            done.set()

    thread = threading.Thread(target=run)
    thread.start()
    steps = 0
    while not done.is_set() and steps < 100_000:
        time.sleep(0.001)
        steps += 1
    thread.join()
    assert steps > 50, "this thread ran while the other one waited for the server"


@pytest.mark.usefixtures("t")
def test_an_error_in_one_thread_is_no_error_in_another(conn: idb.Connection) -> None:
    def work(key: int) -> str:
        try:
            conn.execute("SELECT 1" if key % 2 else "SELECT * FROM missing")
        except idb.QueryExecutionError:
            return "error"
        return "fine"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(work, range(100)))
    assert answers == ["error", "fine"] * 50


def test_a_reader_may_be_read_by_another_thread(backend: Backend, conn: idb.Connection) -> None:
    batches = conn.execute_batches(f"SELECT i FROM {backend.rows(5_000)} AS s", batch_size=100)
    with ThreadPoolExecutor(4) as pool:
        frames = [future.result() for future in [pool.submit(next, batches, None) for _ in range(60)]]
    read = pl.concat(frame for frame in frames if frame is not None)
    assert sorted(read["i"]) == list(range(1, 5_001))
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_a_reader_is_open_for_other_threads_as_well(conn: idb.Connection) -> None:
    with conn.execute_batches("SELECT 1 AS a") as batches, ThreadPoolExecutor(1) as pool:
        future = pool.submit(conn.execute, "SELECT 1 AS a")
        assert isinstance(future.exception(timeout=5), idb.QueryExecutionError)
        assert pl.concat(batches).height == 1


@pytest.mark.usefixtures("t")
@pytest.mark.parametrize("begin", ["verb", "sql"])
def test_a_transaction_whose_thread_has_ended_is_an_error_for_all_others(
    database: Database, conn: idb.Connection, begin: str
) -> None:
    def leave_it_open() -> None:
        if begin == "verb":
            conn.begin()
        else:
            conn.execute("BEGIN")
        conn.execute("INSERT INTO t (id) VALUES (1)")

    thread = threading.Thread(target=leave_it_open, name="careless")
    thread.start()
    thread.join()
    calls: list[Callable[[], object]] = [
        lambda: conn.execute("SELECT 1"),
        conn.rollback,
        lambda: conn.execute_batches("SELECT 1"),
        conn.ping,
    ]
    for call in calls:
        with pytest.raises(idb.QueryExecutionError, match="careless") as caught:
            call()
        assert "close" in str(caught.value.hint)
    conn.close()
    with database.connect() as other:
        assert other.execute("SELECT count(*) AS n FROM t").item() == 0


@pytest.mark.usefixtures("t")
def test_who_waits_for_a_transaction_learns_that_its_thread_has_ended(conn: idb.Connection) -> None:
    go = threading.Event()

    def leave_it_open() -> None:
        conn.begin()
        conn.execute("INSERT INTO t (id) VALUES (1)")
        go.wait(20)

    thread = threading.Thread(target=leave_it_open)
    thread.start()
    while not conn.in_transaction:
        time.sleep(0.01)
    threading.Timer(0.3, go.set).start()
    with pytest.raises(idb.QueryExecutionError, match=re.escape(thread.name)):
        conn.execute("SELECT 1", timeout=20)
