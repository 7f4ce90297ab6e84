"""Database files with flipped bytes: an answer or a typed error, in a process that goes on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.children import run
from tests.faults.fuzz import SECONDS, SEED

pytestmark = pytest.mark.backend("sqlite")

FUZZ = """
    import pathlib, random, sys, time
    import polars as pl
    import industrydb as idb
    from tests.faults.fuzz import attempt, rounds

    path = pathlib.Path(sys.argv[1])
    where = sys.argv[2]
    with idb.DatabaseConfig("sqlite", path=str(path)).connect() as conn:
        conn.execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, day DATE, cost DECIMAL(10, 2), name TEXT, data BLOB, at TIMESTAMP)"
            ";"
            "CREATE INDEX by_name ON t (name); CREATE VIEW v AS SELECT id, name FROM t;"
            "CREATE TRIGGER tr AFTER DELETE ON t BEGIN DELETE FROM t WHERE id = old.id; END"
        )
        conn.execute_many(
            "INSERT INTO t VALUES (?, '2024-02-29', 1.25, ?, ?, '2024-02-29 01:02:03')",
            [[at, "name " * (at % 7), bytes(at % 50)] for at in range(600)],
        )
        conn.execute("INSERT INTO t (name, data) VALUES (?, ?)", ["long" * 5_000, bytes(20_000)])
    good = path.read_bytes()
    damaged = path.with_suffix(".damaged")
    config = idb.DatabaseConfig("sqlite", path=str(damaged), busy_timeout=1)

    def batches(conn):
        with conn.execute_batches("SELECT * FROM t", batch_size=50) as reader:
            return sum(frame.height for frame in reader)

    calls = [
        lambda conn: conn.select("t"),
        lambda conn: conn.select("v"),
        lambda conn: conn.tables(),
        lambda conn: conn.columns("t"),
        lambda conn: conn.execute("SELECT name FROM t ORDER BY name"),
        lambda conn: conn.execute("SELECT count(*), sum(cost), max(at) FROM t"),
        lambda conn: conn.execute("PRAGMA integrity_check"),
        batches,
        lambda conn: conn.select("t", schema_overrides={"day": pl.String, "data": pl.Binary}),
        lambda conn: conn.insert("t", {"id": [10_000], "name": ["new"]}),
        lambda conn: conn.insert("t", {"id": [5], "name": ["new"]}, on_conflict="update"),
        lambda conn: conn.insert("t", {"id": [5]}, mode="replace"),
        lambda conn: conn.insert("t", {"id": [5]}, mode="overwrite"),
        lambda conn: conn.delete("t", "id > 100"),
    ]
    tried = failed = 0
    for seed, rng in rounds():
        content = bytearray(good)
        end = 200 if where == "header" else len(content)
        for _ in range(rng.choice([1, 3, 20, 300])):
            content[rng.randrange(end)] = rng.randrange(256)
        if where == "cut":
            del content[rng.randrange(len(content)):]
        for suffix in ("-wal", "-shm", "-journal"):
            pathlib.Path(str(damaged) + suffix).unlink(missing_ok=True)
        damaged.write_bytes(content)
        def use():
            with config.connect() as conn:
                for call in rng.sample(calls, 4):
                    global failed
                    failed += not attempt(seed, where, call, conn)
        attempt(seed, where, use)
        tried += 1
    print(tried, failed)
"""


@pytest.mark.parametrize("where", ["header", "anywhere", "cut"])
def test_flipped_bytes(path: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path(__file__).parents[2]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("INDUSTRYDB_FUZZ_SEED", str(SEED))
    tried, failed = map(int, run(FUZZ, path, where, seconds=60 + 2 * SECONDS).split())
    assert tried > 0
    assert failed > 0, "some damage is noticed"
