"""What PostgreSQL's own tests share: each runs on every version, with the other client beside ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

import industrydb as idb
from tests.conformance.backends import Backend, postgres
from tests.conformance.backends.base import Database
from tests.conformance.types import Run
from tests.postgres.servers import Cluster, Installation, packaged, system

if "postgres" not in idb.backends():
    collect_ignore_glob = ["test_*.py"]

Referee = psycopg.Connection[tuple[Any, ...]]


def present(found: Installation | str) -> Installation:
    """An installation that tests need: it may be missing on somebody's machine, in CI it may not."""
    if isinstance(found, str):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(found)
    return found


@pytest.fixture(params=postgres.BACKENDS, ids=lambda backend: backend.id)
def backend(request: pytest.FixtureRequest) -> Backend:
    """One test for each version."""
    backend: Backend = request.param
    reason = backend.unavailable()
    if reason is not None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    return backend


@pytest.fixture
def database(backend: Backend, tmp_path: Path) -> Iterator[Database]:
    """A fresh database."""
    with backend.database(tmp_path) as database:
        yield database


@pytest.fixture
def conn(database: Database) -> Iterator[idb.Connection]:
    """Our connection to the fresh database."""
    with database.connect() as connection:
        yield connection


@pytest.fixture
def referee(database: Database) -> Iterator[Referee]:
    """The other client's connection to it; each statement commits."""
    with psycopg.connect(database.uri, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection


@pytest.fixture
def run(conn: idb.Connection) -> Run:
    """`conn.execute`."""
    return conn.execute


@pytest.fixture(scope="session")
def newest() -> Installation:
    """The packaged server's newest version, for tests that have a server of their own."""
    return present(packaged("18"))


@pytest.fixture(scope="session")
def own_server(newest: Installation) -> Iterator[Cluster]:
    """A server, over TCP as well, that a test may stop, kill and start again."""
    cluster = Cluster(newest, tcp=True)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def debian() -> Installation:
    """The system's PostgreSQL, which has TLS and the contributed extensions."""
    return present(system())
