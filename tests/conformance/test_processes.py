"""Fork: a child may not use its parent's connection, and may open its own."""

from __future__ import annotations

import pytest

from tests.children import run
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database

FORK = """
    import os, sys, threading, warnings
    import industrydb as idb

    warnings.simplefilter("ignore", DeprecationWarning)
    conn = idb.connect(sys.argv[1])
    conn.execute("CREATE TABLE t (id integer)")
    conn.execute("INSERT INTO t VALUES (1)")
    if sys.argv[2] == "in-transaction":
        conn.begin()
        conn.execute("INSERT INTO t VALUES (2)")
    pid = os.fork()
    if pid == 0:
        try:
            for call in (
                lambda: conn.execute("SELECT 1"),
                lambda: conn.insert("t", {"id": [9]}),
                lambda: conn.ping(),
                lambda: conn.execute_batches("SELECT 1"),
            ):
                try:
                    call()
                except idb.IndustryDbError as error:
                    assert "fork" in str(error), error
                else:
                    raise AssertionError("no error")
            with idb.connect(sys.argv[1]) as own:
                assert own.execute("SELECT count(*) AS n FROM t").item() == 1
                if sys.argv[2] == "idle":
                    own.execute("INSERT INTO t VALUES (3)")
        except BaseException as error:
            print(type(error).__name__, error, flush=True)
            os._exit(1)
        os._exit(0)
    status = os.waitpid(pid, 0)[1]
    assert status == 0, status
    if conn.in_transaction:
        conn.rollback()
    print(sorted(conn.execute("SELECT id FROM t")["id"]))
    conn.close()
"""


@pytest.mark.parametrize(("state", "left"), [("idle", "[1, 3]"), ("in-transaction", "[1]")])
def test_a_fork(database: Database, state: str, left: str) -> None:
    assert run(FORK, database.uri, state) == left


POOL = """
    import multiprocessing, sys
    import industrydb as idb

    def work(key):
        with idb.connect(sys.argv[1]) as conn:
            return conn.execute("SELECT CAST(? AS integer) AS a", [key]).item()

    if __name__ == "__main__":
        with idb.connect(sys.argv[1]) as conn:
            conn.execute("SELECT 1")
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(sum(pool.map(work, range(20))))
            print(conn.execute("SELECT 7 AS a").item())
"""


def test_a_pool_of_forked_workers(database: Database) -> None:
    assert run(POOL, database.uri).split() == ["190", "7"]


EXIT = """
    import sys
    import industrydb as idb

    conn = idb.connect(sys.argv[1])
    conn.execute("CREATE TABLE t (id integer)")
    reader = conn.execute_batches("SELECT 1 AS a")
    print("end")
"""


def test_a_process_ends_with_a_connection_and_a_reader_open(database: Database) -> None:
    assert run(EXIT, database.uri) == "end"


DAEMON = """
    import sys, threading, time
    import industrydb as idb

    conn = idb.connect(sys.argv[1])
    threading.Thread(target=lambda: conn.execute(sys.argv[2]), daemon=True).start()
    time.sleep(0.3)
    print("end")
"""


def test_a_process_ends_while_a_daemon_thread_runs_a_query(backend: Backend, database: Database) -> None:
    assert run(DAEMON, database.uri, backend.endless, seconds=20) == "end"
