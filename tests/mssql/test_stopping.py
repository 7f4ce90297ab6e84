"""Inserts that are stopped while the server works on rows that it has: nothing is stored, the connection goes on."""

from __future__ import annotations

import asyncio

import polars as pl
import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.tds.server import Server

pytestmark = pytest.mark.backend("mssql")

FRAME = pl.DataFrame({"a": range(3_000_000)})


@pytest.fixture
def t(server: Server, ms: idb.Connection) -> str:
    """A table with one row, whose bulk loads never end by themselves."""
    ms.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (0)")
    server.faults.endless_bulk = True
    return "t"


def test_a_cancel(ms: idb.Connection, t: str) -> None:
    def cancel(done: int, _: int) -> None:
        if done:
            ms.cancel()

    with pytest.raises(idb.QueryCancelledError):
        ms.insert(t, FRAME, progress=cancel)
    assert ms.select(t).rows() == [(0,)]


@pytest.mark.parametrize("rows", [FRAME.height, 10], ids=["sending", "sent"])
def test_a_timeout_in_a_transaction(server: Server, ms: idb.Connection, t: str, rows: int) -> None:
    with ms.transaction():
        ms.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(idb.QueryTimeoutError):
            ms.insert(t, FRAME.head(rows), timeout=0.3)
        assert ms.in_transaction
        server.faults.endless_bulk = False
        ms.insert(t, {"a": [2]})
    assert ms.select(t).rows() == [(0,), (1,), (2,)]


@pytest.mark.usefixtures("ms")
@pytest.mark.parametrize("seconds", [0.05, 0.3])
def test_a_task_that_is_cancelled(server: Server, t: str, seconds: float) -> None:
    async def main() -> None:
        async with idb.connect_async(config(server)) as conn:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(conn.insert(t, FRAME), seconds)
            assert (await conn.select(t)).rows() == [(0,)]
            assert not conn.in_transaction

    asyncio.run(main())


def test_a_row_that_does_not_fit(server: Server, ms: idb.Connection, t: str) -> None:
    """What is wrong with it shows only when it is its turn; the server has got those before it."""
    ms.execute("CREATE TABLE texts (s varchar(5) COLLATE Latin1_General_CI_AS)")
    values = pl.Series(["a"] * 100_000 + ["ш"])
    with pytest.raises(idb.DataConversionError, match="row 100000"):
        ms.insert("texts", {"s": values})
    assert ms.select("texts").height == 0
    server.faults.endless_bulk = False
    assert ms.insert(t, {"a": [1]}) == 1


def test_a_row_that_does_not_fit_behind_one_that_rolls_back(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE texts (s varchar(5) COLLATE Latin1_General_CI_AS CHECK (s <> 'b')); SET XACT_ABORT ON")
    ms.begin()
    with pytest.raises(idb.DataConversionError, match="row 1"):
        ms.insert("texts", {"s": ["b", "ш"]})
    assert not ms.in_transaction
