"""industrydb itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from benches.model import Runner, Target, Work


class IndustryDb(Runner):
    """`execute`, `insert` and `execute_batches` as a user calls them."""

    name = "industrydb"
    works = frozenset(Work)
    modules = ("industrydb",)
    placeholder = "?"

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        import industrydb

        with industrydb.connect(target.uri) as connection:
            yield lambda sql, *values: connection.execute(sql, values or None)

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        import industrydb

        with industrydb.connect(target.uri) as connection:
            connection.insert(target.table, frame, mode="create")

    def batches(self, target: Target) -> Iterator[int]:
        import industrydb

        with (
            industrydb.connect(target.uri) as connection,
            connection.execute_batches(target.select) as reader,
        ):
            for frame in reader:
                yield frame.height
