"""`execute_batches`: a result in frames of a bounded size, to Polars, PyArrow and DuckDB."""

from __future__ import annotations

import gc

import duckdb
import polars as pl
import pytest

import industrydb as idb
from tests.arrow import pa
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Run

TOTAL = 1_000
SQL = "SELECT id, name FROM t ORDER BY id"


@pytest.fixture
def filled(conn: idb.Connection, t: str) -> str:
    """`t` with a thousand rows."""
    conn.insert(t, pl.DataFrame({"id": range(TOTAL), "name": [f"n{at}" for at in range(TOTAL)]}))
    return t


@pytest.mark.usefixtures("filled")
def test_batches_add_up(conn: idb.Connection) -> None:
    with conn.execute_batches(SQL, batch_size=300) as batches:
        frames = list(batches)
    assert [frame.height for frame in frames] == [300, 300, 300, 100]
    assert pl.concat(frames)["id"].to_list() == list(range(TOTAL))


@pytest.mark.parametrize("batch_size", [1, TOTAL - 1, TOTAL, TOTAL + 1, 2**31])
@pytest.mark.usefixtures("filled")
def test_odd_sizes(conn: idb.Connection, batch_size: int) -> None:
    with conn.execute_batches(SQL, batch_size=batch_size) as batches:
        frames = list(batches)
    assert all(0 < frame.height <= batch_size for frame in frames)
    assert sum(frame.height for frame in frames) == TOTAL


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_has_rows(conn: idb.Connection, batch_size: int) -> None:
    with pytest.raises((ValueError, OverflowError)):
        conn.execute_batches("SELECT 1", batch_size=batch_size)


@pytest.mark.usefixtures("filled")
def test_the_schema_is_known_first(conn: idb.Connection) -> None:
    with conn.execute_batches(SQL) as batches:
        assert isinstance(batches.schema, pl.Schema)
        assert batches.schema == {"id": pl.Int64, "name": pl.String}
        assert next(batches).schema == batches.schema


@pytest.mark.usefixtures("t")
def test_no_rows_have_a_schema(conn: idb.Connection) -> None:
    with conn.execute_batches(SQL) as batches:
        assert batches.schema == {"id": pl.Int64, "name": pl.String}
        assert sum(frame.height for frame in batches) == 0
    frame = pl.DataFrame(conn.execute_batches(SQL))
    assert frame.schema == {"id": pl.Int64, "name": pl.String}


@pytest.mark.usefixtures("filled")
def test_parameters(conn: idb.Connection) -> None:
    with conn.execute_batches("SELECT id FROM t WHERE id < ?", [5]) as batches:
        assert pl.concat(batches).height == 5
    with conn.execute_batches("SELECT id FROM t WHERE id < :n", {"n": 5}) as batches:
        assert pl.concat(batches).height == 5


def test_memory_stays_flat(backend: Backend, conn: idb.Connection) -> None:
    sql = f"SELECT i, 'some text that takes room in memory' AS s FROM {backend.rows(400_000)} AS n"
    with conn.execute_batches(sql, batch_size=1_000) as batches:
        sizes = [frame.estimated_size() for frame in batches]
    assert len(sizes) == 400
    assert max(sizes) < 2 * min(sizes)


@pytest.mark.usefixtures("filled")
def test_a_call_while_a_reader_is_open(conn: idb.Connection) -> None:
    batches = conn.execute_batches(SQL, batch_size=10)
    next(batches)
    for call in (
        lambda: conn.execute("SELECT 1"),
        lambda: conn.insert("t", {"id": [-1]}),
        lambda: conn.execute_batches("SELECT 1"),
        lambda: conn.execute_many("DELETE FROM t WHERE id = ?", [[1]]),
        lambda: conn.schema("SELECT 1"),
        conn.begin,
        conn.ping,
        conn.tables,
    ):
        with pytest.raises(idb.QueryExecutionError, match="(?i)batch|reader"):
            call()
    assert next(batches).height == 10, "the reader is not disturbed"
    batches.close()
    assert conn.execute("SELECT count(*) AS n FROM t").item() == TOTAL


@pytest.mark.usefixtures("filled")
def test_the_end_frees_the_connection(conn: idb.Connection) -> None:
    batches = conn.execute_batches(SQL)
    assert sum(frame.height for frame in batches) == TOTAL
    assert conn.execute("SELECT 1 AS a").item() == 1
    assert next(batches, None) is None


@pytest.mark.usefixtures("filled")
def test_close_frees_the_connection(conn: idb.Connection) -> None:
    batches = conn.execute_batches(SQL, batch_size=10)
    next(batches)
    batches.close()
    batches.close()
    assert conn.execute("SELECT 1 AS a").item() == 1
    with pytest.raises(idb.QueryExecutionError, match="BatchReader was closed"):
        list(batches)


@pytest.mark.usefixtures("filled")
def test_with_frees_the_connection(conn: idb.Connection) -> None:
    with pytest.raises(ZeroDivisionError), conn.execute_batches(SQL, batch_size=10) as batches:
        next(batches)
        raise ZeroDivisionError
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("filled")
def test_a_dropped_reader_frees_the_connection(conn: idb.Connection) -> None:
    batches = conn.execute_batches(SQL, batch_size=10)
    next(batches)
    del batches
    gc.collect()
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("filled")
def test_a_reader_keeps_its_connection(database: Database) -> None:
    def count() -> int:
        return sum(frame.height for frame in database.connect().execute_batches(SQL, batch_size=10))

    with pytest.warns(ResourceWarning, match="unclosed"):
        assert count() == TOTAL


@pytest.mark.usefixtures("filled")
def test_a_batch_may_be_larger_than_any_table(conn: idb.Connection) -> None:
    assert next(conn.execute_batches(SQL, batch_size=2**70)).height == TOTAL
    with pytest.raises(ValueError, match="at least 1"):
        conn.execute_batches(SQL, batch_size=-(2**70))
    assert conn.select("t", limit=2**70).height == TOTAL


@pytest.mark.usefixtures("filled")
def test_closing_the_connection_ends_the_reader(database: Database) -> None:
    conn = database.connect()
    batches = conn.execute_batches(SQL, batch_size=10)
    next(batches)
    conn.close()
    with pytest.raises((idb.ConnectionClosedError, StopIteration)):
        next(batches)
    assert conn.closed


@pytest.mark.usefixtures("t")
def test_a_statement_that_writes(backend: Backend, run: Run, conn: idb.Connection) -> None:
    with conn.execute_batches(backend.sql("{insert_returning_id}")) as batches:
        assert pl.concat(batches)["id"].to_list() == [7]
    assert not conn.in_transaction
    assert conn.select("t").height == 1


def test_an_error_comes_at_once(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError):
        conn.execute_batches("SELECT * FROM missing")
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("filled")
def test_a_stream_for_polars(conn: idb.Connection) -> None:
    frame = pl.DataFrame(conn.execute_batches(SQL, batch_size=100))
    assert frame.equals(conn.execute(SQL))


@pytest.mark.usefixtures("filled")
def test_a_stream_for_pyarrow(conn: idb.Connection) -> None:
    with conn.execute_batches(SQL, batch_size=100) as batches:
        reader = pa.RecordBatchReader.from_stream(batches)
        assert reader.schema.names == ["id", "name"]
        table = reader.read_all()
    assert table.column("id").to_pylist() == list(range(TOTAL))
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("filled")
def test_a_schema_for_pyarrow(conn: idb.Connection) -> None:
    with conn.execute_batches(SQL, batch_size=100) as batches:
        schema = pa.schema(batches)
        assert schema.names == ["id", "name"]
        assert schema.field("id").type == pa.int64()
        assert sum(frame.height for frame in batches) == TOTAL, "asking for the schema takes no rows"


@pytest.mark.usefixtures("filled")
def test_a_stream_for_duckdb(conn: idb.Connection) -> None:
    with conn.execute_batches(SQL, batch_size=100) as batches:
        duck = duckdb.connect().register("rows", pa.RecordBatchReader.from_stream(batches))
        assert duck.execute("SELECT count(*), max(id) FROM rows").fetchall() == [(TOTAL, TOTAL - 1)]
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("filled")
def test_a_stream_for_another_table(database: Database, conn: idb.Connection) -> None:
    with database.connect() as reading, reading.execute_batches(SQL, batch_size=100) as batches:
        table = pa.table(batches)
        with pytest.raises(idb.QueryExecutionError, match="Arrow stream"):
            next(batches)
    assert conn.insert("copy", table, mode="create") == TOTAL
    assert conn.select("copy", order_by="id").equals(conn.execute(SQL))


@pytest.mark.usefixtures("filled")
def test_a_failure_in_a_stream_reaches_the_consumer(conn: idb.Connection) -> None:
    sql = "SELECT CASE WHEN id < 20 THEN '1' ELSE name END AS name FROM t ORDER BY id"
    batches = conn.execute_batches(sql, schema_overrides={"name": pl.Int64}, batch_size=10)
    with pytest.raises(Exception, match="name"):
        pa.RecordBatchReader.from_stream(batches).read_all()
    batches.close()
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("filled")
def test_in_a_transaction(conn: idb.Connection) -> None:
    with conn.transaction():
        conn.execute("DELETE FROM t WHERE id >= 10")
        with conn.execute_batches(SQL, batch_size=3) as batches:
            assert sum(frame.height for frame in batches) == 10
        conn.execute("DELETE FROM t WHERE id >= 5")
    assert conn.execute("SELECT count(*) AS n FROM t").item() == 5
