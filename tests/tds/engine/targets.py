"""What a change is about: the table and columns that it names, whether they take values, and which they have without one."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import tree
from tests.tds.engine.binder import Scope
from tests.tds.engine.catalog import Column, Object, invalid_object
from tests.tds.engine.queries import Binder
from tests.tds.engine.rows import unlimited
from tests.tds.errors import Refused, SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


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


def given_twice(column: str) -> SqlError:
    """264: a statement gives a column two values."""
    text = f"The column name '{column}' is specified more than once in the SET clause or column list of an INSERT. A column cannot be assigned more than one value in the same clause. Modify the clause to make sure that a column is updated only once. If this statement updates or inserts columns into a view, column aliasing can conceal the duplication in your code."
    return SqlError(264, text, ends="batch")


def mismatch() -> SqlError:
    """213: values for a table's columns, and not as many."""
    return SqlError(213, "Column name or number of supplied values does not match table definition.", ends="batch")


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
