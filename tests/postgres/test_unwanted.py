"""What nobody wants to the end: results, and rows that can't be sent. Transaction and connection go on."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends.base import Database

WIDE = "SELECT g, repeat('x', 1000) AS s FROM generate_series(1, 100000) g"
"""More than the buffers between server and reader hold."""

WIDE_TEXT = "SELECT 'a'::tsquery AS q, repeat('x', 1000) AS s FROM generate_series(1, 100000) g"
"""The same as a simple query."""

SLOW = """
    SELECT g, repeat('x', 20000) AS s, CASE WHEN g > 10 THEN pg_sleep(30)::text END AS t
    FROM generate_series(1, 20) g
"""
"""Rows that come at once, and rows that do not."""

ODD = """
    SELECT CASE WHEN g = 1 THEN 'infinity'::date END AS d{more}, repeat('x', 1000) AS s
    FROM generate_series(1, 100000) g
"""
"""A first row that has no place in its column."""


@pytest.fixture(autouse=True)
def t(conn: idb.Connection) -> None:
    """An empty table."""
    conn.execute("CREATE TABLE t (a integer)")


def close(reader: idb.BatchReader) -> None:
    """As it should be done."""
    reader.close()


def leave(reader: idb.BatchReader) -> None:
    """As it is done most of the time."""
    with reader:
        pass


def lose(reader: idb.BatchReader) -> None:
    """As it also happens: the caller has let go of it before."""
    del reader
    gc.collect()


@pytest.mark.parametrize("end", [close, leave, lose])
@pytest.mark.parametrize("sql", [WIDE, WIDE_TEXT], ids=["binary", "text"])
def test_a_reader_that_ends_early_costs_no_transaction(
    conn: idb.Connection, sql: str, end: Callable[[idb.BatchReader], None]
) -> None:
    for number in range(3):
        with conn.transaction():
            conn.execute("INSERT INTO t VALUES ($1)", [number])
            readers = [conn.execute_batches(sql, batch_size=1000)]
            assert next(readers[0]).height == 1000
            end(readers.pop())
            assert conn.execute("SELECT count(*) AS n FROM t").item() == number + 1
    assert conn.execute("SELECT a FROM t ORDER BY a")["a"].to_list() == [0, 1, 2]


def test_a_reader_that_is_open_at_the_end_of_its_transaction(conn: idb.Connection) -> None:
    with conn.transaction():
        conn.execute("INSERT INTO t VALUES (1)")
        reader = conn.execute_batches(WIDE, batch_size=1000)
        next(reader)
    assert conn.execute("SELECT count(*) AS n FROM t").item() == 1


@pytest.mark.parametrize("more", ["", ", 'a'::tsquery AS q"], ids=["binary", "text"])
def test_a_value_without_a_place_costs_no_transaction(conn: idb.Connection, more: str) -> None:
    with conn.transaction():
        conn.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(idb.DataConversionError):
            conn.execute(ODD.format(more=more))
        conn.execute("INSERT INTO t VALUES (2)")
    assert conn.execute("SELECT a FROM t ORDER BY a")["a"].to_list() == [1, 2]


def test_a_slow_rest_is_not_waited_for_by_close(conn: idb.Connection) -> None:
    conn.begin()
    conn.execute("INSERT INTO t VALUES (1)")
    reader = conn.execute_batches(SLOW, batch_size=5)
    next(reader)
    start = time.monotonic()
    reader.close()
    assert time.monotonic() - start < 5
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("SELECT 1", timeout=0.3)
    assert time.monotonic() - start < 10
    with pytest.raises(idb.QueryExecutionError, match="rolled back, not committed"):
        conn.commit()
    assert conn.execute("SELECT count(*) AS n FROM t").item() == 0


def test_a_slow_rest_can_be_cancelled(conn: idb.Connection) -> None:
    conn.begin()
    conn.execute("INSERT INTO t VALUES (1)")
    reader = conn.execute_batches(SLOW, batch_size=5)
    next(reader)
    reader.close()
    timer = threading.Timer(0.3, conn.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(idb.QueryExecutionError, match="rolled back, not committed"):
        conn.commit()
    assert time.monotonic() - start < 10
    timer.join()
    assert not conn.in_transaction


@pytest.mark.parametrize("end", ["ROLLBACK", "ROLLBACK AND CHAIN", "ROLLBACK TO s"])
def test_a_slow_rest_is_not_waited_for_by_a_rollback(conn: idb.Connection, end: str) -> None:
    conn.execute("BEGIN; SAVEPOINT s; INSERT INTO t VALUES (1)")
    reader = conn.execute_batches(SLOW, batch_size=5)
    next(reader)
    reader.close()
    start = time.monotonic()
    conn.execute(end)
    assert time.monotonic() - start < 5
    assert conn.in_transaction == (end != "ROLLBACK")
    assert conn.execute("SELECT count(*) AS n FROM t").item() == 0
    conn.execute("INSERT INTO t VALUES (2); COMMIT" if conn.in_transaction else "INSERT INTO t VALUES (2)")
    assert conn.execute("SELECT a FROM t").item() == 2


def test_a_block_that_fails_while_it_reads(conn: idb.Connection) -> None:
    start = time.monotonic()
    with conn.transaction():
        conn.execute("INSERT INTO t VALUES (1)")
        with (
            pytest.raises(ZeroDivisionError),
            conn.transaction(),
            conn.execute_batches(SLOW, batch_size=5) as batches,
        ):
            next(batches)
            raise ZeroDivisionError
        conn.execute("INSERT INTO t VALUES (2)")
    assert time.monotonic() - start < 10
    assert conn.execute("SELECT a FROM t ORDER BY a")["a"].to_list() == [1, 2]


def test_the_next_call_after_a_reader_keeps_its_timeout(conn: idb.Connection) -> None:
    for _ in range(30):
        reader = conn.execute_batches(WIDE, batch_size=500)
        next(reader)
        reader.close()
        start = time.monotonic()
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT pg_sleep(10)", timeout=0.1)
        assert time.monotonic() - start < 5


ROWS = 300_000


@pytest.mark.parametrize("kind", ["text", "inet"], ids=["binary", "text"])
def test_a_copy_that_both_sides_refuse(database: Database, kind: str) -> None:
    texts = [*["x" * 40] * (ROWS - 1), "bad\0"]
    refused = pl.DataFrame({"a": [-1, *[1] * (ROWS - 1)], "b": texts, "c": ["10.0.0.1"] * ROWS})
    with database.connect() as conn:
        conn.execute(f"CREATE TABLE c (a bigint CHECK (a > 0), b text, c {kind})")
        statements = {f"SELECT {number} AS x": number for number in (1, 42)}
        conn.begin()
        conn.rollback()
        for sql, number in statements.items():
            assert conn.execute(sql).item() == number
        with pytest.raises(idb.CheckViolationError):
            conn.insert("c", refused)
        for sql, number in statements.items():
            assert conn.execute(sql).item() == number, "the answer is that to this statement"
        with pytest.raises(idb.DataConversionError):
            conn.insert("c", refused[1:])
        for sql, number in statements.items():
            assert conn.execute(sql).item() == number
        assert conn.select("c").height == 0
        assert conn.insert("c", refused[1:-1]) == ROWS - 2


def test_a_copy_that_is_refused_and_cancelled(conn: idb.Connection) -> None:
    conn.execute("CREATE TABLE c (a bigint CHECK (a > 0), b text)")
    many = 2_000_000
    refused = pl.DataFrame({"a": [-1, *[1] * (many - 1)], "b": ["x" * 80] * many})
    conn.begin()
    conn.rollback()
    assert conn.execute("SELECT 1 AS x").item() == 1
    for _ in range(3):
        with pytest.raises((idb.CheckViolationError, idb.QueryTimeoutError)):
            conn.insert("c", refused, timeout=0.1)
        for number in (1, 42, 1, 42):
            assert conn.execute(f"SELECT {number} AS x").item() == number
