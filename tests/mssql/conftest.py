"""A TDS test server, certificates for it, and connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

import industrydb as idb
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
    directory: Path = tmp_path_factory.mktemp("certificates")
    ca = trustme.CA()
    issued = ca.issue_cert("localhost", "127.0.0.1")
    ca_file, chain, key = directory / "ca.pem", directory / "chain.pem", directory / "key.pem"
    ca.cert_pem.write_to_path(str(ca_file))
    for part in issued.cert_chain_pems:
        part.write_to_path(str(chain), append=True)
    issued.private_key_pem.write_to_path(str(key))
    return Authority(Certificate(str(chain), str(key)), str(ca_file))


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
