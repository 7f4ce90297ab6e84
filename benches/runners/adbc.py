"""ADBC drivers through their DB-API wrapper, into Polars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import polars as pl
import polars.selectors as cs

from benches.model import Runner, Target, Work


class Adbc(Runner):
    """The ADBC driver whose DB-API module is `driver`; `decimals` tells whether it takes decimals in."""

    name = "ADBC"
    works = frozenset(Work)

    def __init__(self, driver: str, *, placeholder: str, decimals: bool) -> None:
        self.driver = driver
        self.placeholder = placeholder
        self.decimals = decimals
        self.modules = (driver, "pyarrow")

    def _connect(self, target: Target) -> Any:
        return import_module(self.driver).connect(target.database)

    @staticmethod
    def _frame(arrow: Any) -> pl.DataFrame:
        frame = pl.from_arrow(arrow)
        if not isinstance(frame, pl.DataFrame):
            raise TypeError(f"a table became {type(frame)}")
        return frame

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with self._connect(target) as connection, connection.cursor() as cursor:

            def run(sql: str, *values: int) -> pl.DataFrame:
                cursor.execute(sql, values or None)
                return self._frame(cursor.fetch_arrow_table())

            yield run

    def _ingestible(self, frame: pl.DataFrame) -> pl.DataFrame:
        return frame if self.decimals else frame.with_columns(cs.decimal().cast(pl.Float64))

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with self._connect(target) as connection, connection.cursor() as cursor:
            cursor.adbc_ingest(target.table, self._ingestible(frame).to_arrow(), mode="create")
            connection.commit()

    def batches(self, target: Target) -> Iterator[int]:
        with self._connect(target) as connection, connection.cursor() as cursor:
            cursor.execute(target.select)
            for batch in cursor.fetch_record_batch():
                yield self._frame(batch).height
