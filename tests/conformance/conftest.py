"""Runs each test on each backend that can be reached, and hands it a fresh database there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import BACKENDS, Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Ids, Run

REACHABLE = [backend for backend in BACKENDS if backend.name in idb.backends() and backend.unavailable() is None]

PEOPLE = pl.DataFrame(
    {
        "id": [1, 2, 3, 4],
        "name": ["Ada", "Grace", "Edsger", None],
        "age": [36, 85, 72, None],
        "team": ["red", "red", "blue", "blue"],
    },
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each backend, or for each entry of the table that the `cases` marker names."""
    if "backend" not in metafunc.fixturenames:
        return
    cases = metafunc.definition.get_closest_marker("cases")
    if cases is None:
        metafunc.parametrize("backend", REACHABLE, ids=lambda backend: backend.id)
    else:
        rows = [
            pytest.param(backend, case, id=f"{backend.id}-{getattr(case, 'id', case)}")
            for backend in REACHABLE
            for case in getattr(backend, cases.args[0])
        ]
        metafunc.parametrize(("backend", "case"), rows)


@pytest.fixture
def database(backend: Backend, tmp_path: Path) -> Iterator[Database]:
    """A fresh database."""
    with backend.database(tmp_path) as database:
        yield database


@pytest.fixture
def conn(database: Database) -> Iterator[idb.Connection]:
    """A connection to the fresh database."""
    with database.connect() as connection:
        yield connection


@pytest.fixture
def run(conn: idb.Connection, backend: Backend) -> Run:
    """`conn.execute` on SQL in the suite's spelling."""

    def run(template: str) -> pl.DataFrame:
        return conn.execute(backend.sql(template))

    return run


@pytest.fixture
def people(run: Run, conn: idb.Connection) -> str:
    """A table of four people with the primary key `id`."""
    run("CREATE TABLE people (id {bigint} NOT NULL PRIMARY KEY, name {text}, age {bigint}, team {text})")
    assert conn.insert("people", PEOPLE) == 4
    return "people"


@pytest.fixture
def t(run: Run) -> str:
    """An empty table `t (id, name)` with the primary key `id`."""
    run("CREATE TABLE t (id {bigint} NOT NULL PRIMARY KEY, name {key})")
    return "t"


@pytest.fixture
def ids(conn: idb.Connection) -> Ids:
    """The ids in a table, in order."""

    def ids(table: str = "t") -> list[int]:
        return conn.select(table, ["id"], order_by="id")["id"].to_list()

    return ids
