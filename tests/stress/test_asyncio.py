"""Many tasks on one connection that are cancelled at any moment: no deadlock, nothing half done, nothing that stays.

A few seconds; `INDUSTRYDB_STRESS_SECONDS=60` is the full run.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psutil
import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")

SECONDS = float(os.environ.get("INDUSTRYDB_STRESS_SECONDS", "4"))
TASKS = 20
GROWTH = 48 * 2**20
"""Bytes by which the process may grow: allocators keep some, a leak has no end."""
ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

Work = Callable[[idb.AsyncConnection, int], Awaitable[object]]


async def move(conn: idb.AsyncConnection, who: int) -> None:
    """Takes one from an account and gives it to another: what is seen from outside never changes the sum."""
    async with conn.transaction():
        await conn.execute("UPDATE accounts SET n = n - 1 WHERE who = ?", [who])
        await asyncio.sleep(0)
        await conn.execute("UPDATE accounts SET n = n + 1 WHERE who = ?", [(who + 1) % TASKS])


async def move_by_hand(conn: idb.AsyncConnection, who: int) -> None:
    """The same by the verbs, nested ones included."""
    await conn.begin()
    try:
        await conn.execute("UPDATE accounts SET n = n - 1 WHERE who = ?", [who])
        async with conn.transaction():
            await conn.execute("UPDATE accounts SET n = n + 1 WHERE who = ?", [(who + 1) % TASKS])
    except BaseException:
        await conn.rollback()
        raise
    await conn.commit()


async def look(conn: idb.AsyncConnection, who: int) -> None:
    """The sum is right whenever it is asked for."""
    assert (await conn.execute("SELECT sum(n) AS s FROM accounts")).item() == 0


async def never_end(conn: idb.AsyncConnection, who: int) -> None:
    """A query that is always cancelled."""
    await conn.execute(ENDLESS)


WORK: tuple[Work, ...] = (move, move, move_by_hand, look, look, never_end)


@pytest.fixture
def config(path: Path) -> idb.DatabaseConfig:
    """A file with the tables that the work needs."""
    config = idb.DatabaseConfig("sqlite", path=str(path))
    with config.connect() as conn:
        conn.insert("accounts", {"who": range(TASKS), "n": [0] * TASKS}, mode="create")
        conn.insert("numbers", {"id": range(2_000)}, mode="create")
    return config


async def hammer(conn: idb.AsyncConnection, seconds: float) -> tuple[int, int]:
    """Does the work in tasks of which most are cancelled; how many ended, and how many were cancelled."""
    stop = time.monotonic() + seconds
    ended = cancelled = 0

    async def work_on(who: int) -> None:
        nonlocal ended, cancelled
        rng = random.Random(who)
        while time.monotonic() < stop:
            try:
                async with asyncio.timeout(rng.choice([0, 0.0005, 0.003, 0.01, 0.05])):
                    await rng.choice(WORK)(conn, who)
                ended += 1
            except TimeoutError:
                cancelled += 1

    async with asyncio.timeout(seconds + 60):
        await asyncio.gather(*map(work_on, range(TASKS)))
    return ended, cancelled


def test_tasks_that_are_cancelled_at_any_moment(config: idb.DatabaseConfig) -> None:
    async def main() -> tuple[int, int]:
        async with idb.connect_async(config) as conn:
            outcome = await hammer(conn, SECONDS)
            assert not conn.in_transaction
            await look(conn, 0)
        return outcome

    ended, cancelled = asyncio.run(main())
    assert ended > TASKS
    assert cancelled > TASKS


def test_readers_that_are_cancelled_at_any_moment(config: idb.DatabaseConfig) -> None:
    async def read(conn: idb.AsyncConnection, leave: int) -> int:
        rows = 0
        async for frame in conn.execute_batches("SELECT id FROM numbers ORDER BY id", batch_size=100):
            assert frame["id"].to_list() == list(range(rows, rows + 100))
            rows += frame.height
            if rows >= leave:
                break
        return rows

    async def main() -> None:
        rng = random.Random(1)
        stop = time.monotonic() + SECONDS
        whole = 0
        async with idb.connect_async(config) as conn:
            while time.monotonic() < stop:
                leave = rng.choice([100, 1_000, 5_000])
                try:
                    async with asyncio.timeout(rng.choice([0, 0.0005, 0.001, 0.003, 1])):
                        assert await read(conn, leave) == min(leave, 2_000)
                    whole += 1
                except TimeoutError:
                    pass
                assert (await conn.execute("SELECT 1 AS a")).item() == 1
        assert whole

    asyncio.run(main())


def test_what_was_cancelled_keeps_nothing(config: idb.DatabaseConfig) -> None:
    process = psutil.Process()

    async def main() -> None:
        async with idb.connect_async(config) as conn:
            await hammer(conn, 1)
            gc.collect()
            before, files, threads = process.memory_info().rss, process.num_fds(), process.num_threads()
            for _ in range(3):
                await hammer(conn, 1)
            gc.collect()
            assert process.memory_info().rss - before < GROWTH
            assert process.num_fds() <= files
            assert process.num_threads() <= threads + TASKS

    asyncio.run(main())


def test_awaited_calls_keep_nothing(config: idb.DatabaseConfig) -> None:
    process = psutil.Process()

    async def main() -> None:
        async with idb.connect_async(config) as conn:

            async def once() -> None:
                assert (await conn.select("numbers")).height == 2_000

            for _ in range(300):
                await once()
            gc.collect()
            before, objects = process.memory_info().rss, len(gc.get_objects())
            for _ in range(3_000):
                await once()
            gc.collect()
            assert process.memory_info().rss - before < GROWTH
            assert len(gc.get_objects()) < objects + 300

    asyncio.run(main())


def test_connections_that_come_and_go(config: idb.DatabaseConfig) -> None:
    process = psutil.Process()

    async def main() -> None:
        async def one() -> None:
            async with idb.connect_async(config) as conn:
                await conn.execute("SELECT 1")

        await asyncio.gather(*(one() for _ in range(TASKS)))
        files = process.num_fds()
        for _ in range(10):
            await asyncio.gather(*(one() for _ in range(TASKS)))
        assert process.num_fds() <= files + 2

    asyncio.run(main())
