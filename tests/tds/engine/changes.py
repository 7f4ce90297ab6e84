"""INSERT, UPDATE, DELETE, SELECT INTO and bulk loads.

A change first reads the rows that it is about, then checks them, then stores them: so no row is seen twice, and each
error names what a real server names.
"""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.tds import pages
from tests.tds.engine import procedures, tables, tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import Scope, ScopeColumn
from tests.tds.engine.bound import Bound, BoundQuery, Result, converted
from tests.tds.engine.catalog import Column, Object, invalid_object
from tests.tds.engine.convert import LIMITS
from tests.tds.engine.queries import Binder
from tests.tds.engine.rows import Row, Target, check_own_keys, check_referring, unlimited
from tests.tds.engine.storage import store
from tests.tds.errors import Refused, SqlError
from tests.tds.types import DECIMALS, SqlType
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


Outcome = tuple[int, "tuple[list[tokens.Column], list[Sequence[Any]]] | None"]


def target(session: Session, parts: tree.Parts) -> Object:
    """The table of a change.

    Raises:
        SqlError: 208.
    """
    found = session.resolve(parts)
    if found is None or found.kind not in {"U", "V"}:
        raise invalid_object(parts)
    if found.kind == "V":
        raise Refused("changes through views")
    return found


def named(table: Object, name: str) -> Column:
    """A column of a table.

    Raises:
        SqlError: 207.
    """
    column = table.column(name)
    if column is None:
        raise SqlError(207, f"Invalid column name '{name}'.", ends="batch")
    return column


def check_writable(session: Session, table: Object, column: Column, verb: str) -> None:
    """Whether a statement may give a column a value.

    Raises:
        SqlError: 271 for computed ones, 273 for rowversion, 544 or 8102 for identity.
    """
    if column.computed:
        text = f'The column "{column.name}" cannot be modified because it is either a computed column or is the result of a UNION operator.'
        raise SqlError(271, text, ends="batch")
    if column.type.name == "timestamp":
        if verb == "UPDATE":
            raise SqlError(272, "Cannot update a timestamp column.", ends="batch")
        text = "Cannot insert an explicit value into a timestamp column. Use INSERT with a column list to exclude the timestamp column, or insert a DEFAULT into the timestamp column."
        raise SqlError(273, text, ends="batch")
    if column.identity:
        if verb == "UPDATE":
            raise SqlError(8102, f"Cannot update identity column '{column.name}'.", ends="batch")
        if session.identity_insert != table.id:
            text = f"Cannot insert explicit value for identity column in table '{table.name}' when IDENTITY_INSERT is set to OFF."
            raise SqlError(544, text)


def default_sql(session: Session, column: Column) -> str:
    """The SQL of a column's default, of the unlimited type."""
    if not column.default:
        return "NULL"
    binder = Binder(session)
    bound = binder.value(session.parse_expression(column.default), Scope())
    return binder.as_type(bound, unlimited(column.type))


# INSERT


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
        given = values_rows(session, statement.source.body, columns, table)
    else:
        given = query_rows(session, statement, columns, table)
    if session.set_rowcount:
        given = itertools.islice(given, session.set_rowcount)
    return store_rows(session, table, columns, given, statement.output)


def insert_columns(session: Session, table: Object, statement: tree.Insert) -> list[Column]:
    """The columns that get values."""
    if statement.columns:
        columns = [named(table, name) for name in statement.columns]
        if len({column.id for column in columns}) < len(columns):
            seen = [column.name for column in columns]
            twice = next(name for name in seen if seen.count(name) > 1)
            text = f"The column name '{twice}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code."
            raise SqlError(264, text, ends="batch")
    else:
        columns = [column for column in table.columns if not column.computed and not column.identity]
        if session.identity_insert == table.id:
            text = f"An explicit value for the identity column in table '{table.name}' can only be specified when a column list is used and IDENTITY_INSERT is ON."
            raise SqlError(8101, text)
    return columns


def counted(table: Object, found: int, wanted: int, *, listed: bool) -> None:
    """As many values as columns.

    Raises:
        SqlError: 109, 110 or 213.
    """
    if found == wanted:
        return
    if not listed:
        raise SqlError(213, "Column name or number of supplied values does not match table definition.", ends="batch")
    more = "fewer" if found > wanted else "more"
    number = 110 if found > wanted else 109
    text = f"There are {more} columns in the INSERT statement than values specified in the VALUES clause. The number of values in the VALUES clause must match the number of columns specified in the INSERT statement."
    raise SqlError(number, text, 15, ends="batch")


def values_rows(session: Session, body: tree.Values, columns: list[Column], table: Object) -> Iterable[Row]:
    """VALUES: each row by itself, types as the columns want them."""
    binder = Binder(session)
    scope = Scope()
    for row in body.rows:
        counted(table, len(row), len(columns), listed=len(columns) != len(table.columns) or True)
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
        more = "more" if len(bound.columns) > len(columns) else "fewer"
        number = 121 if more == "more" else 120
        text = f"The select list for the INSERT statement contains {more} items than the insert list. The number of SELECT values must match the number of INSERT columns."
        raise SqlError(number, text, 15, ends="batch")
    for column in columns:
        check_writable(session, table, column, "INSERT")
    return session.execute(assigned(bound, columns)).fetchall()


def assigned(bound: BoundQuery, columns: list[Column]) -> str:
    """A query's SQL with its columns as a table's columns want them."""
    items: list[str] = []
    for at, (source, column) in enumerate(zip(bound.columns, columns, strict=True), 1):
        wanted = unlimited(column.type)
        rules.check_implicit(source.type, wanted)
        items.append(converted(Bound(f"q.c{at}", source.type), wanted))
    return f"SELECT {', '.join(items)} FROM ({bound.sql}) AS q"


def executed_rows(session: Session, source: tree.Execute, columns: list[Column]) -> Iterable[Row]:
    """INSERT ... EXEC."""
    del session, source, columns
    raise Refused("INSERT ... EXEC")


def store_rows(
    session: Session,
    table: Object,
    columns: list[Column],
    given: Iterable[Row],
    output: tree.Output | None,
    *,
    keep_nulls: bool = False,
) -> Outcome:
    """Rows with values for some columns: the others get their default, identity, rowversion or NULL."""
    del keep_nulls
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
    sent = returned(session, table, output, rows, None) if output is not None else None
    return len(rows), sent


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


# UPDATE, DELETE


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
            text = f"The column name '{column.name}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code."
            raise SqlError(264, text, ends="batch")
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
        import sqlite3  # noqa: PLC0415

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


# OUTPUT


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
            raise SqlError(
                213, "Column name or number of supplied values does not match table definition.", ends="batch"
            )
        store_rows(session, other, columns, session.execute(assigned(query, columns)).fetchall(), None)
        return None
    sent = list(session.loaded(session.execute(sql), [column.type for column in query.columns]))
    return session.columns(query), sent


# SELECT INTO


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
        count, _ = store_rows(session, table, columns, given, None)
    return count


# Bulk loads


@dataclass(slots=True)
class Bulk:
    """A bulk load that INSERT BULK announced."""

    table: Object
    columns: list[Column]
    options: list[str]
    collations: list[str]
    """Of the columns as the statement has them, "" where it names none: what the bytes of narrow text are read in."""


def announce_bulk(session: Session, statement: tree.InsertBulk) -> None:
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


def load_bulk(session: Session, found: list[SqlType], rows: Iterable[list[Any]]) -> int:
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
            count, _ = store_rows(session, bulk.table, bulk.columns, given, None)
        finally:
            session.identity_insert = kept
    return count


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
    from tests.tds.engine.convert import convert  # noqa: PLC0415
    from tests.tds.engine.storage import to_storage  # noqa: PLC0415

    wanted = unlimited(column.type)
    keep = to_storage(wanted)
    if source == wanted or unlimited(source) == wanted:
        return keep or (lambda value: value)
    return lambda value: store(convert(value, source, wanted), wanted)


__all__ = ["procedures", "run"]
