"""Tables: columns, constraints and indexes as they are made, and how SQLite keeps them."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.tds import pages
from tests.tds.engine import schemas, tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import Scope, ScopeColumn
from tests.tds.engine.catalog import Check, Column, ForeignKey, Key, Object
from tests.tds.engine.queries import Binder
from tests.tds.errors import Refused, SqlError
from tests.tds.types import LOBS, TEXTS, UDTS, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

COLLATED = {"datetimeoffset": "TSQLOFFSET"}


def create_table(
    session: Session,
    parts: tree.Parts,
    columns: list[tree.ColumnDefinition],
    constraints: list[tree.ConstraintDefinition],
) -> Object:
    """CREATE TABLE.

    Raises:
        SqlError: 2714 if the name is taken, 2760 if the schema is not there, 2705 for a column twice.
    """
    database, schema, name = session.names(parts)
    if name[:1] in {"#", "@"}:
        database, schema = "tempdb", "dbo"
        if name.startswith("##"):
            raise Refused("global temporary tables")
    elif schema.casefold() not in {known.casefold() for known in schemas.names(session, database)}:
        text = f'The specified schema name "{schema}" either does not exist or you do not have permission to use it.'
        raise SqlError(2760, text, ends="batch")
    taken = session.catalog.find(database, schema, name)
    if taken is not None and taken.id in session.frame.inherited:
        raise Refused("a temporary table with the name of one of the caller's")
    if taken is not None:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 6, ends="batch")
    table = Object(session.instance.new_id(), database, schema, name, "U")
    for definition in columns:
        add_column(session, table, definition)
    for definition in columns:
        for constraint in definition.constraints or []:
            add_constraint(session, table, constraint)
    for constraint in constraints:
        add_constraint(session, table, constraint)
    check_row(table)
    session.db.execute(storage_sql(session, table))
    create_indexes(session, table)
    session.catalog.save(table)
    return table


def check_column(table: Object, definition: tree.ColumnDefinition) -> None:
    """Whether a table may have one more column.

    Raises:
        SqlError: 2705 for a name that it has, 1702 for the 1,025th, 8111 for a primary key that takes NULL.
    """
    if table.column(definition.name) is not None:
        text = f"Column names in each table must be unique. Column name '{definition.name}' in table '{table.name}' is specified more than once."
        raise SqlError(2705, text, 16, 3, ends="batch")
    if len(table.columns) == MOST_COLUMNS:
        text = f"CREATE TABLE failed because column '{definition.name}' in table '{table.name}' exceeds the maximum of {MOST_COLUMNS} columns."
        raise SqlError(1702, text, 16, 1, ends="batch")
    keyed = any(constraint.kind == "PRIMARY KEY" for constraint in definition.constraints or [])
    if keyed and definition.nullable:
        text = f"Cannot define PRIMARY KEY constraint on nullable column in table '{table.name}'."
        raise SqlError(8111, text, 16, 1, ends="batch")


def add_column(session: Session, table: Object, definition: tree.ColumnDefinition) -> Column:
    """A new column."""
    check_column(table, definition)
    type_ = definition.type or rules.INT
    if definition.collation:
        type_ = replace(type_, collation=pages.declared(definition.collation))
    column = Column(table.next_column, definition.name, type_)
    table.next_column += 1
    keyed = any(constraint.kind == "PRIMARY KEY" for constraint in definition.constraints or [])
    column.nullable = definition.nullable if definition.nullable is not None else not keyed
    if definition.type is not None and definition.type.name == "timestamp" and definition.nullable is None:
        column.nullable = False
    if definition.default is not None:
        column.default = parenthesized(definition.default)
        column.default_id = session.instance.new_id()
        column.default_name = definition.default_name or made_up("DF", table, definition.name)
        rules.check_implicit(
            Binder(session).value(session.parse_expression(column.default), Scope()).type or column.type, column.type
        )
    if definition.identity is not None:
        if column.type.name not in {"tinyint", "smallint", "int", "bigint", "decimal", "numeric"} or column.type.scale:
            text = f"Identity column '{column.name}' must be of data type int, bigint, smallint, tinyint, or decimal or numeric with a scale of 0, unencrypted, and constrained to be nonnullable."
            raise SqlError(2749, text, 16, 2, ends="batch")
        if any(other.identity for other in table.columns):
            raise SqlError(
                2744,
                f"Multiple identity columns specified for table '{table.name}'. Only one identity column per table is allowed.",
                16,
                2,
                ends="batch",
            )
        column.identity, column.nullable = definition.identity, False
    if definition.computed is not None:
        column.computed, column.persisted = definition.computed, definition.persisted
        bound = Binder(session).value(session.parse_expression(column.computed), own_scope(table))
        column.type = bound.type or rules.INT
        column.nullable = definition.nullable if definition.nullable is not None else bound.nullable
    table.columns.append(column)
    return column


MOST_COLUMNS = 1024
LONGEST_ROW = 8060
"""Bytes; what varies in length may go to other pages."""


def check_row(table: Object) -> None:
    """Whether the columns of a fixed length fit into a row: a header, they, the count of columns and a bit for each.

    Raises:
        SqlError: 1701.
    """
    kept = [column for column in table.columns if column.stored or column.persisted]
    bits = sum(column.type.name == "bit" for column in kept)
    varying = {"varchar", "nvarchar", "varbinary", "sql_variant", "xml", "text", "ntext", "image", *UDTS}
    fixed = sum(column.type.max_length for column in kept if column.type.name not in {"bit", *varying})
    overhead = 4 + 2 + (len(kept) + 7) // 8
    size = fixed + (bits + 7) // 8 + overhead
    if size > LONGEST_ROW:
        text = (
            f"Creating or altering table '{table.name}' failed because the minimum row size would be {size}, including "
            f"{overhead} bytes of internal overhead. This exceeds the maximum allowable table row size of {LONGEST_ROW} bytes."
        )
        raise SqlError(1701, text, 16, 1, ends="batch")


def parenthesized(text: str) -> str:
    """As the catalog shows expressions."""
    return text if text.startswith("(") and text.endswith(")") else f"({text})"


def made_up(prefix: str, table: Object, column: str = "") -> str:
    """A name for a constraint without one, of the shape that SQL Server makes up."""
    seed = hashlib.sha1(
        f"{table.id} {prefix} {column} {len(table.keys)} {len(table.checks)} {len(table.foreign)}".encode()
    ).hexdigest()
    parts = [prefix, table.name[:9]] + ([column[:9]] if column else [])
    return "__".join(parts) + "__" + seed[:8].upper()


def own_scope(table: Object, prefix: str = "") -> Scope:
    """The columns of a table by themselves, for its own expressions."""
    return Scope(
        [
            ScopeColumn(
                (table.database, table.schema, table.name),
                column.name,
                f"{prefix}c{column.id}",
                column.type,
                column.nullable,
                column,
                table,
            )
            for column in table.columns
            if column.stored
        ]
    )


def storage_sql(session: Session, table: Object) -> str:
    """SQLite's CREATE TABLE: columns without a declared type, and the CHECK constraints."""
    items = [f"c{column.id}{collation(column.type)}" for column in table.columns if column.stored]
    for check in table.checks:
        binder = Binder(session)
        condition = binder.condition(session.parse_condition(check.text), own_scope(table))
        items.append(f"CONSTRAINT k{check.id} CHECK ({condition})")
    return f"CREATE TABLE {table.storage} ({', '.join(items)})"


def collation(type_: SqlType) -> str:
    """How SQLite compares a column."""
    if type_.name in TEXTS:
        return " COLLATE RTRIM" if pages.of(type_.collation).binary else " COLLATE TSQL"
    return f" COLLATE {COLLATED[type_.name]}" if type_.name in COLLATED else ""


def create_indexes(session: Session, table: Object) -> None:
    """SQLite's indexes: unique ones take one NULL, as SQL Server's do."""
    where = "temp" if table.temporary else "main"
    for key in table.keys:
        columns = [table.by_id(number) for number in key.columns]
        terms: list[str] = []
        for column in columns:
            term = f"c{column.id}"
            if column.computed:
                raise Refused("keys of computed columns")
            if key.unique and column.nullable:
                terms += [f"({term} IS NULL)", f"ifnull({term}, 0){collation(column.type)}"]
            else:
                terms.append(term)
        if any(column.type.name in {*LOBS, "xml"} or column.type.length == -1 for column in columns):
            bad = next(column for column in columns if column.type.name in {*LOBS, "xml"} or column.type.length == -1)
            text = f"Column '{bad.name}' in table '{table.full_name if not table.temporary else table.name}' is of a type that is invalid for use as a key column in an index."
            raise SqlError(1919, text, ends="batch")
        unique = "UNIQUE " if key.unique else ""
        storage = table.storage.partition(".")[2]
        session.db.execute(f"CREATE {unique}INDEX {where}.k{key.id} ON {storage} ({', '.join(terms)})")


def add_constraint(session: Session, table: Object, definition: tree.ConstraintDefinition) -> None:
    """PRIMARY KEY, UNIQUE, CHECK, FOREIGN KEY or DEFAULT."""
    number = session.instance.new_id()
    columns = [key_column(table, name) for name in definition.columns]
    if definition.name and definition.kind != "DEFAULT":
        items: list[Key | Check | ForeignKey] = [*table.keys, *table.checks, *table.foreign]
        taken = {item.name.casefold() for item in items}
        if definition.name.casefold() in taken:
            raise SqlError(
                2714, f"There is already an object named '{definition.name}' in the database.", 16, 5, ends="batch"
            )
    if definition.kind in {"PRIMARY KEY", "UNIQUE"}:
        if definition.kind == "PRIMARY KEY":
            if any(key.kind == "PRIMARY KEY" for key in table.keys):
                raise SqlError(
                    1779, f"Table '{table.name}' already has a primary key defined on it.", 16, 0, ends="batch"
                )
            if any(column.nullable for column in columns) and session.catalog.get(table.id) is not None:
                text = f"Cannot define PRIMARY KEY constraint on nullable column in table '{table.name}'."
                raise SqlError(8111, text, 16, 1, ends="batch")
            for column in columns:
                column.nullable = False
        name = definition.name or made_up("PK" if definition.kind == "PRIMARY KEY" else "UQ", table)
        key = Key(number, name, definition.kind, tuple(column.id for column in columns), unique=True)
        key.ignores_duplicates = definition.ignores_duplicates
        table.keys.append(key)
    elif definition.kind == "CHECK":
        own = key_column(table, definition.column).id if definition.column else 0
        name = definition.name or made_up("CK", table, definition.column)
        table.checks.append(Check(number, name, definition.check, own))
    elif definition.kind == "DEFAULT":
        (column,) = columns
        column.default, column.default_id = parenthesized(definition.check), number
        column.default_name = definition.name or made_up("DF", table, column.name)
    else:
        add_foreign_key(session, table, definition, columns, number)


def key_column(table: Object, name: str) -> Column:
    """A column of a key.

    Raises:
        SqlError: 1911.
    """
    column = table.column(name)
    if column is None:
        raise SqlError(1911, f"Column name '{name}' does not exist in the target table or view.", ends="batch")
    return column


def add_foreign_key(
    session: Session, table: Object, definition: tree.ConstraintDefinition, columns: list[Column], number: int
) -> None:
    """FOREIGN KEY: to the primary key unless it says otherwise."""
    name = definition.name or made_up("FK", table, definition.columns[0])
    if table.temporary:
        return  # "Skipping FOREIGN KEY constraint": temporary tables have none
    parent = session.resolve(definition.references)
    own = session.names(definition.references) == (table.database, table.schema, table.name)
    if own:
        parent = table
    if parent is None or parent.kind != "U":
        text = f"Foreign key '{name}' references invalid table '{'.'.join(definition.references)}'."
        raise SqlError(1767, text, 16, 0, ends="batch")
    unique = [key for key in parent.keys if key.unique]
    if definition.referenced:
        wanted = tuple(key_column(parent, other).id for other in definition.referenced)
        if not any(set(key.columns) == set(wanted) for key in unique):
            text = f"There are no primary or candidate keys in the referenced table '{parent.full_name}' that match the referencing column list in the foreign key '{name}'."
            raise SqlError(1776, text, 16, 0, ends="batch")
    else:
        primary = next((key for key in unique if key.kind == "PRIMARY KEY"), None)
        if primary is None:
            text = f"Foreign key '{name}' has implicit reference to object '{parent.full_name}' which does not have a primary key defined on it."
            raise SqlError(1773, text, 16, 0, ends="batch")
        wanted = primary.columns
    for column, other in zip(columns, wanted, strict=True):
        target = parent.by_id(other)
        if column.type.name != target.type.name:
            text = f"Column '{parent.full_name}.{target.name}' is not the same data type as referencing column '{table.name}.{column.name}' in foreign key '{name}'."
            raise SqlError(1778, text, 16, 0, ends="batch")
    table.foreign.append(
        ForeignKey(number, name, tuple(column.id for column in columns), parent.id, wanted, definition.on_delete)
    )


def create_index(session: Session, statement: tree.CreateIndex) -> None:
    """CREATE INDEX.

    Raises:
        SqlError: 1088 without the table, 1913 if the name is taken, 1505 if there are duplicates.
    """
    table = session.resolve(statement.table)
    if table is None or table.kind != "U":
        text = f'Cannot find the object "{".".join(statement.table)}" because it does not exist or you do not have permissions.'
        raise SqlError(1088, text, 16, 12, ends="batch")
    if any(key.name.casefold() == statement.name.casefold() for key in table.keys):
        text = f"The operation failed because an index or statistics with name '{statement.name}' already exists on table '{table.full_name}'."
        raise SqlError(1913, text, ends="batch")
    ids = tuple(key_column(table, name).id for name in statement.columns)
    key = Key(session.instance.new_id(), statement.name, "INDEX", ids, statement.unique)
    key.ignores_duplicates = statement.ignores_duplicates
    table.keys.append(key)
    rebuild(session, table)


def rebuild(
    session: Session, table: Object, values: dict[int, str] | None = None, old: list[int] | None = None
) -> None:
    """Makes a table's storage anew after its definition changed; `values` are those of new columns.

    Raises:
        SqlError: 1505 if a unique index finds duplicates.
    """
    storage = table.storage.partition(".")[2]
    for (name,) in session.db.execute(
        f"SELECT name FROM {'temp' if table.temporary else 'main'}.sqlite_master WHERE type = 'index' AND tbl_name = ?",
        (storage,),
    ).fetchall():
        session.db.execute(f"DROP INDEX {'temp' if table.temporary else 'main'}.{name}")
    session.db.execute(f"ALTER TABLE {table.storage} RENAME TO old_{storage}")
    session.db.execute(storage_sql(session, table))
    kept = [
        column.id
        for column in table.columns
        if column.stored and (old is None or column.id in old) and column.id not in (values or {})
    ]
    targets = [f"c{number}" for number in kept] + [f"c{number}" for number in values or {}]
    sources = [f"c{number}" for number in kept] + list((values or {}).values())
    where = "temp" if table.temporary else "main"
    try:
        session.db.execute(
            f"INSERT INTO {table.storage} (rowid, {', '.join(targets)}) SELECT rowid, {', '.join(sources)} FROM {where}.old_{storage}"
        )
        session.db.execute(f"DROP TABLE {where}.old_{storage}")
        create_indexes(session, table)
    except sqlite3.IntegrityError as error:
        if "CHECK" in str(error):
            check = table.checks[-1]
            text = f'The ALTER TABLE statement conflicted with the CHECK constraint "{check.name}". The conflict occurred in database "{table.database}", table "{table.full_name}".'
            raise SqlError(547, text, 16, 0) from None
        key = table.keys[-1]
        text = f"The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '{table.full_name}' and the index name '{key.name}'."
        raise SqlError(1505, text) from None
    session.catalog.save(table)


def identity_insert(session: Session, statement: tree.SetOption) -> None:
    """SET IDENTITY_INSERT.

    Raises:
        SqlError: 1088 without the table, 8106 without an identity column.
    """
    table = session.resolve(statement.table)
    if table is None:
        text = f'Cannot find the object "{".".join(statement.table)}" because it does not exist or you do not have permissions.'
        raise SqlError(1088, text, 16, 11, ends="batch")
    if not any(column.identity for column in table.columns):
        text = f"Table '{'.'.join(statement.table)}' does not have the identity property. Cannot perform SET operation."
        raise SqlError(8106, text, ends="batch")
    session.identity_insert = table.id if statement.value == "ON" else 0
