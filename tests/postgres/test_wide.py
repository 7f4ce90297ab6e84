"""The largest results: 1,600 columns, a value of a gigabyte, many rows."""

from __future__ import annotations

import gc

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends.postgres import BACKENDS
from tests.conformance.types import Run

COLUMNS = 1_600
"""The most that a table may have."""


def test_1600_columns(conn: idb.Connection, run: Run) -> None:
    run("CREATE TABLE wide (" + ", ".join(f"c{at} smallint" for at in range(COLUMNS)) + ")")
    frame = pl.DataFrame({f"c{at}": pl.Series([at, None, -at], dtype=pl.Int16) for at in range(COLUMNS)})
    assert conn.insert("wide", frame) == 3
    assert conn.select("wide").equals(frame)
    assert conn.columns("wide").height == COLUMNS
    with conn.execute_batches("SELECT * FROM wide", batch_size=2) as batches:
        assert pl.concat(batches).equals(frame)
    row = ", ".join(f"${at + 1}" for at in range(COLUMNS))
    assert conn.execute(f"INSERT INTO wide VALUES ({row})", [7] * COLUMNS).item() == 1


def test_1664_expressions(run: Run) -> None:
    frame = run("SELECT " + ", ".join(f"{at} AS c{at}" for at in range(1_664)))
    assert frame.row(0) == tuple(range(1_664))


def test_65535_parameters(conn: idb.Connection) -> None:
    marks = ", ".join(f"${at}" for at in range(1, 65_536))
    assert conn.execute(f"SELECT count(*) AS n FROM unnest(ARRAY[{marks}]::int[])", [1] * 65_535).item() == 65_535
    with pytest.raises(idb.IndustryDbError):
        conn.execute(f"SELECT count(*) FROM unnest(ARRAY[{marks}, $65536]::int[])", [1] * 65_536)
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("backend", BACKENDS[-1:], ids=lambda backend: backend.id, indirect=True)
def test_a_value_of_many_megabytes(conn: idb.Connection) -> None:
    size = 60_000_000
    frame = conn.execute(f"SELECT repeat('x', {size}) AS s, decode(repeat('00', {size // 10}), 'hex') AS b")
    assert frame["s"].str.len_bytes().item() == size
    assert len(frame["b"].item()) == size // 10
    conn.execute("CREATE TABLE big (s text, b bytea)")
    conn.insert("big", frame)
    assert conn.execute("SELECT length(s) AS s, length(b) AS b FROM big").row(0) == (size, size // 10)
    conn.execute("INSERT INTO big VALUES ($1, $2)", [frame["s"].item(), frame["b"].item()])
    assert conn.execute("SELECT count(DISTINCT s) AS n FROM big").item() == 1


def test_a_value_of_a_gigabyte_is_refused(conn: idb.Connection) -> None:
    with pytest.raises(idb.IndustryDbError):
        conn.execute("SELECT repeat('x', 1073741820) AS s")
    gc.collect()
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("backend", BACKENDS[-1:], ids=lambda backend: backend.id, indirect=True)
def test_a_parameter_of_a_gigabyte_is_refused(conn: idb.Connection) -> None:
    value = b"x" * (2**30)
    with pytest.raises(idb.DataConversionError, match=r"\$1.*1 GiB"):
        conn.execute("SELECT length($1::bytea) AS n", [value])
    del value
    gc.collect()
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_more_parameters_than_a_statement_can_have(conn: idb.Connection) -> None:
    for number, sql in ((65_536, "SELECT 1"), (65_536, "SELECT ?"), (70_000, "SELECT $70000::int")):
        with pytest.raises(idb.QueryExecutionError):
            conn.execute(sql, [1] * number)
    sql = f"SELECT count(*) AS n FROM (VALUES {', '.join(['(?::int)'] * 65_536)}) AS v"
    with pytest.raises(idb.QueryExecutionError, match="at most 65535"):
        conn.execute(sql, [1] * 65_536)
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_rows_of_no_columns(conn: idb.Connection) -> None:
    assert conn.execute("SELECT FROM generate_series(1, 3)").rows(named=True) == [{"rows_affected": 3}]
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_memory_follows_the_batches(conn: idb.Connection) -> None:
    with conn.execute_batches(
        "SELECT repeat('x', 1000) AS s FROM generate_series(1, 200000)", batch_size=1_000
    ) as batches:
        sizes = {batch.height for batch in batches}
    assert sizes == {1_000}
