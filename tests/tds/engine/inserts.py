"""INSERT and SELECT INTO: where the new rows come from."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.tds.engine import tables, tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import Scope
from tests.tds.engine.bound import Bound
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.new_rows import assigned, store_rows
from tests.tds.engine.output import Outcome, returned
from tests.tds.engine.queries import Binder
from tests.tds.engine.rows import Row, unlimited
from tests.tds.engine.targets import check_writable, default_sql, given_twice, mismatch, named, target
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def insert(session: Session, statement: tree.Insert) -> Outcome:
    """INSERT."""
    table = target(session, statement.table)
    columns = insert_columns(session, table, statement)
    if isinstance(statement.source, tree.Execute):
        given = executed_rows(session, statement.source, columns)
    elif statement.source is None:
        given = iter([()])
        columns = []
    elif isinstance(statement.source.body, tree.Values) and not statement.source.order:
        given = values_rows(session, statement.source.body, columns, table, listed=bool(statement.columns))
    else:
        given = query_rows(session, statement, columns, table)
    if session.set_rowcount:
        given = itertools.islice(given, session.set_rowcount)
    rows = store_rows(session, table, columns, given)
    sent = returned(session, table, statement.output, rows, None) if statement.output is not None else None
    return len(rows), sent


def insert_columns(session: Session, table: Object, statement: tree.Insert) -> list[Column]:
    """The columns that get values."""
    if statement.columns:
        columns = [named(table, name) for name in statement.columns]
        if len({column.id for column in columns}) < len(columns):
            seen = [column.name for column in columns]
            twice = next(name for name in seen if seen.count(name) > 1)
            raise given_twice(twice)
    else:
        columns = [column for column in table.columns if not column.computed and not column.identity]
        if session.identity_insert == table.id:
            text = f"An explicit value for the identity column in table '{table.name}' can only be specified when a column list is used and IDENTITY_INSERT is ON."
            raise SqlError(8101, text)
    return columns


def counted(found: int, wanted: int, *, listed: bool) -> None:
    """As many values as columns.

    Raises:
        SqlError: 109 or 110; 213 where the statement lists no columns.
    """
    if found == wanted:
        return
    if not listed:
        raise mismatch()
    more = "fewer" if found > wanted else "more"
    number = 110 if found > wanted else 109
    text = f"There are {more} columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement."
    raise SqlError(number, text, 15, ends="batch")


def values_rows(
    session: Session, body: tree.Values, columns: list[Column], table: Object, *, listed: bool
) -> Iterable[Row]:
    """VALUES: each row by itself, types as the columns want them."""
    binder = Binder(session)
    scope = Scope()
    for row in body.rows:
        counted(len(row), len(columns), listed=listed)
    types = [rules.common([_type(binder, row[at], scope) for row in body.rows]) for at in range(len(columns))]
    lines: list[str] = []
    for row in body.rows:
        items: list[str] = []
        for item, column, shared in zip(row, columns, types, strict=True):
            if isinstance(item, tree.Call) and item.name == "DEFAULT":
                items.append(default_sql(session, column) if column.type.name != "timestamp" else "NULL")
                continue
            check_writable(session, table, column, "INSERT")
            bound = binder.infer(binder.value(item, scope), column.type)
            if len(body.rows) > 1 and bound.type is not None:
                bound = Bound(binder.as_type(bound, shared), shared)
            items.append(binder.as_type(bound, unlimited(column.type)))
        lines.append(", ".join(items))
    step = 200  # SQLite takes 500 terms of a compound SELECT, and rows of VALUES without a limit, but not at any depth
    for at in range(0, len(lines), step):
        yield from session.execute("VALUES " + ", ".join(f"({line})" for line in lines[at : at + step])).fetchall()


def _type(binder: Binder, item: tree.Expr, scope: Scope) -> SqlType | None:
    if isinstance(item, tree.Call) and item.name == "DEFAULT":
        return None
    return binder.value(item, scope).type


def query_rows(session: Session, statement: tree.Insert, columns: list[Column], table: Object) -> Iterable[Row]:
    """INSERT ... SELECT."""
    source = statement.source
    assert isinstance(source, tree.Query)
    query = tree.Query(
        source.body, [*statement.ctes, *source.ctes], source.order, source.offset, source.fetch, source.recursions
    )
    bound = Binder(session).query(query, None)
    if len(bound.columns) != len(columns):
        if not statement.columns:
            raise mismatch()
        more = "more" if len(bound.columns) > len(columns) else "fewer"
        number = 121 if more == "more" else 120
        text = f"The select list for the INSERT statement contains {more} items than the insert list. The number of SELECT values must match the number of INSERT columns."
        raise SqlError(number, text, 15, ends="batch")
    for column in columns:
        check_writable(session, table, column, "INSERT")
    return session.execute(assigned(bound, columns)).fetchall()


def executed_rows(session: Session, source: tree.Execute, columns: list[Column]) -> Iterable[Row]:
    """INSERT ... EXEC."""
    del session, source, columns
    raise Refused("INSERT ... EXEC")


def select_into(session: Session, query: tree.Query, body: tree.Select) -> int:
    """SELECT ... INTO: a new table with the columns of the query."""
    bound = Binder(session).query(query, None)
    with session.atomic():
        definitions: list[tree.ColumnDefinition] = []
        numbered = body.identity
        if numbered is not None:
            made = tree.ColumnDefinition(numbered.name, numbered.type, nullable=False)
            made.identity = numbered.seed, numbered.increment
            definitions.append(made)
        for at, column in enumerate(bound.columns, 1):
            if not column.name:
                raise SqlError(
                    1038,
                    f'An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. For other statements, look for empty alias names. Aliases defined as "" or [] are not allowed. Change the alias to a valid name. (column {at})',
                    15,
                    ends="batch",
                )
            definitions.append(tree.ColumnDefinition(column.name, column.type, column.nullable))
            simple = body is query.body and isinstance(body.source, tree.Table)
            if simple and column.column is not None and column.column.identity is not None:
                if numbered is not None:
                    text = f"Cannot add identity column, using the SELECT INTO statement, to table '{body.into[-1]}', which already has column '{column.name}' that inherits the identity property."
                    raise SqlError(8108, text, ends="batch")
                definitions[-1].identity = column.column.identity
        table = tables.create_table(session, body.into, definitions, [])
        columns = table.columns[0 if numbered is None else 1 :]
        given = session.execute(assigned(bound, columns)).fetchall()
        rows = store_rows(session, table, columns, given)
    return len(rows)
