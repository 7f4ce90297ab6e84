"""CREATE, ALTER, DROP and TRUNCATE: who does which, and in a transaction or outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import tree
from tests.tds.engine.altering import alter
from tests.tds.engine.databases import alter_database, create_database, drop_database
from tests.tds.engine.dropping import drop, truncate
from tests.tds.engine.schemas import create_schema, create_synonym
from tests.tds.engine.tables import create_index, create_table
from tests.tds.errors import Refused

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def run(session: Session, statement: tree.Statement) -> None:
    """One of them."""
    match statement:
        case tree.CreateDatabase(_, name):
            create_database(session, name)
        case tree.AlterDatabase(_, name, options):
            alter_database(session, name, options)
        case tree.Drop(_, "DATABASE", names, if_exists):
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
