"""psycopg 3: rows into Polars, rows as they are, COPY for inserts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import polars as pl

from benches.model import Runner, Target, Work
from benches.runners.dbapi import DbApi


def connect(target: Target) -> Any:
    """A connection as anybody opens it; statements that give rows need no commit."""
    import psycopg

    return psycopg.connect(target.database)


class Psycopg(DbApi):
    """`fetchall` and `pl.DataFrame`; a server-side cursor for batches; COPY in binary, row by row."""

    works = frozenset(Work)

    def __init__(self, *, create: Callable[[str], str], types: list[str]) -> None:
        super().__init__("psycopg", connect, placeholder="%s", create=create, bound=lambda frame: frame)
        self._types = types

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with connect(target) as connection, connection.cursor() as cursor:
            cursor.execute(self._create(target.table))
            with cursor.copy(f"COPY {target.table} FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(self._types)
                for row in frame.iter_rows():
                    copy.write_row(row)

    def batches(self, target: Target) -> Iterator[int]:
        with connect(target) as connection, connection.cursor(name="batches") as cursor:
            cursor.execute(target.select)
            while rows := cursor.fetchmany(65_536):
                yield self._frame(cursor, rows).height


class PsycopgTuples(Runner):
    """The row as psycopg gives it, without a frame: what a look-up costs before that."""

    name = "psycopg, a tuple"
    works = frozenset({Work.ROW})
    modules = ("psycopg",)
    placeholder = "%s"

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with connect(target) as connection, connection.cursor() as cursor:

            def run(sql: str, *values: int) -> Any:
                cursor.execute(sql, values)
                self._names = [column[0] for column in cursor.description]
                return cursor.fetchone()

            yield run

    def to_polars(self, result: Any) -> pl.DataFrame:
        return pl.DataFrame([result], schema=self._names, orient="row")


def alchemy(target: Target) -> Any:
    """A connection of SQLAlchemy over psycopg, which is what pandas wants."""
    import sqlalchemy

    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: connect(target))
    return engine.connect()
