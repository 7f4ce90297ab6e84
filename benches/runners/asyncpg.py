"""asyncpg, each call awaited on a loop of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from benches.model import Runner, Target, Work


class Asyncpg(Runner):
    """`fetch` and `pl.DataFrame`; `copy_records_to_table`; a cursor for batches."""

    name = "asyncpg"
    works = frozenset(Work)
    modules = ("asyncpg",)
    placeholder = "${}"

    def __init__(self, *, create: Callable[[str], str]) -> None:
        self._create = create

    @contextmanager
    def _connected(self, target: Target) -> Iterator[tuple[Any, Any]]:
        import asyncpg  # type: ignore[import-untyped]  # it carries no types

        with asyncio.Runner() as loop:

            async def connect() -> Any:
                return await asyncpg.connect(target.database)

            connection = loop.run(connect())
            try:
                yield loop.get_loop(), connection
            finally:
                loop.get_loop().run_until_complete(connection.close())

    @staticmethod
    def _frame(records: list[Any]) -> pl.DataFrame:
        # A record is no tuple to Polars.
        names = list(records[0].keys())
        return pl.DataFrame([tuple(record) for record in records], schema=names, orient="row")

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with self._connected(target) as (loop, connection):
            yield lambda sql, *values: self._frame(loop.run_until_complete(connection.fetch(sql, *values)))

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with self._connected(target) as (loop, connection):

            async def insert() -> None:
                async with connection.transaction():
                    await connection.execute(self._create(target.table))
                    await connection.copy_records_to_table(target.table, records=frame.iter_rows())

            loop.run_until_complete(insert())

    def batches(self, target: Target) -> Iterator[int]:
        with self._connected(target) as (loop, connection):
            transaction = connection.transaction()
            loop.run_until_complete(transaction.start())

            async def cursor() -> Any:
                return await connection.cursor(target.select)

            rows = loop.run_until_complete(cursor())
            while records := loop.run_until_complete(rows.fetch(65_536)):
                yield self._frame(records).height
            loop.run_until_complete(transaction.rollback())
