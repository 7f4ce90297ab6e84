"""Transactions that SQLite rolls back by itself, on a connection that others use as well."""

from __future__ import annotations

import asyncio
import threading

import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")

LOSES = "INSERT OR ROLLBACK INTO t VALUES (1)"


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_another_threads_transaction_does_not_hide_that_it_is_lost(verb: str) -> None:
    with idb.connect("sqlite://") as conn:
        conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")
        conn.begin()
        conn.execute("INSERT INTO t VALUES (2)")
        with pytest.raises(idb.UniqueViolationError):
            conn.execute(LOSES)

        def other() -> None:
            with conn.transaction():
                conn.execute("INSERT INTO t VALUES (3)")

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        with pytest.raises(idb.QueryExecutionError, match="the transaction is over"):
            conn.execute("INSERT INTO t VALUES (4)")
        if verb == "commit":
            with pytest.raises(idb.QueryExecutionError, match="the transaction is over"):
                conn.commit()
        else:
            conn.rollback()
        conn.execute("INSERT INTO t VALUES (5)")
        assert conn.select("t", order_by="id")["id"].to_list() == [1, 3, 5]


def test_nor_does_another_tasks() -> None:
    async def main() -> list[int]:
        async with idb.connect_async("sqlite://") as conn:
            await conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)")

            async def other() -> None:
                async with conn.transaction():
                    await conn.execute("INSERT INTO t VALUES (3)")

            with pytest.raises(idb.QueryExecutionError, match="the transaction is over"):
                async with conn.transaction():
                    await conn.execute("INSERT INTO t VALUES (2)")
                    with pytest.raises(idb.UniqueViolationError):
                        await conn.execute(LOSES)
                    await asyncio.create_task(other())
                    with pytest.raises(idb.QueryExecutionError, match="the transaction is over"):
                        await conn.execute("INSERT INTO t VALUES (4)")
            await conn.execute("INSERT INTO t VALUES (5)")
            return (await conn.select("t", order_by="id"))["id"].to_list()

    assert asyncio.run(main()) == [1, 3, 5]
