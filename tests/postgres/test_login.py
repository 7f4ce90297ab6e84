"""Passwords by every method, and which phase of connecting has failed."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

import industrydb as idb
from tests.postgres.servers import Cluster, Installation, free_port

pytestmark = pytest.mark.backend("postgres 18")

METHODS = {"scram": "scram-sha-256", "md5": "md5", "plain": "password"}
PASSWORDS = ["s3cr3t", "pässwörd żółw", "p@:/ #%&?=+'\\\"", " blanks ", "x" * 500]
PREPARED = ["ﬁne", "no\u00a0break", "\u2168", "soft\u00adhyphen"]
"""Passwords that SASLprep changes (RFC 4013)."""


@pytest.fixture(scope="module")
def server(newest: Installation) -> Iterator[Cluster]:
    """A server with a role for each method."""
    access = "local all postgres trust\nhost all refused 127.0.0.1/32 reject\n" + "".join(
        f"{kind} all {role} {where} {method}\n"
        for role, method in METHODS.items()
        for kind, where in (("local", ""), ("host", "127.0.0.1/32"))
    )
    cluster = Cluster(newest, tcp=True, access=access + "host all limited 127.0.0.1/32 trust\n")
    with cluster.admin() as admin:
        admin.execute("CREATE ROLE limited LOGIN CONNECTION LIMIT 0")
    yield cluster
    cluster.stop()


def give(server: Cluster, role: str, password: str) -> None:
    """Makes the role anew with that password."""
    with server.admin() as admin:
        admin.execute(f"SET password_encryption = '{'md5' if role == 'md5' else 'scram-sha-256'}'".encode())
        admin.execute(f"DROP ROLE IF EXISTS {role}".encode())
        admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD {literal(password)}".encode())


def literal(text: str) -> str:
    """A text as SQL."""
    quoted = text.replace("'", "''").replace("\\", "\\\\")
    return f"E'{quoted}'"


def connect(server: Cluster, role: str, **options: Any) -> idb.Connection:
    """A connection over TCP."""
    return server.config(**{"host": "127.0.0.1", "username": role, "password": None, **options}).connect()


@pytest.mark.parametrize("password", PASSWORDS, ids=range(len(PASSWORDS)))
@pytest.mark.parametrize("role", METHODS)
def test_every_method(server: Cluster, role: str, password: str) -> None:
    give(server, role, password)
    for host in ("127.0.0.1", server.host):
        with connect(server, role, host=host, password=password) as conn:
            assert conn.execute("SELECT current_user AS who").item() == role


@pytest.mark.parametrize("password", PREPARED, ids=range(len(PREPARED)))
def test_passwords_that_are_prepared(server: Cluster, password: str) -> None:
    give(server, "scram", password)
    with connect(server, "scram", password=password) as conn:
        assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("role", METHODS)
def test_a_password_that_cannot_be_prepared(server: Cluster, role: str) -> None:
    # SASLprep knows the characters of Unicode 3.2 alone. The server takes others as they are, the driver refuses them.
    password = "żółw 🐢"
    give(server, role, password)
    if role == "scram":
        with pytest.raises(idb.DatabaseConnectionError, match="SASLprep") as caught:
            connect(server, role, password=password)
        assert not set("żó🐢") & set(str(caught.value))
    else:
        with connect(server, role, password=password) as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("role", METHODS)
@pytest.mark.parametrize("password", ["wr0ng-passw0rd", "", None])
def test_a_wrong_password(server: Cluster, role: str, password: str | None) -> None:
    give(server, role, "s3cr3t")
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)log ?in|password|auth") as caught:
        connect(server, role, password=password)
    assert caught.value.code in ({"28P01"} if password else {"28P01", None})
    assert caught.value.backend == "postgres"
    assert "wr0ng" not in str(caught.value) + repr(caught.value)


def test_an_unknown_role_and_one_that_is_refused(server: Cluster) -> None:
    for role in ("stranger", "refused"):
        with pytest.raises(idb.DatabaseConnectionError, match=f"{role}") as caught:
            connect(server, role, password="x")
        assert caught.value.code == "28000"


def test_a_role_with_no_connection_left(server: Cluster) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="limited") as caught:
        connect(server, "limited")
    assert caught.value.code == "53300"


def test_the_phase_is_the_database(server: Cluster) -> None:
    give(server, "plain", "s3cr3t")
    with pytest.raises(idb.DatabaseConnectionError, match="no such database") as caught:
        connect(server, "plain", password="s3cr3t", database="no such database")
    assert caught.value.code == "3D000"
    assert "database" in str(caught.value)


def test_the_phase_is_dns() -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)dns|resolv") as caught:
        idb.connect("postgresql://ada:s3cr3t@no-such-host.invalid/work")
    assert "no-such-host.invalid" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_the_phase_is_tcp() -> None:
    port = free_port()
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)tcp") as caught:
        idb.connect(f"postgresql://ada:s3cr3t@127.0.0.1:{port}/work")
    assert "refused" in str(caught.value).lower()
    assert str(port) in str(caught.value)


def test_the_phase_is_the_socket(server: Cluster) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)socket") as caught:
        idb.connect(f"postgresql://ada@/work?host={server.host}/nowhere")
    assert f"{server.host}/nowhere" in str(caught.value)


@pytest.mark.parametrize("sslmode", ["disable", "prefer", "require"])
def test_a_host_that_says_nothing(sslmode: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        start = time.monotonic()
        with pytest.raises(idb.DatabaseConnectionError, match="(?i)tim"):
            idb.connect(f"postgresql://ada@127.0.0.1:{port}/work?connect_timeout=1&sslmode={sslmode}")
        assert time.monotonic() - start < 8


def asking(*answers: bytes) -> socket.socket:
    """A server that answers the request for TLS, and then the login; it takes one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            for answer in answers:
                client.recv(1000)
                client.sendall(answer)
            client.recv(1000)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def authentication(method: int, rest: bytes = b"") -> bytes:
    """A request for a login (PostgreSQL manual 54.7)."""
    return b"R" + struct.pack("!ii", 8 + len(rest), method) + rest


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([b"N", authentication(2)], "login failed: the server asks for a login by Kerberos V5"),
        ([b"N", authentication(7)], "login failed: the server asks for a login by GSSAPI"),
        ([b"N", authentication(9)], "login failed: the server asks for a login by SSPI"),
        ([b"N", authentication(13)], "login failed: the server asks for a login by an unknown method"),
        ([b"N", authentication(10, b"OAUTHBEARER\0\0")], "login failed: the server asks for a login by OAuth"),
        ([b"E"], "login failed: the server answered the request for TLS with an error"),
        ([b"H"], "not PostgreSQL's protocol: unexpected response from SSLRequest: 0x48$"),
    ],
)
def test_a_login_that_is_not_possible(answers: list[bytes], reason: str) -> None:
    with (
        asking(*answers) as listener,
        pytest.raises(idb.DatabaseConnectionError, match=reason) as caught,
    ):
        idb.connect(f"postgresql://ada@127.0.0.1:{listener.getsockname()[1]}/work?connect_timeout=10")
    assert "sqlx" not in str(caught.value)


def test_each_host_has_its_time(server: Cluster) -> None:
    give(server, "plain", "s3cr3t")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        silent = listener.getsockname()[1]
        hosts = f"127.0.0.1:{silent},127.0.0.1:{server.port}"
        start = time.monotonic()
        with idb.connect(f"postgresql://plain:s3cr3t@{hosts}/postgres?connect_timeout=1") as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1
        assert time.monotonic() - start < 8


def test_a_failed_login_leaves_no_session(server: Cluster) -> None:
    give(server, "scram", "s3cr3t")
    for _ in range(5):
        with pytest.raises(idb.DatabaseConnectionError):
            connect(server, "scram", password="wrong")
    with server.admin() as admin:
        left = admin.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'scram'").fetchone()
    assert left == (0,)
