"""What exists: tables, views and procedures with their T-SQL definitions, kept in SQLite so that they roll back with it."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import pickle
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.tds.errors import SqlError
from tests.tds.types import SqlType

SCHEMA = """
CREATE TABLE IF NOT EXISTS {0}.catalog (id INTEGER PRIMARY KEY, key TEXT UNIQUE, body BLOB);
"""


@dataclass(slots=True)
class Column:
    """A column of a table or view."""

    id: int
    name: str
    type: SqlType
    nullable: bool = True
    default: str = ""
    default_name: str = ""
    default_id: int = 0
    identity: tuple[int, int] | None = None
    computed: str = ""
    persisted: bool = False

    @property
    def stored(self) -> bool:
        """Whether SQLite keeps it."""
        return not self.computed


@dataclass(slots=True)
class Key:
    """PRIMARY KEY, UNIQUE or an index."""

    id: int
    name: str
    kind: str
    columns: tuple[int, ...]
    unique: bool
    ignores_duplicates: bool = False
    """IGNORE_DUP_KEY = ON: INSERT leaves out rows that are there."""


@dataclass(slots=True)
class Check:
    """CHECK."""

    id: int
    name: str
    text: str
    column: int


@dataclass(slots=True)
class ForeignKey:
    """FOREIGN KEY."""

    id: int
    name: str
    columns: tuple[int, ...]
    table: int
    referenced: tuple[int, ...]
    on_delete: str


@dataclass(slots=True)
class Object:
    """A table (U), view (V) or procedure (P); D is a database, S a schema."""

    id: int
    database: str
    schema: str
    name: str
    kind: str
    columns: list[Column] = field(default_factory=list[Column])
    keys: list[Key] = field(default_factory=list[Key])
    checks: list[Check] = field(default_factory=list[Check])
    foreign: list[ForeignKey] = field(default_factory=list[ForeignKey])
    text: str = ""
    next_column: int = 1
    depends_on: tuple[int, ...] = ()
    bound: bool = False
    system: bool = False
    """Whether it is a copy of a catalog view."""

    @property
    def temporary(self) -> bool:
        """Whether it is the session's own."""
        return self.name[:1] in {"#", "@"}

    @property
    def storage(self) -> str:
        """What SQLite calls it."""
        return f"{'temp' if self.temporary or self.system else 'main'}.t{self.id}"

    @property
    def full_name(self) -> str:
        """As error messages name it."""
        return f"{self.schema}.{self.name}"

    def column(self, name: str) -> Column | None:
        """A column by its name."""
        folded = name.casefold()
        return next((column for column in self.columns if column.name.casefold() == folded), None)

    def by_id(self, number: int) -> Column:
        """A column by its number."""
        return next(column for column in self.columns if column.id == number)


def key_of(database: str, schema: str, name: str) -> str:
    """Names are the same where case does not count."""
    return f"{database.casefold()}\0{schema.casefold()}\0{name.casefold()}"


class Catalog:
    """The objects that a session sees."""

    def __init__(self, db: sqlite3.Connection) -> None:
        """`db` is the session's connection."""
        self.db = db

    def find(self, database: str, schema: str, name: str) -> Object | None:
        """An object by its name."""
        where = "temp" if name[:1] in {"#", "@"} else "main"
        key = key_of("tempdb", "dbo", name) if where == "temp" else key_of(database, schema, name)
        row = self.db.execute(f"SELECT body FROM {where}.catalog WHERE key = ?", (key,)).fetchone()
        return pickle.loads(row[0]) if row else None

    def get(self, number: int) -> Object | None:
        """An object by its number."""
        for where in ("main", "temp"):
            row = self.db.execute(f"SELECT body FROM {where}.catalog WHERE id = ?", (number,)).fetchone()
            if row:
                found: Object = pickle.loads(row[0])
                return found
        return None

    def all(self, database: str | None = None, *, temporary: bool = False) -> Iterator[Object]:
        """All objects of a database, in the order of their numbers."""
        where = "temp" if temporary else "main"
        for (body,) in self.db.execute(f"SELECT body FROM {where}.catalog ORDER BY id").fetchall():
            found: Object = pickle.loads(body)
            if database is None or found.database.casefold() == database.casefold():
                yield found

    def save(self, item: Object) -> None:
        """Keeps an object, new or changed."""
        where = "temp" if item.temporary else "main"
        key = key_of(item.database, item.schema, item.name)
        self.db.execute(
            f"INSERT OR REPLACE INTO {where}.catalog (id, key, body) VALUES (?, ?, ?)",
            (item.id, key, pickle.dumps(item)),
        )

    def delete(self, item: Object) -> None:
        """Forgets an object."""
        where = "temp" if item.temporary else "main"
        self.db.execute(f"DELETE FROM {where}.catalog WHERE id = ?", (item.id,))


def invalid_object(parts: tuple[str, ...]) -> SqlError:
    """208, 1087 for a table variable."""
    if parts[-1].startswith("@"):
        return SqlError(1087, f'Must declare the table variable "{parts[-1]}".', 15, 2, ends="batch")
    return SqlError(208, f"Invalid object name '{'.'.join(parts)}'.", ends="batch")
