"""Files: missing, foreign, damaged, read-only, locked, in memory, in WAL mode, attached."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.children import Child

pytestmark = pytest.mark.backend("sqlite")


def config(path: Path | str, **options: Any) -> idb.DatabaseConfig:
    """A configuration for `path`."""
    return idb.DatabaseConfig("sqlite", path=str(path), **options)


def fill(path: Path, rows: int = 3) -> None:
    """A file with a table `t`, made by Python's own SQLite."""
    with sqlite3.connect(path) as conn:
        conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)")
        conn.executemany("INSERT INTO t VALUES (?, ?)", [(at, f"name {at}") for at in range(rows)])
    conn.close()


def test_a_file_of_another_program(path: Path) -> None:
    fill(path)
    with config(path).connect() as conn:
        assert conn.select("t", order_by="id").rows() == [(at, f"name {at}") for at in range(3)]
        conn.insert("t", {"id": [3], "name": ["x"]})
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM t").fetchone() == (4,)
    other.close()


def test_a_new_file(path: Path) -> None:
    with config(path).connect() as conn:
        conn.execute("CREATE TABLE t (id INTEGER)")
    assert path.stat().st_size > 0


def test_a_missing_directory(tmp_path: Path) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="missing") as caught:
        config(tmp_path / "missing" / "test.db").connect()
    assert caught.value.code == "SQLITE_CANTOPEN"
    assert caught.value.backend == "sqlite"


def test_a_directory(tmp_path: Path) -> None:
    with pytest.raises(idb.DatabaseConnectionError):
        config(tmp_path).connect()


def test_an_empty_file_is_an_empty_database(path: Path) -> None:
    path.touch()
    with config(path).connect() as conn:
        assert conn.tables().height == 0


@pytest.mark.parametrize(
    "content", [b"not a database, but long enough to look at" * 100, b"\0" * 4096, os.urandom(4096)]
)
def test_not_a_database(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(idb.IndustryDbError) as caught, config(path).connect() as conn:
        conn.tables()
    assert caught.value.code == "SQLITE_NOTADB"
    assert path.read_bytes() == content


def test_a_truncated_file(path: Path) -> None:
    fill(path, 10_000)
    path.write_bytes(path.read_bytes()[:8192])
    with pytest.raises(idb.IndustryDbError, match="malformed") as caught, config(path).connect() as conn:
        conn.select("t")
    assert str(caught.value.code).startswith("SQLITE_CORRUPT")


def test_a_corrupt_page(path: Path) -> None:
    fill(path, 10_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 4096] = b"\xaa" * 4096
    path.write_bytes(content)
    with config(path).connect() as conn:
        with pytest.raises(idb.QueryExecutionError, match="malformed") as caught:
            conn.select("t")
        assert str(caught.value.code).startswith("SQLITE_CORRUPT")
        assert conn.execute("SELECT 1 AS a").item() == 1
        with pytest.raises(idb.QueryExecutionError), conn.execute_batches("SELECT * FROM t", batch_size=100) as batches:
            for _ in batches:
                pass


@pytest.mark.parametrize("uri", ["sqlite:///{path}?mode=ro", "sqlite:///{path}?mode=ro&busy_timeout=1"])
def test_read_only(path: Path, uri: str) -> None:
    fill(path)
    with idb.connect(uri.format(path=path)) as conn:
        assert conn.select("t").height == 3
        for call in (
            lambda: conn.execute("INSERT INTO t VALUES (9, 'x')"),
            lambda: conn.insert("t", {"id": [9]}),
            lambda: conn.insert("new", {"id": [9]}, mode="create"),
            lambda: conn.insert("t", {"id": [9]}, mode="replace"),
            lambda: conn.delete("t", True),
        ):
            with pytest.raises(idb.QueryExecutionError) as caught:
                call()
            assert str(caught.value.code).startswith("SQLITE_READONLY")
        assert conn.select("t").height == 3
        assert not conn.in_transaction


def test_read_only_makes_no_file(path: Path) -> None:
    with pytest.raises(idb.DatabaseConnectionError):
        config(path, mode="ro").connect()
    assert not path.exists()


def test_read_write_makes_no_file(path: Path) -> None:
    with pytest.raises(idb.DatabaseConnectionError):
        config(path, mode="rw").connect()
    assert not path.exists()


UNPRIVILEGED = """
    import logging, os, sys  # logging: nothing can be imported any more once the privileges are gone
    import industrydb as idb, industrydb._frames

    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    with idb.connect("sqlite:///" + sys.argv[1]) as conn:
        print(conn.select("t").height)
        try:
            conn.insert("t", {"id": [9]})
        except idb.QueryExecutionError as error:
            print(error.code)
"""


def test_a_file_without_write_permission(tmp_path_factory: pytest.TempPathFactory) -> None:
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        path = Path(directory) / "test.db"
        fill(path)
        path.chmod(0o444)
        with Child(UNPRIVILEGED, path) as child:
            assert child.finish().split() == ["3", "SQLITE_READONLY"]


LOCKER = """
    import sqlite3, sys
    conn = sqlite3.connect(sys.argv[1], isolation_level=None)
    conn.execute("BEGIN EXCLUSIVE")
    conn.execute("INSERT INTO t VALUES (100, 'theirs')")
    print("locked")
    sys.stdin.readline()
    conn.execute("COMMIT")
    print("released")
"""


def test_locked_by_another_process(path: Path) -> None:
    fill(path)
    with Child(LOCKER, path) as child, config(path, busy_timeout=0.3).connect() as conn:
        assert child.line() == "locked"
        start = time.monotonic()
        with pytest.raises(idb.QueryExecutionError, match="locked") as caught:
            conn.insert("t", {"id": [9], "name": ["ours"]})
        assert 0.2 < time.monotonic() - start < 5
        assert caught.value.code == "SQLITE_BUSY"
        assert caught.value.hint is not None
        assert not conn.in_transaction
        child.go()
        assert child.line() == "released"
        assert conn.insert("t", {"id": [9], "name": ["ours"]}) == 1
        assert conn.select("t").height == 5


def test_the_busy_timeout_is_waited_for(path: Path) -> None:
    fill(path)
    with Child(LOCKER, path) as child, config(path, busy_timeout=20).connect() as conn:
        assert child.line() == "locked"
        timer = threading.Timer(0.3, child.go)
        timer.start()
        start = time.monotonic()
        assert conn.insert("t", {"id": [9]}) == 1
        assert time.monotonic() - start > 0.2
        timer.join()


def test_a_locked_file_is_opened_and_its_lock_waited_for(path: Path) -> None:
    fill(path)
    with Child(LOCKER, path) as child:
        assert child.line() == "locked"
        with config(path, busy_timeout=20).connect() as conn:
            timer = threading.Timer(0.3, child.go)
            timer.start()
            assert conn.insert("t", {"id": [9]}) == 1
            timer.join()


def test_a_timeout_ends_the_wait_for_a_lock(path: Path) -> None:
    fill(path)
    with Child(LOCKER, path) as child, config(path, busy_timeout=20).connect() as conn:
        assert child.line() == "locked"
        start = time.monotonic()
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("INSERT INTO t VALUES (9, 'x')", timeout=0.3)
        assert time.monotonic() - start < 5


def test_wal(path: Path) -> None:
    with config(path).connect() as conn:
        assert conn.execute("PRAGMA journal_mode = WAL").item() == "wal"
        conn.insert("t", {"id": [1]}, mode="create")
        with config(path).connect() as reader:
            conn.begin()
            conn.execute("INSERT INTO t VALUES (2)")
            assert reader.select("t").height == 1, "readers go on while a writer writes"
            conn.commit()
            assert reader.select("t").height == 2


def test_wal_as_an_option(path: Path) -> None:
    with config(path, journal_mode="wal").connect() as conn:
        assert conn.execute("PRAGMA journal_mode").item() == "wal"


def test_a_reader_in_wal_mode_sees_one_state(path: Path) -> None:
    with config(path, journal_mode="wal").connect() as conn, config(path).connect() as other:
        conn.insert("t", {"id": range(1_000)}, mode="create")
        with other.execute_batches("SELECT id FROM t", batch_size=100) as batches:
            next(batches)
            conn.execute("DELETE FROM t")
            assert sum(frame.height for frame in batches) == 900
        assert other.select("t").height == 0


@pytest.mark.parametrize("uri", ["sqlite://", "sqlite://:memory:"])
def test_memory(uri: str) -> None:
    with idb.connect(uri) as one, idb.connect(uri) as two:
        one.insert("t", {"id": [1]}, mode="create")
        assert one.select("t").height == 1
        assert two.tables().height == 0, "each has its own"


def test_memory_survives_cancel_and_errors() -> None:
    with idb.connect("sqlite://") as conn:
        conn.insert("t", {"id": [1]}, mode="create")
        endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute(endless, timeout=0.1)
        with pytest.raises(idb.QueryExecutionError):
            conn.execute("nonsense")
        assert conn.select("t").height == 1


def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with idb.connect("sqlite:///one.db") as conn:
        conn.insert("t", {"id": [1]}, mode="create")
    with idb.connect("sqlite://./one.db") as conn:
        assert conn.select("t").height == 1
    assert (tmp_path / "one.db").exists()


@pytest.mark.parametrize(
    "name", ["with space.db", "żółw 🐢.db", "per%20cent.db", "a?b.db", "a#b.db", "a&b=c.db", "quo'te.db"]
)
def test_any_file_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with config(path).connect() as conn:
        conn.insert("t", {"id": [1]}, mode="create")
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    with idb.connect(config(path).to_uri()) as conn:
        assert conn.select("t").height == 1


def test_attached_databases(tmp_path: Path, path: Path) -> None:
    with config(path).connect() as conn:
        conn.execute("ATTACH DATABASE ? AS other", [str(tmp_path / "other.db")])
        frame = pl.DataFrame({"id": [1, 2], "name": ["a", "b"]})
        assert conn.insert("other.t", frame, mode="create") == 2
        assert conn.insert("main.t", frame[:1], mode="create") == 1
        assert conn.select("other.t").equals(frame)
        assert conn.select("main.t").height == 1
        assert conn.execute("SELECT count(*) FROM main.t JOIN other.t USING (id)").item() == 1
        assert conn.tables("other")["name"].to_list() == ["t"]
        assert sorted(conn.tables()["schema"]) == ["main", "other"]
        assert conn.columns("other.t")["name"].to_list() == ["id", "name"]
        assert conn.insert("other.t", frame, mode="replace") == 2
        assert conn.insert("other.t", frame, mode="overwrite") == 2
        conn.execute("CREATE UNIQUE INDEX other.one ON t (id)")
        assert conn.insert("other.t", frame, on_conflict="update", conflict_columns=["id"]) == 2
        assert conn.update("other.t", {"name": "c"}, {"id": 1}) == 1
        assert conn.delete("other.t", {"id": 1}) == 1
        assert conn.select("main.t").height == 1
        with pytest.raises(ZeroDivisionError), conn.transaction():
            conn.delete("other.t", True)
            raise ZeroDivisionError
        assert conn.select("other.t").height == 1


def test_temporary_tables_are_in_temp(lite: idb.Connection) -> None:
    lite.insert("temp.t", {"id": [1]}, mode="create")
    assert lite.select("temp.t").height == 1
    assert lite.insert("temp.t", {"id": [2]}, mode="replace") == 1


def test_the_file_is_free_after_close(path: Path) -> None:
    conn = config(path).connect()
    conn.insert("t", {"id": [1]}, mode="create")
    conn.close()
    open_files = [
        os.readlink(f"/proc/self/fd/{fd}")
        for fd in os.listdir("/proc/self/fd")
        if os.path.exists(f"/proc/self/fd/{fd}")
    ]
    assert str(path) not in open_files
