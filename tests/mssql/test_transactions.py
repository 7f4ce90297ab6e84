"""Transactions that the server begins and ends without being asked by one of our verbs."""

from __future__ import annotations

import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("mssql")


@pytest.fixture
def t(ms: idb.Connection) -> str:
    """A table."""
    ms.execute("CREATE TABLE t (a int NOT NULL)")
    return "t"


def depth(ms: idb.Connection) -> int:
    """How many transactions are open in each other, as the server counts."""
    count: int = ms.execute("SELECT @@TRANCOUNT AS n").item()
    return count


@pytest.mark.parametrize(
    ("sql", "count"),
    [
        ("BEGIN TRAN; IF 1 = 0 ROLLBACK", 1),
        ("BEGIN TRAN; IF 1 = 0 COMMIT ELSE SELECT 1 AS a", 1),
        ("IF 1 = 0 BEGIN TRAN", 0),
        ("BEGIN TRAN a; SAVE TRAN b; ROLLBACK TRAN b", 1),
        ("BEGIN TRAN a; ROLLBACK TRAN a", 0),
        ("BEGIN TRAN BEGIN TRAN COMMIT", 1),
        ("DECLARE @n int = 0; WHILE @n < 2 BEGIN BEGIN TRAN; SET @n += 1 END", 2),
        ("BEGIN TRY BEGIN TRAN; INSERT INTO t VALUES (NULL); COMMIT END TRY BEGIN CATCH ROLLBACK END CATCH", 0),
    ],
)
def test_what_a_script_leaves_open(ms: idb.Connection, t: str, sql: str, count: int) -> None:
    ms.execute(sql)
    assert ms.in_transaction == (count > 0)
    assert depth(ms) == count
    # An insert is a transaction of its own only where none is open.
    ms.insert(t, {"a": [1]})
    assert depth(ms) == count
    if count:
        ms.execute("ROLLBACK")
    assert ms.execute("SELECT a FROM t").height == (0 if count else 1)


def test_a_result_that_is_left_early(ms: idb.Connection, t: str) -> None:
    many = "SELECT TOP (200000) a.object_id FROM sys.all_objects a CROSS JOIN sys.all_objects b"
    with ms.execute_batches(f"BEGIN TRAN; {many}", batch_size=10) as batches:
        next(batches)
    assert ms.in_transaction
    ms.insert(t, {"a": [1]})
    ms.rollback()
    assert ms.select(t).height == 0


def test_a_transaction_that_the_server_rolled_back(ms: idb.Connection, t: str) -> None:
    ms.execute("SET XACT_ABORT ON")
    with pytest.raises(idb.QueryExecutionError, match="the database rolled it back") as caught, ms.transaction():
        ms.insert(t, {"a": [1]})
        with pytest.raises(idb.NotNullViolationError):
            ms.execute("INSERT INTO t VALUES (NULL)")
        assert not ms.in_transaction
        with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"):
            ms.insert(t, {"a": [2]})
        with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"), ms.transaction():
            pass
        with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"):
            ms.execute_batches("SELECT 1 AS a")
    assert "begin again" in (caught.value.hint or "")
    assert ms.select(t).height == 0
    ms.insert(t, {"a": [3]})
    assert ms.select(t).rows() == [(3,)]


def test_rollback_acknowledges_what_the_server_has_done(ms: idb.Connection, t: str) -> None:
    ms.execute("SET XACT_ABORT ON")
    ms.begin(isolation="serializable")
    with pytest.raises(idb.NotNullViolationError):
        ms.execute("INSERT INTO t VALUES (NULL)")
    with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"):
        ms.execute("SELECT 1 AS a")
    ms.rollback()
    assert ms.execute("SELECT 1 AS a").item() == 1
    ms.begin()
    with pytest.raises(idb.NotNullViolationError):
        ms.execute("INSERT INTO t VALUES (NULL)")
    with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"):
        ms.commit()
    ms.insert(t, {"a": [1]})
    assert ms.select(t).height == 1
