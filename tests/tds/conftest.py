"""The servers of these tests: one in a process of its own, or the real one that `INDUSTRYDB_TEST_MSSQL` names."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest

from tests.tds.certificates import issue
from tests.tds.clients import CLIENTS, PYTDS, Client, Tls
from tests.tds.process import Address, from_uri, running
from tests.tds.server import Certificate, Encryption, Server

Session = tuple[Client, Any]
"""A client and its connection."""

WAYS = [pytest.param((client, tls), id=f"{client}-{tls}") for client in CLIENTS for tls in ("plain", "login", "all")]
TWO_WAYS = [way for way in WAYS if not str(way.id).endswith("-login")]


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Certificate, str]:
    """A certificate for the server, and the file of the authority that signed it."""
    return issue(tmp_path_factory.mktemp("tls"))


def real_server() -> Address | None:
    """The server that `INDUSTRYDB_TEST_MSSQL` names."""
    uri = os.environ.get("INDUSTRYDB_TEST_MSSQL")
    return from_uri(uri) if uri else None


@pytest.fixture(scope="session")
def servers(files: tuple[Certificate, str]) -> Iterator[Callable[[Tls], Address]]:
    """Where to find a server for each way of encryption; they start when they are first asked for."""
    started: dict[str, Address] = {}
    with ExitStack() as stack:

        def find(tls: Tls) -> Address:
            real = real_server()
            if real is not None:
                return real
            mode: Encryption = "unsupported" if tls == "plain" else "login"
            if mode not in started:
                certificate = None if tls == "plain" else files[0]
                started[mode] = stack.enter_context(running(mode, certificate))
            return started[mode]

        yield find


def fresh_database(address: Address) -> Generator[Address]:
    """A database of its own, dropped at the end."""
    name = f"tds_{uuid.uuid4().hex}"
    with closing(PYTDS.open(address, "plain", "")) as connection:
        PYTDS.query(connection, f"CREATE DATABASE {name}")
        PYTDS.query(connection, f"ALTER DATABASE {name} SET READ_COMMITTED_SNAPSHOT ON")
    yield replace(address, database=name)
    with closing(PYTDS.open(replace(address, database="master"), "plain", "")) as connection:
        PYTDS.query(connection, f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
        PYTDS.query(connection, f"DROP DATABASE {name}")


@pytest.fixture(scope="module")
def address(servers: Callable[[Tls], Address]) -> Iterator[Address]:
    """A fresh database on a server without TLS."""
    yield from fresh_database(servers("plain"))


@pytest.fixture(scope="module")
def encrypted(servers: Callable[[Tls], Address]) -> Iterator[Address]:
    """A fresh database on a server with TLS."""
    yield from fresh_database(servers("all"))


@pytest.fixture(scope="module", params=TWO_WAYS)
def session(request: pytest.FixtureRequest, files: tuple[Certificate, str]) -> Iterator[Session]:
    """A connection of each client, with and without TLS."""
    client, tls = request.param
    where: Address = request.getfixturevalue("address" if tls == "plain" else "encrypted")
    with closing(client.open(where, tls, files[1])) as connection:
        yield client, connection


@pytest.fixture
def inside(files: tuple[Certificate, str]) -> Iterator[Server]:
    """A server in this process, whose faults a test can set; for clients that let go of the GIL."""
    with Server(encryption="login", certificate=files[0]) as server:
        yield server
