"""What a backend tells the conformance suite about itself.

The tests hold one behaviour against every backend. Whatever differs between servers (how a fresh database is made,
how a type is spelled, which code a violation has) is data in a `Backend`, so no test asks which one it runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import polars as pl

import industrydb as idb


@dataclass(frozen=True, slots=True)
class Database:
    """A fresh, empty database that ends with its test."""

    config: idb.DatabaseConfig

    @property
    def uri(self) -> str:
        """Its URI, password included."""
        return self.config.to_uri()

    def connect(self, **options: Any) -> idb.Connection:
        """A new connection to it; `options` add to those of its config."""
        return self._with(options).connect()

    def connect_async(self, **options: Any) -> idb.AsyncConnecting:
        """The same for asyncio."""
        return idb.connect_async(self._with(options))

    def _with(self, options: Mapping[str, Any]) -> idb.DatabaseConfig:
        return idb.DatabaseConfig.from_dict({**self.config.to_dict(), **options})


@dataclass(frozen=True, slots=True)
class Type:
    """A column type: what the server calls it, what reading it gives, and values in SQL and in Python."""

    declared: str
    dtype: pl.DataType
    values: tuple[tuple[str, Any], ...]

    @property
    def id(self) -> str:
        """How the type is named in a test's id."""
        return self.declared.lower().replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Expression:
    """A query without a table: its SQL, and the type and value of its one column `v`."""

    sql: str
    dtype: pl.DataType
    value: object

    @property
    def id(self) -> str:
        """How the expression is named in a test's id."""
        return self.sql


@dataclass(frozen=True, slots=True)
class Bind:
    """A Python value as a parameter into a column of `declared`, and what reading that column gives."""

    id: str
    value: Any
    declared: str
    dtype: pl.DataType
    read: object


@dataclass(frozen=True, slots=True)
class Placeholders:
    """A query in the server's own placeholder style, its parameters and its one row."""

    sql: str
    params: Any
    row: tuple[object, ...]

    @property
    def id(self) -> str:
        """How the query is named in a test's id."""
        return self.sql


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A column of a frame that `insert(mode="create")` stores, and what reading the new table gives."""

    id: str
    series: pl.Series
    read: pl.Series

    @classmethod
    def same(cls, id: str, series: pl.Series) -> Self:  # noqa: A002 - it is one
        """A column that comes back as it went."""
        return cls(id, series, series)


@dataclass(frozen=True, slots=True)
class RefusedColumn:
    """A column of a frame that cannot be stored without loss."""

    id: str
    series: pl.Series
    declared: str | None = None
    """The target's type, or None for `mode="create"`."""


@dataclass(frozen=True, slots=True)
class Override:
    """A value in a column of `declared`, read with `schema_overrides`."""

    id: str
    declared: str
    literal: str
    override: pl.DataType
    value: object = None
    """What it gives; not looked at where the override cannot be met."""


@dataclass(frozen=True, slots=True)
class Violation:
    """A statement that breaks a rule, and the exception that says so."""

    id: str
    setup: tuple[str, ...]
    statement: str
    exception: type[idb.IndustryDbError]
    attributes: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Backend:
    """One backend: how to reach it, how it spells things, and what its types become."""

    name: str
    unavailable: Callable[[], str | None]
    """Why no server of it can be reached here; None if one can."""
    database: Callable[[Path], AbstractContextManager[Database]]
    """A fresh database; the path is a directory that the test owns."""
    spellings: Mapping[str, str]
    """What stands for `{bigint}`, `{text}`, … in the suite's SQL."""
    quote: Callable[[str], str]
    """A name as an identifier."""
    default_schema: str
    series: str
    """A FROM item with the rows 1 … `{n}` in its column `i`."""
    endless: str
    """A query that runs for minutes, uses little memory and has one column."""
    stalling: str
    """A query of one column whose first rows come at once, and the others not for minutes."""
    unreachable: Callable[[Path], str]
    """A URI that cannot be connected to."""
    misspelt_option: tuple[str, str]
    """An option that it does not have, and the one that was meant."""
    isolations: tuple[str, ...]
    syntax_code: str
    missing_table_code: str
    types: tuple[Type, ...]
    expressions: tuple[Expression, ...]
    binds: tuple[Bind, ...]
    unbindable: tuple[Bind, ...]
    """Values that the column cannot hold."""
    placeholders: tuple[Placeholders, ...]
    round_trips: tuple[RoundTrip, ...]
    refused_columns: tuple[RefusedColumn, ...]
    overrides: tuple[Override, ...]
    refused_overrides: tuple[Override, ...]
    violations: tuple[Violation, ...]
    statements: tuple[str, ...]
    """Statements beyond the common ones that run and give a result set: EXPLAIN, PRAGMA, SHOW, …"""
    read_only: bool = True
    """Whether it has transactions that cannot write."""
    deferrable: bool = False
    """Whether it has transactions that wait until nothing can make them fail."""
    closes_when_cut: bool = False
    """Whether its connection may close when a statement is cancelled in the middle of its result."""
    version: str = ""
    """What tells several entries of one backend apart."""

    @property
    def id(self) -> str:
        """How the entry is named in a test's id."""
        return self.name + self.version

    @property
    def label(self) -> str:
        """How the entry is named in the count of tests."""
        return f"{self.name} {self.version}".rstrip()

    def sql(self, template: str) -> str:
        """The suite's SQL in this backend's spelling."""
        return template.format_map(self.spellings)

    def rows(self, count: int) -> str:
        """A FROM item that gives 1 … `count` in its column `i`."""
        return self.series.format(n=count)
