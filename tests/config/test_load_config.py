"""`load_config`: TOML files, variables of the environment, and what each mistake is called."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from industrydb import ConfigurationError, DatabaseConfig, load_config

HUNTER = "hunter2-Zx9"


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "databases.toml"


def test_keys_and_uris(write: Path) -> None:
    write.write_text(
        """
        title = "other tables are left alone"

        [connections.flights]
        db_type = "sqlite"
        path = "flights.db"
        timeout = 2.5
        strict = true

        [connections.warehouse]
        type = "postgresql"
        host = "a,b"
        port = "5432,5433"
        user = "u"

        [connections."odd name"]
        uri = "mssql://u:p@h:1433/d?encrypt=strict"
        """
    )
    connections = load_config(write)
    assert list(connections) == ["flights", "warehouse", "odd name"]
    assert connections == {
        "flights": DatabaseConfig("sqlite", path="flights.db", timeout=2.5, strict=True),
        "warehouse": DatabaseConfig.from_uri("postgresql://u@a:5432,b:5433"),
        "odd name": DatabaseConfig.from_uri("mssql://u:p@h:1433/d?encrypt=strict"),
    }
    assert load_config(str(write)) == connections


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("${NAME}", "x", "x"),
        ("a${NAME}b${NAME}", "x", "axbx"),
        ("${NAME}", "", ""),
        ("${NAME}", "p@ss:w/o#r%d?&= ${NAME}", "p@ss:w/o#r%d?&= ${NAME}"),
        ("$${NAME}", "x", "${NAME}"),
        ("$$${NAME}", "x", "$${NAME}"),
        ("$NAME {NAME} $ $$", "x", "$NAME {NAME} $ $$"),
    ],
)
def test_variables(write: Path, monkeypatch: pytest.MonkeyPatch, text: str, value: str, expected: str) -> None:
    monkeypatch.setenv("NAME", value)
    write.write_text(f"[connections.c]\ndb_type = 'postgres'\npassword = '{text}'\napplication_name = '{text}'")
    config = load_config(write)["c"]
    assert config.password == expected
    assert config.options == {"application_name": expected}


def test_a_port_from_a_variable(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "5433")
    write.write_text("[connections.c]\ndb_type = 'postgres'\nport = '${PORT}'")
    assert load_config(write)["c"].port == 5433


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_password_survives_a_uri(write: Path, password: str) -> None:
    write.write_text("[connections.c]\nuri = 'postgresql://u:${PASSWORD}@h/d'")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PASSWORD", password)
        config = load_config(write)["c"]
    assert config == DatabaseConfig("postgres", host="h", database="d", username="u", password=password)


def test_a_whole_uri_from_a_variable(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write.write_text("[connections.c]\nuri = '${DATABASE_URL}'")
    for uri in ("postgresql://u:p%40@h/d", "Server=h;Pwd={a;b}"):
        monkeypatch.setenv("DATABASE_URL", uri)
        assert load_config(write)["c"] == DatabaseConfig.from_uri(uri)


def test_a_path_in_a_uri(write: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATA", "/srv/my data")
    write.write_text("[connections.c]\nuri = 'sqlite:///${DATA}/x.db'")
    assert load_config(write)["c"].path == "/srv/my data/x.db"


@pytest.mark.parametrize(
    ("table", "reasons"),
    [
        ("db_type = 'postgres'\npassword = '${UNSET_VARIABLE}'", ["'password'", "UNSET_VARIABLE is not set"]),
        ("uri = 'postgresql://u:${UNSET_VARIABLE}@h'", ["'uri'", "UNSET_VARIABLE is not set"]),
        ("uri = '${UNSET_VARIABLE}'", ["'uri'", "UNSET_VARIABLE is not set"]),
        ("db_type = 'postgres'\nhost = '${'", ["'host'", "a variable is written ${NAME}"]),
        ("db_type = 'postgres'\nhost = '${A-b}'", ["'host'", "a variable is written ${NAME}"]),
        ("uri = 'Server=h;Pwd=${PATH}'", ["'uri'", "after scheme:// only"]),
        ("uri = 'sqlite://'\nmode = 'ro'", ["'uri' goes without others, here 'mode'"]),
        ("uri = 5", ["'uri' must be text"]),
        ("host = 'h'", ['"db_type" is missing']),
        ("db_type = 'sqlite'", ['SQLite needs "path"']),
        ("db_type = 'sqlite'\npath = 'x'\npaht = 'y'", ['"paht"', 'did you mean "path"?']),
        ("db_type = 'sqlite'\npath = 1979-05-27", ['"path" cannot be of type date']),
        ("db_type = 'sqlite'\npath = ['x']", ['"path" cannot be of type list']),
        ("db_type = 'sqlite'\n[connections.c.path]\nx = 1", ['"path" cannot be of type dict']),
        ("db_type = 'postgres'\nport = 70000", ['"port"']),
        ("db_type = 'postgres'\npassword = 12345", ['"password" cannot be of type int']),
        ("uri = 'postgresql://h?sslmod=require'", ['did you mean "sslmode"?']),
    ],
)
def test_mistakes(write: Path, table: str, reasons: list[str]) -> None:
    write.write_text(f"[connections.good]\nuri = 'sqlite://'\n[connections.c]\n{table}")
    with pytest.raises(ConfigurationError) as caught:
        load_config(write)
    for reason in [str(write), "connection 'c'", *reasons]:
        assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "there is no table [connections.NAME]"),
        (b"[connection.c]\nuri = 'sqlite://'", "there is no table [connections.NAME]"),
        (b"connections = 5", "there is no table [connections.NAME]"),
        (b"[connections]\nc = 5", "connection 'c': must be a table of keys"),
        (b"[connections.c", "not valid TOML"),
        (b"[connections.c]\nhost = '\xff'", "not valid TOML: it is not UTF-8"),
    ],
)
def test_files_that_are_wrong_as_a_whole(write: Path, content: bytes, reason: str) -> None:
    write.write_bytes(content)
    with pytest.raises(ConfigurationError) as caught:
        load_config(write)
    assert reason in str(caught.value)
    assert str(write) in str(caught.value)


def test_no_connections_at_all(write: Path) -> None:
    write.write_text("[connections]")
    assert load_config(write) == {}


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path, reason in ((tmp_path / "missing.toml", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(ConfigurationError, match=reason):
            load_config(path)


@pytest.mark.parametrize(
    "content",
    [
        f"[connections.c]\ndb_type = 'postgres'\npassword = '{HUNTER}'\nsslmod = 'require'",
        f"[connections.c]\ndb_type = 'postgres'\npassword = '{HUNTER}'\nhost = ",
        f"[connections.c]\ndb_type = 'postgres'\npassword = '{HUNTER}\udcff'",
        f"[connections.c]\nuri = 'postgresql://u:{HUNTER}@h:port'",
        "[connections.c]\nuri = 'postgresql://u:${SECRET}@h:port'",
        "[connections.c]\nuri = '${SECRET}'",
        "[connections.c]\ndb_type = 'postgres'\nsslmode = '${SECRET}'",
    ],
)
def test_no_mistake_shows_a_secret(write: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> None:
    monkeypatch.setenv("SECRET", HUNTER)
    write.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(ConfigurationError) as caught:
        load_config(write)
    error: BaseException | None = caught.value
    while error is not None:
        said = "".join((repr(error), *traceback.format_exception(error), repr(vars(error))))
        assert HUNTER not in said
        error = error.__cause__ or error.__context__
