"""Transactions: what commits, what rolls back, and who waits for whom."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Ids


def add(conn: idb.Connection, key: int) -> None:
    """One more row in `t`."""
    conn.execute("INSERT INTO t (id) VALUES (?)", [key])


@pytest.mark.usefixtures("t")
def test_without_one_every_statement_commits(database: Database, conn: idb.Connection) -> None:
    add(conn, 1)
    with database.connect() as other:
        assert other.select("t").height == 1


@pytest.mark.usefixtures("t")
def test_it_commits(database: Database, conn: idb.Connection) -> None:
    with conn.transaction():
        assert conn.in_transaction
        add(conn, 1)
        add(conn, 2)
    assert not conn.in_transaction
    with database.connect() as other:
        assert other.select("t").height == 2


@pytest.mark.usefixtures("t")
def test_it_rolls_back_on_an_exception(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(ZeroDivisionError), conn.transaction():
        add(conn, 1)
        raise ZeroDivisionError
    assert not conn.in_transaction
    assert ids() == []


@pytest.mark.parametrize("exception", [KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.usefixtures("t")
def test_it_rolls_back_on_what_is_no_error(conn: idb.Connection, ids: Ids, exception: type[BaseException]) -> None:
    with pytest.raises(exception), conn.transaction():
        add(conn, 1)
        raise exception
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_it_rolls_back_on_an_error_of_the_server(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(idb.UniqueViolationError), conn.transaction():
        add(conn, 1)
        add(conn, 1)
    assert not conn.in_transaction
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_a_nested_one_is_a_savepoint(conn: idb.Connection, ids: Ids) -> None:
    with conn.transaction():
        add(conn, 1)
        with pytest.raises(ZeroDivisionError), conn.transaction():
            add(conn, 2)
            raise ZeroDivisionError
        assert conn.in_transaction
        with conn.transaction():
            add(conn, 3)
            with pytest.raises(ZeroDivisionError), conn.transaction():
                add(conn, 4)
                raise ZeroDivisionError
            with conn.transaction():
                add(conn, 5)
    assert ids() == [1, 3, 5]


@pytest.mark.usefixtures("t")
def test_the_outer_one_undoes_the_nested(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(ZeroDivisionError), conn.transaction():
        with conn.transaction():
            add(conn, 1)
        raise ZeroDivisionError
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_begin_commit_rollback(conn: idb.Connection, ids: Ids) -> None:
    conn.begin()
    assert conn.in_transaction
    add(conn, 1)
    conn.commit()
    assert not conn.in_transaction
    conn.begin()
    add(conn, 2)
    conn.rollback()
    assert not conn.in_transaction
    assert ids() == [1]


@pytest.mark.usefixtures("t")
def test_a_transaction_inside_begin_is_a_savepoint(conn: idb.Connection, ids: Ids) -> None:
    conn.begin()
    add(conn, 1)
    with pytest.raises(ZeroDivisionError), conn.transaction():
        add(conn, 2)
        raise ZeroDivisionError
    conn.commit()
    assert ids() == [1]


@pytest.mark.usefixtures("t")
def test_begin_twice(conn: idb.Connection) -> None:
    conn.begin()
    with pytest.raises(idb.QueryExecutionError):
        conn.begin()
    assert conn.in_transaction
    conn.rollback()


@pytest.mark.parametrize("verb", ["commit", "rollback"])
def test_ending_what_was_not_begun(conn: idb.Connection, verb: str) -> None:
    with pytest.raises(idb.QueryExecutionError, match="(?i)transaction"):
        getattr(conn, verb)()
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("t")
def test_ending_inside_the_block(conn: idb.Connection, ids: Ids) -> None:
    with conn.transaction():
        add(conn, 1)
        conn.commit()
        assert not conn.in_transaction
    assert ids() == [1]


@pytest.mark.usefixtures("t")
def test_begin_as_sql(backend: Backend, conn: idb.Connection, ids: Ids) -> None:
    conn.execute(backend.sql("{begin}"))
    assert conn.in_transaction
    add(conn, 1)
    conn.execute("ROLLBACK")
    assert not conn.in_transaction
    conn.execute(backend.sql("-- a comment\n {begin} ;"))
    assert conn.in_transaction
    add(conn, 2)
    conn.commit()
    assert ids() == [2]


@pytest.mark.usefixtures("t")
def test_begin_in_a_script(backend: Backend, conn: idb.Connection, ids: Ids) -> None:
    conn.execute(backend.sql("{begin}; INSERT INTO t (id) VALUES (1); COMMIT; {begin}; INSERT INTO t (id) VALUES (2)"))
    assert conn.in_transaction
    conn.rollback()
    assert ids() == [1]


@pytest.mark.cases("isolations")
@pytest.mark.usefixtures("t")
def test_every_isolation_that_the_server_has(conn: idb.Connection, ids: Ids, case: Any) -> None:
    with conn.transaction(isolation=case):
        add(conn, 1)
    conn.begin(isolation=case)
    add(conn, 2)
    conn.commit()
    assert ids() == [1, 2]


@pytest.mark.parametrize("isolation", ["", "SERIALISABLE", "immediate; DROP TABLE t"])
@pytest.mark.usefixtures("t")
def test_an_unknown_isolation(backend: Backend, conn: idb.Connection, isolation: Any) -> None:
    with pytest.raises(ValueError, match=backend.isolations[0]):
        conn.begin(isolation=isolation)
    with pytest.raises(ValueError), conn.transaction(isolation=isolation):
        raise AssertionError("not reached")
    assert not conn.in_transaction


@pytest.mark.usefixtures("t")
def test_read_only(backend: Backend, conn: idb.Connection, ids: Ids) -> None:
    if not backend.read_only:
        with pytest.raises(ValueError, match="no read-only transactions"), conn.transaction(read_only=True):
            raise AssertionError("not reached")
        with pytest.raises(ValueError, match="no read-only transactions"):
            conn.begin(read_only=True)
        assert not conn.in_transaction
        add(conn, 1)
        assert ids() == [1]
        return
    with conn.transaction(read_only=True):
        assert ids() == []
        with pytest.raises(idb.QueryExecutionError), conn.transaction():
            add(conn, 1)
    with pytest.raises(idb.QueryExecutionError), conn.transaction(read_only=True):
        conn.insert("t", {"id": [1]})
    conn.begin(read_only=True)
    with pytest.raises(idb.QueryExecutionError):
        conn.delete("t", True)
    conn.rollback()
    add(conn, 2)
    with conn.transaction():
        add(conn, 3)
    assert ids() == [2, 3]


def test_deferrable(backend: Backend, conn: idb.Connection) -> None:
    if not backend.deferrable:
        with pytest.raises(ValueError, match="no deferrable transactions"), conn.transaction(deferrable=True):
            raise AssertionError("not reached")
        with pytest.raises(ValueError, match="no deferrable transactions"):
            conn.begin(deferrable=True)
        assert not conn.in_transaction
        return
    with conn.transaction(deferrable=True):
        assert conn.in_transaction
        with pytest.raises(idb.QueryExecutionError, match="deferrable of its own"), conn.transaction(deferrable=True):
            raise AssertionError("not reached")
    conn.begin(isolation="serializable", read_only=True, deferrable=True)
    conn.rollback()


@pytest.mark.usefixtures("t")
def test_others_do_not_see_what_is_not_committed(database: Database, conn: idb.Connection) -> None:
    with database.connect() as other, conn.transaction():
        before = other.select("t").height
        add(conn, 1)
        assert (before, other.select("t").height) == (0, 0)


@pytest.mark.usefixtures("t")
def test_other_threads_wait_until_it_ends(conn: idb.Connection) -> None:
    seen: list[int] = []
    started = threading.Event()

    def look() -> None:
        started.set()
        seen.append(conn.execute("SELECT count(*) AS n FROM t").item())

    thread = threading.Thread(target=look)
    with conn.transaction():
        add(conn, 1)
        thread.start()
        assert started.wait(5)
        time.sleep(0.3)
        assert seen == []
        add(conn, 2)
    thread.join(10)
    assert seen == [2]


@pytest.mark.usefixtures("t")
def test_waiting_ends_with_the_timeout(conn: idb.Connection) -> None:
    caught: list[BaseException] = []
    waited: list[float] = []

    def look() -> None:
        start = time.monotonic()
        try:
            conn.execute("SELECT 1", timeout=0.2)
        except idb.IndustryDbError as error:
            caught.append(error)
        waited.append(time.monotonic() - start)

    with conn.transaction():
        add(conn, 1)
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)
        assert isinstance(caught[0], idb.QueryTimeoutError)
        assert 0.15 < waited[0] < 3
        add(conn, 2)
    assert conn.select("t").height == 2


@pytest.mark.usefixtures("t")
def test_another_thread_cannot_end_it(conn: idb.Connection) -> None:
    caught: list[BaseException] = []

    def end() -> None:
        try:
            conn.commit(timeout=0.2)
        except idb.IndustryDbError as error:
            caught.append(error)

    with pytest.raises(ZeroDivisionError), conn.transaction():
        add(conn, 1)
        thread = threading.Thread(target=end)
        thread.start()
        thread.join(10)
        raise ZeroDivisionError
    assert len(caught) == 1
    assert conn.select("t").height == 0


@pytest.mark.usefixtures("t")
def test_the_next_thread_gets_its_turn(conn: idb.Connection, ids: Ids) -> None:
    def work(key: int) -> None:
        with conn.transaction():
            add(conn, key)
            time.sleep(0.01)
            add(conn, key + 100)

    threads = [threading.Thread(target=work, args=(key,)) for key in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert ids() == [*range(8), *range(100, 108)]
