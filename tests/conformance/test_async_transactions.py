"""Asyncio: transactions, and to which task they belong."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Ids

pytestmark = pytest.mark.usefixtures("t")


async def add(conn: idb.AsyncConnection, key: int) -> None:
    """One more row in `t`."""
    await conn.execute("INSERT INTO t (id) VALUES (?)", [key])


def test_it_commits(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            async with conn.transaction() as block:
                assert conn.in_transaction
                await add(conn, 1)
                with pytest.raises(idb.QueryExecutionError, match="begun already"):
                    await block.__aenter__()
            assert not conn.in_transaction
            await conn.begin()
            await add(conn, 2)
            await conn.commit()
            await conn.begin()
            await add(conn, 3)
            await conn.rollback()

    asyncio.run(main())
    assert ids() == [1, 2]


def test_it_rolls_back_on_an_exception(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            with pytest.raises(ZeroDivisionError):
                async with conn.transaction():
                    await add(conn, 1)
                    raise ZeroDivisionError
            with pytest.raises(idb.UniqueViolationError):
                async with conn.transaction():
                    await add(conn, 2)
                    await add(conn, 2)
            assert not conn.in_transaction

    asyncio.run(main())
    assert ids() == []


def test_nested_ones_are_savepoints(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn, conn.transaction():
            await add(conn, 1)
            with pytest.raises(ZeroDivisionError):
                async with conn.transaction():
                    await add(conn, 2)
                    raise ZeroDivisionError
            async with conn.transaction():
                await add(conn, 3)

    asyncio.run(main())
    assert ids() == [1, 3]


def test_what_a_transaction_can_not_be(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as opened:
            conn: Any = opened
            with pytest.raises(ValueError, match="isolation"):
                conn.transaction(isolation="nonsense")
            for isolation in backend.isolations:
                async with conn.transaction(isolation=isolation):
                    await add(conn, 1)
                    with pytest.raises(idb.QueryExecutionError, match="of its own"):
                        await conn.transaction(isolation=isolation).__aenter__()
                    await conn.delete("t", True)
            for ending in (conn.commit, conn.rollback):
                with pytest.raises(idb.QueryExecutionError):
                    await ending()

    asyncio.run(main())


def test_it_belongs_to_the_task_that_opened_it(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            entered, leave = asyncio.Event(), asyncio.Event()

            async def owner() -> None:
                with pytest.raises(ZeroDivisionError):
                    async with conn.transaction():
                        await add(conn, 1)
                        entered.set()
                        await leave.wait()
                        raise ZeroDivisionError

            async def other() -> None:
                await entered.wait()
                with pytest.raises(idb.QueryTimeoutError, match="while another call"):
                    await conn.execute("SELECT 1", timeout=0.2)
                waiting = asyncio.create_task(add(conn, 2))
                await asyncio.sleep(0.1)
                assert not waiting.done()
                leave.set()
                await waiting

            await asyncio.gather(owner(), other())

    asyncio.run(main())
    assert ids() == [2]


def test_one_whose_task_has_ended_is_an_error_for_all_others(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:

            async def careless() -> None:
                await conn.begin()
                await add(conn, 1)

            task = asyncio.create_task(careless(), name="careless")
            await task
            for call in (
                conn.execute("SELECT 1"),
                conn.rollback(),
                conn.ping(),
                anext(conn.execute_batches("SELECT 1")),
            ):
                with pytest.raises(idb.QueryExecutionError, match=r"its task \((careless|which is gone)\) has ended"):
                    await call

    asyncio.run(main())
    assert ids() == []


def test_who_waits_learns_that_the_task_has_ended(database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            begun = asyncio.Event()

            async def careless() -> None:
                await conn.begin()
                await add(conn, 1)
                begun.set()
                await asyncio.sleep(0.3)

            task = asyncio.create_task(careless(), name="careless")
            await begun.wait()
            with pytest.raises(idb.QueryExecutionError, match="careless"):
                await conn.execute("SELECT 1", timeout=20)
            await task

    asyncio.run(main())


def test_a_reader_in_a_block_ends_with_it(database: Database, backend: Backend, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            async with conn.transaction():
                await add(conn, 1)
                reader = conn.execute_batches(f"SELECT i FROM {backend.rows(100_000)} AS s", batch_size=10)
                await anext(reader)
            with pytest.raises(idb.IndustryDbError):
                async for _ in reader:
                    pass
            assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())
    assert ids() == [1]


def test_many_tasks_with_transactions_of_their_own(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:

            async def work(key: int) -> None:
                async with conn.transaction():
                    await add(conn, 2 * key)
                    await asyncio.sleep(0)
                    await add(conn, 2 * key + 1)
                    if key % 3 == 0:
                        raise ZeroDivisionError

            outcomes = await asyncio.gather(*map(work, range(30)), return_exceptions=True)
            assert [type(outcome) for outcome in outcomes].count(ZeroDivisionError) == 10

    asyncio.run(main())
    assert ids() == [key for key in range(60) if key // 2 % 3 != 0]
