"""CREATE VIEW and CREATE PROCEDURE."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import schemas, tree
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.queries import Binder
from tests.tds.errors import SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def create(session: Session, statement: tree.CreateModule) -> None:
    """Keeps the text; a view has to bind now, a procedure only when it runs.

    Raises:
        SqlError: 2714 if the name is taken, 111 if it is not the first statement, 4511 for a column without a name.
    """
    database, schema, name = session.names(statement.name)
    if schema.casefold() not in {known.casefold() for known in schemas.names(session, database)}:
        text = f'The specified schema name "{schema}" either does not exist or you do not have permission to use it.'
        raise SqlError(2760, text, ends="batch")
    old = session.catalog.find(database, schema, name)
    letter = statement.kind[0]
    if old is not None and (not statement.replace or old.kind != letter):
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 3, ends="batch")
    item = Object(old.id if old else session.instance.new_id(), database, schema, name, letter, text=statement.text)
    item.bound = statement.bound
    if statement.query is not None:
        if statement.query.order and not (
            (isinstance(statement.query.body, tree.Select) and statement.query.body.top) or statement.query.offset
        ):
            text = "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table expressions, unless TOP, OFFSET or FOR XML is also specified."
            raise SqlError(1033, text, 15, ends="batch")
        binder = Binder(session)
        bound = binder.query(statement.query, None)
        names = statement.columns or [column.name for column in bound.columns]
        if len(names) != len(bound.columns):
            number, more = (8158, "more") if len(bound.columns) > len(names) else (8159, "fewer")
            raise SqlError(number, f"'{name}' has {more} columns than were specified in the column list.", ends="batch")
        for at, (column, result) in enumerate(zip(names, bound.columns, strict=True), 1):
            if not column:
                text = f"Create View or Function failed because no column name was specified for column {at}."
                raise SqlError(4511, text, ends="batch")
            item.columns.append(Column(at, column, result.type, result.nullable))
        item.depends_on = tuple(sorted(binder.used))
    with session.atomic():
        session.catalog.save(item)
