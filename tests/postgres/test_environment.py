"""What libpq takes from where it runs: `PG*` variables, password files, services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import industrydb as idb
from tests.postgres.servers import Cluster, Installation

pytestmark = pytest.mark.backend("postgres 18")

PASSWORD = r"se:cr\et"


@pytest.fixture(scope="module")
def server(newest: Installation) -> Iterator[Cluster]:
    """A server that asks for passwords on TCP and on its socket, but not the superuser on the socket."""
    access = "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"
    cluster = Cluster(newest, tcp=True, access=access)
    with cluster.admin() as admin:
        admin.execute(f"CREATE ROLE ada LOGIN PASSWORD '{PASSWORD}'".encode())
        admin.execute("CREATE DATABASE work OWNER ada")
    yield cluster
    cluster.stop()


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A home directory with nothing in it."""
    for name in ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGSERVICE", "PGPASSFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def secret_file(path: Path, text: str, mode: int = 0o600) -> Path:
    """A file that nobody else may read."""
    path.write_text(text)
    path.chmod(mode)
    return path


def who(uri: str) -> tuple[str, str]:
    """The user and the database."""
    with idb.connect(uri) as conn:
        user, database = conn.execute("SELECT current_user AS a, current_database() AS b").row(0)
    return user, database


def test_variables_alone(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", str(server.port))
    monkeypatch.setenv("PGUSER", "ada")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGDATABASE", "work")
    assert who("postgresql://") == ("ada", "work")
    monkeypatch.setenv("PGHOST", server.host)
    assert who("postgresql://") == ("ada", "work")


def test_what_is_said_goes_before_variables(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGPORT", "1")
    monkeypatch.setenv("PGUSER", "nobody")
    monkeypatch.setenv("PGPASSWORD", "wrong")
    monkeypatch.setenv("PGDATABASE", "none")
    config = server.config("work", host="127.0.0.1", username="ada", password=PASSWORD)
    assert who(config.to_uri()) == ("ada", "work")


def test_session_variables(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGAPPNAME", "from the environment")
    monkeypatch.setenv("PGOPTIONS", "-c geqo=off -c work_mem=5MB")
    with server.config().connect() as conn:
        assert conn.execute("SHOW application_name").item() == "from the environment"
        assert conn.execute("SHOW geqo").item() == "off"
        assert conn.execute("SHOW work_mem").item() == "5MB"


PASSFILES = [
    "127.0.0.1:{port}:work:ada:{password}",
    "*:*:*:*:{password}",
    "# a comment\nother:1:work:ada:wrong\n127.0.0.1:{port}:*:ada:{password}\n*:*:*:*:wrong",
]


@pytest.mark.parametrize("lines", PASSFILES)
@pytest.mark.parametrize("place", ["home", "variable", "option"])
def test_a_password_file(server: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch, lines: str, place: str) -> None:
    escaped = PASSWORD.replace("\\", "\\\\").replace(":", "\\:")
    text = lines.format(port=server.port, password=escaped)
    path = secret_file(home / (".pgpass" if place == "home" else "passwords"), text)
    uri = f"postgresql://ada@127.0.0.1:{server.port}/work"
    if place == "variable":
        monkeypatch.setenv("PGPASSFILE", str(path))
    elif place == "option":
        uri += f"?passfile={path}"
    assert who(uri) == ("ada", "work")


def test_a_password_file_for_a_socket(server: Cluster, home: Path) -> None:
    secret_file(home / ".pgpass", f"{server.host}:*:*:ada:{PASSWORD}".replace("se:cr\\et", "se\\:cr\\\\et"))
    assert who(f"postgresql:///work?host={server.host}&port={server.port}&user=ada") == ("ada", "work")


def test_a_password_file_that_others_may_read_is_not_used(server: Cluster, home: Path) -> None:
    secret_file(home / ".pgpass", "*:*:*:*:se\\:cr\\\\et", 0o644)
    with pytest.raises(idb.DatabaseConnectionError, match="(?i)password"):
        who(f"postgresql://ada@127.0.0.1:{server.port}/work")


def test_a_given_password_goes_before_the_file(server: Cluster, home: Path) -> None:
    secret_file(home / ".pgpass", "*:*:*:*:se\\:cr\\\\et")
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        who(f"postgresql://ada:wrong@127.0.0.1:{server.port}/work")
    assert caught.value.code == "28P01"


def test_an_empty_password_is_none(server: Cluster, home: Path) -> None:
    secret_file(home / ".pgpass", "*:*:*:*:se\\:cr\\\\et")
    assert who(f"postgresql://ada:@127.0.0.1:{server.port}/work") == ("ada", "work")
    assert who(f"host=127.0.0.1 port={server.port} user=ada password='' dbname=work") == ("ada", "work")


def test_a_password_file_as_libpq_reads_it(server: Cluster, home: Path) -> None:
    (home / ".pgpass").write_bytes(b"\xff\xfe:*:*:*:other\n*:*:*:*:se\\:cr\\\\et:what follows is nothing\n")
    (home / ".pgpass").chmod(0o600)
    assert who(f"postgresql://ada@127.0.0.1:{server.port}/work") == ("ada", "work")


def test_without_a_password_the_error_says_so(server: Cluster, home: Path) -> None:
    uri = f"postgresql://ada@127.0.0.1:{server.port}/work"
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        who(uri)
    assert "there was no password" in (caught.value.hint or "")
    secret_file(home / ".pgpass", "*:*:*:*:se\\:cr\\\\et", 0o640)
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        who(uri)
    assert f"{home}/.pgpass is not used" in (caught.value.hint or "")
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        who(uri.replace("ada@", "ada:wrong@"))
    assert caught.value.hint == "check the user name and the password"


def test_an_address_from_the_environment(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "nowhere.invalid")
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    assert who(f"postgresql:///work?user=ada&port={server.port}") == ("ada", "work")


def test_tls_that_the_environment_requires(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGREQUIRESSL", "1")
    with pytest.raises(idb.DatabaseConnectionError, match="does not support TLS"):
        who(f"postgresql://ada@127.0.0.1:{server.port}/work")


SERVICE = """
# services
[other]
host=nowhere.invalid

[work]
host=127.0.0.1
port={port}
dbname=work
user=ada
password={password}
application_name=by service
"""


@pytest.mark.parametrize("place", ["home", "variable", "option"])
@pytest.mark.parametrize("naming", ["uri", "keywords", "variable"])
def test_a_service(server: Cluster, home: Path, monkeypatch: pytest.MonkeyPatch, place: str, naming: str) -> None:
    path = home / (".pg_service.conf" if place == "home" else "services")
    path.write_text(SERVICE.format(port=server.port, password=PASSWORD))
    uri = {"uri": "postgresql://?service=work", "keywords": "service=work", "variable": "postgresql://"}[naming]
    if naming == "variable":
        monkeypatch.setenv("PGSERVICE", "work")
    if place == "variable":
        monkeypatch.setenv("PGSERVICEFILE", str(path))
    if place == "option":
        uri += f" servicefile={path}" if naming == "keywords" else f"{'&' if '?' in uri else '?'}servicefile={path}"
    assert who(uri) == ("ada", "work")
    with idb.connect(uri) as conn:
        assert conn.execute("SHOW application_name").item() == "by service"


@pytest.mark.parametrize(
    ("line", "reason"), [(f"password {PASSWORD}", "line 3: not name=value"), ("service=other", "another one")]
)
def test_a_service_that_makes_no_sense(home: Path, line: str, reason: str) -> None:
    (home / ".pg_service.conf").write_text(f"[work]\nhost=127.0.0.1\n{line}\n[other]\nhost=127.0.0.1\n")
    with pytest.raises(idb.ConfigurationError, match=reason) as caught:
        idb.connect("service=work")
    assert PASSWORD not in str(caught.value)


def test_an_unknown_service() -> None:
    with pytest.raises(idb.ConfigurationError, match="nothing"):
        idb.connect("postgresql://?service=nothing")


@pytest.mark.parametrize(("name", "value"), [("PGSSLMODE", "hunter2"), ("PGPORT", "hunter2")])
def test_a_variable_that_makes_no_sense_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(idb.ConfigurationError, match=name) as caught:
        idb.connect("postgresql://127.0.0.1/work")
    assert value not in str(caught.value)


def test_the_config_keeps_what_it_was_told(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", server.host)
    monkeypatch.setenv("PGPORT", str(server.port))
    with idb.connect("postgresql://postgres@/postgres") as conn:
        assert conn.config == idb.DatabaseConfig.from_uri("postgresql://postgres@/postgres")
        assert conn.config.host is None
