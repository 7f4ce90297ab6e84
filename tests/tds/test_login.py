"""Logging in: each client, in each way of encryption, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import mssql_python
import pytds  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import pytest

from tests.tds.clients import CLIENTS, PYTDS, Client, Tls
from tests.tds.conftest import WAYS, real_server
from tests.tds.process import Address, running
from tests.tds.server import Certificate, Server

SQL_COPT_SS_ACCESS_TOKEN = 1256
ENCRYPTED = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID"


@pytest.mark.parametrize("way", WAYS)
def test_each_way(servers: Callable[[Tls], Address], files: tuple[Certificate, str], way: tuple[Client, Tls]) -> None:
    client, tls = way
    with closing(client.open(servers(tls), tls, files[1])) as connection:
        assert client.query(connection, "SELECT 1 AS a, N'żółw 🐢' AS b") == [(1, "żółw 🐢")]
        assert client.query(connection, ENCRYPTED) == [("TRUE" if tls == "all" else "FALSE",)]


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_a_wrong_password(servers: Callable[[Tls], Address], client: Client) -> None:
    with pytest.raises(Exception, match="(?i)login failed|20002|authentication"):
        client.open(replace(servers("plain"), password="wrong"), "plain", "")


def test_a_wrong_password_has_its_number(servers: Callable[[Tls], Address]) -> None:
    with pytest.raises(pytds.OperationalError) as caught:
        PYTDS.open(replace(servers("plain"), password="wrong"), "plain", "")
    assert caught.value.number == 18456


@pytest.mark.parametrize("client", CLIENTS, ids=str)
def test_a_database_that_is_not_there(servers: Callable[[Tls], Address], client: Client) -> None:
    with pytest.raises(Exception, match="(?i)nowhere|login failed|18456"):
        client.open(replace(servers("plain"), database="nowhere"), "plain", "")


# What follows is about this server's own modes, whatever server the rest runs on.


@pytest.mark.parametrize("client", [client for client in CLIENTS if client is not PYTDS], ids=str)
def test_a_server_that_insists_on_tls(files: tuple[Certificate, str], client: Client) -> None:
    with running("required", files[0]) as address, closing(client.open(address, "all", files[1])) as connection:
        assert client.query(connection, ENCRYPTED) == [("TRUE",)]
    with running("required", files[0]) as address, pytest.raises(pytds.Error, match="encryption"):
        PYTDS.open(address, "plain", "")


def strict(address: Address, certificate: str) -> Any:
    """Microsoft's driver, the one client with TDS 8.0."""
    return mssql_python.connect(
        f"Server={address.host},{address.port};Database=test;UID={address.user};PWD={{{address.password}}};"
        f"Encrypt=strict;ServerCertificate={certificate}",
        autocommit=True,
    )


@pytest.mark.parametrize("mode", ["strict", "login", "required"])
def test_tds_8(files: tuple[Certificate, str], mode: Any) -> None:
    with running(mode, files[0]) as address, closing(strict(address, files[0].chain)) as connection:
        cursor = connection.cursor()
        assert [tuple(row) for row in cursor.execute(ENCRYPTED).fetchall()] == [("TRUE",)]


def test_a_strict_server_takes_nothing_else(files: tuple[Certificate, str]) -> None:
    with running("strict", files[0]) as address, pytest.raises(pytds.Error, match="(?i)closed"):
        PYTDS.open(address, "plain", "")


def test_a_mode_with_tls_needs_a_certificate() -> None:
    with pytest.raises(ValueError, match="certificate"):
        Server(encryption="required")


def test_an_access_token(files: tuple[Certificate, str]) -> None:
    with running("required", files[0], access_token="good") as address:

        def login(token: str) -> Any:
            data = token.encode("utf-16-le")
            where = f"Server={address.host},{address.port};Database=test;Encrypt=yes;TrustServerCertificate=yes"
            before: dict[int, int | str | bytes] = {SQL_COPT_SS_ACCESS_TOKEN: len(data).to_bytes(4, "little") + data}
            return mssql_python.connect(where, attrs_before=before, autocommit=True)

        with closing(login("good")) as connection:
            assert [tuple(row) for row in connection.cursor().execute("SELECT 1").fetchall()] == [(1,)]
        with pytest.raises(Exception, match="token-identified"):
            login("bad")


def test_it_says_that_it_is_a_test_server(servers: Callable[[Tls], Address]) -> None:
    if real_server() is None:
        with closing(PYTDS.open(servers("plain"), "plain", "")) as connection:
            assert "TDS test server" in PYTDS.query(connection, "SELECT @@VERSION")[0][0]
