"""Asyncio: results that arrive piece by piece."""

from __future__ import annotations

import asyncio

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database


def test_all_of_it_arrives(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            sql = f"SELECT i FROM {backend.rows(5_000)} AS s"
            heights = [frame.height async for frame in conn.execute_batches(sql, batch_size=1_500)]
            assert heights == [1_500, 1_500, 1_500, 500]
            frames = [frame async for frame in conn.execute_batches("SELECT ? AS a", [1])]
            assert [frame.item() for frame in frames] == [1]
            # The connection is free again.
            assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_the_schema_is_known_once_it_has_begun(database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            reader = conn.execute_batches("SELECT 1 AS a", schema_overrides={"a": pl.String})
            with pytest.raises(idb.QueryExecutionError, match="schema is known once"):
                _ = reader.schema
            assert not reader.closed
            async with reader as entered:
                assert entered is reader
                assert reader.schema == pl.Schema({"a": pl.String})
                assert [frame.item() async for frame in reader] == ["1"]
            assert reader.closed
            assert [frame async for frame in reader] == []
            async with conn.execute_batches("SELECT 1 AS a WHERE 1 = 0") as empty:
                assert list(empty.schema) == ["a"]
                assert [frame async for frame in empty] == []

    asyncio.run(main())


def test_nothing_is_sent_before_it_is_asked_for(database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            reader = conn.execute_batches("SELECT * FROM missing")
            assert (await conn.execute("SELECT 1 AS a")).item() == 1
            with pytest.raises(idb.QueryExecutionError):
                await anext(reader)
            assert reader.closed
            never = conn.execute_batches("SELECT 1")
            await never.close()
            with pytest.raises(idb.QueryExecutionError, match="was closed"):
                await anext(never)

    asyncio.run(main())


def test_a_loop_that_is_left_frees_the_connection(database: Database, backend: Backend) -> None:
    sql = f"SELECT i FROM {backend.rows(1_000_000)} AS s"

    async def main() -> None:
        async with database.connect_async() as conn:
            for _ in range(5):
                async for frame in conn.execute_batches(sql, batch_size=10):
                    assert frame.height == 10
                    break
                assert (await conn.execute("SELECT 1 AS a")).item() == 1
            async with conn.execute_batches(sql, batch_size=10) as reader:
                await anext(reader)
            assert reader.closed
            assert (await conn.execute("SELECT 1 AS a")).item() == 1
            with pytest.raises(idb.QueryExecutionError, match="was closed"):
                await anext(reader)

    asyncio.run(main())


def test_it_is_open_for_all_tasks(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            async with conn.execute_batches(f"SELECT i FROM {backend.rows(100_000)} AS s", batch_size=100) as reader:
                with pytest.raises(idb.QueryExecutionError, match="BatchReader of this connection is open"):
                    await conn.execute("SELECT 1")
                with pytest.raises(idb.QueryExecutionError, match="BatchReader of this connection is open"):
                    await asyncio.create_task(conn.ping())
                frames = await asyncio.gather(*(anext(reader) for _ in range(10)))
                assert sorted(pl.concat(frames)["i"]) == list(range(1, 1_001))
            assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_an_error_in_the_middle_is_raised_where_it_happens(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            reader = conn.execute_batches(backend.endless, timeout=0.3)
            with pytest.raises(idb.QueryTimeoutError):
                async for _ in reader:
                    pass
            assert reader.closed
            if not (backend.closes_when_cut and conn.closed):
                assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_a_task_that_is_cancelled_ends_it(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            reader = conn.execute_batches(backend.endless)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(reader), 0.3)
            if not (backend.closes_when_cut and conn.closed):
                assert (await conn.execute("SELECT 1 AS a")).item() == 1
            assert reader.closed

    asyncio.run(main())


def test_closing_one_that_is_being_opened(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            reader = conn.execute_batches(backend.endless)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    try:
                        async for _ in reader:
                            pass
                    finally:
                        await reader.close()
            assert reader.closed
            if not (backend.closes_when_cut and conn.closed):
                assert (await conn.execute("SELECT 1 AS a")).item() == 1
                # One that waits for its turn in vain is closed as well.
                running = asyncio.create_task(conn.execute(backend.endless, timeout=0.5))
                await asyncio.sleep(0.1)
                waiting = conn.execute_batches("SELECT 1", timeout=0.1)
                with pytest.raises(idb.QueryTimeoutError):
                    await anext(waiting)
                assert waiting.closed
                await waiting.close()
                with pytest.raises(idb.QueryTimeoutError):
                    await running

    asyncio.run(main())


def test_a_second_one_that_is_cancelled_leaves_the_first_alone(database: Database, backend: Backend) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            sql = f"SELECT i FROM {backend.rows(1_000_000)} AS s"
            async with conn.execute_batches(sql, batch_size=100) as reader:
                for _ in range(20):
                    second = asyncio.ensure_future(anext(conn.execute_batches("SELECT 1")))
                    await asyncio.sleep(0)
                    second.cancel()
                    await asyncio.wait([second])
                    with pytest.raises(idb.QueryExecutionError, match="is open"):
                        await conn.ping()
                await anext(reader)
            if not (backend.closes_when_cut and conn.closed):
                assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_closing_the_connection_ends_it(database: Database, backend: Backend) -> None:
    async def main() -> None:
        conn = await database.connect_async()
        reader = conn.execute_batches(f"SELECT i FROM {backend.rows(1_000_000)} AS s", batch_size=10)
        await anext(reader)
        await conn.close()
        with pytest.raises(idb.IndustryDbError):
            async for _ in reader:
                pass

    asyncio.run(main())
