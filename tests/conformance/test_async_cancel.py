"""Asyncio: a task that is cancelled cancels its call on the server, and the connection goes on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Awaitable, Callable

import polars as pl
import pytest

import industrydb as idb
from tests.children import Child
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.test_cancel import SOON, condition
from tests.conformance.test_signals import WITHIN
from tests.conformance.types import Ids


def ignore(*_: int) -> None:
    """A progress callback."""


ENDLESS: dict[str, Callable[[idb.AsyncConnection, Backend], Awaitable[object]]] = {
    "execute": lambda conn, backend: conn.execute(backend.endless),
    "with-timeout": lambda conn, backend: conn.execute(backend.endless, timeout=60),
    "with-progress": lambda conn, backend: conn.execute(backend.endless, progress=ignore),
    "execute_batches": lambda conn, backend: conn.execute_batches(backend.endless).__anext__(),
    "execute_many": lambda conn, backend: conn.execute_many(f"DELETE FROM t WHERE {condition(backend)}", [[], []]),
    "select": lambda conn, _: conn.select("slow"),
    "update": lambda conn, backend: conn.update("t", {"name": "x"}, condition(backend)),
    "delete": lambda conn, backend: conn.delete("t", condition(backend)),
}


@pytest.fixture
def slow(backend: Backend, conn: idb.Connection, t: str) -> None:
    """A row for the conditions to look at, and a view that never ends."""
    conn.execute("INSERT INTO t VALUES (1, 'a')")
    conn.execute(f"CREATE VIEW slow AS {backend.endless}")


@pytest.mark.usefixtures("slow")
@pytest.mark.parametrize("verb", ENDLESS)
def test_a_task_that_is_cancelled(backend: Backend, database: Database, verb: str) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:

            async def work() -> object:
                return await ENDLESS[verb](conn, backend)

            task = asyncio.create_task(work())
            await asyncio.sleep(0.3)
            task.cancel()
            cancelled = time.monotonic()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert time.monotonic() - cancelled < WITHIN
            # Waits for the server to have stopped, and no longer.
            assert (await conn.select("t")).rows() == [(1, "a")]
            assert time.monotonic() - cancelled < SOON
            assert not conn.in_transaction

    asyncio.run(main())


def test_a_timeout_of_asyncio(backend: Backend, database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            for _ in range(3):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.2):
                        await conn.execute(backend.endless)
                assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


@pytest.mark.usefixtures("t")
def test_what_waits_for_its_turn_is_not_sent(backend: Backend, database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            running = asyncio.create_task(conn.execute(backend.endless, timeout=0.8))
            await asyncio.sleep(0.2)
            waiting = asyncio.create_task(conn.execute("INSERT INTO t (id) VALUES (1)"))
            await asyncio.sleep(0.1)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(idb.QueryTimeoutError):
                await running
            await conn.ping()

    asyncio.run(main())
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_a_block_that_is_cancelled_rolls_back(backend: Backend, database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:

            async def work() -> None:
                async with conn.transaction():
                    await conn.execute("INSERT INTO t (id) VALUES (1)")
                    await conn.execute(backend.endless)

            task = asyncio.create_task(work())
            await asyncio.sleep(0.4)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not conn.in_transaction
            await conn.execute("INSERT INTO t (id) VALUES (2)")

    asyncio.run(main())
    assert ids() == [2]


@pytest.mark.usefixtures("t")
def test_an_inner_timeout_undoes_the_inner_block(backend: Backend, database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn, conn.transaction():
            await conn.execute("INSERT INTO t (id) VALUES (1)")
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3), conn.transaction():
                    await conn.execute("INSERT INTO t (id) VALUES (2)")
                    await conn.execute(backend.endless)
            await conn.execute("INSERT INTO t (id) VALUES (3)")

    asyncio.run(main())
    assert ids() == [1, 3]


@pytest.mark.usefixtures("t")
def test_a_begin_that_is_cancelled_leaves_nothing_open(database: Database, ids: Ids) -> None:
    """At whatever moment: before it is sent, while it is on its way, when it is there and not yet heard of."""

    async def main() -> None:
        async with database.connect_async() as conn:

            async def verb() -> None:
                await conn.begin()

            async def block() -> None:
                async with conn.transaction():
                    await asyncio.sleep(60)

            for step in range(60):
                task = asyncio.create_task((verb, block)[step % 2]())
                for _ in range(step % 5):
                    await asyncio.sleep(0)
                await asyncio.sleep(step % 7 * 0.0003)
                task.cancel()
                try:
                    await task
                except asyncio.CancelledError:
                    # What this task does now is in no transaction of the other's.
                    await conn.execute("INSERT INTO t (id) VALUES (?)", [step])
                    assert not conn.in_transaction
                else:
                    # It came too late: the transaction is open, and its task has ended without ending it.
                    assert step % 2 == 0
                    return

    asyncio.run(asyncio.wait_for(main(), 60))
    assert ids() == list(range(len(ids())))


@pytest.mark.usefixtures("t")
def test_the_same_task_goes_on_after_a_cancelled_begin(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            for step in range(40):
                try:
                    async with asyncio.timeout(step * 0.0001):
                        await conn.begin()
                except TimeoutError:
                    await conn.execute("INSERT INTO t (id) VALUES (?)", [step])
                    assert not conn.in_transaction
                else:
                    await conn.execute("INSERT INTO t (id) VALUES (?)", [step])
                    assert conn.in_transaction
                    await conn.commit()

    asyncio.run(asyncio.wait_for(main(), 60))
    assert ids() == list(range(40))


@pytest.mark.usefixtures("t")
def test_a_cancelled_insert_stores_nothing(database: Database, conn: idb.Connection) -> None:
    frame = pl.DataFrame({"id": range(3_000_000)}).with_columns(name=pl.lit("x" * 100))

    async def main() -> None:
        async with database.connect_async() as other:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(other.insert("t", frame), 0.05)
            # The server may have been at its end just then: a connection that can't tell says so.
            with contextlib.suppress(idb.ConnectionClosedError):
                assert (await other.select("t", limit=1)).height == 0
            if other.closed:
                with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
                    await other.ping()
            assert not other.in_transaction

    asyncio.run(main())
    assert conn.select("t", limit=1).height == 0


def test_cancel_from_another_task(backend: Backend, database: Database) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            await conn.cancel()
            task = asyncio.create_task(conn.execute(backend.endless))
            await asyncio.sleep(0.3)
            await conn.cancel()
            with pytest.raises(idb.QueryCancelledError):
                await task
            assert (await conn.execute("SELECT 1 AS a")).item() == 1

    asyncio.run(main())


def test_close_from_another_task_ends_a_query(backend: Backend, database: Database) -> None:
    async def main() -> None:
        conn = await database.connect_async()
        task = asyncio.create_task(conn.execute(backend.endless, timeout=SOON))
        await asyncio.sleep(0.2)
        await conn.close()
        with pytest.raises((idb.QueryCancelledError, idb.ConnectionClosedError)):
            await task
        assert conn.closed

    asyncio.run(main())


def test_connecting_that_is_cancelled(database: Database) -> None:
    async def main() -> None:
        for step in range(20):
            task = asyncio.create_task(idb.AsyncConnection.connect(database.config))
            await asyncio.sleep(step * 0.0005)
            if task.cancel():
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                await task.result().close()

    asyncio.run(main())


def test_the_loop_may_end_while_a_call_runs(backend: Backend, database: Database) -> None:
    async def main() -> idb.AsyncConnection:
        conn = await database.connect_async()
        loop = asyncio.get_running_loop()
        # Nobody cancels this one, which no task awaits.
        verb = conn.execute(backend.endless, timeout=1)
        verb.send(None)
        loop.call_soon(verb.close)
        return conn

    conn = asyncio.run(main())
    asyncio.run(conn.close())
    assert conn.closed


INTERRUPTED = """
    import asyncio, json, sys, time
    import industrydb as idb

    uri, endless = sys.argv[1:]
    answer = {}

    async def main():
        async with idb.connect_async(uri) as conn:
            await conn.execute("CREATE TABLE t (id integer)")
            print("ready")
            try:
                async with conn.transaction():
                    await conn.execute("INSERT INTO t VALUES (2)")
                    await conn.execute(endless)
            except asyncio.CancelledError:
                rows = await conn.execute("SELECT id FROM t")
                answer.update(at=time.time(), rows=rows["id"].to_list())
                raise

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print(json.dumps(answer))
"""


def test_ctrl_c(backend: Backend, database: Database) -> None:
    with Child(INTERRUPTED, database.uri, backend.endless) as child:
        assert child.line() == "ready"
        time.sleep(0.5)
        sent = time.time()
        child.process.send_signal(signal.SIGINT)
        answer = json.loads(child.finish())
    assert answer["rows"] == []
    assert answer["at"] - sent < SOON


@pytest.mark.usefixtures("t")
def test_what_waits_is_not_sent_however_soon_its_turn_comes(backend: Backend, database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            for _ in range(20):
                running = asyncio.create_task(conn.execute(backend.endless))
                waiting = asyncio.create_task(conn.execute("INSERT INTO t (id) VALUES (1)"))
                await asyncio.sleep(0.02)
                waiting.cancel()
                running.cancel()
                await asyncio.wait([running, waiting])
                assert waiting.cancelled()
            await conn.ping()

    asyncio.run(main())
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_nothing_of_a_block_is_stored_that_was_cancelled_at_once(database: Database, ids: Ids) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:

            async def work(entered: asyncio.Event) -> None:
                async with conn.transaction():
                    entered.set()
                    await conn.execute("INSERT INTO t (id) VALUES (1)")
                    await asyncio.sleep(60)

            for _ in range(60):
                entered = asyncio.Event()
                task = asyncio.create_task(work(entered))
                await entered.wait()
                task.cancel()
                await asyncio.wait([task])
                assert task.cancelled()

    asyncio.run(main())
    assert ids() == []


@pytest.mark.usefixtures("t")
@pytest.mark.parametrize("ending", ["rollback", "commit"])
def test_what_a_task_does_next_comes_after_the_end_that_was_cancelled(
    database: Database, ids: Ids, ending: str
) -> None:
    async def main() -> None:
        async with database.connect_async() as conn:
            for key in range(60):
                await conn.begin()
                await conn.execute("INSERT INTO t (id) VALUES (?)", [1_000 + key])
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0):
                        await (conn.rollback() if ending == "rollback" else conn.commit())
                await conn.execute("INSERT INTO t (id) VALUES (?)", [key])

    asyncio.run(main())
    assert [key for key in ids() if key < 1_000] == list(range(60))
    assert len(ids()) == (60 if ending == "rollback" else 120)
