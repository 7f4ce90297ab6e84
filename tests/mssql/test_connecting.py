"""Connecting: every kind of encryption, and errors that say which phase failed, why, and what can be done."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import industrydb as idb
from tests.mssql.conftest import PASSWORD, Authority, config
from tests.tds.errors import SqlError
from tests.tds.server import Encryption, Server
from tests.tds.wire import tokens

pytestmark = pytest.mark.backend("mssql")


def refused(config: idb.DatabaseConfig) -> idb.DatabaseConnectionError:
    """The error of connecting."""
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        config.connect()
    assert PASSWORD not in str(caught.value)
    assert caught.value.backend == "mssql"
    return caught.value


@contextmanager
def listener(answer: bytes | None) -> Generator[int]:
    """A port at which something else answers; nothing at all if `answer` is None."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                sock, _ = listening.accept()
            except OSError:
                return
            with sock:
                sock.recv(4096)
                if answer is not None:
                    sock.sendall(answer)
                else:
                    stop.wait(10)

        stop = threading.Event()
        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        stop.set()
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


@contextmanager
def nobody() -> Generator[tuple[str, int]]:
    """Where a server would be whom nobody may ask anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        yield listening.getsockname()
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_the_server_says_its_version(ms: idb.Connection) -> None:
    assert ms.backend == "mssql"
    assert ms.server_version.startswith("16.")


@pytest.mark.parametrize(
    ("encryption", "encrypt"),
    [
        ("login", "true"),
        ("login", "false"),
        ("login", "login"),
        ("required", "true"),
        ("required", "false"),
        ("required", "login"),
        ("strict", "strict"),
        ("login", "strict"),
    ],
)
def test_each_kind_of_encryption(authority: Authority, encryption: Encryption, encrypt: str) -> None:
    with Server(encryption=encryption, certificate=authority.certificate, password=PASSWORD) as server:
        wanted = config(server, encrypt=encrypt, trust_server_certificate_ca=authority.file)
        with wanted.connect() as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1
            (connection,) = server.connections()
            plain = (encryption, encrypt) in {("login", "false"), ("login", "login")}
            assert connection.encrypted is not plain


@pytest.mark.parametrize("encrypt", ["true", "login"])
def test_no_encryption_where_the_server_has_none(server: Server, encrypt: str) -> None:
    error = refused(config(server, encrypt=encrypt))
    assert "(TLS): the server offers no encryption" in str(error)
    assert "encrypt=false" in (error.hint or "")


def test_a_certificate_of_nobody_known(authority: Authority) -> None:
    with Server(encryption="required", certificate=authority.certificate, password=PASSWORD) as server:
        error = refused(config(server, encrypt="true"))
        assert "(TLS)" in str(error)
        assert "UnknownIssuer" in str(error)
        assert "trust_server_certificate_ca" in (error.hint or "")
        assert "tiberius" not in str(error).lower()
        with config(server, encrypt="true", trust_server_certificate=True).connect() as conn:
            conn.ping()


def test_a_certificate_for_another_name(authority: Authority) -> None:
    with Server(encryption="required", certificate=authority.certificate, password=PASSWORD) as server:
        options = {"encrypt": "true", "trust_server_certificate_ca": authority.file}
        error = refused(config(server, **options, hostname_in_certificate="db.example.org"))
        assert "(TLS)" in str(error)
        with config(server, **options, hostname_in_certificate="localhost").connect() as conn:
            conn.ping()


def test_a_name_that_does_not_resolve(server: Server) -> None:
    error = refused(config(server, host="no-such-host.invalid"))
    assert "(DNS)" in str(error)
    assert "no-such-host.invalid" in str(error)


def test_a_port_that_nobody_listens_at() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    error = refused(idb.DatabaseConfig("mssql", host="127.0.0.1", port=port, username="u", password=PASSWORD))
    assert "(TCP)" in str(error)
    assert f"127.0.0.1:{port}" in str(error)
    assert "nothing listens" in (error.hint or "")


def test_a_port_of_something_else() -> None:
    with listener(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        error = refused(idb.DatabaseConfig("mssql", host="127.0.0.1", port=port, username="u", password=PASSWORD))
    assert "(prelogin)" in str(error)


def test_a_port_that_stays_silent() -> None:
    with listener(None) as port:
        wanted = idb.DatabaseConfig(
            "mssql", host="127.0.0.1", port=port, username="u", password=PASSWORD, connect_timeout=0.3
        )
        start = time.monotonic()
        error = refused(wanted)
    assert time.monotonic() - start < 3
    assert "(prelogin)" in str(error)
    assert "connect_timeout=0.3" in str(error)


@pytest.mark.parametrize(
    ("fault", "phase"),
    [("accept", "prelogin"), ("prelogin", "prelogin"), ("tls", "TLS"), ("login", "login"), ("request", "first query")],
)
@pytest.mark.parametrize("action", ["stall", "close"])
def test_a_server_that_gives_up(authority: Authority, action: str, fault: str, phase: str) -> None:
    with Server(encryption="login", certificate=authority.certificate, password=PASSWORD) as server:
        getattr(server.faults, action).add(fault)
        start = time.monotonic()
        options = {"encrypt": "true", "trust_server_certificate_ca": authority.file}
        error = refused(config(server, **options, connect_timeout=0.5))
        assert time.monotonic() - start < 3
        assert f"({phase})" in str(error)
        assert f"{server.host}:{server.port}" in str(error)
        assert error.hint
        if action == "stall":
            assert "connect_timeout=0.5" in str(error)
        server.faults.close.clear()
        server.faults.release()
        with config(server, **options).connect() as conn:
            conn.ping()


def test_strict_encryption_where_the_server_has_none(server: Server) -> None:
    error = refused(config(server, encrypt="strict"))
    assert "(TLS)" in str(error)
    assert "encrypt" in (error.hint or "")


@pytest.mark.parametrize("encrypt", ["false", "login", "true"])
def test_a_server_that_takes_strict_encryption_alone(authority: Authority, encrypt: str) -> None:
    with Server(encryption="strict", certificate=authority.certificate, password=PASSWORD) as server:
        error = refused(config(server, encrypt=encrypt, trust_server_certificate_ca=authority.file))
        assert "(prelogin)" in str(error)
        assert "encrypt=strict" in (error.hint or "")


@pytest.mark.parametrize(
    "content",
    [
        b"no certificate",
        b"",
        b"-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nno base64\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nbm90aGluZw==\n-----END PRIVATE KEY-----\n",
    ],
)
def test_a_bundle_without_a_certificate(tmp_path: Path, content: bytes) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(content)
    with nobody() as (host, port), pytest.raises(idb.ConfigurationError, match=r"ca: .*bundle\.pem.* certificate"):
        idb.DatabaseConfig(
            "mssql", host=host, port=port, username="u", password=PASSWORD, trust_server_certificate_ca=str(bundle)
        ).connect()


@pytest.mark.parametrize("form", ["pem", "der"])
def test_a_bundle_in_either_form(authority: Authority, tmp_path: Path, form: str) -> None:
    text = Path(authority.file).read_text(encoding="ascii")
    bundle = tmp_path / "bundle"
    bundle.write_bytes(ssl.PEM_cert_to_DER_cert(text) if form == "der" else b"\xef\xbb\xbf" + text.encode() * 2)
    with (
        Server(encryption="required", certificate=authority.certificate, password=PASSWORD) as server,
        config(server, encrypt="true", trust_server_certificate_ca=str(bundle)).connect() as conn,
    ):
        conn.ping()


def test_an_access_token(authority: Authority) -> None:
    with Server(encryption="required", certificate=authority.certificate, access_token="good") as server:
        options = {"username": None, "password": None, "encrypt": "true", "trust_server_certificate_ca": authority.file}
        with config(server, **options, access_token="good").connect() as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1
        wrong = config(server, **options, access_token="hunter2")
        error = refused(wrong)
        assert (error.code, "(login)" in str(error)) == ("18456", True)
        assert "hunter2" not in f"{error} {error.hint} {error.detail} {wrong!r}"
        assert "token" in (error.hint or "")


def test_a_wrong_password(server: Server) -> None:
    error = refused(config(server, password="hunter2"))
    assert "(login)" in str(error)
    assert error.code == "18456"
    assert "hunter2" not in str(error)
    assert "password" in (error.hint or "")


def test_a_database_that_is_not_there(server: Server) -> None:
    error = refused(config(server, database="nope"))
    assert "(database)" in str(error)
    assert error.code == "4060"
    assert "nope" in str(error)


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (40613, "try again"),
        (40197, "try again"),
        (40501, "try again"),
        (49918, "try again"),
        (4221, "try again"),
        (10928, "try again"),
        (18461, "single user"),
        (18452, "allow SQL logins"),
        (17892, "trigger"),
        (40532, "user@server"),
        (40615, "firewall"),
    ],
)
def test_a_login_that_the_server_refuses(server: Server, number: int, hint: str) -> None:
    server.faults.login_error = SqlError(number, "Not now.", 14)
    error = refused(config(server))
    assert error.code == str(number)
    assert "Not now." in str(error)
    assert hint in (error.hint or "")


@pytest.mark.parametrize(("number", "level"), [(40613, 17), (40197, 17), (10928, 16), (49920, 16), (3960, 16)])
def test_what_passes_is_the_statements_error(server: Server, ms: idb.Connection, number: int, level: int) -> None:
    said = tokens.message(number, 1, level, "Not now.", "S", "", 1)
    server.faults.responses["SELECT later"] = said + tokens.done(tokens.DONE, tokens.ERROR)
    with pytest.raises(idb.QueryExecutionError, match="Not now") as caught:
        ms.execute("SELECT later")
    assert caught.value.code == str(number)
    assert "again" in (caught.value.hint or "")
    assert ms.execute("SELECT 1 AS a").item() == 1


def test_what_passes_and_ends_the_session(server: Server, ms: idb.Connection) -> None:
    said = tokens.message(40501, 1, 20, "The service is currently busy.", "S", "", 1)
    server.faults.responses["SELECT later"] = said + tokens.done(tokens.DONE, tokens.ERROR)
    with pytest.raises(idb.DatabaseConnectionError, match="busy") as caught:
        ms.execute("SELECT later")
    assert "try again" in (caught.value.hint or "")
    assert ms.is_closed()


def test_a_server_that_sends_on_to_another(server: Server) -> None:
    with Server(password=PASSWORD) as gateway:
        gateway.faults.route_to = (server.host, server.port)
        with config(gateway).connect() as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1
            assert len(server.connections()) == 1


@pytest.mark.parametrize("fault", ["port", "name", "login"])
def test_a_server_that_sends_on_to_where_nobody_gets_in(server: Server, fault: str) -> None:
    with Server(password=PASSWORD) as gateway, closing(socket.create_server(("127.0.0.1", 0))) as free:
        there, port = ("no-such-host.invalid" if fault == "name" else server.host), server.port
        if fault == "port":
            port = free.getsockname()[1]
            free.close()
        gateway.faults.route_to = (there, port)
        server.faults.login_error = SqlError(18456, "Login failed for user 'sa'.", 14)
        error = refused(config(gateway))
    assert f"SQL Server at {there}:{port}, where {gateway.host}:{gateway.port} sends its clients (" in str(error)
    assert ("Redirect" in (error.hint or "") or "sends its clients on" in (error.hint or "")) == (fault != "login")


@pytest.mark.parametrize("host", [r"(localdb)\MSSQLLocalDB", r"(LocalDB)\.\shared", "(localdb)"])
def test_localdb(host: str) -> None:
    with pytest.raises(idb.ConfigurationError, match=r"LocalDB.*Windows.*named pipe") as caught:
        idb.connect(f"Server={host};UID=u;PWD={{{PASSWORD.replace('}', '}}')}}}")
    assert PASSWORD not in str(caught.value)


def test_servers_that_send_in_circles(server: Server) -> None:
    server.faults.route_to = (server.host, server.port)
    assert "circles" in str(refused(config(server)))


def browser(port: int) -> bytes:
    """What SQL Server Browser answers for an instance ([MS-SQLR] 2.2.5)."""
    data = f"ServerName;H;InstanceName;I;IsClustered;No;Version;16.0.1000.6;tcp;{port};;".encode()
    return b"\x05" + len(data).to_bytes(2, "little") + data


def test_a_named_instance(server: Server) -> None:
    asked: list[bytes] = []
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp:
        udp.bind(("127.0.0.1", 1434))

        def serve() -> None:
            data, client = udp.recvfrom(1024)
            asked.append(data)
            udp.sendto(browser(server.port), client)

        thread = threading.Thread(target=serve)
        thread.start()
        with config(server, port=None, instance="I").connect() as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1
        thread.join()
    assert asked == [b"\x04I"]


@pytest.mark.parametrize("silent", [False, True], ids=["refuses", "silent"])
def test_a_named_instance_whose_port_is_closed(server: Server, silent: bool) -> None:  # noqa: FBT001 - a parameter
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as udp, closing(socket.socket()) as tcp:
        udp.bind(("127.0.0.1", 1434))
        tcp.bind(("127.0.0.1", 0))
        port = tcp.getsockname()[1]
        clients = [socket.socket() for _ in range(8)] if silent else []
        if silent:
            tcp.listen(0)  # and nobody accepts
        for client in clients:
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))

        def serve() -> None:
            _, client = udp.recvfrom(1024)
            udp.sendto(browser(port), client)

        thread = threading.Thread(target=serve)
        thread.start()
        error = refused(config(server, port=None, instance="I", connect_timeout=1.5))
        thread.join()
        for client in clients:
            client.close()
    assert "127.0.0.1\\I (TCP)" in str(error)
    assert error.hint


def test_an_instance_that_nobody_knows(server: Server) -> None:
    error = refused(config(server, port=None, instance="I"))
    assert "(SQL Server Browser)" in str(error) or "(TCP)" in str(error)
    assert "127.0.0.1\\I" in str(error)


def test_what_the_login_tells(server: Server) -> None:
    options = {"application_name": "the app", "workstation_id": "here", "application_intent": "readonly"}
    with config(server, **options, packet_size=8192).connect() as conn:
        assert conn.execute("SELECT APP_NAME() AS a").item() == "the app"
        (connection,) = server.connections()
        assert connection.packet_size == 8192
        login = connection.login
        assert login is not None
        assert login.host == "here"
        assert login.read_only


def test_packets_have_the_size_of_sqlclients(server: Server) -> None:
    with config(server).connect():
        (connection,) = server.connections()
        assert connection.packet_size == 8_000


def test_packets_are_smaller_where_the_server_insists_on_tls(authority: Authority) -> None:
    with Server(encryption="required", certificate=authority.certificate, password=PASSWORD) as server:
        options = {"trust_server_certificate_ca": authority.file, "packet_size": 32_767}
        with config(server, encrypt="false", **options).connect() as conn:
            (connection,) = server.connections()
            assert (connection.encrypted, connection.packet_size) == (True, 16_383)
            assert conn.execute("SELECT REPLICATE(CAST('x' AS varchar(max)), 50000) AS a").item() == "x" * 50_000


def test_packets_are_large_without_tls(server: Server) -> None:
    with config(server, packet_size=32_767).connect() as conn:
        (connection,) = server.connections()
        assert connection.packet_size == 32_767
        assert conn.execute("SELECT REPLICATE(CAST('x' AS varchar(max)), 50000) AS a").item() == "x" * 50_000


def test_what_other_clients_are_told_of_failover(server: Server) -> None:
    said = f"Server=tcp:{server.host},{server.port};Database=test;UID={server.user};Encrypt=no;"
    said += "MultiSubnetFailover=True;TransparentNetworkIPResolution=Enabled;PWD={" + PASSWORD.replace("}", "}}") + "}"
    with idb.connect(said) as conn:
        assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"encrypt": "true", "packet_size": 16_384}, "16383"),
        ({"encrypt": "strict", "packet_size": 32_767}, "16383"),
        ({"access_token": "t"}, "leave username and password out"),
        ({"authentication": "token"}, "access_token"),
        ({"trust_server_certificate": True, "trust_server_certificate_ca": "/x"}, "one of them"),
        ({"trust_server_certificate_ca": "/no/such/file.pem"}, "/no/such/file.pem"),
        ({"username": None, "password": None}, "username"),
    ],
)
def test_options_that_cannot_be_honoured(server: Server, options: dict[str, object], reason: str) -> None:
    with pytest.raises(idb.ConfigurationError, match=reason):
        config(server, **options).connect()


ANOTHER_LOGIN = "username and password of a SQL Server login, or with an access_token"


@pytest.mark.parametrize(
    ("options", "reasons"),
    [
        # A build for Windows logs in with these.
        ({"trusted_connection": True}, ["trusted_connection: ", ANOTHER_LOGIN]),
        ({"trusted_connection": True, "authentication": "windows"}, ["trusted_connection: ", ANOTHER_LOGIN]),
        ({"username": r"D\u", "password": PASSWORD}, ["username: ", ANOTHER_LOGIN]),
        ({"username": "u", "password": PASSWORD, "authentication": "windows"}, ["username: ", ANOTHER_LOGIN]),
        # Nobody does with these.
        (
            {"trusted_connection": True, "password": PASSWORD},
            ["trusted_connection: ", "leave username and password out"],
        ),
        ({"trusted_connection": True, "username": "u"}, ["trusted_connection: ", "leave username and password out"]),
        ({"trusted_connection": True, "access_token": PASSWORD}, ["trusted_connection: ", "access_token"]),
        ({"trusted_connection": True, "authentication": "sql"}, ["trusted_connection: ", "authentication=sql"]),
        ({"trusted_connection": True, "authentication": "token"}, ["trusted_connection: ", "authentication=token"]),
        ({"authentication": "windows", "access_token": PASSWORD}, ["access_token: ", "authentication=windows"]),
        ({"authentication": "windows"}, ["authentication: ", "username", "trusted_connection=true"]),
        ({"authentication": "windows", "username": "", "password": PASSWORD}, ["authentication: ", "username"]),
        ({"username": r"D\u"}, ["authentication: ", "password"]),
        (
            {"authentication": "sql", "username": r"D\u", "password": PASSWORD},
            ["authentication: sql", "username with a backslash", "authentication=windows"],
        ),
        ({}, ["username", "access_token", "trusted_connection=true"]),
    ],
)
def test_a_login_that_cannot_be_is_refused_before_anything_is_sent(options: dict[str, Any], reasons: list[str]) -> None:
    with nobody() as (host, port), pytest.raises(idb.ConfigurationError) as caught:
        idb.DatabaseConfig("mssql", host=host, port=port, **options).connect()
    assert [reason for reason in reasons if reason not in str(caught.value)] == []
    assert caught.value.backend == "mssql"
    assert PASSWORD not in f"{caught.value!r} {caught.value.hint} {caught.value.detail}"


def test_a_connection_that_is_cut(server: Server, ms: idb.Connection) -> None:
    server.faults.close.add("request")
    with pytest.raises(idb.DatabaseConnectionError, match="lost"):
        ms.execute("SELECT 1")
    with pytest.raises(idb.ConnectionClosedError, match="lost"):
        ms.execute("SELECT 1")
    assert ms.is_closed()
