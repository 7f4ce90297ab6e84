"""Options of SQLite that change how a file is opened, and what they do to others who use it."""

from __future__ import annotations

import sqlite3
import textwrap
from pathlib import Path
from typing import Any

import pytest

import industrydb as idb
from tests.children import run

pytestmark = pytest.mark.backend("sqlite")

COUNT = "SELECT count(*) AS n FROM t"


def config(path: Path | str, **options: Any) -> idb.DatabaseConfig:
    """A configuration for `path`."""
    return idb.DatabaseConfig("sqlite", path=str(path), **options)


@pytest.fixture
def file(path: Path) -> Path:
    """A file with a table `t` of three rows."""
    with config(path).connect() as conn:
        conn.insert("t", {"id": [1, 2, 3]}, mode="create")
    return path


def test_an_unknown_vfs_is_named(file: Path) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="no such vfs: nowhere"):
        config(file, vfs="nowhere").connect()


def test_another_vfs_opens_the_file(file: Path) -> None:
    with config(file, vfs="unix-none").connect() as conn:
        assert conn.execute(COUNT).item() == 3


def test_an_immutable_file_is_read_whoever_has_it_locked(file: Path) -> None:
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with config(file, immutable=True).connect() as conn:
            assert conn.execute(COUNT).item() == 3
            with pytest.raises(idb.QueryExecutionError, match="readonly"):
                conn.execute("INSERT INTO t VALUES (4)")
    finally:
        other.close()


def test_mmap_size(file: Path) -> None:
    with config(file, mmap_size=1 << 20).connect() as conn:
        assert conn.execute("PRAGMA mmap_size").item() == 1 << 20
        conn.insert("t", {"id": range(10_000)})
        assert conn.execute(COUNT).item() == 10_003
    with pytest.raises(idb.ConfigurationError, match="mmap_size"):
        config(file, mmap_size=-1)


def test_an_exclusive_lock_is_kept_until_the_connection_closes(file: Path) -> None:
    with config(file, locking_mode="exclusive").connect() as conn, config(file, timeout=0.05).connect() as other:
        conn.execute("INSERT INTO t VALUES (4)")
        with pytest.raises(idb.QueryExecutionError, match="locked") as caught:
            other.execute(COUNT)
        assert caught.value.code == "SQLITE_BUSY"
    with config(file).connect() as conn:
        assert conn.execute(COUNT).item() == 4


def test_connections_that_share_a_cache(file: Path) -> None:
    with config(file, cache="shared").connect() as one, config(file, cache="shared").connect() as two:
        with one.transaction():
            one.execute("INSERT INTO t VALUES (4)")
            with pytest.raises(idb.QueryExecutionError, match="locked") as caught:
                two.execute(COUNT)
            assert caught.value.code == "SQLITE_LOCKED_SHAREDCACHE"
            assert "cache=shared" in str(caught.value.hint)
        assert two.execute(COUNT).item() == 4


@pytest.mark.parametrize(
    ("path", "options"),
    [(":memory:", {"cache": "shared"}), ("a name?&#%", {"mode": "memory", "cache": "shared"})],
)
def test_memory_is_shared_by_name(path: str, options: dict[str, str]) -> None:
    with config(path, **options).connect() as one, config(path, **options).connect() as two:
        one.insert("t", {"id": [1]}, mode="create")
        assert two.execute(COUNT).item() == 1
        with config(f"{path}2", **{**options, "mode": "memory"}).connect() as other:
            assert other.tables().height == 0
    assert not Path(path).exists()
    with config(path, **options).connect() as anew:
        assert anew.tables().height == 0, "it goes with its last connection"


@pytest.mark.parametrize("options", [{}, {"mode": "memory"}])
def test_memory_is_private_otherwise(options: dict[str, str]) -> None:
    with config(":memory:", **options).connect() as one, config(":memory:", **options).connect() as two:
        one.insert("t", {"id": [1]}, mode="create")
        assert two.tables().height == 0


POOL = """
    import concurrent.futures, multiprocessing, os, sys
    import industrydb as idb

    def work(uri, key):
        with idb.connect(uri) as conn:
            conn.execute("INSERT INTO t VALUES (?, ?)", [key, os.getpid()])
            return conn.execute("SELECT count(*) FROM t WHERE id = ?", [key]).item()

    def carry(config, key):
        return work(config.to_uri(), key)

    if __name__ == "__main__":
        uri, method = sys.argv[1:]
        context = multiprocessing.get_context(method)
        with idb.connect(uri) as conn:
            conn.execute("CREATE TABLE t (id INTEGER, pid INTEGER)")
            with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
                sent = [pool.submit(carry, conn.config, key) for key in range(20)]
                assert [one.result() for one in sent] == [1] * 20
            keys, pids = conn.execute("SELECT count(DISTINCT id), count(DISTINCT pid) FROM t").row(0)
            assert conn.execute("SELECT count(*) FROM t WHERE pid = ?", [os.getpid()]).item() == 0
            print(keys, pids in (1, 2))
"""


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_a_pool_of_processes_writes_to_one_file(path: Path, tmp_path: Path, method: str) -> None:
    # `spawn` imports the program again: it needs a file.
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(POOL))
    uri = config(path, timeout=30).to_uri()
    code = "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    assert run(code, program, uri, method) == "20 True"
