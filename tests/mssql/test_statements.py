"""Statements that are T-SQL's own: procedures, several results, messages, settings, scripts."""

from __future__ import annotations

import logging
from typing import Any

import polars as pl
import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("mssql")


def test_several_result_sets_give_the_last(ms: idb.Connection) -> None:
    assert ms.execute("SELECT 1 AS a; SELECT 2 AS b, 3 AS c").rows(named=True) == [{"b": 2, "c": 3}]


def test_output(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY, a int)")
    frame = ms.execute("INSERT INTO t (a) OUTPUT inserted.id, inserted.a VALUES (?), (?)", [10, 20])
    assert frame.rows() == [(1, 10), (2, 20)]


def test_messages_are_no_errors(ms: idb.Connection) -> None:
    assert ms.execute("PRINT 'hello'; SELECT 1 AS a").item() == 1
    assert ms.execute("RAISERROR('only a word', 10, 1); SELECT 2 AS a").item() == 2


def test_messages_go_to_the_log(ms: idb.Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="industrydb")
    ms.execute("PRINT 'hear me'; RAISERROR('and me %d', 10, 1, 7)")
    levels = {record.getMessage(): record.levelno for record in caplog.records if record.name == "industrydb"}
    assert levels.get("server: hear me") == logging.INFO, levels
    assert levels.get("server: and me 7") == logging.INFO, levels


def test_what_becomes_an_exception_is_not_logged_as_well(ms: idb.Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="industrydb")
    with pytest.raises(idb.QueryExecutionError, match="secret 42"):
        ms.execute("RAISERROR('secret %d', 16, 1, 42)")
    assert "secret 42" not in caplog.text


def test_a_procedure_says_what_it_prints(ms: idb.Connection, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="industrydb")
    ms.execute("CREATE PROCEDURE p @a int AS BEGIN PRINT CONCAT('given ', @a); SELECT @a AS a; END")
    assert ms.execute("EXEC p ?", [3]).item() == 3
    assert "server: given 3" in caplog.messages


def test_raiserror(ms: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="boom 7") as caught:
        ms.execute("SELECT 1 AS a; RAISERROR('boom %d', 16, 3, 7)")
    assert caught.value.code == "50000"
    assert "state 3" in (caught.value.detail or "")
    assert ms.execute("SELECT 1 AS a").item() == 1


def test_throw(ms: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="thrown") as caught:
        ms.execute("THROW 51000, 'thrown', 1")
    assert caught.value.code == "51000"


def test_a_procedure_with_an_output_parameter(ms: idb.Connection) -> None:
    ms.execute("CREATE PROCEDURE p @a int, @b int OUTPUT AS BEGIN SET NOCOUNT ON; SET @b = @a * 2; SELECT @a AS a; END")
    assert ms.execute("EXEC p 3, 0").item() == 3
    frame = ms.execute("DECLARE @out int; EXEC p @a = ?, @b = @out OUTPUT; SELECT @out AS b", [21])
    assert frame.rows(named=True) == [{"b": 42}]


def test_nocount(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    ms.execute("SET NOCOUNT ON")
    assert ms.execute("INSERT INTO t VALUES (1), (2)").item() == 2
    assert ms.execute("INSERT INTO t VALUES (?)", [3]).item() == 1
    assert ms.update("t", {"a": 5}, {"a": [1, 2]}) == 2
    ms.execute("CREATE TABLE u (a int PRIMARY KEY, b int)")
    assert ms.insert("u", {"a": [3, 7], "b": [0, 0]}) == 2
    assert ms.insert("u", {"a": [3, 8], "b": [1, 1]}, on_conflict="update") == 2
    assert ms.insert("u", {"a": [3, 9], "b": [1, 1]}, on_conflict="ignore") == 1
    assert ms.delete("t", where=True) == 3
    ms.execute("CREATE PROCEDURE p AS BEGIN SET NOCOUNT ON; INSERT INTO t VALUES (1), (2) END")
    assert ms.execute("EXEC p").item() == 0
    assert ms.select("t").height == 2


def test_a_value_is_inserted_and_its_identity_asked_for(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY(7, 1), a int)")
    frame = ms.execute("INSERT INTO t (a) VALUES (?); SELECT CAST(SCOPE_IDENTITY() AS int) AS id", [1])
    assert frame.item() == 7


def test_a_trigger_does_not_add_to_the_count(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int); CREATE TABLE log (a int)")
    assert ms.execute("INSERT INTO t VALUES (1), (2), (3)").item() == 3
    assert ms.execute_many("UPDATE t SET a = ? WHERE a = ?", [[10, 1], [20, 2]]) == 2


@pytest.mark.parametrize(
    ("script", "rows"),
    [
        ("INSERT INTO t VALUES (1), (2); UPDATE t SET a = 5", 4),
        ("INSERT INTO t VALUES (1); SET NOCOUNT OFF; INSERT INTO t VALUES (1), (2)", 2),
        ("CREATE TABLE u (a int); INSERT INTO u VALUES (1), (2); INSERT INTO t VALUES (1)", 3),
        ("BEGIN TRAN; INSERT INTO t VALUES (1), (2); DELETE FROM t; COMMIT", 4),
        ("IF 1 = 1 BEGIN INSERT INTO t VALUES (1); DELETE FROM t END", 2),
        ("BEGIN TRY INSERT INTO t VALUES (1), (2) END TRY BEGIN CATCH SELECT 1 END CATCH", 2),
        ("IF 1 = 1 BEGIN TRAN; INSERT INTO t VALUES (1), (2); IF 1 = 1 SAVE TRAN a; DELETE FROM t", 2),
        ("DECLARE @n int = 2; WHILE @n > 0 BEGIN INSERT INTO t VALUES (@n); SET @n = @n - 1 END", 2),
    ],
)
def test_a_script_counts_the_rows_of_all_its_statements(ms: idb.Connection, script: str, rows: int) -> None:
    ms.execute("CREATE TABLE t (a int)")
    assert ms.execute(script).item() == rows
    if ms.in_transaction:
        ms.rollback()


def test_a_statement_that_did_not_run_counts_nothing(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    for setting in ("OFF", "ON"):
        ms.execute(f"SET NOCOUNT {setting}")
        ms.execute("INSERT INTO t VALUES (1), (2)")
        assert ms.execute("IF 1 = 2 INSERT INTO t VALUES (1)").item() == 0
        assert ms.execute("DELETE FROM t WHERE a = 5").item() == 0


def test_a_definition_begins_no_transaction(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (a int)")
    ms.execute("CREATE PROCEDURE p AS SELECT 1 AS a; BEGIN TRANSACTION; DELETE FROM t")
    assert not ms.in_transaction


def test_a_transaction_that_may_not_have_begun(ms: idb.Connection) -> None:
    ms.execute("IF 1 = 2 BEGIN TRANSACTION")
    assert not ms.in_transaction
    ms.execute("IF 1 = 1 BEGIN TRANSACTION")
    assert ms.in_transaction
    ms.rollback()


def test_names_are_numbered(ms: idb.Connection) -> None:
    assert ms.execute("SELECT 1, 2 AS a, 3 AS a, 4").columns == ["column_0", "a", "a_1", "column_3"]


def test_too_many_parameters(ms: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="2099 parameters"):
        ms.execute(f"SELECT 1 AS a WHERE 1 IN ({','.join('?' * 2099)})", [1] * 2099)
    assert ms.execute(f"SELECT 1 AS a WHERE 1 IN ({','.join('?' * 2098)})", [1] * 2098).item() == 1


def test_names_of_variables_are_left_alone(ms: idb.Connection) -> None:
    frame = ms.execute("DECLARE @x int = 5; SELECT @x + @y AS a, @@ROWCOUNT AS b", {"y": 2})
    assert frame["a"].item() == 7


@pytest.mark.parametrize("level", ["read uncommitted", "read committed", "repeatable read", "serializable", "snapshot"])
def test_isolation_levels(ms: idb.Connection, level: Any) -> None:
    if level == "snapshot":
        ms.execute("ALTER DATABASE test SET ALLOW_SNAPSHOT_ISOLATION ON")
    with ms.transaction(isolation=level):
        assert ms.in_transaction
        assert ms.execute("SELECT @@TRANCOUNT AS n").item() == 1


def test_transactions_in_sql(ms: idb.Connection) -> None:
    ms.execute("BEGIN TRANSACTION")
    assert ms.in_transaction
    ms.execute("BEGIN TRANSACTION")
    ms.execute("COMMIT")
    assert ms.in_transaction
    ms.execute("ROLLBACK")
    assert not ms.in_transaction


def test_seventh_digits(ms: idb.Connection) -> None:
    sql = "SELECT CAST('2024-01-01 00:00:00.1234567' AS datetime2(7)) AS a"
    with pytest.raises(idb.DataConversionError, match=r'column "a", row 0.*seventh digit') as caught:
        ms.execute(sql)
    assert "pl.Datetime" in (caught.value.hint or "")
    frame = ms.execute(sql, schema_overrides={"a": pl.Datetime("ns")})
    assert frame["a"].to_physical().item() == 1_704_067_200_123_456_700
    assert ms.execute(sql, schema_overrides={"a": pl.String}).item() == "2024-01-01 00:00:00.123456700"


def test_an_error_names_what_it_is_about(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE p (id int CONSTRAINT pk PRIMARY KEY)")
    ms.execute("CREATE TABLE c (p int NOT NULL CONSTRAINT fk REFERENCES p, a int CONSTRAINT ck CHECK (a > 0))")
    ms.execute("INSERT INTO p VALUES (1)")
    with pytest.raises(idb.UniqueViolationError) as unique:
        ms.execute("INSERT INTO p VALUES (1)")
    assert (unique.value.code, unique.value.constraint_name, unique.value.table_name) == ("2627", "pk", "p")
    with pytest.raises(idb.ForeignKeyViolationError) as foreign:
        ms.execute("INSERT INTO c VALUES (2, 1)")
    assert (foreign.value.code, foreign.value.constraint_name) == ("547", "fk")
    with pytest.raises(idb.CheckViolationError) as check:
        ms.execute("INSERT INTO c VALUES (1, 0)")
    assert (check.value.code, check.value.constraint_name) == ("547", "ck")
    with pytest.raises(idb.NotNullViolationError) as null:
        ms.execute("INSERT INTO c VALUES (NULL, 1)")
    assert (null.value.code, null.value.column_name, null.value.table_name) == ("515", "p", "c")
    with pytest.raises(idb.QueryExecutionError) as missing:
        ms.execute("SELECT * FROM missing")
    assert (missing.value.code, missing.value.table_name) == ("208", "missing")
