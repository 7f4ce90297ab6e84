"""Whatever text comes as SQL: an answer or a typed error, and a connection that goes on."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.faults.fuzz import attempt, rounds

pytestmark = pytest.mark.backend("sqlite")

KEYWORDS = """
SELECT FROM WHERE INSERT INTO VALUES UPDATE SET DELETE CREATE TABLE VIEW INDEX TRIGGER DROP ALTER BEGIN COMMIT ROLLBACK
SAVEPOINT RELEASE EXPLAIN PRAGMA WITH RECURSIVE AS UNION ALL GROUP BY ORDER LIMIT RETURNING CASE WHEN END NULL CAST
t a b id name main temp sqlite_schema abs count max json_each table_info user_version
* , ; ( ) = < > + - / % || ? ?1 ?999999999 :a @b $c :: ' '' " "" ` [ ] -- /* */ x' 'x' 0 1 -1 1.5 1e999
9223372036854775808 0x1F 'text' "name" # { } | & ~ ! != <> é 🐢
"""
WORDS = [*KEYWORDS.split(), "\\", "\n", "\t", "\u200b", "\ufeff"]
VALUES: list[Any] = [None, 1, -1, 2**63 - 1, 0.5, "x", b"x", True, 10**30, float("nan"), "\0", [1], {"a": 1}]


@pytest.fixture
def conn() -> Iterator[idb.Connection]:
    """A database in memory with a table and a view to stumble over."""
    with idb.connect("sqlite://") as conn:
        conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a DATE, b TEXT); CREATE VIEW v AS SELECT * FROM t")
        conn.insert("t", {"id": range(20), "b": ["x"] * 20})
        yield conn


def words(rng: random.Random) -> str:
    """A few words in a row."""
    return " ".join(rng.choices(WORDS, k=rng.randint(1, 12)))


def mutated(rng: random.Random) -> str:
    """A good statement with some characters gone, doubled or swapped."""
    text = list("WITH n AS (SELECT id, :a AS x FROM t WHERE b = 'it''s' AND a > ?) SELECT \"id\", x FROM n -- end\n;")
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(text))
        odd = [rng.choice("'\"?;:()$@[]\\`\0-/*é🐢"), chr(rng.randrange(1, 0xD800))]
        text[at : at + rng.randint(0, 1)] = rng.choice([[], odd[:1], odd[1:]])
    return "".join(text)


def noise(rng: random.Random) -> str:
    """Any characters."""
    return "".join(chr(rng.choice([rng.randrange(0x80), rng.randrange(0xD800)])) for _ in range(rng.randint(0, 40)))


def params(rng: random.Random) -> Any:
    """None, a list or a mapping."""
    values = rng.choices(VALUES, k=rng.randint(0, 3))
    return rng.choice([None, values, dict(zip("abc", values, strict=False))])


def read_batches(conn: idb.Connection, sql: str, given: Any) -> None:
    """Reads to the end."""
    with conn.execute_batches(sql, given, timeout=1) as reader:
        for _ in reader:
            pass


USES: tuple[Callable[[idb.Connection, str, Any], object], ...] = (
    read_batches,
    lambda conn, sql, given: conn.execute(sql, given, timeout=1),
    lambda conn, sql, given: conn.schema(sql, given, timeout=1),
    lambda conn, sql, given: conn.execute_many(sql, [] if given is None else [given], timeout=1),
    lambda conn, sql, given: conn.select("t", where=sql, params=given, timeout=1),
    lambda conn, sql, _: conn.select("t", order_by=sql, timeout=1),
    lambda conn, sql, _: conn.select((sql,), timeout=1),
)


@pytest.mark.parametrize("generate", [words, mutated, noise])
def test_sql_text(conn: idb.Connection, generate: Any) -> None:
    for seed, rng in rounds():
        sql, given = generate(rng), params(rng)
        if "load_extension" in sql or "ATTACH" in sql.upper():
            continue
        attempt(seed, (sql, given), rng.choice(USES), conn, sql, given)
        if conn.in_transaction:
            attempt(seed, sql, conn.rollback)
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_nested_and_long_sql(conn: idb.Connection) -> None:
    for depth in (10, 100, 1_000, 10_000, 100_000):
        for sql in (
            "SELECT " + "(" * depth + "1" + ")" * depth,
            "SELECT " + "(" * depth,
            "SELECT 1" + " + 1" * depth,
            "SELECT " + "CASE WHEN 1 THEN " * depth + "1",
            "SELECT 'x" + "''" * depth + "'",
            "/*" * depth,
            "-" * depth,
            ";" * depth,
            "SELECT 1;" * min(depth, 10_000),
            "SELECT " + "?," * depth + "?",
            "SELECT :" + "a" * depth,
        ):
            attempt(depth, sql[:40], conn.execute, sql)
            attempt(depth, sql[:40], conn.execute, sql, [1])
            attempt(depth, sql[:40], conn.execute, sql, {"a": 1})
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_overrides_of_every_kind(conn: idb.Connection) -> None:
    targets: list[Any] = [
        pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float32,
        pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time, pl.Datetime("ms"), pl.Datetime("us"),
        pl.Datetime("ns"), pl.Datetime("us", "UTC"), pl.Datetime("us", "Europe/Warsaw"), pl.Duration("us"),
        pl.Decimal(38, 10), pl.Decimal(1, 0), pl.Categorical, pl.Enum(["a"]), pl.List(pl.Int64), pl.Array(pl.Int8, 2),
        pl.Struct({"a": pl.Int64}), pl.Object, pl.Null, pl.Unknown, "text", 5, None,
    ]  # fmt: skip
    literals = [
        "NULL",
        "1",
        "-1",
        "0.5",
        "1e300",
        "9e999",
        "'x'",
        "'1'",
        "'2024-02-29'",
        "x'ff'",
        "''",
        "CAST(x'ff' AS TEXT)",
    ]
    for literal in literals:
        for target in targets:
            attempt(0, (literal, target), conn.execute, f"SELECT {literal} AS v", schema_overrides={"v": target})
    assert conn.execute("SELECT 1 AS a").item() == 1


def open_and_close(uri: str) -> None:
    """Connects."""
    with idb.connect(uri) as conn:
        str(conn.config)


def test_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pieces = [
        "sqlite",
        "postgresql",
        "mssql",
        "://",
        ":",
        "/",
        "//",
        "@",
        "?",
        "&",
        "=",
        "#",
        "%",
        "%zz",
        "%00",
        "%ff",
        "[",
        "]",
        "::1",
        ",",
    ]
    pieces += [
        "mode=ro",
        "mode=",
        "busy_timeout=-1",
        "busy_timeout=1e999",
        "strict=maybe",
        "user",
        "s3cret",
        "host",
        "5432",
        "65536",
        "é",
        "🐢",
    ]
    pieces += [" ", "'", "Server=", "Password=", ";", "\n", "\0", "memory:", "file:", "x.db"]
    for seed, rng in rounds():
        uri = rng.choice(["sqlite://", "postgresql://", "mssql://", ""]) + "".join(
            rng.choices(pieces, k=rng.randint(0, 10))
        )
        attempt(seed, uri, idb.DatabaseConfig.from_uri, uri)
        if uri.startswith("sqlite:"):
            attempt(seed, uri, open_and_close, uri)
