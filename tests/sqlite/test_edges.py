"""Corners where a call meets another: readers in transactions, handlers that call back, names in several schemas."""

from __future__ import annotations

import gc
import signal
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from types import FrameType

import polars as pl
import pytest

import industrydb as idb
from tests.arrow import pa

pytestmark = pytest.mark.backend("sqlite")


def counting(rows: int, what: str = "i") -> str:
    return f"WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r LIMIT {rows}) SELECT {what} FROM r"


@pytest.fixture
def alarm() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Runs a function in a signal handler, 0.1 s from now."""
    before = signal.getsignal(signal.SIGALRM)

    def ring(work: Callable[[], object]) -> None:
        def handle(_number: int, _frame: FrameType | None) -> None:
            work()

        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    yield ring
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_a_reader_is_inserted(lite: idb.Connection) -> None:
    with idb.connect("sqlite://") as other:
        assert lite.insert("t", other.execute_batches(counting(1_000), batch_size=100), mode="create") == 1_000
    assert lite.insert("u", lite.execute_batches("SELECT * FROM t"), mode="create") == 1_000
    table = pa.RecordBatchReader.from_stream(lite.execute_batches("SELECT * FROM t"))
    assert lite.insert("v", table, mode="create") == 1_000


def test_a_block_ends_with_a_reader_open(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (a)")
    with lite.transaction():
        lite.insert("t", {"a": [1, 2, 3]})
        batches = lite.execute_batches("SELECT a FROM t", batch_size=1)
        next(batches)
    assert not lite.in_transaction
    assert lite.select("t").height == 3


def test_close_ends_the_statement_of_a_reader(lite: idb.Connection) -> None:
    batches = lite.execute_batches(counting(10**9, "i") + " WHERE i = 1 OR i = 1000000000", batch_size=1)
    batches.close()
    before = time.monotonic()
    assert lite.execute("SELECT 1 AS a").item() == 1
    assert time.monotonic() - before < 5


def test_closing_from_a_progress_callback(lite: idb.Connection) -> None:
    with pytest.raises(idb.QueryCancelledError):
        lite.execute(counting(10**8), progress=lambda _rows, _bytes: lite.close())
    assert lite.closed


def test_closing_from_a_signal_handler(lite: idb.Connection, alarm: Callable[[Callable[[], object]], None]) -> None:
    alarm(lite.close)
    with pytest.raises(idb.QueryCancelledError):
        lite.execute(counting(10**10, "count(*)"))
    assert lite.closed


def test_another_connection_in_a_signal_handler(
    lite: idb.Connection, alarm: Callable[[Callable[[], object]], None]
) -> None:
    got: list[object] = []
    with idb.connect("sqlite://") as other:
        alarm(lambda: got.append(other.execute("SELECT 7 AS a").item()))
        batches = lite.execute_batches(counting(4_000_000, "sum(i) AS s"))
        assert next(batches).item() == 4_000_000 * 4_000_001 // 2
        batches.close()
        assert got == [7]
        assert not other.closed


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_an_error_on_a_connection_that_nobody_holds() -> None:
    with pytest.raises(idb.QueryExecutionError, match="bogus"):
        idb.connect("sqlite://").execute("bogus")
    gc.collect()


@pytest.mark.parametrize("dtype", [pl.UInt128, pl.Float16, pl.Object], ids=str)
def test_an_override_that_no_result_can_have(lite: idb.Connection, dtype: type[pl.DataType]) -> None:
    with pytest.raises(TypeError, match="a"):
        lite.execute("SELECT 1 AS a", schema_overrides={"a": dtype})


def test_arrow_data_that_polars_does_not_take(lite: idb.Connection) -> None:
    table = pa.table({"a": pa.array([Decimal("1.5")], pa.decimal256(50, 2))})
    with pytest.raises(TypeError, match="Arrow"):
        lite.insert("t", table, mode="create")


def test_a_temporary_table_hides_the_name(lite: idb.Connection) -> None:
    lite.execute("CREATE TEMP TABLE t (a)")
    with pytest.raises(idb.QueryExecutionError, match="exists"):
        lite.insert("t", {"a": [5]}, mode="create")
    lite.insert("main.t", {"a": [6]}, mode="create")
    assert lite.execute("SELECT a FROM main.t").item() == 6
    assert lite.execute("SELECT count(*) FROM temp.t").item() == 0


def test_replace_stays_in_the_schema_of_the_table(lite: idb.Connection) -> None:
    lite.execute("ATTACH ':memory:' AS o; CREATE TABLE o.t (a); INSERT INTO o.t VALUES (1)")
    lite.insert("t", {"a": [5]}, mode="replace")
    assert lite.execute("SELECT a FROM o.t").item() == 5


def test_a_temporary_trigger_stands_in_the_way_of_replace(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (a); CREATE TEMP TRIGGER x AFTER INSERT ON main.t BEGIN SELECT 1; END")
    with pytest.raises(idb.QueryExecutionError, match="trigger x"):
        lite.insert("t", {"a": [1]}, mode="replace")


@pytest.mark.parametrize("clause", ["IGNORE", "REPLACE"])
def test_the_conflict_clause_of_a_table_does_not_decide(lite: idb.Connection, clause: str) -> None:
    lite.execute(f"CREATE TABLE t (a INTEGER UNIQUE ON CONFLICT {clause}, b)")
    lite.insert("t", {"a": [1], "b": ["old"]})
    with pytest.raises(idb.UniqueViolationError):
        lite.insert("t", {"a": [1], "b": ["new"]})
    assert lite.select("t").rows() == [(1, "old")]


def test_rows_that_a_trigger_leaves_out_are_not_counted(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (a)")
    lite.execute("CREATE TRIGGER x BEFORE INSERT ON t WHEN new.a = 2 BEGIN SELECT raise(IGNORE); END")
    assert lite.insert("t", {"a": [1, 2, 3]}) == 2


def test_text_of_a_database_in_utf_16(lite: idb.Connection) -> None:
    lite.execute("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a TEXT)")
    lite.insert("t", {"a": ["abc", "é日本\U0001f600", ""]})
    assert lite.execute("SELECT a, 'literal' AS b FROM t").rows() == [
        ("abc", "literal"),
        ("é日本\U0001f600", "literal"),
        ("", "literal"),
    ]


def test_a_read_only_transaction_that_sql_ends(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (a)")
    lite.begin(read_only=True)
    lite.execute("COMMIT")
    assert lite.insert("t", {"a": [1]}) == 1


def test_a_commit_that_meets_a_lock_can_be_tried_again(path: Path) -> None:
    config = idb.DatabaseConfig("sqlite", path=str(path), timeout=0.1)
    with config.connect() as reading, config.connect() as writing:
        reading.execute("CREATE TABLE t (a)")
        writing.begin()
        writing.execute("INSERT INTO t VALUES (1)")
        reading.begin()
        reading.execute("SELECT * FROM t")
        with pytest.raises(idb.QueryExecutionError) as caught:
            writing.commit()
        assert caught.value.code == "SQLITE_BUSY"
        assert writing.in_transaction
        reading.rollback()
        writing.commit()
        assert reading.select("t").height == 1


def test_the_row_of_an_error_counts_all_batches(lite: idb.Connection) -> None:
    sql = "SELECT 1 AS a UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 300"
    batches = lite.execute_batches(sql, batch_size=2, schema_overrides={"a": pl.Int8})
    next(batches)
    with pytest.raises(idb.DataConversionError, match="row 3"):
        next(batches)


def test_a_long_script_takes_time_in_proportion(lite: idb.Connection) -> None:
    assert lite.execute("SELECT 1 AS a;\n" * 40_000 + "SELECT 2 AS a").item() == 2


def test_a_schema_that_another_connection_changed(path: Path) -> None:
    with idb.connect(f"sqlite:///{path}") as one, idb.connect(f"sqlite:///{path}") as two:
        one.execute("CREATE TABLE t (a INTEGER)")
        assert two.schema("SELECT * FROM t") == {"a": pl.Int64}
        one.execute("DROP TABLE t; CREATE TABLE t (a TEXT)")
        assert two.schema("SELECT * FROM t") == {"a": pl.String}


def test_a_transaction_that_a_statement_rolled_back(tmp_path: Path) -> None:
    with idb.connect(f"sqlite:///{tmp_path}/t.db") as conn:
        conn.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)")
        with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"), conn.transaction():
            conn.insert("t", {"a": [1]})
            with pytest.raises(idb.UniqueViolationError):
                conn.execute("INSERT OR ROLLBACK INTO t VALUES (1)")
            with pytest.raises(idb.QueryExecutionError, match="the database rolled it back"):
                conn.insert("t", {"a": [2]})
        assert conn.select("t").height == 0
