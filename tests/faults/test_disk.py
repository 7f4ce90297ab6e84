"""A disk that fills and a process that is killed: what was committed stays, what was not is gone."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.children import Child, run

pytestmark = pytest.mark.backend("sqlite")


def sound(path: Path) -> None:
    """Asserts that Python's own SQLite finds nothing wrong with the file."""
    conn = sqlite3.connect(path)
    assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    conn.close()


FRAME = pl.DataFrame({"id": range(50_000)}).with_columns(text=pl.lit("x" * 100))


@pytest.mark.parametrize("mode", ["append", "overwrite", "replace", "create"])
def test_a_full_database_rolls_back(lite: idb.Connection, path: Path, mode: Any) -> None:
    table = "other" if mode == "create" else "t"
    lite.insert("t", FRAME[:100], mode="create")
    lite.execute("PRAGMA max_page_count = 100")
    with pytest.raises(idb.QueryExecutionError, match="full") as caught:
        lite.insert(table, FRAME, mode=mode)
    assert caught.value.code == "SQLITE_FULL"
    assert not lite.in_transaction
    assert lite.select("t").equals(FRAME[:100])
    assert lite.tables()["name"].to_list() == ["t"]
    lite.execute("PRAGMA max_page_count = 1000000")
    assert lite.insert(table, FRAME, mode=mode) == FRAME.height
    lite.close()
    sound(path)


def test_a_full_database_in_an_upsert(lite: idb.Connection, path: Path) -> None:
    lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
    lite.insert("t", FRAME[:100])
    lite.execute("PRAGMA max_page_count = 100")
    with pytest.raises(idb.QueryExecutionError):
        lite.insert("t", FRAME, on_conflict="update")
    assert not lite.in_transaction
    assert lite.select("t", order_by="id").equals(FRAME[:100])
    lite.close()
    sound(path)


def test_a_full_database_in_a_transaction(lite: idb.Connection, path: Path) -> None:
    lite.insert("t", FRAME[:100], mode="create")
    lite.execute("PRAGMA max_page_count = 100")
    with pytest.raises(idb.QueryExecutionError), lite.transaction():
        lite.insert("t", FRAME[100:200])
        lite.insert("t", FRAME)
    assert not lite.in_transaction
    assert lite.select("t").height == 100


FILE_LIMIT = """
    import resource, signal, sys
    import polars as pl
    import industrydb as idb

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    frame = pl.DataFrame({"id": range(200_000)}).with_columns(text=pl.lit("x" * 100))
    with idb.connect("sqlite:///" + sys.argv[1]) as conn:
        conn.execute("PRAGMA journal_mode = " + sys.argv[2])
        conn.insert("t", frame[:100], mode="create")
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
        try:
            conn.insert("t", frame)
        except idb.QueryExecutionError as error:
            print(error.code)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(conn.in_transaction, conn.select("t").height)
        print(conn.insert("t", frame))
"""


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_disk_that_fills_rolls_back(path: Path, journal: str) -> None:
    code, open_, height, later = run(FILE_LIMIT, path, journal).split()
    assert code in {"SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_TRUNCATE"}
    assert (open_, height, later) == ("False", "100", "200000")
    sound(path)


WRITER = """
    import sys
    import polars as pl
    import industrydb as idb

    conn = idb.connect("sqlite:///" + sys.argv[1])
    conn.execute("PRAGMA journal_mode = " + sys.argv[2])
    conn.execute("CREATE TABLE IF NOT EXISTS t (batch INTEGER, n INTEGER, text TEXT)")
    batch = 0
    while True:
        frame = pl.DataFrame({"n": range(5_000)}).with_columns(batch=pl.lit(batch), text=pl.lit("x" * 50))
        conn.insert("t", frame)
        print(batch)
        batch += 1
"""


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("delay", [0.0, 0.011, 0.023])
def test_a_killed_writer_leaves_a_sound_file(path: Path, journal: str, delay: float) -> None:
    with Child(WRITER, path, journal) as child:
        told = [int(child.line()) for _ in range(5)]
        time.sleep(delay)
        child.process.kill()
        child.process.wait()
    sound(path)
    with idb.DatabaseConfig("sqlite", path=str(path)).connect() as conn:
        batches = conn.execute("SELECT batch, count(*) AS n FROM t GROUP BY batch ORDER BY batch")
        assert set(batches["n"]) == {5_000}, "each batch is there as a whole or not at all"
        assert batches["batch"].to_list() == list(range(batches.height))
        assert batches.height > told[-1], "what was reported is there"
        conn.insert("t", {"batch": [-1], "n": [0], "text": [""]})


REPLACER = """
    import sys
    import polars as pl
    import industrydb as idb

    conn = idb.connect("sqlite:///" + sys.argv[1])
    frame = pl.DataFrame({"n": range(20_000)})
    conn.insert("t", frame, mode="replace")
    print("ready")
    while True:
        conn.insert("t", frame, mode=sys.argv[2])
"""


@pytest.mark.parametrize("mode", ["replace", "overwrite"])
@pytest.mark.parametrize("delay", [0.03, 0.1])
def test_a_killed_swap_leaves_one_whole_table(path: Path, mode: str, delay: float) -> None:
    with Child(REPLACER, path, mode) as child:
        assert child.line() == "ready"
        time.sleep(delay)
        child.process.kill()
        child.process.wait()
    sound(path)
    with idb.DatabaseConfig("sqlite", path=str(path)).connect() as conn:
        assert conn.tables()["name"].to_list() == ["t"]
        assert conn.select("t").height == 20_000
