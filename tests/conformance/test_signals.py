"""Ctrl-C: `KeyboardInterrupt` within 200 ms, the server stops, and the connection goes on."""

from __future__ import annotations

import json
import signal
import time

import pytest

from tests.children import Child
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database

WITHIN = 0.2
"""Seconds that the contract allows."""

INTERRUPTED = """
    import json, sys, time
    import industrydb as idb

    conn = idb.connect(sys.argv[1])
    endless = sys.argv[2]
    conn.execute("CREATE TABLE t (id integer)")
    conn.execute("INSERT INTO t VALUES (1)")
    data = {"id": range(5_000_000)} if sys.argv[3] == "insert" else {}

    def batches():
        with conn.execute_batches(endless) as reader:
            list(reader)

    def transaction():
        with conn.transaction():
            conn.execute("INSERT INTO t VALUES (2)")
            conn.execute(endless)

    calls = {
        "execute": lambda: conn.execute(endless),
        "with-timeout": lambda: conn.execute(endless, timeout=60),
        "with-progress": lambda: conn.execute(endless, progress=lambda rows, size: None),
        "execute_batches": batches,
        "insert": lambda: conn.insert("t", data),
        "delete": lambda: conn.delete("t", f"id = ({endless})"),
        "transaction": transaction,
    }
    print("ready")
    try:
        calls[sys.argv[3]]()
    except KeyboardInterrupt:
        at = time.time()
    rows = conn.execute("SELECT id FROM t")["id"].to_list()
    conn.close()
    print(json.dumps({"at": at, "rows": rows}))
"""


@pytest.mark.parametrize(
    "call",
    ["execute", "with-timeout", "with-progress", "execute_batches", "insert", "delete", "transaction"],
)
def test_ctrl_c(backend: Backend, database: Database, call: str) -> None:
    with Child(INTERRUPTED, database.uri, backend.endless, call) as child:
        assert child.line() == "ready"
        time.sleep(0.4)
        sent = time.time()
        child.process.send_signal(signal.SIGINT)
        answer = json.loads(child.finish())
    assert answer["rows"] == [1], "the connection is usable, and nothing half done is left"
    # Of an insert, the server first takes what is on its way.
    if call != "insert":
        assert answer["at"] - sent < WITHIN


HANDLED = """
    import signal, sys, time
    import industrydb as idb

    seen = []
    signal.signal(signal.SIGUSR1, lambda *_: seen.append(time.time()))
    conn = idb.connect(sys.argv[1])
    print("ready")
    try:
        conn.execute(sys.argv[2], timeout=1.5)
    except idb.QueryTimeoutError:
        print("timeout", len(seen))
    conn.close()
"""


def test_a_signal_with_a_handler_of_its_own_does_not_stop_the_query(backend: Backend, database: Database) -> None:
    with Child(HANDLED, database.uri, backend.endless) as child:
        assert child.line() == "ready"
        time.sleep(0.4)
        child.process.send_signal(signal.SIGUSR1)
        assert child.finish() == "timeout 1"


RAISING = """
    import signal, sys
    import industrydb as idb

    class Stop(Exception): ...

    def stop(*_):
        raise Stop

    signal.signal(signal.SIGUSR1, stop)
    conn = idb.connect(sys.argv[1])
    print("ready")
    try:
        conn.execute(sys.argv[2])
    except Stop:
        print("stopped", conn.execute("SELECT 1 AS a").item())
    conn.close()
"""


def test_what_a_handler_raises_comes_out_of_the_call(backend: Backend, database: Database) -> None:
    with Child(RAISING, database.uri, backend.endless) as child:
        assert child.line() == "ready"
        time.sleep(0.4)
        child.process.send_signal(signal.SIGUSR1)
        assert child.finish() == "stopped 1"


WAITING = """
    import sys, threading, time
    import industrydb as idb

    conn = idb.connect(sys.argv[1])
    release = threading.Event()

    def hold():
        with conn.transaction():
            conn.execute("SELECT 1")
            print("ready")
            release.wait(20)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        time.sleep(0.2)
        conn.execute("SELECT 1")
    except KeyboardInterrupt:
        release.set()
        thread.join()
        print("interrupted", conn.execute("SELECT 1 AS a").item())
    conn.close()
"""


def test_ctrl_c_while_another_threads_transaction_is_waited_for(database: Database) -> None:
    with Child(WAITING, database.uri) as child:
        assert child.line() == "ready"
        time.sleep(0.6)
        child.process.send_signal(signal.SIGINT)
        assert child.finish(15) == "interrupted 1"


CONSUMED = """
    import json, signal, sys, threading, time
    import industrydb as idb

    class Stop(Exception): ...

    def stop(*_):
        handled.append(1)
        raise Stop("by a handler")

    def polars(reader):
        import polars as pl
        return pl.DataFrame(reader)

    def pyarrow(reader):
        import pyarrow as pa
        return pa.table(reader)

    def duckdb(reader):
        import duckdb
        # With more threads it may pull on one of its own, which no signal reaches.
        return duckdb.connect(config={"threads": 1}).execute("SELECT count(*) FROM reader").fetchall()

    handled, failed, turns, over = [], [], 0, False
    consume = {"polars": polars, "pyarrow": pyarrow, "duckdb": duckdb}[sys.argv[3]]
    signal.signal(signal.SIGUSR1, stop)
    with idb.connect(sys.argv[1]) as conn:
        # Loads what it needs.
        consume(conn.execute_batches("SELECT 1 AS a"))

        def count():
            global turns
            while not over:
                turns += 1
                time.sleep(0.001)

        other = threading.Thread(target=count)
        raised = None
        try:
            reader = conn.execute_batches(sys.argv[2], batch_size=1)
            other.start()
            print("ready")
            try:
                consume(reader)
            except Exception as error:
                failed.append(str(error))
                # Here at the latest.
                time.sleep(10)
        except (KeyboardInterrupt, Stop) as error:
            raised = repr(error)
        at = time.time()
        over = True
        other.join()
        try:
            after = conn.execute("SELECT 1 AS a").item()
        except idb.ConnectionClosedError as error:
            after = str(error)
        print(json.dumps({
            "at": at, "raised": raised, "failed": failed, "handled": len(handled), "turns": turns, "after": after,
        }))
"""


@pytest.mark.parametrize("consumer", ["polars", "pyarrow", "duckdb"])
@pytest.mark.parametrize(
    ("number", "raised"), [(signal.SIGINT, "KeyboardInterrupt()"), (signal.SIGUSR1, "Stop('by a handler')")]
)
def test_a_signal_while_another_library_pulls_from_the_arrow_stream(
    backend: Backend, database: Database, consumer: str, number: signal.Signals, raised: str
) -> None:
    with Child(CONSUMED, database.uri, backend.stalling, consumer) as child:
        assert child.line() == "ready"
        time.sleep(0.6)
        sent = time.time()
        child.process.send_signal(number)
        answer = json.loads(child.finish())
    assert answer["raised"] == raised
    if backend.closes_when_cut and answer["after"] != 1:
        assert "cancelled while its result was being read" in answer["after"]
    else:
        assert answer["after"] == 1, "the connection is usable"
    assert answer["at"] - sent < 5
    assert answer["turns"] > 100, "other threads ran meanwhile"
    assert answer["handled"] == (number == signal.SIGUSR1), "a handler runs once"
