"""Results of several blocks of rows, which another thread puts into columns."""

from __future__ import annotations

import polars as pl
import pytest

import industrydb as idb

BLOCK = 512
"""As `blocks.rs` has it: what goes wrong does so at its edges."""


def series(rows: int) -> str:
    return (
        "SELECT value AS a, CASE WHEN value % 3 = 0 THEN NULL ELSE CONCAT(N'row ', value) END AS b"
        f" FROM GENERATE_SERIES(1, {rows})"
    )


def expected(rows: int) -> pl.DataFrame:
    a = pl.int_range(1, rows + 1, dtype=pl.Int32, eager=True).alias("a")
    b = pl.when(pl.col("a") % 3 != 0).then(pl.format("row {}", "a"))
    return a.to_frame().with_columns(b.alias("b"))


def refused(at: int, rows: int) -> str:
    """A column whose seventh digit in row `at` microseconds do not hold."""
    odd, even = (f"CAST('2024-01-01 00:00:00.{digits}' AS datetime2(7))" for digits in ("0000001", "0000000"))
    return f"SELECT CASE WHEN value = {at + 1} THEN {odd} ELSE {even} END AS a FROM GENERATE_SERIES(1, {rows})"


@pytest.mark.parametrize("rows", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 7 * BLOCK + 100])
def test_every_row_arrives_once_and_in_order(ms: idb.Connection, rows: int) -> None:
    assert ms.execute(series(rows)).equals(expected(rows))


@pytest.mark.parametrize("size", [1, 100, BLOCK, BLOCK + 1, 2 * BLOCK, 5_000])
def test_batches_have_their_size(ms: idb.Connection, size: int) -> None:
    rows = 3 * BLOCK + 7 if size > 1 else 20
    with ms.execute_batches(series(rows), batch_size=size) as reader:
        frames = list(reader)
    assert [frame.height for frame in frames] == [size] * (rows // size) + [rows % size] * (rows % size > 0)
    assert pl.concat(frames).equals(expected(rows))


@pytest.mark.parametrize("at", [BLOCK - 1, BLOCK, 3 * BLOCK + 5, 4 * BLOCK])
def test_an_error_names_its_row_in_whichever_block(ms: idb.Connection, at: int) -> None:
    with pytest.raises(idb.DataConversionError, match=rf'column "a", row {at}: '):
        ms.execute(refused(at, 4 * BLOCK + 1))
    assert ms.execute("SELECT 1 AS a").item() == 1


def test_batches_before_an_error_arrive(ms: idb.Connection) -> None:
    reader = ms.execute_batches(refused(3 * BLOCK, 6 * BLOCK), batch_size=BLOCK)
    heights: list[int] = []
    with pytest.raises(idb.DataConversionError, match=rf"row {3 * BLOCK}: "), reader:
        heights.extend(frame.height for frame in reader)
    assert heights == [BLOCK] * 3
    assert ms.execute("SELECT 1 AS a").item() == 1


def test_several_results_follow_each_other(ms: idb.Connection) -> None:
    last = ms.execute(f"{series(3 * BLOCK)}; {series(BLOCK)}; {series(2 * BLOCK + 1)}")
    assert last.equals(expected(2 * BLOCK + 1))


def test_progress_counts_every_row(ms: idb.Connection) -> None:
    seen: list[int] = []
    ms.execute(series(20 * BLOCK), progress=lambda rows, _: seen.append(rows))
    assert seen == sorted(seen)
    assert seen[-1] == 20 * BLOCK
