"""mssql-python, Microsoft's own driver for Python: Arrow out, Arrow in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import polars as pl

from benches.model import Runner, Target, Work


class MssqlPython(Runner):
    """`arrow()` to read, `bulkcopy_arrow` to write. Its result stays an Arrow table while the clock runs."""

    name = "mssql-python arrow()"
    works = frozenset(Work)
    modules = ("mssql_python", "pyarrow")
    placeholder = "?"

    def __init__(self, create: Callable[[str], str]) -> None:
        self._create = create

    @staticmethod
    def connect(target: Target) -> Any:
        """A connection as anybody opens it, in autocommit as a bulk copy has it anyway."""
        import mssql_python

        return mssql_python.connect(target.database, autocommit=True)

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with closing(self.connect(target)) as connection, closing(connection.cursor()) as cursor:

            def run(sql: str, *values: int) -> Any:
                return cursor.execute(sql, *values).arrow()

            yield run

    def to_polars(self, result: Any) -> pl.DataFrame:
        frame = pl.from_arrow(result)
        if not isinstance(frame, pl.DataFrame):
            raise TypeError(f"a table became {type(frame)}")
        return frame

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with closing(self.connect(target)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(self._create(target.table))
            done = cursor.bulkcopy_arrow(target.table, frame.to_arrow(), timeout=0, keep_nulls=True)
            if done["rows_copied"] != frame.height:
                raise ValueError(f"{done['rows_copied']} rows instead of {frame.height}")

    def batches(self, target: Target) -> Iterator[int]:
        with closing(self.connect(target)) as connection, closing(connection.cursor()) as cursor:
            for batch in cursor.execute(target.select).arrow_reader(65_536):
                yield batch.num_rows
