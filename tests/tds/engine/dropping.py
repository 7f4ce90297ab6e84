"""DROP of what is in a database, and TRUNCATE TABLE."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine import rows, tree
from tests.tds.engine.catalog import Object
from tests.tds.engine.tables import rebuild
from tests.tds.errors import SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


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
