"""Fresh databases at the price of a schema: a database is emptied behind each test, and used again."""

from __future__ import annotations

import atexit
import itertools
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

USES = 400
"""How many tests a database sees: dropped tables leave dead rows in its catalogs."""

NUMBERS = itertools.count()
"""Several pools may use one server."""

Connect = Callable[[str], psycopg.Connection[tuple[Any, ...]]]
"""A connection of the other client to a database, by its name."""

OTHERS = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""Nobody waits for them to end: what they still hold, the DROP waits for."""

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'"


class Pool:
    """The databases of one server."""

    def __init__(self, connect: Connect, maintenance: str) -> None:
        """`maintenance` is the database from which others are made and dropped."""
        self.connect = connect
        self.maintenance = maintenance
        self.idle: list[tuple[str, int]] = []
        self.cleaners: dict[str, psycopg.Connection[tuple[Any, ...]]] = {}
        owner = os.getpid()
        atexit.register(lambda: self.forget() if os.getpid() == owner else None)

    @contextmanager
    def fresh(self) -> Generator[str]:
        """The name of an empty database."""
        name, uses = self.idle.pop() if self.idle else (self.create(), 0)
        try:
            yield name
        finally:
            if uses + 1 < USES:
                self.empty(name)
                self.idle.append((name, uses + 1))
            else:
                self.drop(name)

    def create(self) -> str:
        """Makes a database."""
        name = f"idb_{os.getpid()}_{next(NUMBERS)}"
        self.maintain("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", name)
        return name

    def drop(self, name: str) -> None:
        """Drops it, whoever uses it."""
        if name in self.cleaners:
            self.cleaners.pop(name).close()
        self.maintain("DROP DATABASE {} WITH (FORCE)", name)

    def close(self) -> None:
        """Drops the databases that are idle."""
        while self.idle:
            self.drop(self.idle.pop()[0])

    def forget(self) -> None:
        """Closes its connections; the databases stay."""
        while self.cleaners:
            self.cleaners.popitem()[1].close()

    def empty(self, name: str) -> None:
        """Ends everybody else's sessions in it, and drops all that it holds."""
        if name not in self.cleaners:
            self.cleaners[name] = self.connect(name)
            self.cleaners[name].execute("SET client_min_messages = error")
        cleaner = self.cleaners[name]
        cleaner.execute(OTHERS)
        schemas = cleaner.execute(SCHEMAS).fetchall()
        dropped = sql.SQL(", ").join(sql.Identifier(schema) for (schema,) in schemas)
        drop = sql.SQL("DROP SCHEMA {} CASCADE").format(dropped) if schemas else sql.SQL("")
        cleaner.execute(drop + sql.SQL("; CREATE SCHEMA public; GRANT ALL ON SCHEMA public TO PUBLIC"))

    def maintain(self, statement: LiteralString, name: str) -> None:
        """Runs a statement about a database."""
        with self.connect(self.maintenance) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))
