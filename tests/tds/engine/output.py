"""OUTPUT: what a change says of the rows as they were and as they are."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.tds.engine import tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import Scope, ScopeColumn
from tests.tds.engine.bound import Bound, BoundQuery, Result, converted
from tests.tds.engine.catalog import Object
from tests.tds.engine.new_rows import assigned, store_rows
from tests.tds.engine.queries import Binder
from tests.tds.engine.rows import Row
from tests.tds.engine.targets import mismatch, named, target
from tests.tds.wire import tokens

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


Outcome = tuple[int, "tuple[list[tokens.Column], list[Sequence[Any]]] | None"]
"""How many rows a change was about, and what OUTPUT sends of them."""


def output_scope(binder: Binder, table: Object, *, inserted: bool, deleted: bool, alias: str) -> Scope:
    """The columns of `inserted` and `deleted`."""
    scope = Scope()
    for source, prefix, there in (("inserted", "i", inserted), ("deleted", "d", deleted)):
        own = Scope()
        for column in table.columns:
            if not there:
                continue
            if column.stored:
                found = ScopeColumn(
                    (source,), column.name, f"{alias}.{prefix}{column.id}", column.type, column.nullable, column, table
                )
                own.columns.append(found)
            else:
                bound = binder.value(binder.session.parse_expression(column.computed), own)
                found = ScopeColumn((source,), column.name, converted(bound, column.type), column.type, nullable=True)
            scope.columns.append(found)
    return scope


def output_items(
    session: Session, table: Object, output: tree.Output, alias: str, *, inserted: bool, deleted: bool
) -> list[Bound]:
    """The columns of OUTPUT."""
    binder = Binder(session)
    scope = output_scope(binder, table, inserted=inserted, deleted=deleted, alias=alias)
    return binder.items(output.items, scope)


def returned(
    session: Session, table: Object, output: tree.Output | None, inserted: list[Row] | None, deleted: list[Row] | None
) -> tuple[list[tokens.Column], list[Sequence[Any]]] | None:
    """What OUTPUT gives: its columns and rows, or nothing if it has a table of its own."""
    assert output is not None
    stored = [column for column in table.columns if column.stored]
    name = f"temp.o{session.instance.new_id()}"
    session.scratch.append(name)
    parts = [f"i{column.id}" for column in stored if inserted is not None] + [
        f"d{column.id}" for column in stored if deleted is not None
    ]
    session.db.execute(f"CREATE TABLE {name} ({', '.join(parts)})")
    rows = [
        (*(inserted[at] if inserted is not None else ()), *(deleted[at] if deleted is not None else ()))
        for at in range(len(inserted if inserted is not None else deleted or []))
    ]
    session.db.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(parts))})", rows)
    items = output_items(session, table, output, "o", inserted=inserted is not None, deleted=deleted is not None)
    sql = f"SELECT {', '.join(f'{item.sql} AS c{at}' for at, item in enumerate(items, 1))} FROM {name} AS o ORDER BY o.rowid"
    query = BoundQuery(
        sql, [Result(item.name, item.type or rules.INT, item.nullable, item.column, item.table) for item in items]
    )
    if output.into:
        other = target(session, output.into)
        columns = (
            [named(other, column) for column in output.columns]
            if output.columns
            else [column for column in other.columns if not column.computed and not column.identity]
        )
        if len(columns) != len(items):
            raise mismatch()
        store_rows(session, other, columns, session.execute(assigned(query, columns)).fetchall())
        return None
    sent = list(session.loaded(session.execute(sql), [column.type for column in query.columns]))
    return session.columns(query), sent
