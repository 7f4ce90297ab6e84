"""CREATE, ALTER and DROP of tables, indexes, schemas and databases."""

# ruff: noqa: C901, E501 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.tds import pages
from tests.tds.engine import rows, tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import Scope, ScopeColumn
from tests.tds.engine.bound import converted
from tests.tds.engine.catalog import Check, Column, ForeignKey, Key, Object, invalid_object
from tests.tds.engine.queries import Binder
from tests.tds.errors import Refused, SqlError
from tests.tds.types import LOBS, TEXTS, UDTS, SqlType
from tests.tds.wire import tokens

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

COLLATED = {"datetimeoffset": "TSQLOFFSET"}


def run(session: Session, statement: tree.Statement) -> None:
    """One of them."""
    match statement:
        case tree.CreateDatabase(_, name):
            outside(session, "CREATE DATABASE")
            if session.instance.database(name):
                raise SqlError(1801, f"Database '{name}' already exists. Choose a different database name.", 16, 3)
            session.instance.databases.append(name)
        case tree.AlterDatabase(_, name, options):
            alter_database(session, name, options)
        case tree.Drop(_, "DATABASE", names, if_exists):
            outside(session, "DROP DATABASE")
            for (name,) in names:
                drop_database(session, name, if_exists=if_exists)
        case tree.DeclareTable(_, name, columns, constraints):
            with session.atomic():
                create_table(session, (name,), columns, constraints)
        case _:
            with session.atomic():
                change(session, statement)


def change(session: Session, statement: tree.Statement) -> None:
    """What can roll back."""
    match statement:
        case tree.CreateTable(_, name, columns, constraints):
            create_table(session, name, columns, constraints)
        case tree.AlterTable():
            alter(session, statement)
        case tree.CreateIndex():
            create_index(session, statement)
        case tree.CreateSchema(_, name):
            create_schema(session, name)
        case tree.CreateSynonym(_, name, base):
            create_synonym(session, name, base)
        case tree.Drop():
            for parts in statement.names:
                drop(session, statement.kind, parts, if_exists=statement.if_exists)
        case tree.Truncate(_, parts):
            truncate(session, parts)
        case _:
            raise Refused(type(statement).__name__)


def outside(session: Session, what: str) -> None:
    """Statements that no transaction may hold.

    Raises:
        SqlError: 226.
    """
    if session.transactions.count:
        raise SqlError(226, f"{what} statement not allowed within multi-statement transaction.", 16, 6)


def alter_database(session: Session, name: str, options: list[str]) -> None:
    """Options of how others' changes are seen: what this server does anyway."""
    if name and session.instance.database(name) is None:
        raise SqlError(
            5011,
            f"User does not have permission to alter database '{name}', the database does not exist, or the database is not in a state that allows access checks.",
            14,
            5,
        )
    known = {
        "READ_COMMITTED_SNAPSHOT",
        "ALLOW_SNAPSHOT_ISOLATION",
        "ON",
        "WITH",
        "ROLLBACK",
        "IMMEDIATE",
        "NO_WAIT",
        "RECOVERY",
        "SIMPLE",
        "SINGLE_USER",
        "MULTI_USER",
    }
    if not set(options) <= known:
        raise Refused(f"ALTER DATABASE ... SET {' '.join(options)}")
    if "SINGLE_USER" in options and "IMMEDIATE" in options:
        throw_out(session, session.instance.database(name) or session.database)


def throw_out(session: Session, database: str) -> None:
    """Ends the other sessions of a database."""
    server = session.connection.server
    others = [
        other
        for other in server.connections()
        if other.spid != session.connection.spid and other.session is not None and other.session.database == database
    ]
    for other in others:
        other.close()
    for other in others:
        other.join(10)


def drop_database(session: Session, name: str, *, if_exists: bool) -> None:
    """DROP DATABASE: not the one that a session is in."""
    known = session.instance.database(name)
    if known is None:
        if if_exists:
            return
        text = f"Cannot drop the database '{name}', because it does not exist or you do not have permission."
        raise SqlError(3701, text, 11)
    if any(
        other.session is not None and other.session.database == known
        for other in session.connection.server.connections()
    ):
        raise SqlError(3702, f'Cannot drop database "{known}" because it is currently in use.', 16, 3)
    with session.atomic():
        for item in list(session.catalog.all(known)):
            drop_storage(session, item)
    session.instance.databases.remove(known)


def create_schema(session: Session, name: str) -> None:
    """CREATE SCHEMA."""
    if name.casefold() in {known.casefold() for known in schemas(session, session.database)}:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 6, ends="batch")
    session.catalog.save(Object(session.instance.new_id(), session.database, "\1", name, "S"))


def create_synonym(session: Session, parts: tree.Parts, base: tree.Parts) -> None:
    """CREATE SYNONYM: what it stands for is looked up when it is used.

    Raises:
        SqlError: 2714 if the name is taken, 2760 if the schema is not there.
    """
    database, schema, name = session.names(parts)
    if schema.casefold() not in {known.casefold() for known in schemas(session, database)}:
        text = f'The specified schema name "{schema}" either does not exist or you do not have permission to use it.'
        raise SqlError(2760, text, ends="batch")
    if session.catalog.find(database, schema, name) is not None:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 1, ends="batch")
    quoted = ".".join(f"[{part.replace(']', ']]')}]" if part else "" for part in base)
    session.catalog.save(Object(session.instance.new_id(), database, schema, name, "SN", text=quoted))


def schemas(session: Session, database: str) -> list[str]:
    """The schemas of a database."""
    own = [item.name for item in session.catalog.all(database) if item.kind == "S"]
    return ["dbo", "guest", "INFORMATION_SCHEMA", "sys", *own]


# Tables


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
    elif schema.casefold() not in {known.casefold() for known in schemas(session, database)}:
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


def add_column(session: Session, table: Object, definition: tree.ColumnDefinition) -> Column:
    """A new column."""
    if table.column(definition.name) is not None:
        text = f"Column names in each table must be unique. Column name '{definition.name}' in table '{table.name}' is specified more than once."
        raise SqlError(2705, text, 16, 3, ends="batch")
    type_ = definition.type or rules.INT
    if definition.collation:
        type_ = replace(type_, collation=pages.declared(definition.collation))
    column = Column(table.next_column, definition.name, type_)
    table.next_column += 1
    if len(table.columns) == MOST_COLUMNS:
        text = f"CREATE TABLE failed because column '{definition.name}' in table '{table.name}' exceeds the maximum of {MOST_COLUMNS} columns."
        raise SqlError(1702, text, 16, 1, ends="batch")
    keyed = any(constraint.kind == "PRIMARY KEY" for constraint in definition.constraints or [])
    if keyed and definition.nullable:
        text = f"Cannot define PRIMARY KEY constraint on nullable column in table '{table.name}'."
        raise SqlError(8111, text, 16, 1, ends="batch")
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
    import sqlite3  # noqa: PLC0415

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


def refuse_in_snapshot(table: Object | None) -> None:
    """Raises 3964; whether it is so for temporary tables as well, the manual does not say."""
    if table is not None and table.temporary:
        raise Refused("ALTER TABLE of a temporary table inside a snapshot transaction")
    text = "Transaction failed because this DDL statement is not allowed inside a snapshot isolation transaction. Since metadata is not versioned, a metadata change can lead to inconsistency if mixed within snapshot isolation."
    raise SqlError(3964, text, ends="transaction")


def alter(session: Session, statement: tree.AlterTable) -> None:
    """ALTER TABLE.

    Raises:
        SqlError: 4902 without the table, 3964 inside a snapshot transaction, and what the change breaks.
    """
    table = session.named(statement.name)
    if session.transactions.count and session.transactions.isolation == "SNAPSHOT":
        refuse_in_snapshot(table)
    if table is None or table.kind != "U":
        text = f'Cannot find the object "{".".join(statement.name)}" because it does not exist or you do not have permissions.'
        raise SqlError(4902, text, ends="batch")
    old = [column.id for column in table.columns]
    values: dict[int, str] = {}
    if statement.action == "ADD":
        for definition in statement.columns:
            column = add_column(session, table, definition)
            if column.stored:
                values[column.id] = new_value(session, table, column)
            for constraint in definition.constraints or []:
                add_constraint(session, table, constraint)
        for constraint in statement.constraints:
            add_constraint(session, table, constraint)
    elif statement.action == "DROP COLUMN":
        for name in statement.names:
            drop_column(table, name)
    elif statement.action == "DROP CONSTRAINT":
        for name in statement.names:
            drop_constraint(session, table, name)
    else:
        values = alter_column(session, table, statement.columns[0])
    rebuild(session, table, values, old)
    rows.check_own_keys(session, table, "ALTER TABLE")


def new_value(session: Session, table: Object, column: Column) -> str:
    """What a new column has in the rows that are there.

    Raises:
        SqlError: 4901 if that is NULL and must not be.
    """
    filled = session.db.execute(f"SELECT 1 FROM {table.storage} LIMIT 1").fetchone()
    if column.identity is not None or column.type.name == "timestamp":
        if filled:
            raise Refused("ALTER TABLE ... ADD of identity and rowversion columns where there are rows")
        return "NULL"
    if column.nullable:
        return "NULL"
    if not column.default:
        if filled:
            text = f"ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or the column being added is an identity or timestamp column, or alternatively if none of the previous conditions are satisfied the table must be empty to allow addition of this column. Column '{column.name}' cannot be added to non-empty table '{table.name}' because it does not satisfy these conditions."
            raise SqlError(4901, text, ends="batch")
        return "NULL"
    binder = Binder(session)
    return binder.as_type(binder.value(session.parse_expression(column.default), Scope()), column.type)


def drop_column(table: Object, name: str) -> None:
    """DROP COLUMN.

    Raises:
        SqlError: 4924 if it is not there, 5074 if something hangs on it.
    """
    column = table.column(name)
    if column is None:
        text = f"ALTER TABLE DROP COLUMN failed because column '{name}' does not exist in table '{table.name}'."
        raise SqlError(4924, text, ends="batch")
    items = [key.name for key in table.keys if column.id in key.columns]
    items += [check.name for check in table.checks if check.column == column.id]
    items += [key.name for key in table.foreign if column.id in key.columns]
    items += [column.default_name] if column.default else []
    if items:
        raise SqlError(5074, f"The object '{items[0]}' is dependent on column '{column.name}'.", ends="batch")
    table.columns.remove(column)


def drop_constraint(session: Session, table: Object, name: str) -> None:
    """DROP CONSTRAINT.

    Raises:
        SqlError: 3728 if it is not there, 3725 if a foreign key needs it.
    """
    folded = name.casefold()
    for key in table.keys:
        if key.name.casefold() == folded:
            for _, other in rows.referring(session, table):
                if set(other.referenced) == set(key.columns):
                    text = f"The constraint '{key.name}' is being referenced by table, foreign key constraint '{other.name}'."
                    raise SqlError(3725, text, 16, 0, ends="batch")
            table.keys.remove(key)
            return
    kept = (len(table.checks), len(table.foreign))
    table.checks = [check for check in table.checks if check.name.casefold() != folded]
    table.foreign = [foreign for foreign in table.foreign if foreign.name.casefold() != folded]
    if kept != (len(table.checks), len(table.foreign)):
        return
    for column in table.columns:
        if column.default_name.casefold() == folded:
            column.default = column.default_name = ""
            return
    raise SqlError(3728, f"'{name}' is not a constraint.", ends="batch")


def alter_column(session: Session, table: Object, definition: tree.ColumnDefinition) -> dict[int, str]:
    """ALTER COLUMN: another type or nullability."""
    column = table.column(definition.name)
    if column is None:
        text = f"ALTER TABLE ALTER COLUMN failed because column '{definition.name}' does not exist in table '{table.name}'."
        raise SqlError(4924, text, ends="batch")
    if any(column.id in key.columns for key in table.keys) or column.computed or column.identity:
        raise Refused("ALTER COLUMN of a key, computed or identity column")
    assert definition.type is not None
    if column.default and definition.type.name != column.type.name:
        raise SqlError(
            5074, f"The object '{column.default_name}' is dependent on column '{column.name}'.", ends="batch"
        )
    from tests.tds.engine.bound import Bound  # noqa: PLC0415

    value = converted(Bound(f"c{column.id}", column.type), definition.type)
    nullable = definition.nullable if definition.nullable is not None else True
    if (
        not nullable
        and session.db.execute(f"SELECT 1 FROM {table.storage} WHERE c{column.id} IS NULL LIMIT 1").fetchone()
    ):
        raise rows.is_null_refused(table, column, "UPDATE")
    column.type, column.nullable = definition.type, nullable
    return {column.id: value}


# DROP


def drop(session: Session, kind: str, parts: tree.Parts, *, if_exists: bool) -> None:
    """DROP TABLE, VIEW, PROCEDURE, INDEX, SYNONYM, SCHEMA."""
    if kind == "SCHEMA":
        drop_schema(session, parts[-1], if_exists=if_exists)
        return
    if kind == "INDEX":
        drop_index(session, parts, if_exists=if_exists)
        return
    found = session.named(parts)
    letter = {"TABLE": "U", "VIEW": "V", "PROCEDURE": "P", "SYNONYM": "SN"}[kind]
    if found is None or found.kind != letter:
        if if_exists and found is None:
            return
        text = f"Cannot drop the {kind.lower()} '{'.'.join(parts)}', because it does not exist or you do not have permission."
        raise SqlError(3701, text, 11, 5)
    if kind == "TABLE":
        for child, _ in rows.referring(session, found):
            if child.id != found.id:
                text = (
                    f"Could not drop object '{'.'.join(parts)}' because it is referenced by a FOREIGN KEY constraint."
                )
                raise SqlError(3726, text)
        for item in session.catalog.all(found.database):
            if item.bound and found.id in item.depends_on:
                text = f"Cannot DROP TABLE '{'.'.join(parts)}' because it is being referenced by object '{item.name}'."
                raise SqlError(3729, text)
    drop_storage(session, found)


def drop_storage(session: Session, item: Object) -> None:
    """Forgets an object and its rows."""
    if item.kind == "U":
        session.db.execute(f"DROP TABLE {item.storage}")
    session.catalog.delete(item)
    session.instance.identities.pop(item.id, None)


def drop_schema(session: Session, name: str, *, if_exists: bool) -> None:
    """DROP SCHEMA.

    Raises:
        SqlError: 15151 if it is not there, 3729 if something is in it.
    """
    found = session.catalog.find(session.database, "\1", name)
    if found is None:
        if if_exists:
            return
        raise SqlError(
            15151, f"Cannot drop the schema '{name}', because it does not exist or you do not have permission."
        )
    inside = next(
        (item for item in session.catalog.all(session.database) if item.schema.casefold() == name.casefold()), None
    )
    if inside is not None:
        raise SqlError(3729, f"Cannot drop schema '{name}' because it is being referenced by object '{inside.name}'.")
    session.catalog.delete(found)


def drop_index(session: Session, parts: tree.Parts, *, if_exists: bool) -> None:
    """DROP INDEX."""
    table = session.resolve(parts[:-1])
    key = next((key for key in table.keys if key.name.casefold() == parts[-1].casefold()), None) if table else None
    if table is None or key is None:
        if if_exists:
            return
        text = f"Cannot drop the index '{'.'.join(parts)}', because it does not exist or you do not have permission."
        raise SqlError(3701, text, 11, 7)
    if key.kind != "INDEX":
        text = f"An explicit DROP INDEX is not allowed on index '{'.'.join(parts)}'. It is being used for {key.kind} constraint enforcement."
        raise SqlError(3723, text, 16, 4)
    table.keys.remove(key)
    rebuild(session, table)


def truncate(session: Session, parts: tree.Parts) -> None:
    """TRUNCATE TABLE: the identity starts over.

    Raises:
        SqlError: 4701 without the table, 4712 if a foreign key refers to it.
    """
    table = session.resolve(parts)
    if table is None or table.kind != "U":
        text = f'Cannot find the object "{parts[-1]}" because it does not exist or you do not have permissions.'
        raise SqlError(4701, text, ends="batch")
    if any(child.id != table.id for child, _ in rows.referring(session, table)):
        text = f"Cannot truncate table '{'.'.join(parts)}' because it is being referenced by a FOREIGN KEY constraint."
        raise SqlError(4712, text)
    session.db.execute(f"DELETE FROM {table.storage}")
    session.instance.identities.pop(table.id, None)


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


__all__ = ["invalid_object", "run", "tokens"]
