"""A TDS test server, certificates for it, and connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

import industrydb as idb
from tests.tds.certificates import issue
from tests.tds.server import Certificate, Server

PASSWORD = "p@ss:w/rd;{}%"


@dataclass(frozen=True)
class Authority:
    """A certificate of its own, and the file with the authority that signed it."""

    certificate: Certificate
    file: str


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A certificate for `localhost` and 127.0.0.1."""
    return Authority(*issue(tmp_path_factory.mktemp("certificates")))


def config(server: Server, **options: Any) -> idb.DatabaseConfig:
    """How to reach a server, without encryption unless asked for."""
    given: dict[str, Any] = {
        "host": server.host,
        "port": server.port,
        "database": "test",
        "username": server.user,
        "password": server.password,
        "encrypt": "false",
    }
    return idb.DatabaseConfig("mssql", **{**given, **options})


@pytest.fixture
def server() -> Iterator[Server]:
    """A server without TLS."""
    with Server(password=PASSWORD) as server:
        yield server


@pytest.fixture
def ms(server: Server) -> Iterator[idb.Connection]:
    """A connection to it."""
    with config(server).connect() as conn:
        yield conn
