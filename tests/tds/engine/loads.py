"""Bulk loads: INSERT BULK announces one, and the rows come in a message of their own."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.tds import pages
from tests.tds.engine import tree
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.convert import convert
from tests.tds.engine.new_rows import store_rows
from tests.tds.engine.rows import Row, unlimited
from tests.tds.engine.storage import store, to_storage
from tests.tds.engine.targets import default_sql, named, target
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


@dataclass(slots=True)
class Bulk:
    """A bulk load that INSERT BULK announced."""

    table: Object
    columns: list[Column]
    options: list[str]
    collations: list[str]
    """Of the columns as the statement has them, "" where it names none: what the bytes of narrow text are read in."""


def announce(session: Session, statement: tree.InsertBulk) -> None:
    """INSERT BULK: the rows come in the next message.

    Raises:
        SqlError: 208, 207.
    """
    if (named_ := session.named(statement.table)) is not None and named_.kind == "SN":
        raise Refused("INSERT BULK into a synonym")
    table = target(session, statement.table)
    columns = [named(table, column.name) for column in statement.columns]
    collations = [pages.declared(column.collation) if column.collation else "" for column in statement.columns]
    session.bulk = Bulk(table, columns, statement.options, collations)
    session.connection.drop_bulk(drop=table.name in session.connection.server.swallowed)
    session.finish(0, None)


def load(session: Session, found: list[SqlType], rows: Iterable[list[Any]]) -> int:
    """The rows of a bulk load.

    Raises:
        SqlError: 4819 without INSERT BULK, and whatever the rows break.
    """
    bulk, session.bulk = session.bulk, None
    if bulk is None or len(bulk.columns) != len(found):
        text = "Cannot bulk load. The bulk data stream was incorrectly specified as sorted or the data violates a uniqueness constraint imposed by the target table."
        raise SqlError(4819, text, 16, ends="batch")
    turns = [turn(source, column) for source, column in zip(found, bulk.columns, strict=True)]
    given = [
        tuple(None if value is None else turn(value) for turn, value in zip(turns, row, strict=True)) for row in rows
    ]
    with session.atomic():
        if "KEEP_NULLS" not in bulk.options:
            given = (
                [fill_defaults(session, bulk.columns, row) for row in given]
                if any(column.default for column in bulk.columns)
                else given
            )
        kept = session.identity_insert
        session.identity_insert = bulk.table.id
        try:
            stored = store_rows(session, bulk.table, bulk.columns, given)
        finally:
            session.identity_insert = kept
    return len(stored)


def fill_defaults(session: Session, columns: list[Column], row: Row) -> Row:
    """Without KEEP_NULLS, NULL in a bulk load becomes the column's default."""
    return tuple(
        session.execute(f"SELECT {default_sql(session, column)}").fetchone()[0]
        if value is None and column.default
        else value
        for column, value in zip(columns, row, strict=True)
    )


def turn(source: SqlType, column: Column) -> Callable[[Any], Any]:
    """A value of a bulk load as it is stored."""
    wanted = unlimited(column.type)
    keep = to_storage(wanted)
    if source == wanted or unlimited(source) == wanted:
        return keep or (lambda value: value)
    return lambda value: store(convert(value, source, wanted), wanted)
