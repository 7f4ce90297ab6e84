"""What the client library beneath gets wrong, one test for each fault that we stand between."""

from __future__ import annotations

import datetime as dt
import threading
import time
from decimal import Decimal

import polars as pl
import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.tds.server import Server
from tests.tds.wire import tokens

pytestmark = pytest.mark.backend("mssql")

UTC = dt.UTC


def test_an_offset_is_taken_off_once(ms: idb.Connection) -> None:
    frame = ms.execute("SELECT CAST('2024-01-01 00:00:00 +02:00' AS datetimeoffset(0)) AS a")
    assert frame.schema == {"a": pl.Datetime("us", "UTC")}
    assert frame.item() == dt.datetime(2023, 12, 31, 22, tzinfo=UTC)


@pytest.mark.parametrize("amount", ["899999999999.9999", "-899999999999.9999", "0.0001", "-0.0001", "123456789.1234"])
def test_money_is_exact(ms: idb.Connection, amount: str) -> None:
    frame = ms.execute(f"SELECT CAST('{amount}' AS money) AS a")
    assert frame.schema == {"a": pl.Decimal(19, 4)}
    assert frame.item() == Decimal(amount)


@pytest.mark.parametrize("amount", ["900000000000", "-922337203685477.5808", "922337203685477.5807"])
def test_money_that_a_double_does_not_hold_is_an_error(ms: idb.Connection, amount: str) -> None:
    with pytest.raises(idb.DataConversionError, match='column "a", row 0') as caught:
        ms.execute(f"SELECT CAST('{amount}' AS money) AS a")
    assert "CAST" in (caught.value.hint or "")
    frame = ms.execute(f"SELECT CAST(CAST('{amount}' AS money) AS decimal(19, 4)) AS a")
    assert frame.item() == Decimal(amount)


def test_smallmoney_is_told_from_money(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a smallmoney, b money, c smallmoney NOT NULL)")
    assert ms.select("t").schema == {"a": pl.Decimal(10, 4), "b": pl.Decimal(19, 4), "c": pl.Decimal(10, 4)}


@pytest.mark.parametrize(
    ("declared", "value"),
    [
        ("decimal(38, 0)", "9" * 38),
        ("decimal(38, 38)", "0." + "9" * 38),
        ("decimal(38, 38)", "-0." + "0" * 37 + "1"),
        ("decimal(29, 10)", "-1234567890123456789.0123456789"),
        ("decimal(5, 2)", "0.00"),
    ],
)
def test_decimals_keep_every_digit_and_their_declaration(ms: idb.Connection, declared: str, value: str) -> None:
    ms.execute(f"CREATE TABLE t (a {declared})")
    assert ms.insert("t", {"a": [Decimal(value), None]}) == 2
    ms.execute("INSERT INTO t VALUES (?)", [Decimal(value)])
    frame = ms.select("t")
    precision, scale = (int(part) for part in declared[8:-1].split(","))
    assert frame.schema == {"a": pl.Decimal(precision, scale)}
    assert frame["a"].to_list() == [Decimal(value), None, Decimal(value)]


def test_decimals_settle_where_nothing_can_be_described(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE #t (a decimal(12, 3), b money)")
    ms.execute("INSERT INTO #t VALUES (1.5, 2.5)")
    assert ms.execute("SELECT a, b FROM #t").schema == {"a": pl.Decimal(38, 3), "b": pl.Decimal(19, 4)}
    empty = ms.execute("SELECT a FROM #t WHERE a > 5")
    assert empty.schema == {"a": pl.Decimal(38, 18)} == ms.schema("SELECT a FROM #t")
    with ms.execute_batches("SELECT a FROM #t") as batches:
        assert batches.schema == {"a": pl.Decimal(38, 3)}


def test_a_table_that_was_altered_is_described_again(server: Server, ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a decimal(10, 2))")
    ms.execute("INSERT INTO t VALUES (1.25)")
    assert ms.select("t").schema == {"a": pl.Decimal(10, 2)}
    with config(server).connect() as other:
        other.execute("DROP TABLE t")
        other.execute("CREATE TABLE t (a decimal(12, 4))")
        other.execute("INSERT INTO t VALUES (1.2345)")
    assert ms.select("t")["a"].to_list() == [Decimal("1.2345")]


def test_savepoints(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    with ms.transaction():
        ms.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(ZeroDivisionError), ms.transaction():
            ms.execute("INSERT INTO t VALUES (2)")
            raise ZeroDivisionError
        assert ms.in_transaction
        ms.execute("INSERT INTO t VALUES (3)")
    assert ms.select("t", order_by="a")["a"].to_list() == [1, 3]


BULK = [
    ("time(0)", pl.Series([dt.time(1, 2, 3), None])),
    ("time(3)", pl.Series([dt.time(1, 2, 3, 4_000), None])),
    ("time(7)", pl.Series([1_234_500, None], dtype=pl.Int64).cast(pl.Time)),
    ("datetime2(0)", pl.Series([dt.datetime(2024, 2, 29, 1, 2, 3), None])),
    ("datetime2(3)", pl.Series([dt.datetime(2024, 2, 29, 1, 2, 3, 4_000), None])),
    ("datetime2(6)", pl.Series([dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999), None])),
    ("datetime", pl.Series([dt.datetime(1753, 1, 1), dt.datetime(2024, 2, 29, 1, 2, 3, 7_000), None])),
    ("smalldatetime", pl.Series([dt.datetime(2024, 2, 29, 1, 2), None])),
    ("datetimeoffset(3)", pl.Series([dt.datetime(2024, 2, 29, 1, 2, 3, 4_000, UTC), None])),
    ("datetimeoffset(7)", pl.Series([dt.datetime(2024, 2, 29, 1, 2, 3, 4, UTC), None])),
    ("date", pl.Series([dt.date(1, 1, 1), dt.date(9999, 12, 31), None])),
    ("nvarchar(50)", pl.Series(["żółw 🐢", "", None])),
    ("nvarchar(4000)", pl.Series(["ż" * 4000, None])),
    ("nvarchar(max)", pl.Series(["🐢" * 50_000, "", None])),
    ("varchar(10)", pl.Series(["café", None])),
    ("varchar(max)", pl.Series(["é" * 20_000, None])),
    ("varchar(max)", pl.Series(["é" * 70_000, "", None])),
    ("text", pl.Series(["café" * 20_000, None])),
    ("ntext", pl.Series(["żółw" * 20_000, None])),
    ("xml", pl.Series(["<a>1</a>", f"<a>{'x' * 70_000}</a>", None])),
    ("varbinary(5)", pl.Series([b"\0\xff", b"", None])),
    ("varbinary(max)", pl.Series([b"\0" * 100_000, None])),
    ("image", pl.Series([b"\0\xff" * 5_000, None])),
    ("image", pl.Series([b"\0\xff" * 50_000, b"", None])),
    ("uniqueidentifier", pl.Series(["0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0", None])),
    ("money", pl.Series([Decimal("-1.2345"), None], dtype=pl.Decimal(19, 4))),
    ("smallmoney", pl.Series([Decimal("214748.3647"), None], dtype=pl.Decimal(10, 4))),
    ("bit", pl.Series([True, False, None])),
    ("tinyint", pl.Series([0, 255, None], dtype=pl.UInt8)),
    ("real", pl.Series([0.1, None], dtype=pl.Float32)),
]


@pytest.mark.parametrize("null", ["NULL", "NOT NULL"])
@pytest.mark.parametrize(
    ("declared", "values"), BULK, ids=[f"{at}-{declared}" for at, (declared, _) in enumerate(BULK)]
)
def test_bulk_inserts_of_every_type(ms: idb.Connection, declared: str, values: pl.Series, null: str) -> None:
    if null == "NOT NULL":
        values = values.drop_nulls()
    ms.execute(f"CREATE TABLE t (id int IDENTITY, v {declared} {null})")
    assert ms.insert("t", {"v": values}) == len(values)
    frame = ms.execute("SELECT v FROM t ORDER BY id")
    assert frame["v"].to_list() == values.to_list()


def test_types_of_the_clr_are_bytes(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (v hierarchyid)")
    assert ms.insert("t", {"v": [b"\x58", None]}) == 2
    assert ms.select("t").to_dict(as_series=False) == {"v": [b"\x58", None]}


def test_columns_that_the_server_fills(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY(5, 1), a int, b AS (a * 2), v rowversion)")
    assert ms.insert("t", {"a": [1, 2]}) == 2
    assert ms.execute("SELECT id, a, b FROM t ORDER BY id").rows() == [(5, 1, 2), (6, 2, 4)]
    for name in ("id", "b", "v"):
        with pytest.raises(idb.QueryExecutionError, match="generated"):
            ms.insert("t", {"a": [1], name: [1]})


def test_bulk_inserts_keep_constraints_and_nulls(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int CHECK (a > 0), b int DEFAULT 7)")
    with pytest.raises(idb.CheckViolationError):
        ms.insert("t", {"a": [1, -1]})
    assert ms.select("t").height == 0
    ms.insert("t", {"a": [1], "b": [None]})
    assert ms.select("t").rows() == [(1, None)]


VARIANTS = [
    ("CAST(1 AS bit)", "1"),
    ("CAST(255 AS tinyint)", "255"),
    ("CAST(-32768 AS smallint)", "-32768"),
    ("5", "5"),
    ("CAST(-9223372036854775808 AS bigint)", "-9223372036854775808"),
    ("CAST(0.5 AS real)", "0.5"),
    ("CAST(0.1 AS float)", "0.1"),
    ("CAST('-12.50' AS decimal(5, 2))", "-12.50"),
    ("CAST('99999999999999999999999999999999999999' AS decimal(38, 0))", "9" * 38),
    ("CAST('899999999999.9999' AS money)", "899999999999.9999"),
    ("CAST('-214748.3648' AS smallmoney)", "-214748.3648"),
    ("CAST('2024-02-29' AS date)", "2024-02-29"),
    ("CAST('12:30:15.1234567' AS time(7))", "12:30:15.123456700"),
    ("CAST('2024-02-29 12:30:15.003' AS datetime)", "2024-02-29 12:30:15.003000"),
    ("CAST('2024-02-29 12:30' AS smalldatetime)", "2024-02-29 12:30:00"),
    ("CAST('2024-02-29 12:30:15.1234567' AS datetime2(7))", "2024-02-29 12:30:15.123456700"),
    ("CAST('2024-02-29 12:30:15 +02:00' AS datetimeoffset(0))", "2024-02-29 10:30:15+00:00"),
    ("'é€'", "é€"),
    ("N'żółw 🐢'", "żółw 🐢"),
    ("0x00FF", "00ff"),
    ("CAST('0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0' AS uniqueidentifier)", "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    ("NULL", None),
]


def test_a_variant_is_text(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, v sql_variant)")
    for literal, _ in VARIANTS:
        ms.execute(f"INSERT INTO t (v) VALUES ({literal})")
    frame = ms.execute("SELECT v FROM t ORDER BY id")
    assert frame.schema == {"v": pl.String}
    assert frame["v"].to_list() == [text for _, text in VARIANTS]


def test_money_in_a_variant_is_exact_or_an_error(ms: idb.Connection) -> None:
    variant = "CAST(CAST('922337203685477.5807' AS money) AS sql_variant)"
    with pytest.raises(idb.DataConversionError, match='column "a", row 0') as caught:
        ms.execute(f"SELECT {variant} AS a")
    assert "decimal(19, 4)" in (caught.value.hint or "")
    assert ms.execute(f"SELECT CAST({variant} AS decimal(19, 4)) AS a").item() == Decimal("922337203685477.5807")


def test_the_end_of_all_periods_is_no_time_in_nanoseconds(ms: idb.Connection) -> None:
    query = "SELECT CAST('9999-12-31 23:59:59.9999999' AS datetime2(7)) AS v"
    with pytest.raises(idb.DataConversionError, match="seventh digit") as caught:
        ms.execute(query)
    assert 'schema_overrides={"v": pl.String} reads it' in (caught.value.hint or "")
    found = ms.execute(query, schema_overrides={"v": pl.String})
    assert found.item() == "9999-12-31 23:59:59.999999900"


def test_what_a_call_makes_ends_with_it(ms: idb.Connection) -> None:
    assert ms.execute("SELECT ? AS a INTO #t; SELECT a FROM #t", [5]).item() == 5
    with pytest.raises(idb.QueryExecutionError, match="#t"):
        ms.execute("SELECT a FROM #t")
    ms.execute("CREATE TABLE #t (a int)")
    ms.execute("INSERT INTO #t VALUES (?)", [6])
    assert ms.execute("SELECT a FROM #t").item() == 6


def test_a_batch_counts_its_rows(ms: idb.Connection) -> None:
    assert ms.execute("CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)").item() == 2
    assert ms.execute("SELECT a INTO #t FROM t").item() == 2
    assert ms.execute("INSERT INTO #t VALUES (3)").item() == 1


def test_a_script_that_switches_identity_insert_counts_its_rows(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, a int)")
    script = "SET IDENTITY_INSERT t ON; INSERT INTO t (id, a) VALUES (50, 1), (51, 2); SET IDENTITY_INSERT t OFF"
    assert ms.execute(script).item() == 2
    with pytest.raises(idb.QueryExecutionError) as caught:
        ms.execute("INSERT INTO t (id, a) VALUES (52, 3)")
    assert caught.value.code == "544"
    assert ms.select("t", order_by="id").rows() == [(50, 1), (51, 2)]


def test_a_script_switches_identity_insert_off_for_good(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, a int)")
    ms.execute("SET IDENTITY_INSERT t ON")
    ms.execute("SET IDENTITY_INSERT t ON; INSERT INTO t (id, a) VALUES (50, 1); SET IDENTITY_INSERT t OFF")
    assert ms.execute("INSERT INTO t (a) VALUES (2)").item() == 1
    assert ms.select("t", order_by="id").rows() == [(50, 1), (51, 2)]


def test_a_setting_behind_the_last_change_leaves_no_count(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    assert ms.execute("SET NOCOUNT ON; INSERT INTO t VALUES (1), (2)").item() == 2
    assert ms.execute("INSERT INTO t VALUES (3); SET NOCOUNT OFF").item() == 0
    assert ms.select("t").height == 3


def test_the_session_keeps_what_a_statement_sets(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, a int)")
    ms.execute("SET IDENTITY_INSERT t ON")
    ms.execute("INSERT INTO t (id, a) VALUES (?, ?)", [50, 1])
    ms.execute("SET IDENTITY_INSERT t OFF")
    assert ms.select("t").rows() == [(50, 1)]


def test_a_null_fits_any_type(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a varbinary(10), b date, c decimal(5, 2), d uniqueidentifier, e image, f xml)")
    ms.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)", [None] * 6)
    assert ms.select("t").row(0) == (None,) * 6


def test_a_cancel_between_rows_leaves_the_connection(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    ms.insert("t", {"a": range(50_000)})
    batches = ms.execute_batches("SELECT x.a FROM t AS x CROSS JOIN t AS y", batch_size=1_000)
    next(batches)
    threading.Timer(0.1, ms.cancel).start()
    with pytest.raises(idb.QueryCancelledError):
        for _ in batches:
            time.sleep(0.001)
    assert ms.execute("SELECT 1 AS a").item() == 1


def test_a_cancel_in_the_middle_of_a_row_closes_the_connection(server: Server, ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int, b nvarchar(max))")
    ms.insert("t", {"a": range(200), "b": ["x" * 5_000] * 200})
    server.faults.after_rows = 1
    server.faults.stall.add("row")
    with pytest.raises(idb.QueryTimeoutError):
        ms.execute("SELECT * FROM t", timeout=0.3)
    server.faults.release()
    with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
        ms.execute("SELECT 1")


def test_query_timeout_is_ours(server: Server) -> None:
    with config(server, query_timeout=0.2).connect() as conn:
        start = time.monotonic()
        with pytest.raises(idb.QueryTimeoutError, match="query_timeout"):
            conn.execute("WAITFOR DELAY '00:00:05'")
        assert time.monotonic() - start < 2
        assert conn.execute("SELECT 1 AS a").item() == 1


def test_a_calls_own_timeout_holds_in_place_of_query_timeout(server: Server) -> None:
    with config(server, query_timeout=0.2).connect() as conn:
        assert conn.execute("WAITFOR DELAY '00:00:00.500'; SELECT 1 AS a", timeout=20).item() == 1
        with pytest.raises(idb.QueryTimeoutError, match="query_timeout"):
            conn.execute("WAITFOR DELAY '00:00:05'")


def test_query_timeout_is_the_servers_time(server: Server) -> None:
    with config(server, query_timeout=0.5).connect() as conn:
        rows = 0
        with conn.execute_batches("SELECT value FROM GENERATE_SERIES(1, 30000)", batch_size=1_000) as reader:
            for batch in reader:
                rows += batch.height
                time.sleep(0.03)
        assert rows == 30_000


def test_an_error_that_ends_the_session(server: Server, ms: idb.Connection) -> None:
    fatal = tokens.message(4014, 13, 20, "A fatal error occurred while reading the input stream.", "S", "", 1)
    server.faults.responses["SELECT fatal"] = fatal + tokens.done(tokens.DONE, tokens.ERROR)
    with pytest.raises(idb.DatabaseConnectionError, match="fatal error") as caught:
        ms.execute("SELECT fatal")
    assert caught.value.code == "4014"
    with pytest.raises(idb.ConnectionClosedError, match="fatal error"):
        ms.execute("SELECT 1 AS a")


def test_a_server_that_does_not_acknowledge_a_cancel(server: Server, ms: idb.Connection) -> None:
    server.faults.stall.add("request")
    start = time.monotonic()
    with pytest.raises(idb.QueryTimeoutError):
        ms.execute("SELECT 1", timeout=0.2)
    assert time.monotonic() - start < 8
    server.faults.release()
    with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
        ms.execute("SELECT 1")


def test_a_deadlock_ends_the_transaction(server: Server, ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    ms.begin()
    server.faults.deadlocks = 1
    with pytest.raises(idb.QueryExecutionError) as caught:
        ms.execute("INSERT INTO t VALUES (1)")
    assert caught.value.code == "1205"
    assert not ms.in_transaction


def test_xact_abort_ends_the_transaction(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int PRIMARY KEY); INSERT INTO t VALUES (1); SET XACT_ABORT ON")
    ms.begin()
    with pytest.raises(idb.UniqueViolationError):
        ms.execute("INSERT INTO t VALUES (1)")
    assert not ms.in_transaction


def test_looking_at_a_statement_does_not_end_the_transaction(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE #t (a decimal(5, 2)); INSERT INTO #t VALUES (1); SET XACT_ABORT ON")
    ms.begin()
    assert ms.execute("SELECT a FROM #t").height == 1
    assert ms.in_transaction
    assert ms.execute("SELECT @@TRANCOUNT AS n").item() == 1
    ms.rollback()
