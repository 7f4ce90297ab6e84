"""Asyncio: every verb awaited gives what the blocking one gives, and the event loop is free meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import logging
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.conftest import PEOPLE
from tests.conformance.types import Ids

READS: dict[str, tuple[Callable[[idb.AsyncConnection], Awaitable[object]], Callable[[idb.Connection], object]]] = {
    "execute": (
        lambda conn: conn.execute("SELECT name, age FROM people WHERE id = ?", [1]),
        lambda conn: conn.execute("SELECT name, age FROM people WHERE id = ?", [1]),
    ),
    "overrides": (
        lambda conn: conn.execute("SELECT age FROM people", schema_overrides={"age": pl.String}),
        lambda conn: conn.execute("SELECT age FROM people", schema_overrides={"age": pl.String}),
    ),
    "select": (
        lambda conn: conn.select("people", ["id", "name"], {"team": "red"}, order_by=("id", "desc"), limit=1, offset=1),
        lambda conn: conn.select("people", ["id", "name"], {"team": "red"}, order_by=("id", "desc"), limit=1, offset=1),
    ),
    "schema": (
        lambda conn: conn.schema("SELECT id, name FROM people WHERE age > :a", {"a": 1}),
        lambda conn: conn.schema("SELECT id, name FROM people WHERE age > :a", {"a": 1}),
    ),
    "tables": (lambda conn: conn.tables(), lambda conn: conn.tables()),
    "columns": (lambda conn: conn.columns("people"), lambda conn: conn.columns("people")),
    "ping": (lambda conn: conn.ping(), lambda conn: conn.ping()),
}

WRITES: dict[str, tuple[Callable[[idb.AsyncConnection], Awaitable[int]], int, list[int]]] = {
    "execute_many": (
        lambda conn: conn.execute_many("INSERT INTO people (id, name) VALUES (?, ?)", [(5, "Alan"), (6, "Kurt")]),
        2,
        [1, 2, 3, 4, 5, 6],
    ),
    "insert": (lambda conn: conn.insert("people", {"id": [7]}), 1, [1, 2, 3, 4, 7]),
    "upsert": (lambda conn: conn.insert("people", PEOPLE, on_conflict="update"), 4, [1, 2, 3, 4]),
    "update": (lambda conn: conn.update("people", {"id": 9}, "id = ?", [1]), 1, [2, 3, 4, 9]),
    "delete": (lambda conn: conn.delete("people", {"team": "red"}), 2, [3, 4]),
}


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("verb", READS)
def test_what_reads_gives_the_same(database: Database, conn: idb.Connection, verb: str) -> None:
    awaited, blocking = READS[verb]

    async def main() -> object:
        async with database.connect_async() as other:
            return await awaited(other)

    result, expected = asyncio.run(main()), blocking(conn)
    if isinstance(expected, pl.DataFrame):
        assert isinstance(result, pl.DataFrame)
        assert_frame_equal(result, expected)
    else:
        assert result == expected


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize("verb", WRITES)
def test_what_writes_writes(database: Database, ids: Ids, verb: str) -> None:
    awaited, rows, left = WRITES[verb]

    async def main() -> int:
        async with database.connect_async() as other:
            return await awaited(other)

    assert asyncio.run(main()) == rows
    assert ids("people") == left


def test_what_it_says_of_itself(database: Database, conn: idb.Connection) -> None:
    async def main() -> None:
        other = await database.connect_async()
        assert (other.backend, other.server_version, other.config) == (conn.backend, conn.server_version, conn.config)
        assert not other.closed
        assert not other.in_transaction
        assert repr(other).startswith("<industrydb.AsyncConnection open ")
        await other.close()
        await other.close()
        assert other.closed
        assert other.is_closed()
        assert repr(other).startswith("<industrydb.AsyncConnection closed ")
        with pytest.raises(idb.ConnectionClosedError):
            await other.execute("SELECT 1")
        with pytest.raises(idb.ConnectionClosedError):
            async with other:
                pass

    asyncio.run(main())


def test_ways_to_connect(database: Database) -> None:
    async def main() -> None:
        for opening in (
            idb.AsyncConnection.connect(database.config),
            idb.AsyncConnection.from_uri(database.uri),
            idb.connect_async(database.config),
            idb.connect_async(database.uri),
        ):
            async with await opening as conn:
                assert (await conn.execute("SELECT 1 AS a")).item() == 1
            assert conn.closed
        async with idb.connect_async(database.uri) as conn:
            assert (await conn.execute("SELECT 1 AS a")).item() == 1
        assert conn.closed

    asyncio.run(main())


def test_what_can_not_be_connected_to(backend: Backend, tmp_path: Any) -> None:
    async def main() -> None:
        with pytest.raises(idb.DatabaseConnectionError) as caught:
            await idb.connect_async(backend.unreachable(tmp_path))
        assert caught.value.backend == backend.name

    asyncio.run(main())
    connect_async: Any = idb.connect_async
    with pytest.raises(idb.ConfigurationError):
        connect_async("nonsense://x")
    with pytest.raises(TypeError, match=r"connect_async\(\) takes a URI or a DatabaseConfig, not int"):
        connect_async(5)


def test_errors_are_the_same(database: Database, backend: Backend, conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError) as expected:
        conn.execute("SELECT * FROM missing")

    async def main() -> None:
        async with database.connect_async() as other:
            with pytest.raises(idb.QueryExecutionError) as caught:
                await other.execute("SELECT * FROM missing")
            assert (str(caught.value), caught.value.code) == (str(expected.value), expected.value.code)
            assert caught.value.backend == backend.name
            with pytest.raises(idb.QueryTimeoutError):
                await other.execute(backend.endless, timeout=0.2)
            assert (await other.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_what_is_wrong_with_an_argument_is_said_when_the_verb_is_called(database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as opened:
            conn: Any = opened
            with pytest.raises(TypeError):
                conn.execute("SELECT ?", [object()])
            with pytest.raises(ValueError, match="mode"):
                conn.insert("t", {"a": [1]}, mode="nonsense")
            with pytest.raises(ValueError, match="batch_size"):
                conn.execute_batches("SELECT 1", batch_size=0)
            with pytest.raises(ValueError, match="isolation"):
                conn.begin(isolation="nonsense")

    asyncio.run(main())


def test_a_verb_is_a_coroutine(database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            verb = conn.execute("SELECT 1 AS a")
            assert isinstance(verb, Coroutine)
            assert asyncio.iscoroutine(verb)
            assert inspect.isawaitable(verb)
            assert "AsyncConnection.execute" in repr(verb)
            assert (await verb).item() == 1
            with pytest.raises(RuntimeError, match="cannot reuse already awaited coroutine"):
                await verb
            task = asyncio.create_task(conn.execute("SELECT 2 AS a"), name="mine")
            assert "execute" in repr(task)
            assert (await task).item() == 2
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(conn.execute("SELECT ? AS a", [key])) for key in range(5)]
            assert [task.result().item() for task in tasks] == list(range(5))
            frames = await asyncio.gather(*(conn.execute("SELECT ? AS a", [key]) for key in range(5)))
            assert [frame.item() for frame in frames] == list(range(5))
            assert (await asyncio.wait_for(conn.execute("SELECT 3 AS a"), 20)).item() == 3

    asyncio.run(main())


def test_one_that_is_never_awaited_is_told(database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            await conn.execute("CREATE TABLE made (id integer)")
            verbs = [conn.execute("DROP TABLE made")]
            with pytest.warns(RuntimeWarning, match="'AsyncConnection.execute' was never awaited"):
                verbs.clear()
            conn.execute("DROP TABLE made").close()
            assert (await conn.select("made")).height == 0

    asyncio.run(main())


def test_without_an_event_loop(database: Database) -> None:
    conn = asyncio.run(idb.AsyncConnection.connect(database.config))
    verb = conn.execute("SELECT 1 AS a")
    with pytest.raises(RuntimeError, match="no running event loop"):
        verb.send(None)
    # Another loop than the one it was opened on.
    assert asyncio.run(conn.execute("SELECT 1 AS a")).item() == 1
    asyncio.run(conn.close())


def test_the_loop_is_free_while_a_call_runs(database: Database, backend: Backend) -> None:
    async def main() -> int:
        steps = 0
        async with database.connect_async() as conn:
            task = asyncio.create_task(conn.execute(backend.endless, timeout=0.6))
            while not task.done():
                await asyncio.sleep(0.001)
                steps += 1
            assert isinstance(task.exception(), idb.QueryTimeoutError)
        return steps

    assert asyncio.run(main()) > 50


@pytest.mark.usefixtures("t")
def test_tasks_share_a_connection(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:

            async def work(key: int) -> int:
                await conn.execute("INSERT INTO t (id, name) VALUES (?, ?)", [key, str(key)])
                return int((await conn.execute("SELECT id FROM t WHERE name = :name", {"name": str(key)})).item())

            assert await asyncio.gather(*map(work, range(200))) == list(range(200))

    asyncio.run(main())
    assert ids() == list(range(200))


@pytest.mark.usefixtures("t")
def test_calls_take_turns_in_their_order(database: Database, conn: idb.Connection) -> None:
    async def main() -> None:
        async with database.connect_async() as other:
            sql = "INSERT INTO t (id, name) SELECT count(*), '{}' FROM t"
            await asyncio.gather(*(other.execute(sql.format(key)) for key in range(200)))

    asyncio.run(main())
    assert conn.select("t", order_by="id").rows() == [(key, str(key)) for key in range(200)]


def test_many_connections_run_in_parallel(backend: Backend, database: Database) -> None:
    sql = f"SELECT sum(i) AS n FROM {backend.rows(100_000)} AS s"

    async def work() -> int:
        async with database.connect_async() as conn:
            return int((await conn.execute(sql)).item())

    async def main() -> set[int]:
        return set(await asyncio.gather(*(work() for _ in range(24))))

    assert asyncio.run(main()) == {5_000_050_000}


def test_a_loop_in_each_thread(database: Database) -> None:
    async def main() -> int:
        async with database.connect_async() as conn:
            return int((await conn.execute("SELECT 7 AS a")).item())

    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(asyncio.run(main()))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [7] * 4


def test_a_connection_that_is_forgotten(database: Database) -> None:
    async def main() -> None:
        connections = [await database.connect_async()]
        await asyncio.sleep(0)  # the loop itself holds what it has just delivered
        with pytest.warns(ResourceWarning, match="unclosed <industrydb.AsyncConnection open"):
            connections.clear()

    asyncio.run(main())


def test_a_connection_is_kept_while_it_is_awaited(database: Database) -> None:
    async def main() -> None:
        conn = await database.connect_async()
        verb = conn.execute("SELECT 1 AS a")
        closing = conn.close()
        del conn
        assert (await verb).item() == 1
        await closing

    asyncio.run(main())


ABOUT: contextvars.ContextVar[str] = contextvars.ContextVar("ABOUT", default="nothing")


def test_progress_is_reported_on_the_loop(database: Database, backend: Backend) -> None:
    heard: list[tuple[int, int, str]] = []

    def progress(rows: int, _: int) -> None:
        heard.append((rows, threading.get_ident(), ABOUT.get()))

    async def main() -> None:
        ABOUT.set("this")
        async with database.connect_async() as conn:
            await conn.execute(f"SELECT i FROM {backend.rows(300_000)} AS s", progress=progress)
            await conn.insert("t", {"id": range(100_000)}, mode="create", progress=progress)
            async for _ in conn.execute_batches("SELECT id FROM t", batch_size=30_000, progress=progress):
                pass

    asyncio.run(main())
    assert {rows for rows, _, _ in heard} >= {300_000, 100_000}
    assert {(thread, about) for _, thread, about in heard} == {(threading.get_ident(), "this")}


@pytest.mark.parametrize(
    ("exception", "raised"), [(ZeroDivisionError, ZeroDivisionError), (StopIteration, RuntimeError)]
)
def test_what_progress_raises_ends_the_call(
    database: Database, backend: Backend, exception: type[Exception], raised: type[Exception]
) -> None:
    def progress(rows: int, size: int) -> None:
        raise exception

    async def main() -> None:
        async with database.connect_async() as conn:
            with pytest.raises(raised):
                await conn.execute(f"SELECT i FROM {backend.rows(1_000_000)} AS s", progress=progress)
            if backend.closes_when_cut and conn.closed:
                return
            assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_what_is_logged(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            await conn.execute("SELECT 1")

    with caplog.at_level(logging.DEBUG, "industrydb"):
        asyncio.run(main())
    messages = [record.getMessage() for record in caplog.records if record.name == "industrydb"]
    events = [message.split(":")[0] for message in messages]
    assert [event for event in events if event != "server"] == ["connected", "closed"]
    password = database.config.password
    assert password is None or not any(password in message for message in messages)
