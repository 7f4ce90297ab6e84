"""What all sessions share: the file, the names of databases, counters that no rollback takes back."""

from __future__ import annotations

import itertools
import sqlite3
import threading
from pathlib import Path

from tests.tds.engine.catalog import SCHEMA

SYSTEM_DATABASES = ("master", "tempdb", "model", "msdb")


class Instance:
    """One SQLite file holds all databases, so that one transaction can touch several."""

    def __init__(self, directory: Path, databases: tuple[str, ...]) -> None:
        """Makes the file."""
        self.path = directory / "tds.db"
        self.databases = [*SYSTEM_DATABASES, *databases]
        self.lock = threading.Lock()
        self.identities: dict[int, int] = {}
        """The value that an identity column had last, by table."""
        self._objects = itertools.count(245_575_913)
        self._rowversions = itertools.count(2001)
        db = sqlite3.connect(self.path, isolation_level=None)
        db.execute("PRAGMA journal_mode = WAL")
        db.executescript(SCHEMA.format("main"))
        db.execute("CREATE TABLE main.latch (x)")
        db.execute("INSERT INTO main.latch VALUES (0)")
        self._keep = db

    def close(self) -> None:
        """Lets go of the file."""
        self._keep.close()

    def database(self, name: str) -> str | None:
        """A database's name as it was created."""
        folded = name.casefold()
        return next((known for known in self.databases if known.casefold() == folded), None)

    def new_id(self) -> int:
        """An object's number."""
        with self.lock:
            return next(self._objects)

    def new_rowversion(self) -> bytes:
        """A value for a rowversion column."""
        with self.lock:
            return next(self._rowversions).to_bytes(8, "big")

    def identity(self, table: int, seed: int, increment: int) -> int:
        """The next value of an identity column."""
        with self.lock:
            value = self.identities[table] + increment if table in self.identities else seed
            self.identities[table] = value
            return value

    def connect(self) -> sqlite3.Connection:
        """A session's connection."""
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=0, cached_statements=512)
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute("PRAGMA cache_size = -65536")
        db.executescript(SCHEMA.format("temp"))
        return db
