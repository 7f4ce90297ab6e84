"""Many threads on one connection, and many connections on one file: no deadlock, no wrong row, no growth in memory.

A few seconds each; `INDUSTRYDB_STRESS_SECONDS=60` is the full run.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import psutil
import pytest

import industrydb as idb
from tests.children import run

pytestmark = pytest.mark.backend("sqlite")

SECONDS = float(os.environ.get("INDUSTRYDB_STRESS_SECONDS", "4"))
THREADS = 20
GROWTH = 48 * 2**20
"""Bytes by which the process may grow after its first quarter: allocators keep some, a leak has no end."""

Work = Callable[[idb.Connection, int, random.Random], None]


def insert_and_read_back(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """Writes a few rows that only this thread can have written, and finds them."""
    batch = rng.randrange(2**60)
    count = rng.randint(1, 200)
    frame = pl.DataFrame({"n": range(count)}).with_columns(
        who=pl.lit(who), batch=pl.lit(batch), text=pl.lit(f"t{batch}")
    )
    assert conn.insert("t", frame) == count
    read = conn.select("t", ["who", "n", "text"], {"batch": batch}, order_by="n")
    assert read["n"].to_list() == list(range(count))
    assert set(read["who"]) == {who}
    assert set(read["text"]) == {f"t{batch}"}
    assert conn.delete("t", {"batch": batch}) == count


def count_up(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """Adds one to this thread's counter in a transaction of several statements."""
    with conn.transaction(isolation="immediate"):
        before = conn.select("counters", ["n"], {"who": who}).item()
        assert conn.update("counters", {"n": before + 1}, {"who": who}) == 1
        assert conn.execute("SELECT n FROM counters WHERE who = ?", [who]).item() == before + 1


def roll_back(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """Changes that must not be seen again."""
    with pytest.raises(ZeroDivisionError), conn.transaction(isolation="immediate"):
        conn.execute("UPDATE counters SET n = -1")
        raise ZeroDivisionError
    assert conn.execute("SELECT count(*) AS n FROM counters WHERE n < 0").item() == 0


def fail(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """An error of each kind."""
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("SELECT * FROM missing")
    with pytest.raises(idb.UniqueViolationError):
        conn.insert("counters", {"who": [who], "n": [0]})
    unknown: Any = object()
    with pytest.raises(TypeError):
        conn.execute("SELECT ?", [unknown])


def give_up(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """A query that takes too long."""
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(idb.QueryTimeoutError):
        conn.execute(endless, timeout=0.005)


def read_a_lot(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """A larger result, checked."""
    frame = conn.execute("SELECT id, id * 2 AS twice, 'x' || id AS text FROM numbers")
    assert frame.height == 2_000
    assert (frame["id"] * 2 == frame["twice"]).all()
    assert frame["text"].to_list() == [f"x{at}" for at in frame["id"]]


def upsert(conn: idb.Connection, who: int, rng: random.Random) -> None:
    """Rows of this thread's own range, new and old."""
    keys = rng.sample(range(who * 100, who * 100 + 100), 30)
    assert conn.insert("own", {"id": keys, "who": [who] * 30}, on_conflict="update") == 30
    assert conn.execute("SELECT count(*) AS n FROM own WHERE id / 100 <> who").item() == 0


WORK: tuple[Work, ...] = (insert_and_read_back, count_up, count_up, roll_back, fail, give_up, read_a_lot, upsert)


@pytest.fixture
def config(path: Path) -> idb.DatabaseConfig:
    """A file in WAL mode with the tables that the work needs."""
    config = idb.DatabaseConfig("sqlite", path=str(path), journal_mode="wal", busy_timeout=60)
    with config.connect() as conn:
        conn.execute("CREATE TABLE t (who INTEGER, batch INTEGER, n INTEGER, text TEXT)")
        conn.execute("CREATE INDEX by_batch ON t (batch)")
        conn.execute("CREATE TABLE counters (who INTEGER PRIMARY KEY, n INTEGER)")
        conn.execute("CREATE TABLE own (id INTEGER PRIMARY KEY, who INTEGER)")
        conn.insert("counters", {"who": range(THREADS), "n": [0] * THREADS})
        conn.insert("numbers", {"id": range(2_000)}, mode="create")
    return config


def hammer(connect: Callable[[], idb.Connection], done: Callable[[idb.Connection], object]) -> Counter[int]:
    """Runs the work on all threads; gives how often each counted up."""
    counted: Counter[int] = Counter()
    failures: list[BaseException] = []
    stop = time.monotonic() + SECONDS
    sizes: list[int] = []

    def work_on(who: int) -> None:
        rng = random.Random(who)
        conn = connect()
        try:
            while time.monotonic() < stop and not failures:
                work = rng.choice(WORK)
                work(conn, who, rng)
                counted[who] += work is count_up
        except BaseException as error:  # noqa: BLE001 (the main thread raises it)
            failures.append(error)
        finally:
            done(conn)

    threads = [threading.Thread(target=work_on, args=(who,), daemon=True) for who in range(THREADS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        time.sleep(SECONDS / 20)
        sizes.append(psutil.Process().memory_info().rss)
        assert time.monotonic() < stop + 60, "a deadlock"
    if failures:
        raise failures[0]
    quarter = max(sizes[: max(1, len(sizes) // 4)])
    assert max(sizes[-3:]) - quarter < GROWTH
    return counted


def check(config: idb.DatabaseConfig, counted: Counter[int]) -> None:
    """Every count is there, and nothing else."""
    with config.connect() as conn:
        assert dict(conn.select("counters").rows()) == {who: counted[who] for who in range(THREADS)}
        assert conn.select("t").height == 0
        assert conn.execute("PRAGMA integrity_check").item() == "ok"
    assert sum(counted.values()) > THREADS


def test_threads_that_share_one_connection(config: idb.DatabaseConfig) -> None:
    with config.connect() as conn:
        counted = hammer(lambda: conn, lambda _: None)
        assert not conn.in_transaction
    check(config, counted)


def test_threads_with_a_connection_each(config: idb.DatabaseConfig) -> None:
    check(config, hammer(config.connect, lambda conn: conn.close()))


def test_connections_that_come_and_go(config: idb.DatabaseConfig) -> None:
    process = psutil.Process()
    with config.connect() as conn:
        conn.execute("SELECT 1")
    files, threads = process.num_fds(), process.num_threads()
    for _ in range(200):
        with config.connect() as conn:
            conn.execute("SELECT 1")
    assert process.num_fds() <= files + 2
    assert process.num_threads() <= threads + 4


def test_readers_that_are_left_open(config: idb.DatabaseConfig) -> None:
    process = psutil.Process()
    with config.connect() as conn:
        for _ in range(300):
            reader = conn.execute_batches("SELECT id FROM numbers", batch_size=10)
            next(reader)
            reader.close()
        before = process.memory_info().rss
        for _ in range(3_000):
            reader = conn.execute_batches("SELECT id FROM numbers", batch_size=10)
            next(reader)
            reader.close()
        assert process.memory_info().rss - before < GROWTH


def test_repeated_calls_keep_nothing(config: idb.DatabaseConfig) -> None:
    process = psutil.Process()
    frame = pl.DataFrame({"id": range(10_000)}).with_columns(text=pl.lit("some text of a row"))

    def once() -> None:
        conn.insert("again", frame, mode="replace")
        assert conn.select("again").height == 10_000
        with conn.execute_batches("SELECT * FROM again", batch_size=500) as reader:
            assert sum(batch.height for batch in reader) == 10_000

    with config.connect() as conn:
        for _ in range(20):
            once()
        before = process.memory_info().rss
        for _ in range(60):
            once()
        assert process.memory_info().rss - before < GROWTH


FLAT = """
    import resource, sys
    import polars as pl
    import industrydb as idb

    rows = int(sys.argv[1])
    numbers = f"SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}"
    sql = f"WITH RECURSIVE n (i) AS ({numbers}) SELECT i, 'x' || i AS t FROM n"
    with idb.connect("sqlite://") as conn, conn.execute_batches(sql, batch_size=10_000) as reader:
        assert sum(frame.height for frame in reader) == rows
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_batches_need_the_same_memory_for_any_result() -> None:
    small, large = (int(run(FLAT, rows)) for rows in (100_000, 3_000_000))
    assert large - small < 24 * 1024, "KiB; the larger result is about 60 MB"
