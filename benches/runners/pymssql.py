"""pymssql, over FreeTDS: rows into Polars, its own bulk copy to write."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from benches.model import Target
from benches.runners.dbapi import DbApi


def connect(target: Target) -> Any:
    """A connection without TLS, in autocommit."""
    import pymssql

    parts = urlsplit(target.uri)
    return pymssql.connect(
        server=parts.hostname or "",
        port=str(parts.port),
        user=parts.username,
        password=parts.password,
        database=parts.path.lstrip("/"),
        encryption="off",
        autocommit=True,
    )


class Pymssql(DbApi):
    """`fetchall` and `pl.DataFrame`; `bulk_copy` of tuples, all in one batch."""

    def __init__(self, create: Callable[[str], str], bound: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
        super().__init__("pymssql", connect, placeholder="%s", create=create, bound=bound)

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with closing(connect(target)) as connection:
            with closing(connection.cursor()) as cursor:
                cursor.execute(self._create(target.table))
            connection.bulk_copy(target.table, self._bound(frame).iter_rows(), batch_size=frame.height)
