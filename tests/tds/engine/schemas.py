"""Schemas and synonyms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import tree
from tests.tds.engine.catalog import Object
from tests.tds.errors import SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def names(session: Session, database: str) -> list[str]:
    """The schemas of a database."""
    own = [item.name for item in session.catalog.all(database) if item.kind == "S"]
    return ["dbo", "guest", "INFORMATION_SCHEMA", "sys", *own]


def create_schema(session: Session, name: str) -> None:
    """CREATE SCHEMA."""
    if name.casefold() in {known.casefold() for known in names(session, session.database)}:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 6, ends="batch")
    session.catalog.save(Object(session.instance.new_id(), session.database, "\1", name, "S"))


def create_synonym(session: Session, parts: tree.Parts, base: tree.Parts) -> None:
    """CREATE SYNONYM: what it stands for is looked up when it is used.

    Raises:
        SqlError: 2714 if the name is taken, 2760 if the schema is not there.
    """
    database, schema, name = session.names(parts)
    if schema.casefold() not in {known.casefold() for known in names(session, database)}:
        text = f'The specified schema name "{schema}" either does not exist or you do not have permission to use it.'
        raise SqlError(2760, text, ends="batch")
    if session.catalog.find(database, schema, name) is not None:
        raise SqlError(2714, f"There is already an object named '{name}' in the database.", 16, 1, ends="batch")
    quoted = ".".join(f"[{part.replace(']', ']]')}]" if part else "" for part in base)
    session.catalog.save(Object(session.instance.new_id(), database, schema, name, "SN", text=quoted))
