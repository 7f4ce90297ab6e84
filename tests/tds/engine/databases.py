"""Databases."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from typing import TYPE_CHECKING

from tests.tds.engine.dropping import drop_storage
from tests.tds.errors import Refused, SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


def outside(session: Session, what: str) -> None:
    """Statements that no transaction may hold.

    Raises:
        SqlError: 226.
    """
    if session.transactions.count:
        raise SqlError(226, f"{what} statement not allowed within multi-statement transaction.", 16, 6)


def create_database(session: Session, name: str) -> None:
    """CREATE DATABASE.

    Raises:
        SqlError: 226 inside a transaction, 1801 if there is one of that name.
    """
    outside(session, "CREATE DATABASE")
    if session.instance.database(name):
        raise SqlError(1801, f"Database '{name}' already exists. Choose a different database name.", 16, 3)
    session.instance.databases.append(name)


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
    outside(session, "DROP DATABASE")
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
