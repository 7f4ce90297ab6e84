"""`execute_many`: rows that share a request change what they would change one by one."""

from __future__ import annotations

from typing import Any

import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.tds.engine import answers
from tests.tds.server import Server

pytestmark = pytest.mark.backend("mssql")

INSERT = "INSERT INTO t (id, v) VALUES (?, ?)"


@pytest.fixture(autouse=True)
def _table(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int NOT NULL PRIMARY KEY, v nvarchar(max))")


@pytest.mark.parametrize("rows", [1, 99, 100, 101, 1_234])
def test_all_rows_arrive_in_order(ms: idb.Connection, rows: int) -> None:
    values: list[list[Any]] = [[at, None if at % 7 == 0 else f"żółw {at}"] for at in range(rows)]
    assert ms.execute_many(INSERT, values) == rows
    assert ms.select("t", order_by="id").rows() == [tuple(row) for row in values]


def test_rows_share_requests(ms: idb.Connection, server: Server) -> None:
    (connection,) = server.connections()
    before = connection.served
    assert ms.execute_many(INSERT, [[at, "x"] for at in range(500)]) == 500
    assert connection.served - before < 20


def test_values_of_any_size(ms: idb.Connection) -> None:
    values: list[list[Any]] = [[at, "ż" * (300_000 if at % 3 else 1)] for at in range(20)]
    assert ms.execute_many(INSERT, values) == 20
    assert ms.execute("SELECT SUM(LEN(v)) AS n FROM t").item() == 13 * 300_000 + 7


def test_values_of_changing_types(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE u (id int, v decimal(20, 5))")
    values: list[list[Any]] = [[0, 1], [1, 2.5], [2, "3.25"], [3, None], [4, 10**12]]
    assert ms.execute_many("INSERT INTO u VALUES (?, ?)", values) == 5
    assert [str(value) for value in ms.select("u", order_by="id")["v"]] == [
        "1.00000",
        "2.50000",
        "3.25000",
        "None",
        "1000000000000.00000",
    ]


def test_as_many_parameters_as_the_server_takes(ms: idb.Connection) -> None:
    columns = ", ".join(f"c{at} int" for at in range(1_000))
    ms.execute(f"CREATE TABLE wide ({columns})")
    sql = f"INSERT INTO wide VALUES ({', '.join('?' * 1_000)})"
    assert ms.execute_many(sql, [list(range(1_000))] * 5) == 5
    assert ms.execute("SELECT COUNT(*) AS n FROM wide WHERE c999 = 999").item() == 5


def test_named_and_native_placeholders(ms: idb.Connection) -> None:
    assert ms.execute_many("INSERT INTO t VALUES (:id, :v)", [{"v": "a", "id": 1}, {"id": 2, "v": "b"}]) == 2
    assert ms.execute_many("UPDATE t SET v = @P2 WHERE id = @p1 AND v <> @P2 -- @P1", [[1, "c"], [2, "b"]]) == 1
    assert ms.execute_many("INSERT INTO t VALUES (@n, N'@n')", [{"n": 3}, {"n": 4}]) == 2
    assert ms.select("t", order_by="id").rows() == [(1, "c"), (2, "b"), (3, "@n"), (4, "@n")]


def test_rows_without_parameters(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE d (id int IDENTITY, v int DEFAULT 7)")
    assert ms.execute_many("INSERT INTO d DEFAULT VALUES", [[], [], []]) == 3


def test_what_reads_the_statement_before_goes_alone(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE d (id int IDENTITY(5, 1), v int)")
    assert ms.execute_many("INSERT INTO d (v) VALUES (COALESCE(CAST(SCOPE_IDENTITY() AS int), ?))", [[1], [2]]) == 2
    assert ms.select("d", order_by="id")["v"].to_list() == [1, 2]


def test_an_error_says_its_row_and_stores_nothing(ms: idb.Connection) -> None:
    rows: list[list[Any]] = [[at, "x"] for at in range(250)]
    rows[180] = [7, "twice"]
    with pytest.raises(idb.UniqueViolationError) as caught:
        ms.execute_many("INSERT INTO t (id, v)\nVALUES (?, ?)", rows)
    assert "row 180" in (caught.value.detail or "")
    assert caught.value.code == "2627"
    assert ms.select("t").height == 0
    assert not ms.in_transaction
    with ms.transaction():
        ms.execute_many(INSERT, [[1, "kept"]])
        with pytest.raises(idb.NotNullViolationError, match="NULL") as null:
            ms.execute_many(INSERT, [[2, "a"], [None, "b"], [3, "c"]])
        assert "row 1" in (null.value.detail or "")
    assert ms.select("t").rows() == [(1, "kept")]


def test_rows_are_counted_where_the_session_counts_nothing(server: Server) -> None:
    with config(server).connect() as conn:
        conn.execute("SET NOCOUNT ON")
        assert conn.execute_many(INSERT, [[1, "a"], [2, "b"]]) == 2


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t (id, v) OUTPUT inserted.id INTO log VALUES (?, ?)",
        "INSERT INTO t (id, v) OUTPUT inserted.id VALUES (?, ?)",
        "DECLARE @id int = ?; INSERT INTO t (id, v) VALUES (@id, ?)",
    ],
)
def test_rows_that_go_one_by_one_are_counted_there_as_well(ms: idb.Connection, sql: str) -> None:
    ms.execute("CREATE TABLE log (id int)")
    assert ms.execute_many(sql, [[1, "a"], [2, "b"]]) == 2
    ms.execute("SET NOCOUNT ON")
    assert ms.execute_many(sql, [[3, "a"], [4, "b"], [5, "c"]]) == 3
    assert ms.select("t").height == 5


def test_a_query_behind_the_change_is_not_counted(ms: idb.Connection) -> None:
    ms.execute("SET NOCOUNT ON")
    assert ms.execute_many("DECLARE @id int = ?; INSERT INTO t VALUES (@id, ''); SELECT id FROM t", [[1], [2]]) == 0


def test_more_rows_than_an_int_holds(ms: idb.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    many = 2**31 + 5

    def counted(session: object) -> int:
        del session
        return many

    monkeypatch.setitem(answers.ANSWERS, "@@ROWCOUNT", counted)
    assert ms.execute_many(INSERT, [[1, "a"], [2, "b"]]) == 2 * many
    ms.execute("SET NOCOUNT ON")
    assert ms.execute(INSERT, [3, "c"]).item() == many
    assert ms.execute("UPDATE t SET v = 'd'").item() == many


def test_a_query_changes_nothing(ms: idb.Connection) -> None:
    assert ms.execute_many("SELECT ?", [[1], [2]]) == 0
