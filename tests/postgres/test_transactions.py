"""Transactions with a server that keeps several at once: isolation, read-only, an aborted one, conflicts."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.postgres.conftest import Referee


@pytest.fixture(autouse=True)
def t(conn: idb.Connection) -> None:
    """A table of two accounts."""
    conn.execute("CREATE TABLE t (id integer PRIMARY KEY, n integer); INSERT INTO t VALUES (1, 10), (2, 20)")


@pytest.mark.parametrize("level", ["read uncommitted", "read committed", "repeatable read", "serializable"])
@pytest.mark.parametrize("access", ["off", "on"])
def test_the_server_is_told(conn: idb.Connection, level: Any, access: str) -> None:
    with conn.transaction(isolation=level, read_only=access == "on"):
        assert conn.execute("SHOW transaction_isolation").item() == level
        assert conn.execute("SHOW transaction_read_only").item() == access
    assert conn.execute("SHOW transaction_isolation").item() == "read committed"
    assert conn.execute("SHOW transaction_read_only").item() == "off"


def test_a_deferrable_transaction_waits_for_those_that_it_may_conflict_with(
    database: Database, conn: idb.Connection
) -> None:
    with database.connect() as other:
        other.begin(isolation="serializable")
        other.execute("UPDATE t SET n = n + 1")
        conn.begin(isolation="serializable", read_only=True, deferrable=True)
        assert conn.execute("SHOW transaction_deferrable").item() == "on"
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT n FROM t", timeout=0.5)
        conn.rollback()
        other.commit()
    with conn.transaction(isolation="serializable", read_only=True, deferrable=True):
        assert conn.execute("SELECT sum(n)::bigint AS n FROM t").item() == 32
    assert conn.execute("SHOW transaction_deferrable").item() == "off"


def test_snapshot_is_not_postgresqls(conn: idb.Connection) -> None:
    with pytest.raises(ValueError, match="serializable"):
        conn.begin(isolation="snapshot")


@pytest.mark.parametrize(("level", "seen"), [("read committed", [30, 31]), ("repeatable read", [30, 30])])
def test_what_a_level_sees(conn: idb.Connection, referee: Referee, level: Any, seen: list[int]) -> None:
    total = "SELECT sum(n) AS n FROM t"
    with conn.transaction(isolation=level):
        first = conn.execute(total).item()
        referee.execute("UPDATE t SET n = n + 1 WHERE id = 1")
        assert [first, conn.execute(total).item()] == seen


def test_a_conflict_of_serializable_transactions(conn: idb.Connection, database: Database) -> None:
    with database.connect() as other:
        with pytest.raises(idb.QueryExecutionError) as caught, conn.transaction(isolation="serializable"):
            conn.execute("SELECT sum(n) FROM t")
            with other.transaction(isolation="serializable"):
                other.execute("SELECT sum(n) FROM t")
                other.execute("UPDATE t SET n = n + 1 WHERE id = 1")
            conn.execute("UPDATE t SET n = n + 1 WHERE id = 2")
        assert caught.value.code == "40001"
        assert not conn.in_transaction
    assert conn.execute("SELECT n FROM t ORDER BY id")["n"].to_list() == [11, 20]


def test_a_deadlock(conn: idb.Connection, database: Database) -> None:
    codes: list[str | None] = []
    with database.connect() as other:
        both = threading.Barrier(2)

        def work(mine: idb.Connection, first: int, second: int) -> None:
            try:
                with mine.transaction():
                    mine.execute("UPDATE t SET n = n + 1 WHERE id = $1", [first])
                    both.wait(10)
                    mine.execute("UPDATE t SET n = n + 1 WHERE id = $1", [second])
            except idb.QueryExecutionError as error:
                codes.append(error.code)

        threads = [threading.Thread(target=work, args=arguments) for arguments in ((conn, 1, 2), (other, 2, 1))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert codes == ["40P01"]
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 32


def test_an_error_ends_what_a_transaction_can_do(conn: idb.Connection) -> None:
    conn.begin()
    conn.execute("UPDATE t SET n = 0")
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("SELECT 1 / 0")
    assert conn.in_transaction
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT 1")
    assert caught.value.code == "25P02"
    conn.rollback()
    assert not conn.in_transaction
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 30


def test_a_commit_that_the_server_turns_into_a_rollback_is_an_error(conn: idb.Connection) -> None:
    conn.begin()
    conn.execute("UPDATE t SET n = 0")
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("SELECT 1 / 0")
    with pytest.raises(idb.IndustryDbError):
        conn.commit()
    assert not conn.in_transaction
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 30


def test_a_block_that_swallows_an_error_does_not_end_well(conn: idb.Connection) -> None:
    def block() -> None:
        with conn.transaction():
            conn.execute("UPDATE t SET n = 0")
            with pytest.raises(idb.QueryExecutionError):
                conn.execute("SELECT 1 / 0")

    with pytest.raises(idb.IndustryDbError):
        block()
    assert not conn.in_transaction
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 30


def test_a_savepoint_mends_a_transaction(conn: idb.Connection) -> None:
    with conn.transaction():
        conn.execute("UPDATE t SET n = 1 WHERE id = 1")
        with pytest.raises(idb.QueryExecutionError), conn.transaction():
            conn.execute("SELECT 1 / 0")
        conn.execute("UPDATE t SET n = 2 WHERE id = 2")
    assert conn.execute("SELECT n FROM t ORDER BY id")["n"].to_list() == [1, 2]


def test_a_deferred_constraint_fails_with_the_commit(conn: idb.Connection) -> None:
    conn.execute("CREATE TABLE d (t integer REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(idb.ForeignKeyViolationError), conn.transaction():
        conn.execute("INSERT INTO d VALUES (9)")
    assert not conn.in_transaction
    assert conn.select("d").height == 0


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("BEGIN", "COMMIT"),
        ("START TRANSACTION READ ONLY", "END"),
        ("begin isolation level serializable", "abort"),
        ("/* x */ BEGIN WORK", "ROLLBACK WORK"),
        ("BEGIN; SELECT 1", "COMMIT AND NO CHAIN"),
        ("BEGIN", "PREPARE TRANSACTION 'gid'; ROLLBACK PREPARED 'gid'"),
    ],
)
def test_transactions_in_sql(conn: idb.Connection, begin: str, end: str) -> None:
    conn.execute(begin)
    assert conn.in_transaction
    conn.execute("SELECT 1")
    assert conn.in_transaction
    conn.execute(end)
    assert not conn.in_transaction


def test_a_chain_of_transactions(conn: idb.Connection) -> None:
    conn.execute("BEGIN")
    conn.execute("UPDATE t SET n = 0")
    conn.execute("COMMIT AND CHAIN")
    assert conn.in_transaction
    conn.execute("UPDATE t SET n = 5")
    conn.rollback()
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 0


def test_a_chain_that_mends_a_failed_transaction(conn: idb.Connection) -> None:
    conn.execute("BEGIN; UPDATE t SET n = 0")
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("SELECT 1 / 0")
    conn.execute("ROLLBACK AND CHAIN")
    assert conn.in_transaction
    conn.execute("UPDATE t SET n = 5 WHERE id = 1")
    conn.commit()
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 25


def test_a_chain_behind_a_commit_that_is_none(conn: idb.Connection) -> None:
    conn.execute("BEGIN; UPDATE t SET n = 0")
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("SELECT 1 / 0")
    with pytest.raises(idb.QueryExecutionError, match="rolled back, not committed"):
        conn.execute("COMMIT AND CHAIN")
    assert conn.in_transaction
    conn.rollback()
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 30


@pytest.mark.parametrize("end", ["COMMIT foo", "ROLLBACK TRANSACTION 5", "END AND CHAINS", "PREPARE TRANSACTION gid"])
def test_an_end_that_cannot_be_read_is_none(conn: idb.Connection, end: str) -> None:
    conn.begin()
    conn.execute("UPDATE t SET n = 0")
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute(end)
    assert caught.value.code == "42601"
    assert conn.in_transaction
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT 1")
    assert caught.value.code == "25P02"
    conn.rollback()
    assert not conn.in_transaction
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 30


def test_savepoints_in_sql(conn: idb.Connection) -> None:
    conn.execute("BEGIN; SAVEPOINT a; UPDATE t SET n = 0; ROLLBACK TO a")
    assert conn.in_transaction
    conn.execute("RELEASE a; COMMIT")
    assert not conn.in_transaction
    assert conn.execute("SELECT sum(n) AS n FROM t").item() == 30


def test_no_snapshot_is_held_between_calls(conn: idb.Connection, referee: Referee) -> None:
    conn.execute("SELECT * FROM t")
    conn.execute("SELECT * FROM t WHERE id = $1", [1])
    with conn.execute_batches("SELECT * FROM t", batch_size=1) as batches:
        next(batches)
    state = "SELECT state, backend_xmin FROM pg_stat_activity WHERE pid = %s"
    pid = conn.execute("SELECT pg_backend_pid() AS pid").item()
    assert referee.execute(state, [pid]).fetchone() == ("idle", None)
