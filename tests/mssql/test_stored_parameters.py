"""Parameters that the server would round, cut or respell as it stores them are refused; every other one arrives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.tds.server import Server

pytestmark = pytest.mark.backend("mssql")

D = Decimal
WHOLE = datetime(2024, 5, 6, 7, 8, 9)
FINE = datetime(2024, 5, 6, 7, 8, 9, 123_456)

TABLES = """
    CREATE TABLE t (id int IDENTITY, i int, b bit, r real, f float, n decimal(10, 2), m money, s smallmoney, d datetime,
                    sd smalldatetime, d2 datetime2(0), o datetimeoffset(3), ti time(0), da date, v nvarchar(3),
                    a varchar(3), [a b] decimal(4, 1), twice AS (i * 2));
    INSERT INTO t (i) VALUES (1);
    CREATE TABLE w (id int IDENTITY, v varchar(10), c char(10), l varchar(max), x text, n nvarchar(10));
    INSERT INTO w (v) VALUES ('a');
    CREATE TABLE y (id int IDENTITY, b binary(4), vb varbinary(4), mb varbinary(max), v varchar(22), n nvarchar(19),
                    c char(8), l nvarchar(max));
    INSERT INTO y (b) VALUES (0x01020304);
"""


@pytest.fixture
def tables(ms: idb.Connection) -> idb.Connection:
    ms.execute(TABLES)
    return ms


REFUSED: list[Any] = [
    # statement, parameters, column
    ("INSERT INTO t (i) VALUES (?)", [1.9], "i"),
    ("INSERT INTO t (i) VALUES (?)", [D("1.9")], "i"),
    ("INSERT t (b) VALUES (?)", [D("0.5")], "b"),
    ("INSERT INTO t (r) VALUES (?)", [16_777_217], "r"),
    ("INSERT INTO t (r) VALUES (?)", [D(16_777_217)], "r"),
    ("INSERT INTO t (r) VALUES (?)", [0.1], "r"),
    ("INSERT INTO t (f) VALUES (?)", [2**53 + 1], "f"),
    ("INSERT INTO t (n) VALUES (?)", [D("1.239")], "n"),
    ("INSERT INTO t (n) VALUES (?)", [1.239], "n"),
    ("INSERT INTO t (n) VALUES (?)", ["1.239"], "n"),
    ("INSERT INTO t (m) VALUES (?)", [D("1.23456")], "m"),
    ("INSERT INTO t (s) VALUES (?)", [1.23456], "s"),
    ("INSERT INTO t (d) VALUES (?)", [datetime(2024, 5, 6, 7, 8, 9, 124_000)], "d"),
    ("INSERT INTO t (sd) VALUES (?)", [WHOLE], "sd"),
    ("INSERT INTO t (d2) VALUES (?)", [FINE], "d2"),
    ("INSERT INTO t (d2) VALUES (?)", ["2024-05-06T07:08:09.5"], "d2"),
    ("INSERT INTO t (d2) VALUES (?)", [WHOLE.replace(tzinfo=UTC)], "d2"),
    ("INSERT INTO t (o) VALUES (?)", [FINE.replace(tzinfo=UTC)], "o"),
    ("INSERT INTO t (ti) VALUES (?)", [time(1, 2, 3, 500_000)], "ti"),
    ("INSERT INTO t (da) VALUES (?)", [WHOLE], "da"),
    ("INSERT INTO t (v) VALUES (?)", ["abc  "], "v"),
    ("INSERT INTO t (a) VALUES (?)", ["abc  "], "a"),
    ("INSERT INTO [dbo].[t] ([I], [A B]) OUTPUT inserted.id VALUES (1, 2), (3, @P1)", [D("1.25")], "a b"),
    ("INSERT t VALUES (?, 1, 1, 1, 1, 1, 1, '', '', '', '', '', '', '', '', 1)", [D("1.5")], "i"),
    ("INSERT INTO t (i, n) SELECT 1, @v WHERE 1 = 1", {"v": D("1.239")}, "n"),
    ("INSERT INTO t (n) SELECT TOP (1) ? FROM t", [D("1.239")], "n"),
    ("INSERT INTO t (n) SELECT COALESCE(?, 0)", [D("1.239")], "n"),
    ("WITH d AS (SELECT ? AS x) INSERT INTO t (n) SELECT x FROM d", [D("1.239")], "n"),
    ("UPDATE t SET i = 2, n = ? WHERE i = ?", [D("1.239"), 1], "n"),
    ("UPDATE x SET x.n = ? FROM t AS x WHERE x.i = ?", [D("1.239"), 1], "n"),
    ("UPDATE t SET n = CASE WHEN i = ? THEN ? ELSE 0 END", [1, D("1.239")], "n"),
    ("DECLARE @i int = 1; UPDATE t SET n = ? WHERE i = @i", [D("1.239")], "n"),
]


LOST: list[Any] = [
    # What a code page lacks, and more digits than a float has as text.
    ("INSERT INTO w (v) VALUES (?)", ["東京"], "v"),
    ("INSERT INTO w (v) VALUES (?)", ["aé 🐢"], "v"),
    ("INSERT INTO w VALUES (?, ?, '', '', '')", ["é", "Привет"], "c"),
    ("INSERT INTO w (l) VALUES (?)", ["x" * 9_000 + "東"], "l"),
    ("INSERT INTO w (x) VALUES (?)", ["東"], "x"),
    ("INSERT INTO w (v) VALUES (?)", [["東"]], "v"),
    ("INSERT INTO w (v) VALUES (?)", ["123456789é  "], "v"),
    ("UPDATE w SET n = ?, v = ? WHERE id = 1", ["東京", "東京"], "v"),
    ("INSERT INTO w (v, n) SELECT TOP (1) ?, N'' FROM w", ["東京"], "v"),
    ("INSERT INTO w (v) VALUES (?)", [0.1234567891], "v"),
    ("INSERT INTO w (n) VALUES (?)", [1_234_567.0], "n"),
    ("INSERT INTO w (l) VALUES (?)", [-1.2345675], "l"),
]


@pytest.mark.parametrize(("sql", "params", "column"), LOST)
def test_what_would_be_lost_is_refused(tables: idb.Connection, sql: str, params: Any, column: str) -> None:
    before = tables.select("w").rows()
    for call in (lambda: tables.execute(sql, params), lambda: tables.execute_many(sql, [params])):
        with pytest.raises(idb.DataConversionError, match="is not kept exactly by the column") as caught:
            call()
        error = caught.value
        assert (error.backend, error.column_name, error.table_name) == ("mssql", column, "w")
        assert "CAST(@P" in (error.hint or "")
        assert "東" not in str(error)
    assert tables.select("w").rows() == before


@pytest.mark.parametrize(("sql", "params", "column"), REFUSED)
def test_what_would_be_changed_is_refused(tables: idb.Connection, sql: str, params: Any, column: str) -> None:
    before = tables.select("t").rows()
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute(sql, params)
    error = caught.value
    assert (error.backend, error.column_name, error.table_name) == ("mssql", column, "t")
    assert "parameter @P" in error.message
    assert "CAST(@P" in (error.hint or "")
    with pytest.raises(idb.DataConversionError):
        tables.execute_many(sql, [params])
    assert tables.select("t").rows() == before


STORED: list[Any] = [
    # statement, parameters, column, value
    ("INSERT INTO t (i) VALUES (?)", [D("2.00")], "i", 2),
    ("INSERT INTO t (i) VALUES (?)", [2.0], "i", 2),
    ("INSERT INTO t (i) VALUES (CAST(? AS int))", [D("1.9")], "i", 1),
    ("INSERT INTO t (i) VALUES (? + 1)", [D("1.9")], "i", 2),
    ("INSERT INTO t (b) VALUES (?)", [D(1)], "b", True),
    ("INSERT INTO t (r) VALUES (?)", [0.5], "r", 0.5),
    ("INSERT INTO t (r) VALUES (?)", [16_777_216], "r", 16_777_216.0),
    ("INSERT INTO t (f) VALUES (?)", [0.1], "f", 0.1),
    ("INSERT INTO t (f) VALUES (?)", [D("0.1")], "f", 0.1),
    ("INSERT INTO t (f) VALUES (?)", ["0.1"], "f", 0.1),
    ("INSERT INTO t (n) VALUES (?)", [D("1.230")], "n", D("1.23")),
    ("INSERT INTO t (n) VALUES (?)", [1.23], "n", D("1.23")),
    ("INSERT INTO t (n) VALUES (?)", ["1.23"], "n", D("1.23")),
    ("INSERT INTO t (n) VALUES (ROUND(?, 2))", [D("1.239")], "n", D("1.24")),
    ("INSERT INTO t (n) VALUES (CAST(? AS decimal(10, 2)))", [D("1.239")], "n", D("1.24")),
    ("INSERT INTO t (m) VALUES (?)", [D("1.2345")], "m", D("1.2345")),
    ("INSERT INTO t (d) VALUES (?)", [datetime(2024, 5, 6, 7, 8, 9, 123_000)], "d",
     datetime(2024, 5, 6, 7, 8, 9, 123_000)),
    ("INSERT INTO t (sd) VALUES (?)", [WHOLE.replace(second=0)], "sd", WHOLE.replace(second=0)),
    ("INSERT INTO t (d2) VALUES (?)", [WHOLE], "d2", WHOLE),
    ("INSERT INTO t (d2) VALUES (CAST(? AS datetime2(0)))", [FINE], "d2", WHOLE),
    ("INSERT INTO t (o) VALUES (?)", [WHOLE], "o", WHOLE.replace(tzinfo=UTC)),
    ("INSERT INTO t (o) VALUES (?)", [WHOLE.replace(tzinfo=UTC)], "o", WHOLE.replace(tzinfo=UTC)),
    ("INSERT INTO t (ti) VALUES (?)", [time(1, 2, 3)], "ti", time(1, 2, 3)),
    ("INSERT INTO t (da) VALUES (?)", [datetime(2024, 5, 6)], "da", date(2024, 5, 6)),
    ("INSERT INTO t (v) VALUES (?)", ["ab "], "v", "ab "),
    ("INSERT INTO t (v) VALUES (?)", ["1.5"], "v", "1.5"),
    ("UPDATE t SET n = 5 WHERE i < ?", [D("1.239")], "n", D("5.00")),
    ("UPDATE t SET n += ?", [D("1.239")], "n", None),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "params", "column", "value"), STORED)
@pytest.mark.parametrize("many", [False, True])
def test_what_is_kept_arrives(
    tables: idb.Connection, sql: str, params: Any, column: str, value: object, *, many: bool
) -> None:
    if many:
        assert tables.execute_many(sql, [params]) == 1
    else:
        tables.execute(sql, params)
    assert tables.execute(f"SELECT TOP (1) {column} FROM t ORDER BY id DESC").item() == value


KEPT: list[Any] = [
    # statement, parameters, column, value
    ("INSERT INTO w (v) VALUES (?)", ["é€ÿ ñ"], "v", "é€ÿ ñ"),
    ("INSERT INTO w (v) VALUES (?)", ["12345678é "], "v", "12345678é "),
    ("INSERT INTO w (c) VALUES (?)", ["é"], "c", "é         "),
    ("INSERT INTO w (x) VALUES (?)", ["é"], "x", "é"),
    ("INSERT INTO w (l) VALUES (?)", ["é" * 9_000], "l", "é" * 9_000),
    ("INSERT INTO w (n) VALUES (?)", ["東京"], "n", "東京"),
    ("INSERT INTO w (v) VALUES (CAST(? AS varchar(10)))", ["東京"], "v", "??"),
    ("INSERT INTO w (v) SELECT v FROM w WHERE v <> ?", ["東京"], "v", "a"),
    ("INSERT INTO w (v) VALUES (?)", [1.5], "v", "1.5"),
    ("INSERT INTO w (n) VALUES (?)", [-123_456.0], "n", "-123456"),
    ("INSERT INTO w (l) VALUES (CONVERT(varchar(30), ?, 3))", [0.1234567891], "l", "1.2345678910000001e-001"),
]


@pytest.mark.parametrize(("sql", "params", "column", "value"), KEPT)
@pytest.mark.parametrize("many", [False, True])
def test_text_that_is_kept_arrives(
    tables: idb.Connection, sql: str, params: Any, column: str, value: object, *, many: bool
) -> None:
    if many:
        assert tables.execute_many(sql, [params]) == 1
    else:
        assert tables.execute(sql, params).item() == 1
    assert tables.execute(f"SELECT TOP (1) {column} FROM w ORDER BY id DESC").item() == value


CUT_OR_FILLED: list[Any] = [
    # Bytes that are filled up, or whose zeros go; bytes and times that are cut as they become text.
    ("INSERT INTO y (b) VALUES (?)", [b"abc"], "b"),
    ("INSERT INTO y (b) VALUES (?)", [b""], "b"),
    ("INSERT INTO y (b) VALUES (?)", [b"abcd\0"], "b"),
    ("INSERT INTO y (vb) VALUES (?)", [b"abcd\0\0"], "vb"),
    ("INSERT INTO y (v) VALUES (?)", [b"x" * 23], "v"),
    ("INSERT INTO y (n) VALUES (?)", [b"x" * 40], "n"),
    ("INSERT INTO y (n) VALUES (?)", [b"abc"], "n"),
    ("INSERT INTO y (n) VALUES (?)", [FINE], "n"),
    ("INSERT INTO y (c) VALUES (?)", [WHOLE], "c"),
    ("INSERT INTO y (v) VALUES (?)", [WHOLE.replace(tzinfo=UTC)], "v"),
    ("INSERT INTO y (c) VALUES (?)", [time(1, 2, 3, 500_000)], "c"),
    ("UPDATE y SET mb = ?, b = ? WHERE b = ?", [b"a", b"b", b"c"], "b"),
    ("INSERT INTO y (b) SELECT TOP (1) ? FROM y", [b"abc"], "b"),
]


@pytest.mark.parametrize(("sql", "params", "column"), CUT_OR_FILLED)
def test_what_would_be_cut_or_filled_up_is_refused(tables: idb.Connection, sql: str, params: Any, column: str) -> None:
    before = tables.select("y").rows()
    for call in (lambda: tables.execute(sql, params), lambda: tables.execute_many(sql, [params])):
        with pytest.raises(idb.DataConversionError, match="is not kept exactly by the column") as caught:
            call()
        error = caught.value
        assert (error.backend, error.column_name, error.table_name) == ("mssql", column, "y")
        assert "change it first" in (error.hint or "")
        assert "CAST(@P" in (error.hint or "")
        assert "abc" not in str(error)
    assert tables.select("y").rows() == before


NEITHER: list[Any] = [
    # statement, parameters, column, value
    ("INSERT INTO y (b) VALUES (?)", [b"abcd"], "b", b"abcd"),
    ("INSERT INTO y (b) VALUES (CAST(? AS binary(4)))", [b"abc"], "b", b"abc\0"),
    ("INSERT INTO y (b, vb) SELECT b, b FROM y WHERE b <> ?", [b"abc"], "vb", b"\1\2\3\4"),
    ("INSERT INTO y (vb) VALUES (?)", [b"a\0"], "vb", b"a\0"),
    ("INSERT INTO y (mb) VALUES (?)", [b"a\0"], "mb", b"a\0"),
    ("INSERT INTO y (v) VALUES (?)", [b"x" * 22], "v", "x" * 22),
    ("INSERT INTO y (l) VALUES (?)", [FINE.replace(tzinfo=UTC)], "l", "2024-05-06 07:08:09.123456 +00:00"),
]


@pytest.mark.parametrize(("sql", "params", "column", "value"), NEITHER)
@pytest.mark.parametrize("many", [False, True])
def test_what_is_neither_cut_nor_filled_up_arrives(
    tables: idb.Connection, sql: str, params: Any, column: str, value: object, *, many: bool
) -> None:
    if many:
        assert tables.execute_many(sql, [params]) == 1
    else:
        assert tables.execute(sql, params).item() == 1
    assert tables.execute(f"SELECT TOP (1) {column} FROM y ORDER BY id DESC").item() == value


def test_bytes_that_are_compared_are_not_refused(tables: idb.Connection) -> None:
    assert tables.update("y", {"vb": b"a"}, {"b": b"\1\2\3\4"}) == 1
    with pytest.raises(idb.DataConversionError, match="length 1"):
        tables.update("y", {"b": b"a"}, {"b": b"\1\2\3\4"})
    assert tables.update("y", {"vb": b"b"}, {"b": b"abc"}) == 0
    assert tables.delete("y", {"b": b"abc"}) == 0
    assert tables.execute("SELECT vb FROM y").item() == b"a"


def test_bytes_and_dates_that_are_too_long_are_the_servers_to_refuse(tables: idb.Connection) -> None:
    for column, value in (("vb", b"abcde"), ("b", b"abcde"), ("c", date(2024, 5, 6)), ("c", time(1, 2))):
        with pytest.raises(idb.DataConversionError) as caught:
            tables.execute(f"INSERT INTO y ({column}) VALUES (?)", [value])
        assert caught.value.code == "2628"


def test_text_that_is_too_long_is_the_servers_to_refuse(tables: idb.Connection) -> None:
    for column in ("v", "n"):
        with pytest.raises(idb.DataConversionError) as caught:
            tables.execute(f"INSERT INTO w ({column}) VALUES (?)", ["é" * 11])
        assert caught.value.code == "2628"


def test_code_pages_are_asked_about_in_few_requests(tables: idb.Connection, server: Server) -> None:
    sql = "INSERT INTO w (v, l) VALUES (?, ?)"
    rows = [[f"é{at}", f"ü{at}"] for at in range(1_500)]
    (connection,) = server.connections()
    before = connection.served
    assert tables.execute_many(sql, rows) == 1_500
    # Two times a hundred rows, the columns, and each thousand texts.
    assert connection.served - before < 15 + 10
    rows[1_234][1] = "東"
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute_many(sql, rows)
    assert caught.value.column_name == "l"
    assert tables.execute("SELECT COUNT(*) FROM w").item() == 1_501


def test_what_is_plain_is_not_asked_about(tables: idb.Connection, server: Server) -> None:
    (connection,) = server.connections()
    sql = "INSERT INTO w (v) VALUES (?)"
    tables.execute(sql, ["plain"])
    before = connection.served
    tables.execute(sql, ["plain"])
    assert connection.served - before == 1
    tables.execute(sql, ["é"])
    before = connection.served
    tables.execute(sql, ["ü"])
    assert connection.served - before == 2


def test_merge(tables: idb.Connection) -> None:
    merge = (
        "MERGE t USING (SELECT 1 AS k) AS s ON t.i = s.k WHEN MATCHED THEN UPDATE SET n = @P1 "
        "WHEN NOT MATCHED THEN INSERT (i, m) VALUES (s.k, @P2);"
    )
    for params, column in (([D("1.255"), D(1)], "n"), ([D(1), D("1.23456")], "m")):
        with pytest.raises(idb.DataConversionError) as caught:
            tables.execute(merge, params)
        assert caught.value.column_name == column


def test_a_query_takes_any_value(tables: idb.Connection) -> None:
    assert tables.execute("SELECT ? + 0.001, ?", [D("1.239"), "abc  "]).row(0) == (D("1.240"), "abc  ")


def test_the_verbs_refuse_too(tables: idb.Connection) -> None:
    with pytest.raises(idb.DataConversionError, match=r"1\.239"):
        tables.update("t", {"n": D("1.239")}, {"i": 1})
    with pytest.raises(idb.DataConversionError):
        tables.execute_many("INSERT INTO t (n) VALUES (?)", [[D("1.5")], [D("1.555")]])
    assert tables.execute("SELECT count(*), max(n) FROM t").row(0) == (1, None)
    assert tables.update("t", {"f": D("1.239"), "n": D("1.5")}, {"i": 1}) == 1
    assert tables.delete("t", {"n": D("1.239")}) == 0


def test_an_open_transaction_goes_on(tables: idb.Connection) -> None:
    tables.execute("SET XACT_ABORT ON")
    with tables.transaction():
        with pytest.raises(idb.DataConversionError):
            tables.execute("UPDATE t SET n = ?", [D("1.255")])
        assert tables.in_transaction
        tables.execute("UPDATE t SET n = ? WHERE i = 1", [D("7.25")])
    assert tables.execute("SELECT n FROM t").item() == D("7.25")


def test_text_in_an_open_transaction(tables: idb.Connection) -> None:
    tables.execute("SET XACT_ABORT ON")
    with tables.transaction():
        tables.execute("INSERT INTO w (v) VALUES (?)", ["é"])
        with pytest.raises(idb.DataConversionError):
            tables.update("w", {"v": "東京"}, {"id": 1})
        assert tables.in_transaction
    assert tables.select("w", columns=["v"], order_by="id")["v"].to_list() == ["a", "é"]


def test_a_table_is_found_by_any_name(tables: idb.Connection) -> None:
    tables.execute("CREATE SCHEMA s")
    tables.execute("CREATE TABLE s.t (i int)")
    for name in ("test..t", "[test]..[t]", "test.dbo.t", "test.s.t", "s.t"):
        with pytest.raises(idb.DataConversionError):
            tables.execute(f"INSERT INTO {name} (i) VALUES (?)", [1.5])
    with pytest.raises(idb.DataConversionError):
        tables.execute("UPDATE x SET i = ? FROM test..t AS x", [1.5])
    tables.execute("CREATE TABLE #t (n decimal(5, 1))")
    with pytest.raises(idb.DataConversionError):
        tables.execute("INSERT INTO tempdb..#t VALUES (?)", [D("1.25")])


@pytest.mark.parametrize("name", ["elsewhere.test.dbo.t", "nowhere..t"])
def test_a_table_that_is_elsewhere_is_the_servers(tables: idb.Connection, name: str) -> None:
    with tables.transaction():
        tables.execute("INSERT INTO t (i) VALUES (2)")
        with pytest.raises(idb.QueryExecutionError) as caught:
            tables.execute(f"INSERT INTO {name} (i) VALUES (?)", [1.5])
        # Whatever it is: 7202 of a server that is not linked, 208.
        assert caught.value.code is not None
        assert tables.in_transaction
    assert tables.execute("SELECT COUNT(*) FROM t").item() == 2


def test_a_temporary_table(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE #t (n decimal(5, 1))")
    with pytest.raises(idb.DataConversionError):
        ms.execute("INSERT INTO #t VALUES (?)", [D("1.25")])
    assert ms.execute("INSERT INTO #t VALUES (?)", [D("1.5")]).item() == 1


def test_a_table_that_is_not_there_is_the_servers_to_name(tables: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError) as caught:
        tables.execute("INSERT INTO nowhere (n) VALUES (?)", [D("1.239")])
    assert caught.value.code == "208"


def test_a_changed_table_is_looked_at_again(server: Server) -> None:
    sql = "INSERT INTO t VALUES (?)"
    with config(server).connect() as conn, config(server).connect() as other:
        conn.execute("CREATE TABLE t (v decimal(10, 2))")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [D("1.239")])
        other.execute("DROP TABLE t; CREATE TABLE t (v decimal(10, 3))")
        assert conn.execute(sql, [D("1.239")]).item() == 1
        conn.execute("DROP TABLE t; CREATE TABLE t (v decimal(10, 2))")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [D("1.239")])
