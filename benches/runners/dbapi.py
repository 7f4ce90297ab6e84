"""Readers on top of a plain DB-API connection: by hand, through Polars, through pandas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import polars as pl
import polars.selectors as cs

from benches.model import Runner, Target, Work

Connect = Callable[[Target], Any]


class DbApi(Runner):
    """The driver itself: `fetchall` and `pl.DataFrame` of the rows, `executemany` of tuples.

    `bound` turns a frame into the plain values that the driver binds; `create` is the new table's statement.
    """

    works = frozenset(Work)

    def __init__(
        self,
        name: str,
        connect: Connect,
        *,
        placeholder: str,
        create: Callable[[str], str],
        bound: Callable[[pl.DataFrame], pl.DataFrame],
    ) -> None:
        self.name = name
        self.modules = (name,)
        self._connect = connect
        self.placeholder = placeholder
        self._create = create
        self._bound = bound

    @staticmethod
    def _frame(cursor: Any, rows: list[Any]) -> pl.DataFrame:
        names = [column[0] for column in cursor.description]
        return pl.DataFrame(rows, schema=names, orient="row")

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with closing(self._connect(target)) as connection:
            cursor = connection.cursor()

            def run(sql: str, *values: int) -> pl.DataFrame:
                cursor.execute(sql, *([values] if values else []))
                return self._frame(cursor, cursor.fetchall())

            yield run

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with closing(self._connect(target)) as connection:
            cursor = connection.cursor()
            cursor.execute(self._create(target.table))
            places = ", ".join(self.place(number, 0) for number in range(1, frame.width + 1))
            cursor.executemany(f"INSERT INTO {target.table} VALUES ({places})", self._bound(frame).iter_rows())
            connection.commit()

    def batches(self, target: Target) -> Iterator[int]:
        with closing(self._connect(target)) as connection:
            cursor = connection.cursor()
            cursor.execute(target.select)
            while rows := cursor.fetchmany(65_536):
                yield self._frame(cursor, rows).height


class PolarsDbApi(Runner):
    """`pl.read_database` on the driver's connection; `option` is what the driver's `execute` calls the parameters."""

    name = "polars.read_database"
    works = frozenset({Work.READ, Work.PARAMETERS, Work.ROW})

    def __init__(self, driver: str, connect: Connect, *, placeholder: str, option: str) -> None:
        self.modules = (driver,)
        self._connect = connect
        self.placeholder = placeholder
        self._option = option

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with closing(self._connect(target)) as connection:

            def run(sql: str, *values: int) -> Any:
                return pl.read_database(sql, connection, execute_options={self._option: values} if values else None)

            yield run


class PandasDbApi(Runner):
    """`pandas.read_sql` and `to_sql` on the driver's connection. Its result stays pandas' own frame."""

    name = "pandas"

    def __init__(
        self, driver: str, connect: Connect, *, placeholder: str, works: frozenset[Work] = frozenset(Work)
    ) -> None:
        self.works = works
        self.modules = ("pandas", driver)
        self._connect = connect
        self.placeholder = placeholder

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        import pandas

        with closing(self._connect(target)) as connection:
            yield lambda sql, *values: pandas.read_sql(sql, connection, params=values or None)

    def to_polars(self, result: Any) -> pl.DataFrame:
        frame: pl.DataFrame = pl.from_pandas(result)
        return frame

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with closing(self._connect(target)) as connection:
            # pandas would hand Decimal objects to the driver, which sqlite3 for one cannot bind.
            plain = frame.with_columns(cs.decimal().cast(pl.Float64)).to_pandas()
            plain.to_sql(target.table, connection, index=False)
            connection.commit()

    def batches(self, target: Target) -> Iterator[int]:
        import pandas

        with closing(self._connect(target)) as connection:
            for batch in pandas.read_sql(target.select, connection, chunksize=65_536):
                yield len(batch)
