"""Errors: their numbers, levels, states and texts, as python-tds hands all of them over."""

# ruff: noqa: E501, ISC004 - messages and rows of data stand in one piece; so do long statements
from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytds  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import pytest

from tests.tds.clients import PYTDS
from tests.tds.conftest import Session
from tests.tds.process import Address

ERRORS: tuple[tuple[str, int, int, str], ...] = (
    ("SELECT FROM WHERE", 156, 15, "near the keyword 'FROM'"),
    ("SELECT 1 +", 102, 15, "Incorrect syntax near '+'"),
    ("SELECT 'abc", 105, 15, "Unclosed quotation mark"),
    ("/* SELECT 1", 113, 15, "Missing end comment mark"),
    ("SELEC 1", 2812, 16, "Could not find stored procedure 'SELEC'"),
    ("SELECT * FROM missing", 208, 16, "Invalid object name 'missing'"),
    ("SELECT missing FROM p", 207, 16, "Invalid column name 'missing'"),
    ("SELECT q.id FROM p", 4104, 16, 'The multi-part identifier "q.id" could not be bound'),
    ("SELECT id FROM p a, p b", 209, 16, "Ambiguous column name 'id'"),
    ("SELECT @nope", 137, 15, 'Must declare the scalar variable "@nope"'),
    ("SELECT nofunction(1)", 195, 15, "not a recognized built-in function name"),
    ("SELECT id, COUNT(*) FROM p", 8120, 16, "Column 'p.id' is invalid in the select list"),
    ("SELECT 1 UNION SELECT 1, 2", 205, 16, "equal number of expressions"),
    ("SELECT (SELECT id FROM p)", 512, 16, "more than 1 value"),
    ("SELECT CAST('abc' AS int)", 245, 16, "converting the varchar value 'abc' to data type int"),
    ("SELECT CAST('abc' AS decimal(5, 2))", 8114, 16, "converting data type varchar to numeric"),
    ("SELECT CAST('abc' AS bigint)", 8114, 16, "converting data type varchar to bigint"),
    ("SELECT CAST('99999999999' AS int)", 248, 16, "overflowed an int column"),
    ("SELECT CAST('abc' AS date)", 241, 16, "converting date and/or time"),
    ("SELECT CAST('abc' AS uniqueidentifier)", 8169, 16, "to uniqueidentifier"),
    ("SELECT CAST(300 AS tinyint)", 220, 16, "data type tinyint, value = 300"),
    ("SELECT CAST(3000000000 AS int)", 8115, 16, "Arithmetic overflow error"),
    ("SELECT 2147483647 + 1", 8115, 16, "expression to data type int"),
    ("SELECT CAST(1000 AS decimal(3, 0))", 8115, 16, "data type numeric"),
    ("SELECT 1 / 0", 8134, 16, "Divide by zero"),
    ("SELECT CAST('2024-01-01' AS date) + 1", 206, 16, "Operand type clash"),
    ("INSERT INTO p VALUES (1, 'twice')", 2627, 14, "PRIMARY KEY constraint 'pk_p'. Cannot insert duplicate key in object 'dbo.p'. The duplicate key value is (1)"),
    ("INSERT INTO c (id, mail) VALUES (2, 'A')", 2627, 14, "UNIQUE KEY constraint 'uq_c'"),
    ("INSERT INTO c (id, code) VALUES (2, 5)", 2601, 14, "unique index 'ix_c'"),
    ("INSERT INTO p VALUES (NULL, 'x')", 515, 16, "NULL into column 'id'"),
    ("UPDATE p SET id = NULL", 515, 16, "UPDATE fails"),
    ("INSERT INTO c (id, p) VALUES (2, 99)", 547, 16, 'FOREIGN KEY constraint "fk_c"'),
    ("DELETE FROM p", 547, 16, 'REFERENCE constraint "fk_c"'),
    ("INSERT INTO c (id, age) VALUES (2, 17)", 547, 16, 'CHECK constraint "adult"'),
    ("INSERT INTO c (id, mail) VALUES (2, 'much too long')", 2628, 16, "column 'mail'. Truncated value: 'much too l'"),
    ("INSERT INTO p (id) VALUES ('abc')", 245, 16, "Conversion failed"),
    ("INSERT INTO p (id, name) VALUES (5)", 109, 15, "more columns in the INSERT statement"),
    ("INSERT INTO p (id) VALUES (5, 6)", 110, 15, "fewer columns in the INSERT statement"),
    ("INSERT INTO p VALUES (5)", 213, 16, "number of supplied values does not match table definition"),
    ("INSERT INTO p (id, name) SELECT 5", 120, 15, "fewer items than the insert list"),
    ("INSERT INTO p (id) SELECT 5, 'x'", 121, 15, "more items than the insert list"),
    ("INSERT INTO p SELECT 5", 213, 16, "number of supplied values does not match table definition"),
    ("INSERT INTO c (id, w) VALUES (2, 5)", 271, 16, 'column "w" cannot be modified'),
    ("SELECT 1 AS a WHERE N'a' COLLATE Greek_CI_AS = N'a' COLLATE Cyrillic_General_CI_AS", 468, 16, 'conflict between "Greek_CI_AS" and "Cyrillic_General_CI_AS" in the equal to operation'),
    ("SELECT id COLLATE Greek_CI_AS FROM p", 447, 16, "Expression type int is invalid for COLLATE clause"),
    ("SELECT IDENTITY(int, 1, 1) AS n, id FROM p", 177, 15, "has an INTO clause"),
    ("EXEC sp_rename 'tempdb.dbo.p', 'q'", 15250, 16, "must be the name of the current database"),
    ("CREATE SYNONYM p FOR q", 2714, 16, "already an object named 'p'"),
    ("CREATE TABLE p (a int)", 2714, 16, "already an object named 'p'"),
    ("CREATE TABLE nowhere.t (a int)", 2760, 16, 'schema name "nowhere"'),
    ("CREATE TABLE t (a nope)", 2715, 16, "Cannot find data type nope"),
    ("DROP TABLE missing", 3701, 11, "Cannot drop the table 'missing'"),
    ("DROP TABLE p", 3726, 16, "referenced by a FOREIGN KEY constraint"),
    ("COMMIT", 3902, 16, "COMMIT TRANSACTION request has no corresponding"),
    ("ROLLBACK", 3903, 16, "ROLLBACK TRANSACTION request has no corresponding"),
    ("SAVE TRANSACTION a", 628, 16, "no active transaction"),
    ("USE nowhere", 911, 16, "Database 'nowhere' does not exist"),
    ("THROW 50123, N'thrown', 7", 50123, 16, "thrown"),
    ("RAISERROR (N'raised %d', 15, 3, 5)", 50000, 15, "raised 5"),
    ("WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n", 530, 16, "maximum recursion 100"),
    ("EXEC sp_describe_first_result_set N'SELECT * FROM missing'", 11529, 16, "every code path"),
    ("EXEC sp_describe_first_result_set N'EXEC (''SELECT 1'')'", 11514, 16, "dynamic SQL"),
    ("EXEC sp_describe_first_result_set N'SELECT * FROM #t'", 11526, 16, "temp table"),
    ("SELECT * FROM (SELECT id FROM p ORDER BY id) AS q", 1033, 15, "ORDER BY clause is invalid"),
    ("SELECT id FROM p WHERE id IN (SELECT id FROM p ORDER BY id)", 1033, 15, "ORDER BY clause is invalid"),
    ("WITH q AS (SELECT id FROM p ORDER BY id) SELECT * FROM q", 1033, 15, "ORDER BY clause is invalid"),
    ("SELECT id FROM p WHERE COUNT(*) > 1", 147, 15, "may not appear in the WHERE clause"),
    ("SELECT CAST(1 AS nope)", 243, 16, "Type nope is not a defined system type"),
    ("SELECT CAST(1 AS text)", 529, 16, "from data type int to text is not allowed"),
    ("SELECT CAST(CAST('1' AS text) AS int)", 529, 16, "from data type text to int is not allowed"),
    ("SELECT CAST(1e10 AS int)", 232, 16, "for type int, value = 10000000000.000000"),
    ("SELECT CAST('2024-02-30' AS datetime)", 242, 16, "of a varchar data type to a datetime data type"),
    ("SELECT CAST('2024-02-30' AS datetime2)", 241, 16, "converting date and/or time"),
    ("SELECT DATEADD(hour, 1, CAST('2024-01-01' AS date))", 9810, 16, "datepart hour is not supported by date function dateadd"),
    ("SELECT DATEPART(hour, CAST('2024-01-01' AS date))", 9810, 16, "datepart hour is not supported by date function datepart"),
    ("SELECT id FROM p WHERE ROW_NUMBER() OVER (ORDER BY id) = 1", 4108, 15, "Windowed functions can only appear"),
    ("SELECT id FROM p ORDER BY id OFFSET -1 ROWS", 10742, 15, "may not be negative"),
    ("SELECT TOP (-1) id FROM p", 127, 15, "may not be negative"),
    ("DECLARE @t TABLE (i tinyint IDENTITY(255, 1), a int); INSERT INTO @t (a) VALUES (1), (2)", 8115, 16, "converting IDENTITY to data type tinyint"),
    ("ALTER TABLE c ADD CONSTRAINT pk_c PRIMARY KEY (id, code)", 8111, 16, "PRIMARY KEY constraint on nullable column"),
    ("CREATE TABLE #d (a int DEFAULT 5); ALTER TABLE #d ALTER COLUMN a varchar(9)", 5074, 16, "is dependent on column 'a'"),
    ("SELECT 1.50 + '123.4'", 8115, 16, "converting varchar to data type numeric"),
    ("DECLARE @t TABLE (a int); EXEC (N'SELECT * FROM @t')", 1087, 15, 'Must declare the table variable "@t"'),
    ("EXEC (N'BEGIN TRAN; COMMIT; BEGIN TRAN'); ROLLBACK", 266, 16, "Previous count = 0, current count = 1"),
    ("RAISERROR ('raised', 19, 1)", 2754, 16, "using the WITH LOG option"),
    ("CREATE TABLE t (a int PRIMARY KEY NULL)", 8111, 16, "PRIMARY KEY constraint on nullable column"),
    ("CREATE TABLE t ([] int)", 1038, 15, "name is missing or empty"),
    ("CREATE TABLE t (" + ", ".join(f"c{at} bit" for at in range(1025)) + ")", 1702, 16, "exceeds the maximum of 1024 columns"),
    ("CREATE TABLE t (" + ", ".join(f"c{at} bigint" for at in range(1024)) + ")", 1701, 16, "maximum allowable table row size of 8060"),
    ("SELECT 1 AS a; CREATE VIEW v AS SELECT 1 AS a", 111, 15, "'CREATE VIEW' must be the first statement"),
    ("BEGIN TRY SELECT * FROM missing END TRY BEGIN CATCH SELECT 1 END CATCH", 208, 16, "Invalid object name 'missing'"),
)  # fmt: skip


@pytest.fixture(scope="module")
def connection(address: Address) -> Iterator[Any]:
    """Tables with every kind of constraint."""
    with closing(PYTDS.open(address, "plain", "")) as connection:
        for statement in (
            "CREATE TABLE p (id int NOT NULL CONSTRAINT pk_p PRIMARY KEY, name varchar(20))",
            "INSERT INTO p VALUES (1, 'a'), (2, 'b')",
            "CREATE TABLE c (id int NOT NULL, p int CONSTRAINT fk_c REFERENCES p (id), mail varchar(10) CONSTRAINT uq_c UNIQUE, "
            "age int CONSTRAINT adult CHECK (age >= 18), code int, w AS (age + 1))",
            "CREATE UNIQUE INDEX ix_c ON c (code)",
            "INSERT INTO c (id, p, mail, age, code) VALUES (1, 1, 'a', 20, 5)",
            "CREATE TABLE #t (a int)",
        ):
            PYTDS.query(connection, statement)
        yield connection


@pytest.mark.parametrize(("sql", "number", "level", "text"), ERRORS, ids=[f"{row[1]}-{row[0][:40]}" for row in ERRORS])
def test_an_error(connection: Any, sql: str, number: int, level: int, text: str) -> None:
    with pytest.raises(pytds.Error) as caught:
        PYTDS.query(connection, sql)
    error: Any = caught.value
    assert (error.number, error.severity) == (number, level)
    assert text in str(error)
    assert PYTDS.query(connection, "SELECT @@TRANCOUNT") == [(0,)]


@pytest.mark.parametrize("sql", ["SELECT * FROM missing", "SELECT 1 / 0", "SELECT CAST('x' AS int)"])
def test_every_client_raises(session: Session, sql: str) -> None:
    client, connection = session
    with pytest.raises(Exception, match="(?i)missing|divide|conversion"):
        client.query(connection, sql)
    assert client.query(connection, "SELECT 1") == [(1,)]


def test_a_failed_statement_leaves_the_transaction(connection: Any) -> None:
    PYTDS.query(connection, "BEGIN TRAN; INSERT INTO p VALUES (10, 'x')")
    with pytest.raises(pytds.IntegrityError):
        PYTDS.query(connection, "INSERT INTO p VALUES (10, 'x')")
    assert PYTDS.query(connection, "SELECT @@TRANCOUNT, XACT_STATE()") == [(1, 1)]
    PYTDS.query(connection, "ROLLBACK")
    assert PYTDS.query(connection, "SELECT COUNT(*) FROM p WHERE id = 10") == [(0,)]


def test_a_failed_conversion_rolls_back(connection: Any) -> None:
    PYTDS.query(connection, "BEGIN TRAN; INSERT INTO p VALUES (10, 'x')")
    with pytest.raises(pytds.Error):
        PYTDS.query(connection, "SELECT CAST('x' AS int)")
    assert PYTDS.query(connection, "SELECT @@TRANCOUNT") == [(0,)]


def test_xact_abort(connection: Any) -> None:
    PYTDS.query(connection, "SET XACT_ABORT ON; BEGIN TRAN")
    with pytest.raises(pytds.IntegrityError):
        PYTDS.query(connection, "INSERT INTO p VALUES (1, 'x')")
    assert PYTDS.query(connection, "SET XACT_ABORT OFF; SELECT @@TRANCOUNT") == [(0,)]


def test_others_do_not_see_what_is_open(address: Address, connection: Any) -> None:
    with closing(PYTDS.open(address, "plain", "")) as other:
        PYTDS.query(connection, "BEGIN TRAN; INSERT INTO p VALUES (10, 'x')")
        assert PYTDS.query(other, "SELECT COUNT(*) FROM p WHERE id = 10") == [(0,)]
        PYTDS.query(connection, "COMMIT")
        assert PYTDS.query(other, "SELECT COUNT(*) FROM p WHERE id = 10") == [(1,)]
        PYTDS.query(connection, "DELETE FROM p WHERE id = 10")


def test_a_lock_that_is_waited_for(address: Address, connection: Any) -> None:
    with closing(PYTDS.open(address, "plain", "")) as other:
        PYTDS.query(connection, "BEGIN TRAN; UPDATE p SET name = 'c' WHERE id = 1")
        PYTDS.query(other, "SET LOCK_TIMEOUT 100")
        with pytest.raises(pytds.Error) as caught:
            PYTDS.query(other, "UPDATE p SET name = 'd' WHERE id = 1")
        assert getattr(caught.value, "number", 0) == 1222
        PYTDS.query(other, "SET LOCK_TIMEOUT -1")
        timer = threading.Timer(0.3, lambda: PYTDS.query(connection, "ROLLBACK"))
        timer.start()
        start = time.monotonic()
        PYTDS.query(other, "UPDATE p SET name = 'a' WHERE id = 1")
        assert time.monotonic() - start > 0.2
        timer.join()


def test_a_snapshot_conflict(address: Address, connection: Any) -> None:
    database = address.database
    PYTDS.query(connection, f"ALTER DATABASE {database} SET ALLOW_SNAPSHOT_ISOLATION ON")
    with closing(PYTDS.open(address, "plain", "")) as other:
        PYTDS.query(other, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN; SELECT * FROM p")
        PYTDS.query(connection, "UPDATE p SET name = 'z' WHERE id = 2")
        with pytest.raises(pytds.Error) as caught:
            PYTDS.query(other, "UPDATE p SET name = 'y' WHERE id = 2")
        assert getattr(caught.value, "number", 0) == 3960
        assert PYTDS.query(other, "SELECT @@TRANCOUNT") == [(0,)]


def test_no_alter_table_in_a_snapshot_transaction(connection: Any) -> None:
    PYTDS.query(connection, "ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
    PYTDS.query(connection, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN")
    with pytest.raises(pytds.Error, match="not allowed inside a snapshot isolation transaction"):
        PYTDS.query(connection, "ALTER TABLE p ADD n int")
    assert PYTDS.query(connection, "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT @@TRANCOUNT") == [(0,)]


REFUSED = (
    "MERGE INTO p AS t USING p AS s ON t.id = s.id WHEN MATCHED THEN DELETE;",
    "SELECT TOP (10) PERCENT * FROM p",
    "SELECT * FROM p FOR XML AUTO",
    "CREATE TRIGGER t ON p AFTER INSERT AS SELECT 1",
    "SELECT * FROM p CROSS APPLY (SELECT 1 AS a) AS q",
    "SELECT CAST(N'ż' AS varchar(5))",
    "EXEC sp_who",
    "EXEC (N'CREATE TABLE #t (a int)')",
    "SELECT SYSDATETIMEOFFSET() AT TIME ZONE 'UTC'",
    "SELECT TRY_PARSE('1' AS int)",
    "SELECT DATETRUNC(day, SYSDATETIME())",
    "SELECT LOG(8, 2)",
    "RAISERROR ('raised %d', 16, 1)",
    "RAISERROR ('raised %s', 16, 1, 5)",
    "SELECT DATEPART(iso_week, GETDATE())",
    "SELECT * FROM (SELECT id FROM p) AS s PIVOT (COUNT(id) FOR id IN ([1])) AS q",
    "CHECKPOINT",
    "{CALL sp_who}",
    "SELECT CONVERT(varchar(30), GETDATE(), 101)",
    "SELECT CONVERT(date, '01/02/2024', 101)",
    "SELECT CAST('Jan 2 2024' AS datetime)",
    "SELECT CAST('01/02/2024' AS date)",
    "SELECT CAST('<a>' AS xml)",
    "SELECT * FROM sys.dm_exec_requests",
    "SELECT * FROM sysobjects",
    f"SELECT {'+'.join(['1'] * 2000)}",
)


@pytest.mark.parametrize("sql", REFUSED)
def test_what_the_test_server_does_not_do_it_refuses(inside: Any, sql: str) -> None:
    where = Address(inside.host, inside.port, inside.user, inside.password)
    with closing(PYTDS.open(where, "plain", "")) as connection:
        PYTDS.query(connection, "CREATE TABLE p (id int); CREATE TABLE #t (id int)")
        with pytest.raises(pytds.Error, match="The TDS test server refuses"):
            PYTDS.query(connection, sql)
