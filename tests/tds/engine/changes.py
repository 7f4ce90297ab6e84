"""INSERT, UPDATE and DELETE as statements; how UPDATE and DELETE find and change their rows.

A change first reads the rows that it is about, then checks them, then stores them: so no row is seen twice, and each
error names what a real server names.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tds.engine import tree
from tests.tds.engine.binder import Scope
from tests.tds.engine.catalog import Object, invalid_object
from tests.tds.engine.inserts import insert
from tests.tds.engine.output import Outcome, returned
from tests.tds.engine.queries import Binder
from tests.tds.engine.rows import Row, Target, check_own_keys, check_referring, unlimited
from tests.tds.engine.targets import check_writable, default_sql, given_twice, named, target
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType
from tests.tds.wire import tokens

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def run(session: Session, statement: tree.Insert | tree.Update | tree.Delete) -> None:
    """One of them, with its result set if OUTPUT asks for one."""
    with session.atomic():
        if isinstance(statement, tree.Insert):
            command, (count, output) = tokens.COMMAND_INSERT, insert(session, statement)
        elif isinstance(statement, tree.Update):
            command, (count, output) = tokens.COMMAND_UPDATE, update(session, statement)
        else:
            command, (count, output) = tokens.COMMAND_DELETE, delete(session, statement)
    if output is not None:
        columns, rows = output
        session.out.columns(columns)
        session.out.rows(columns, rows)
    session.finish(command, count)


@dataclass(slots=True)
class Found:
    """The rows that an UPDATE or DELETE is about."""

    table: Object
    binder: Binder
    scope: Scope
    alias: str
    sql: str
    """FROM and WHERE."""


def find(session: Session, statement: tree.Update | tree.Delete) -> Found:
    """Binds FROM and WHERE, and finds the table in them."""
    binder = Binder(session)
    binder.ctes.append({cte.name.casefold(): cte for cte in statement.ctes})
    scope = Scope()
    if statement.source is None:
        table = target(session, statement.table)
        alias = binder.alias()
        sources = (table.name,) if table.temporary else (table.database, table.schema, table.name)
        source = binder.base_table(table, sources, scope, alias)
    else:
        source = binder.source(statement.source, scope)
        wanted = tuple(part.casefold() for part in statement.table)
        bases = [base for base in binder.bases if tuple(p.casefold() for p in base[0])[-len(wanted) :] == wanted]
        if not bases:
            known = session.resolve(statement.table)
            bases = [base for base in binder.bases if known is not None and base[1].id == known.id]
        if not bases:
            if session.resolve(statement.table) is None:
                raise invalid_object(statement.table)
            raise Refused("a target that is not in FROM")
        if len(bases) > 1:
            raise SqlError(8154, f"The table '{'.'.join(statement.table)}' is ambiguous.", ends="batch")
        _, table, alias = bases[0]
    where = f" WHERE {binder.condition(statement.where, scope)}" if statement.where is not None else ""
    return Found(table, binder, scope, alias, f" FROM {source}{where}")


def limit(session: Session, top: tree.Expr | None) -> str:
    """TOP."""
    if top is None:
        return ""
    return f" LIMIT {session.evaluate(top, SqlType('bigint'))[0]}"


def update(session: Session, statement: tree.Update) -> Outcome:
    """UPDATE."""
    found = find(session, statement)
    table, binder = found.table, found.binder
    into = Target(session, table, "UPDATE")
    new: dict[int, str] = {}
    for variable, name, value in statement.assignments:
        if variable:
            raise Refused("UPDATE ... SET @variable")
        column = named(table, name)
        check_writable(session, table, column, "UPDATE")
        if column.id in new:
            raise given_twice(column.name)
        if isinstance(value, tree.Call) and value.name == "DEFAULT":
            new[column.id] = default_sql(session, column)
        else:
            bound = binder.infer(binder.value(value, found.scope), column.type)
            new[column.id] = binder.as_type(bound, unlimited(column.type))
    stored = into.stored
    old = ", ".join(f"{found.alias}.c{column.id}" for column in stored)
    items = ", ".join(new.values())
    rows = session.execute(
        f"SELECT {found.alias}.rowid, {old}, {items}{found.sql}{limit(session, statement.top)}"
    ).fetchall()
    first: dict[int, Row] = {}
    for row in rows:
        first.setdefault(row[0], row)
    positions = {number: len(stored) + 1 + at for at, number in enumerate(new)}
    before: list[Row] = []
    after: list[Row] = []
    for row in first.values():
        before.append(row[1 : len(stored) + 1])
        after.append(
            tuple(
                session.instance.new_rowversion()
                if column.type.name == "timestamp"
                else row[positions[column.id]]
                if column.id in positions
                else row[at]
                for at, column in enumerate(stored, 1)
            )
        )
    after = into.finished(after)
    rowids = list(first)
    replace(session, table, into, rowids, after, set(new))
    sent = returned(session, table, statement.output, after, before) if statement.output is not None else None
    return len(after), sent


def replace(
    session: Session, table: Object, into: Target, rowids: list[int], rows: list[Row], changed: set[int]
) -> None:
    """Stores changed rows; where a key changes, all go before any comes, so that they may swap."""
    keyed = any(key.unique and changed & set(key.columns) for key in table.keys)
    if keyed:
        session.db.executemany(f"DELETE FROM {table.storage} WHERE rowid = ?", [(rowid,) for rowid in rowids])
        into.insert(rows, rowids)
    else:
        sets = ", ".join(f"c{column.id} = ?" for column in into.stored)
        sql = f"UPDATE {table.storage} SET {sets} WHERE rowid = ?"
        try:
            session.db.executemany(sql, [(*row, rowid) for rowid, row in zip(rowids, rows, strict=True)])
        except sqlite3.IntegrityError as error:
            raise into.violation(str(error), sql, [], numbered=True) from None
    if rows:
        check_own_keys(session, table, "UPDATE")
        if keyed:
            check_referring(session, table, "UPDATE")


def delete(session: Session, statement: tree.Delete) -> Outcome:
    """DELETE."""
    found = find(session, statement)
    table = found.table
    stored = [column for column in table.columns if column.stored]
    old = ", ".join(f"{found.alias}.c{column.id}" for column in stored) if statement.output else "NULL"
    rows = session.execute(f"SELECT {found.alias}.rowid, {old}{found.sql}{limit(session, statement.top)}").fetchall()
    first = {row[0]: row[1:] for row in rows}
    session.db.executemany(f"DELETE FROM {table.storage} WHERE rowid = ?", [(rowid,) for rowid in first])
    if first:
        check_referring(session, table, "DELETE")
    sent = None
    if statement.output is not None:
        sent = returned(session, table, statement.output, None, list(first.values()))
    return len(first), sent
