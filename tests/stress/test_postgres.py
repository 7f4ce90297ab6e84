"""Long sessions on PostgreSQL: one-row queries and distinct statements by the thousand, memory flat on both sides.

A few seconds each; `INDUSTRYDB_STRESS_SECONDS=60` is the full run: 100,000 queries and 10,000 statements.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import psutil
import pytest

import industrydb as idb
from tests.conformance.backends import Backend, postgres
from tests.conformance.backends.base import Database

SECONDS = float(os.environ.get("INDUSTRYDB_STRESS_SECONDS", "4"))
FULL = SECONDS >= 60
QUERIES = 100_000 if FULL else 10_000
STATEMENTS = 10_000 if FULL else 2_000
GROWTH = 8 * 2**20
"""Bytes by which either side may grow in the second half of the work: caches fill in the first."""

MEMORY = "SELECT sum(total_bytes)::bigint AS n FROM pg_backend_memory_contexts"

pytestmark = pytest.mark.skipif("postgres" not in idb.backends(), reason="this build has no PostgreSQL")


@pytest.fixture(params=postgres.BACKENDS, ids=lambda backend: backend.id)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database on each version."""
    backend: Backend = request.param
    with backend.database(tmp_path) as database:
        yield database


def client_bytes() -> int:
    """What this process holds."""
    return int(psutil.Process().memory_info().rss)


def assert_flat(conn: idb.Connection, count: int, work: Callable[[int], None]) -> None:
    """The second half of the work takes no more memory than the first has."""
    for at in range(count // 2):
        work(at)
    before = client_bytes(), conn.execute(MEMORY).item()
    for at in range(count // 2, count):
        work(at)
    after = client_bytes(), conn.execute(MEMORY).item()
    assert after[0] - before[0] < GROWTH, f"the client grew from {before[0]} to {after[0]}"
    assert after[1] - before[1] < GROWTH, f"the server grew from {before[1]} to {after[1]}"


def test_queries_of_one_row(database: Database) -> None:
    with database.connect() as conn:
        conn.insert("t", pl.DataFrame({"id": range(1_000)}).with_columns(name=pl.format("n{}", "id")), mode="create")
        conn.execute("CREATE UNIQUE INDEX by_id ON t (id)")

        def work(at: int) -> None:
            assert conn.execute("SELECT id, name FROM t WHERE id = $1", [at % 1_000]).row(0) == (
                at % 1_000,
                f"n{at % 1_000}",
            )

        assert_flat(conn, QUERIES, work)


@pytest.mark.parametrize("kind", ["literal", "parameter"])
def test_distinct_statements(database: Database, kind: str) -> None:
    with database.connect() as conn:

        def work(at: int) -> None:
            if kind == "literal":
                assert conn.execute(f"SELECT {at} AS a, 'x' AS b").row(0) == (at, "x")
            else:
                assert conn.execute(f"SELECT $1::int + {at} AS a_{at}", [1]).item() == at + 1

        assert_flat(conn, STATEMENTS, work)
        kept = conn.execute("SELECT count(*) AS n FROM pg_prepared_statements").item()
        assert kept < 1_000, "the server does not remember every statement"


def test_failing_statements(database: Database) -> None:
    with database.connect() as conn:
        conn.execute("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)")

        def work(at: int) -> None:
            with pytest.raises(idb.UniqueViolationError):
                conn.execute("INSERT INTO t VALUES ($1)", [1])
            with pytest.raises(idb.QueryExecutionError):
                conn.execute(f"SELECT missing_{at} FROM t")

        assert_flat(conn, STATEMENTS, work)


def test_connections_come_and_go(database: Database) -> None:
    files = psutil.Process().num_fds()
    for _ in range(1_000 if FULL else 100):
        with database.connect() as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1
    assert psutil.Process().num_fds() <= files + 8


def test_cancels_by_the_hundred(database: Database) -> None:
    with database.connect() as conn:
        for at in range(500 if FULL else 60):
            with pytest.raises(idb.QueryTimeoutError):
                conn.execute("SELECT pg_sleep(30)", timeout=0.001 * (1 + at % 20))
            assert conn.execute("SELECT $1::int AS a", [at]).item() == at, "no cancel meets a later call"


def test_many_threads_on_many_connections(database: Database) -> None:
    with database.connect() as conn:
        conn.execute("CREATE TABLE counters (who integer PRIMARY KEY, n integer NOT NULL)")
        conn.insert("counters", {"who": range(12), "n": [0] * 12})
    stop = time.monotonic() + SECONDS

    def work(who: int) -> int:
        rounds = 0
        with database.connect() as mine:
            while time.monotonic() < stop:
                with mine.transaction():
                    n = mine.execute("SELECT n FROM counters WHERE who = $1 FOR UPDATE", [who]).item()
                    mine.update("counters", {"n": n + 1}, {"who": who})
                frame = mine.execute("SELECT i, i::text AS t FROM generate_series(1, 500) AS i")
                assert frame["t"].cast(pl.Int32).equals(frame["i"])
                rounds += 1
        return rounds

    with ThreadPoolExecutor(12) as pool:
        counted = list(pool.map(work, range(12)))
    with database.connect() as conn:
        assert conn.select("counters", ["n"], order_by="who")["n"].to_list() == counted
