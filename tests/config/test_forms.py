"""Accepted forms and what they say; refused ones and why."""

from __future__ import annotations

from typing import Any

import pytest

from industrydb import ConfigurationError, DatabaseConfig

FORMS: list[tuple[str, dict[str, object]]] = [
    # PostgreSQL manual 34.1.1.
    ("postgresql://", {}),
    ("postgres://localhost", {"host": "localhost"}),
    ("postgresql://localhost:5433/db", {"host": "localhost", "port": 5433, "database": "db"}),
    ("postgresql://u:p%40s%2Fs@h/db", {"host": "h", "database": "db", "username": "u", "password": "p@s/s"}),
    ("postgresql://u@h1:1,h2:2/db", {"host": "h1,h2", "port": "1,2", "database": "db", "username": "u"}),
    ("postgresql://h1,h2:5433", {"host": "h1,h2", "port": ",5433"}),
    ("postgresql://[2001:db8::1]:5433", {"host": "2001:db8::1", "port": 5433}),
    ("postgresql://%2Fvar%2Frun%2Fpostgresql/db", {"host": "/var/run/postgresql", "database": "db"}),
    ("postgresql:///db?host=/var/run/postgresql", {"host": "/var/run/postgresql", "database": "db"}),
    ("postgresql://h?sslmode=verify-full", {"host": "h", "sslmode": "verify-full"}),
    ("postgresql://h?connect_timeout=10", {"host": "h", "connect_timeout": 10}),
    ("postgresql://h?options=-c%20geqo%3Doff", {"host": "h", "options": "-c geqo=off"}),
    ("postgresql:///?user=u&password=p&dbname=d", {"database": "d", "username": "u", "password": "p"}),
    ("host=localhost port=5432 dbname=d user=u", {"host": "localhost", "port": 5432, "database": "d", "username": "u"}),
    (r"host=h password = 'it\'s \\ '", {"host": "h", "password": "it's \\ "}),
    # SQLite.
    ("sqlite:///relative.db", {"path": "relative.db"}),
    ("sqlite:////abs.db", {"path": "/abs.db"}),
    ("sqlite://", {"path": ":memory:"}),
    ("sqlite:///", {"path": ":memory:"}),
    ("sqlite://:memory:", {"path": ":memory:"}),
    ("sqlite:///:memory:", {"path": ":memory:"}),
    ("sqlite://./x.db", {"path": "./x.db"}),
    ("sqlite:///../x.db", {"path": "../x.db"}),
    ("sqlite:x.db", {"path": "x.db"}),
    ("sqlite:///C:/x.db", {"path": "C:/x.db"}),
    ("sqlite:///a%20b.db?mode=ro", {"path": "a b.db", "mode": "ro"}),
    ("sqlite:///x.db?busy_timeout=2.5&strict=1", {"path": "x.db", "timeout": 2.5, "strict": True}),
    # SQL Server.
    ("mssql://host/X", {"host": "host", "database": "X"}),
    ("sqlserver://host/X?database=Y", {"host": "host", "database": "Y", "instance": "X"}),
    (
        "mssql://user:pw@host:1433/db?encrypt=mandatory&trust_server_certificate=yes&instance=I",
        {
            "host": "host",
            "port": 1433,
            "database": "db",
            "username": "user",
            "password": "pw",
            "encrypt": "true",
            "instance": "I",
            "trust_server_certificate": True,
        },
    ),
    (
        (
            "Server=tcp:host,1433;Initial Catalog=db;User ID=u;Password={a;b}}c};Encrypt=True;"
            "TrustServerCertificate=False;MultipleActiveResultSets=False;Connection Timeout=30;"
        ),
        {
            "host": "host",
            "port": 1433,
            "database": "db",
            "username": "u",
            "password": "a;b}c",
            "encrypt": "true",
            "trust_server_certificate": False,
            "connect_timeout": 30,
        },
    ),
    (
        r'Driver={ODBC Driver 18 for SQL Server};Server=.\SQLEXPRESS;Database=d;Uid=u;Pwd="a""b;"',
        {"host": "localhost", "database": "d", "username": "u", "password": 'a"b;', "instance": "SQLEXPRESS"},
    ),
    # How other clients' strings ask for the account of the process' user, and how an account is named here.
    ("Server=h;Integrated Security=SSPI", {"host": "h", "trusted_connection": "true"}),
    ("Server=h;Integrated Security=true;User ID=;Password=", {"host": "h", "trusted_connection": "true"}),
    ("Driver={SQL Server};Server=h;Trusted_Connection=Yes", {"host": "h", "trusted_connection": "true"}),
    ("Server=h;Trusted_Connection=No;Uid=u", {"host": "h", "username": "u", "trusted_connection": "false"}),
    ("mssql://h?integratedSecurity=sspi", {"host": "h", "trusted_connection": "true"}),
    (r"Server=h;Uid=D\u;Pwd=p", {"host": "h", "username": r"D\u", "password": "p"}),
    (
        "mssql://D%5Cu:p@h?authentication=Windows",
        {"host": "h", "username": r"D\u", "password": "p", "authentication": "windows"},
    ),
]


@pytest.mark.parametrize(("uri", "expected"), FORMS, ids=[uri[:40] for uri, _ in FORMS])
def test_accepted(uri: str, expected: dict[str, object]) -> None:
    config = DatabaseConfig.from_uri(uri)
    said = config.to_dict()
    del said["db_type"]
    assert said == expected
    assert DatabaseConfig.from_uri(config.to_uri()) == config


REFUSED = [
    ("", "neither a URI nor a key=value string"),
    ("flights.db", "neither a URI nor a key=value string"),
    ("oracle://h", "unknown URI scheme oracle://"),
    ("postgre://h", "did you mean postgres"),
    ("postgresql:h", "begins with postgresql://"),
    ("postgresql://h:port", "host or port is malformed"),
    ("postgresql://h:65536", "host or port is malformed"),
    ("postgresql://h/a/b", "raw @ or /"),
    ("postgresql://h/%zz", "%25"),
    ("postgresql://h?sslmod=require", 'did you mean "sslmode"?'),
    ("postgresql://h?sslmode=on", 'option "sslmode" cannot have this value; expected disable, allow'),
    ("postgresql://h?sslmode", 'no "="'),
    ("postgresql://h1,h2,h3?port=1,2", "2 ports do not fit 3 hosts"),
    ("sqlite:///x?host=h", 'SQLite has no field "host"; its fields: "path"'),
    ("sqlite:///x?mode=wr", "expected ro, rw, rwc, memory"),
    ("mssql://h/a?database=b", '"database" is given twice'),
    ("Server=h;Databse=d", 'did you mean "database"?'),
    ("Server=h;Trusted_Connection=maybe", 'option "trusted_connection" cannot have this value; expected true, false'),
    ("Server=h;Authentication=ActiveDirectoryIntegrated", "expected sql, token, windows"),
]


@pytest.mark.parametrize(("uri", "reason"), REFUSED)
def test_refused(uri: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseConfig.from_uri(uri)
    assert reason in str(caught.value)


ARGUMENTS: list[tuple[dict[Any, object], str]] = [
    ({}, '"db_type" is missing'),
    ({"db_type": "oracle"}, 'unknown db_type "oracle"'),
    ({"db_type": "postgress"}, 'did you mean "postgres"?'),
    ({"db_type": 5}, '"db_type" cannot be of type int'),
    ({"db_type": "sqlite"}, 'SQLite needs "path"'),
    ({"db_type": "sqlite", "path": b"x"}, '"path" cannot be of type bytes'),
    ({"db_type": "sqlite", "path": "a\0b"}, '"path" contains a NUL character'),
    ({"db_type": "sqlite", "path": "x", "database": "y"}, 'SQLite has no field "database"'),
    ({"db_type": "sqlite", "path": "x", "timeout": -1}, "expected seconds from 0 to"),
    ({"db_type": "sqlite", "path": "x", "timeout": float("nan")}, "expected seconds from 0 to"),
    ({"db_type": "sqlite", "path": "x", "timeout": [5]}, '"timeout" cannot be of type list'),
    ({"db_type": "sqlite", "path": "x", "cache_size": 2**31}, "a whole number from"),
    ({"db_type": "sqlite", "path": "x", "jurnal_mode": "wal"}, 'did you mean "journal_mode"?'),
    ({"db_type": "postgres", "path": "x"}, 'PostgreSQL has no field "path"'),
    ({"db_type": "postgres", "port": 0}, "a whole number from 1 to 65535"),
    ({"db_type": "postgres", "port": 65_536}, "a whole number from 1 to 65535"),
    ({"db_type": "postgres", "port": True}, '"port" cannot be of type bool'),
    ({"db_type": "postgres", "port": 5432.0}, '"port" cannot be of type float'),
    ({"db_type": "postgres", "host": 5}, '"host" cannot be of type int'),
    ({"db_type": "postgres", "user": "a", "username": "b"}, '"username" is given twice'),
    ({"db_type": "postgres", "type": "postgres"}, '"db_type" is given twice'),
    ({"db_type": "mssql", "packet_size": 100}, "a whole number from 512 to 32767"),
    ({"db_type": "mssql", "encrypt": "maybe"}, "expected true, false, strict, login"),
    ({5: "x"}, "a key cannot be of type int"),
]


@pytest.mark.parametrize(("mapping", "reason"), ARGUMENTS)
def test_refused_arguments(mapping: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseConfig.from_dict(mapping)
    assert reason in str(caught.value)


def test_an_error_names_its_backend() -> None:
    with pytest.raises(ConfigurationError) as caught:
        DatabaseConfig("sqlserver", packet_size=1)
    assert caught.value.backend == "mssql"


def test_other_types_are_type_errors() -> None:
    config: Any = DatabaseConfig
    with pytest.raises(TypeError, match="uri must be a str, not int"):
        config.from_uri(5)
    with pytest.raises(TypeError, match="mapping must be a mapping, not list"):
        config.from_dict([])
    with pytest.raises(TypeError):
        config("postgres", "localhost")
