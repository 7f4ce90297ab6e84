"""New rows of a table: values as its columns want them, and what the columns without a value get."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from tests.tds.engine import typing_rules as rules
from tests.tds.engine.bound import Bound, BoundQuery, converted
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.convert import LIMITS
from tests.tds.engine.rows import Row, Target, check_own_keys, unlimited
from tests.tds.engine.storage import store
from tests.tds.engine.targets import default_sql
from tests.tds.errors import SqlError
from tests.tds.types import DECIMALS, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def assigned(bound: BoundQuery, columns: list[Column]) -> str:
    """A query's SQL with its columns as a table's columns want them."""
    items: list[str] = []
    for at, (source, column) in enumerate(zip(bound.columns, columns, strict=True), 1):
        wanted = unlimited(column.type)
        rules.check_implicit(source.type, wanted)
        items.append(converted(Bound(f"q.c{at}", source.type), wanted))
    return f"SELECT {', '.join(items)} FROM ({bound.sql}) AS q"


def store_rows(session: Session, table: Object, columns: list[Column], given: Iterable[Row]) -> list[Row]:
    """Rows with values for some columns: the others get their default, identity, rowversion or NULL. What was stored."""
    into = Target(session, table)
    positions = {column.id: at for at, column in enumerate(columns)}
    makers: list[Callable[[Row], Any]] = [filler(session, table, column, positions) for column in into.stored]
    if [positions.get(column.id) for column in into.stored] == list(range(len(columns))):
        rows = into.finished(given)
    else:
        rows = into.finished(tuple(make(row) for make in makers) for row in given)
    keep_identity(session, table, into.stored, rows)
    rows = into.insert(rows)
    if rows:
        check_own_keys(session, table, "INSERT")
    return rows


def filler(session: Session, table: Object, column: Column, positions: dict[int, int]) -> Callable[[Row], Any]:
    """What gives a column its value in a new row."""
    at = positions.get(column.id)
    if column.type.name == "timestamp":
        return lambda _: session.instance.new_rowversion()
    if at is not None:
        return lambda row: row[at]
    if column.identity is not None:
        seed, increment = column.identity
        type_ = column.type
        make: Callable[[int], Any] = (
            (lambda value: store(value, SqlType(type_.name, precision=type_.precision)))
            if type_.name in DECIMALS
            else int
        )

        def numbered(_: Row) -> Any:
            value = session.instance.identity(table.id, seed, increment)
            high = 10**type_.precision - 1 if type_.name in DECIMALS else LIMITS[type_.name][1]
            if not -high - 1 <= value <= high or (type_.name == "tinyint" and value < 0):
                shown = "numeric" if type_.name in DECIMALS else type_.name
                text = f"Arithmetic overflow error converting IDENTITY to data type {shown}."
                raise SqlError(8115, text, ends="batch")
            return make(value)

        return numbered
    sql = default_sql(session, column)
    if sql == "NULL":
        return lambda _: None
    if "newid()" in sql or "session(" in sql:
        return lambda _: session.execute(f"SELECT {sql}").fetchone()[0]
    value = session.execute(f"SELECT {sql}").fetchone()[0]
    return lambda _: value


def keep_identity(session: Session, table: Object, stored: list[Column], rows: list[Row]) -> None:
    """SCOPE_IDENTITY, and the counter where values were given."""
    for at, column in enumerate(stored):
        if column.identity is None or not rows:
            continue
        values = [int(session.load_number(row[at], column.type)) for row in rows]
        session.identity = session.scope_identity = values[-1]
        with session.instance.lock:
            known = session.instance.identities.get(table.id, column.identity[0])
            best = max if column.identity[1] > 0 else min
            session.instance.identities[table.id] = best(known, *values)
