"""Every form in which libpq is told where to connect, against a server on TCP and on a unix socket."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

import industrydb as idb
from tests.postgres.proxy import Proxy
from tests.postgres.servers import Cluster, free_port

pytestmark = pytest.mark.backend("postgres 18")

ODD = "o d/d@:?#&=%+'\\\"żö"
WHO = "SELECT current_user AS who, current_database() AS what, inet_server_port() AS port"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing comes from where the tests run."""
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE", "PGOPTIONS", "PGTZ"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


def who(target: str | idb.DatabaseConfig) -> tuple[str, str, str]:
    """The user, the database, and the way there."""
    with idb.connect(target) as conn:
        user, database, port = conn.execute(WHO).row(0)
    return user, database, "socket" if port is None else "tcp"


FORMS = [
    ("postgresql://postgres@127.0.0.1:{port}/postgres", "tcp"),
    ("postgres://postgres@localhost:{port}/postgres", "tcp"),
    ("postgresql://postgres@127.0.0.1:{port}", "tcp"),
    ("postgresql://127.0.0.1:{port}/postgres?user=postgres", "tcp"),
    ("postgresql://?host=127.0.0.1&port={port}&dbname=postgres&user=postgres", "tcp"),
    ("postgresql:///postgres?host={host}&port={port}&user=postgres", "socket"),
    ("postgresql://postgres@{quoted}:{port}/postgres", "socket"),
    ("postgresql://postgres:ignored@/postgres?host={host}&port={port}", "socket"),
    ("postgresql://postgres@127.0.0.1:1,127.0.0.1:{port}/postgres", "tcp"),
    ("postgresql://postgres@127.0.0.1:{port},127.0.0.1:1/postgres", "tcp"),
    ("postgresql://postgres@/postgres?host={host},127.0.0.1&port={port}", "socket"),
    ("host=127.0.0.1 port={port} dbname=postgres user=postgres", "tcp"),
    ("host = '127.0.0.1' port = {port}   dbname='postgres' user=postgres sslmode=prefer", "tcp"),
    ("host={host} port={port} user=postgres", "socket"),
    ("host=127.0.0.1,{host} port=1,{port} user=postgres dbname=postgres", "socket"),
    ("dbname=postgres user=postgres host=127.0.0.1 port={port} connect_timeout=10 application_name='a b'", "tcp"),
    ("postgresql://postgres@127.0.0.1:{port}/postgres?sslmode=allow&connect_timeout=10&keepalives=0", "tcp"),
    ("hostaddr=127.0.0.1 port={port} user=postgres dbname=postgres", "tcp"),
    ("host=nowhere.invalid hostaddr=127.0.0.1 port={port} user=postgres dbname=postgres", "tcp"),
    ("host=nowhere.invalid,nowhere.invalid hostaddr=,127.0.0.1 port={port} user=postgres dbname=postgres", "tcp"),
    ("host=127.0.0.1 port={port} user=postgres dbname=postgres sslcompression=1 sslsni=1 replication=false", "tcp"),
    ("host=127.0.0.1 port={port} user=postgres dbname=postgres krbsrvname=x gssencmode=disable sslcrl=''", "tcp"),
    ("host=127.0.0.1 port={port} user=postgres dbname=postgres ssl_min_protocol_version=TLSv1.2", "tcp"),
]


@pytest.mark.parametrize(("form", "way"), FORMS)
def test_every_form(own_server: Cluster, form: str, way: str) -> None:
    quoted = own_server.host.replace("/", "%2F")
    uri = form.format(host=own_server.host, port=own_server.port, quoted=quoted)
    assert who(uri) == ("postgres", "postgres", way)
    assert who(idb.DatabaseConfig.from_uri(uri)) == ("postgres", "postgres", way)
    assert who(idb.DatabaseConfig.from_uri(uri).to_uri()) == ("postgres", "postgres", way)


@pytest.fixture
def default_socket(own_server: Cluster) -> Iterator[None]:
    """The server's socket where a server has it by default."""
    socket = Path(f"/tmp/.s.PGSQL.{own_server.port}")
    socket.symlink_to(f"{own_server.host}/.s.PGSQL.{own_server.port}")
    yield
    socket.unlink()


@pytest.mark.usefixtures("default_socket")
def test_the_socket_is_by_default_that_of_the_port(own_server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    assert who(f"postgresql://postgres@/postgres?port={own_server.port}") == ("postgres", "postgres", "socket")
    monkeypatch.setenv("PGPORT", str(own_server.port))
    assert who("user=postgres") == ("postgres", "postgres", "socket")


def test_where_no_host_is_given_none_answers() -> None:
    with pytest.raises(idb.DatabaseConnectionError, match=r"localhost:\d+: TCP failed"):
        idb.connect(f"postgresql://postgres@/postgres?port={free_port()}")


def test_a_socket_in_the_abstract_namespace(own_server: Cluster) -> None:
    def server() -> socket.socket:
        return socket.create_connection(("127.0.0.1", own_server.port))

    name = f"idb-{own_server.pid}"
    with pytest.raises(idb.DatabaseConnectionError, match=f"@{name}/.*the Unix socket failed"):
        idb.connect(f"host=@{name} user=postgres")
    relay = Proxy(server)
    relay.listener.close()
    relay.listener = socket.socket(socket.AF_UNIX)
    relay.listener.bind(f"\0{name}/.s.PGSQL.5432")
    relay.listener.listen()
    with relay:
        assert who(f"host=@{name} user=postgres dbname=postgres")[:2] == ("postgres", "postgres")


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ("sslcrl=revoked.pem", "sslcrl"),
        ("requirepeer=postgres", "requirepeer"),
        ("ssl_min_protocol_version=TLSv1.3", "ssl_min_protocol_version"),
        ("sslnegotiation=direct", "sslnegotiation"),
        ("sslcertmode=require", "sslcertmode"),
        ("replication=true", "replication"),
        ("hostaddr=127.0.0.1,127.0.0.2", "hostaddr"),
        ("hostaddr=127.0.0.1 sslmode=verify-full", "hostaddr"),
    ],
)
def test_what_cannot_be_honoured_is_refused(options: str, named: str) -> None:
    with pytest.raises(idb.ConfigurationError, match=f'^option "{named}": '):
        idb.connect(f"host=localhost user=postgres {options}")


def test_the_user_is_by_default_that_of_the_system(own_server: Cluster) -> None:
    me = getpass.getuser()
    with own_server.admin() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(me)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(me)))
    assert who(f"postgresql://127.0.0.1:{own_server.port}") == (me, me, "tcp")
    assert who(f"postgresql://127.0.0.1:{own_server.port}/postgres") == (me, "postgres", "tcp")


@pytest.fixture
def odd(own_server: Cluster) -> Iterator[str]:
    """A role and a database of the same odd name."""
    name = sql.Identifier(ODD)
    with own_server.admin() as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, ODD))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(name))
        yield ODD
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("DROP ROLE {}").format(name))


SPELLINGS: list[Callable[[idb.DatabaseConfig], str | idb.DatabaseConfig]] = [
    lambda config: config,
    lambda config: config.to_uri(),
    lambda config: idb.DatabaseConfig.from_dict(config.to_dict()),
    lambda config: make_conninfo(
        host=config.host, port=config.port, user=config.username, password=config.password, dbname=config.database
    ),
]


@pytest.mark.parametrize("spelling", SPELLINGS, ids=["config", "uri", "dict", "keywords"])
def test_odd_names(
    own_server: Cluster, odd: str, spelling: Callable[[idb.DatabaseConfig], str | idb.DatabaseConfig]
) -> None:
    config = own_server.config(odd, host="127.0.0.1", username=odd, password=odd)
    assert who(spelling(config)) == (odd, odd, "tcp")


def test_the_other_client_takes_our_uri(own_server: Cluster, odd: str) -> None:
    with psycopg.connect(own_server.config(odd, username=odd, password=odd).to_uri()) as connection:
        assert connection.execute("SELECT current_user").fetchone() == (odd,)


def test_a_port_out_of_range(own_server: Cluster) -> None:
    with pytest.raises(idb.ConfigurationError):
        idb.connect("postgresql://127.0.0.1:65536/postgres")
