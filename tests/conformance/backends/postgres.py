"""PostgreSQL's entries in the conformance suite: the packaged versions, or the server of `INDUSTRYDB_TEST_POSTGRES`."""

from __future__ import annotations

import atexit
import functools
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

import industrydb as idb
from tests.conformance.backends.base import Backend, Database, Placeholders
from tests.conformance.backends.shared import quoted
from tests.postgres.data import arrays, formatted, numbers, times
from tests.postgres.data.binds import BINDS, UNBINDABLE
from tests.postgres.data.errors import VIOLATIONS
from tests.postgres.data.expressions import EXPRESSIONS
from tests.postgres.data.frames import REFUSED_COLUMNS, ROUND_TRIPS
from tests.postgres.data.overrides import OVERRIDES, REFUSED_OVERRIDES
from tests.postgres.databases import Pool
from tests.postgres.servers import PACKAGED, Cluster, Installation, packaged

VARIABLE = "INDUSTRYDB_TEST_POSTGRES"

SPELLINGS = {
    "bigint": "BIGINT",
    "double": "DOUBLE PRECISION",
    "text": "TEXT",
    "key": "TEXT",
    "boolean": "BOOLEAN",
    "blob": "BYTEA",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "decimal": "NUMERIC(10, 2)",
    "recursive": "WITH RECURSIVE",
    "begin": "BEGIN",
    "create_temp": "CREATE TEMPORARY TABLE staging",
    "temp": "staging",
    "insert_returning_id": "INSERT INTO t (id, name) VALUES (7, 'seven') RETURNING id",
    "update_returning_id": "UPDATE t SET name = 'x' WHERE id = 7 RETURNING id",
    "delete_returning_id": "DELETE FROM t WHERE id = 7 RETURNING id",
}

PLACEHOLDERS = (
    Placeholders("SELECT $1::int, $2::text", [1, "a"], (1, "a")),
    Placeholders("SELECT $2::text, $1::int", [1, "a"], ("a", 1)),
    Placeholders("SELECT $1::int, $1::int + 1", [5], (5, 6)),
    Placeholders("SELECT ?::int, ?::text", [1, "a"], (1, "a")),
    Placeholders("SELECT :b::text, :a::int, :b", {"a": 1, "b": "x"}, ("x", 1, "x")),
    Placeholders("""SELECT '{"a": 1}'::jsonb ? 'a', ?::int""", [5], (True, 5)),
    Placeholders("""SELECT '{"a": 1}'::jsonb ?? 'a', :x::int""", {"x": 5}, (True, 5)),
    Placeholders("""SELECT '{"a": 1}'::jsonb ?| ARRAY['b'], $1::int""", [5], (False, 5)),
    Placeholders("SELECT $$ ? $$, $q$ :x $$ $q$, ?::int", [5], (" ? ", " :x $$ ", 5)),
    Placeholders(r"SELECT (ARRAY[1, 2, 3])[1\:2], :b::int", {"b": 5}, ([1, 2], 5)),
    Placeholders("SELECT E'it\\'s ?', U&'\\0061 ?', ?::int", [5], ("it's ?", "a ?", 5)),
)

STATEMENTS = (
    "EXPLAIN SELECT 1",
    "EXPLAIN (ANALYZE, FORMAT JSON) SELECT 1",
    "SHOW server_version",
    "SHOW ALL",
    "VALUES (1), (2)",
    "TABLE pg_class",
    "SELECT 1 AS a; SHOW timezone",
)


@functools.cache
def cluster(installation: Installation) -> Cluster:
    """The server of that version that all tests of this process share."""
    return Cluster(installation)


@functools.cache
def pool(installation: Installation) -> Pool:
    """Its databases."""
    return Pool(cluster(installation).admin, "postgres")


def entry(version: str, unavailable: Callable[[], str | None], database: Callable[[Path], Any]) -> Backend:
    """One entry: what it says is the same for every version."""
    return Backend(
        name="postgres",
        version=version,
        unavailable=unavailable,
        database=database,
        spellings=SPELLINGS,
        quote=quoted,
        default_schema="public",
        series="(SELECT generate_series(1::bigint, {n}) AS i)",
        endless="SELECT count(*) AS c FROM (SELECT generate_series(1::bigint, 1000000000000)) AS s",
        # The server keeps rows back until they fill eight kilobytes.
        stalling=(
            "SELECT generate_series(1, 2000) AS c UNION ALL SELECT c FROM "
            "(SELECT count(*) AS c FROM (SELECT generate_series(1::bigint, 1000000000000)) AS s) AS e"
        ),
        unreachable=lambda directory: f"postgresql:///test?host={directory}",
        misspelt_option=("aplication_name", "application_name"),
        isolations=("read uncommitted", "read committed", "repeatable read", "serializable"),
        deferrable=True,
        syntax_code="42601",
        missing_table_code="42P01",
        types=(*numbers.TYPES, *times.TYPES, *formatted.TYPES, *arrays.TYPES),
        expressions=EXPRESSIONS,
        binds=BINDS,
        unbindable=UNBINDABLE,
        placeholders=PLACEHOLDERS,
        round_trips=ROUND_TRIPS,
        refused_columns=REFUSED_COLUMNS,
        overrides=OVERRIDES,
        refused_overrides=REFUSED_OVERRIDES,
        violations=VIOLATIONS,
        statements=STATEMENTS,
    )


def packaged_entry(version: str) -> Backend:
    """A server of the package's version."""
    found = packaged(version)

    @contextmanager
    def database(_: Path) -> Generator[Database]:
        assert isinstance(found, Installation)
        with pool(found).fresh() as name:
            yield Database(cluster(found).config(name))

    return entry(version, lambda: found if isinstance(found, str) else None, database)


def given_entry(uri: str) -> Backend:
    """The server that the environment names: databases are made there and dropped again."""
    maintenance = str(conninfo_to_dict(uri).get("dbname", "postgres"))

    def connect(name: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(uri, dbname=name, autocommit=True)

    @functools.cache
    def unavailable() -> str | None:
        try:
            connect(maintenance).close()
        except psycopg.Error as error:
            return f"{VARIABLE}: {error}"
        return None

    @contextmanager
    def database(_: Path) -> Generator[Database]:
        with given_pool().fresh() as name:
            config = idb.DatabaseConfig.from_uri(uri)
            yield Database(idb.DatabaseConfig.from_dict({**config.to_dict(), "database": name}))

    @functools.cache
    def given_pool() -> Pool:
        databases = Pool(connect, maintenance)
        atexit.register(databases.close)
        return databases

    return entry("", unavailable, database)


GIVEN = os.environ.get(VARIABLE)

BACKENDS: tuple[Backend, ...] = (given_entry(GIVEN),) if GIVEN else tuple(map(packaged_entry, PACKAGED))
