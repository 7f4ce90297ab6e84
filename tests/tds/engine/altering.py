"""ALTER TABLE."""

# ruff: noqa: C901, E501 - messages and rows of data stand in one piece; a case for each action
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import rows, tree
from tests.tds.engine.binder import Scope
from tests.tds.engine.bound import Bound, converted
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.queries import Binder
from tests.tds.engine.tables import add_column, add_constraint, rebuild
from tests.tds.errors import Refused, SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


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
    value = converted(Bound(f"c{column.id}", column.type), definition.type)
    nullable = definition.nullable if definition.nullable is not None else True
    if (
        not nullable
        and session.db.execute(f"SELECT 1 FROM {table.storage} WHERE c{column.id} IS NULL LIMIT 1").fetchone()
    ):
        raise rows.is_null_refused(table, column, "UPDATE")
    column.type, column.nullable = definition.type, nullable
    return {column.id: value}
