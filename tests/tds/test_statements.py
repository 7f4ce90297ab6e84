"""The statements of the conformance suite in T-SQL, as three clients run them."""

# ruff: noqa: E501, ISC004 - messages and rows of data stand in one piece; so do long statements
from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from tests.tds.clients import MSSQL, PYMSSQL, PYTDS
from tests.tds.conftest import Session
from tests.tds.process import Address

PEOPLE = (
    "CREATE TABLE people (id bigint NOT NULL PRIMARY KEY, name nvarchar(max), age bigint, team nvarchar(50))",
    "INSERT INTO people VALUES (1, N'Ada', 36, N'red'), (2, N'Grace', 85, N'red'), (3, 'Edsger', 72, 'blue'), "
    "(4, NULL, NULL, N'blue')",
)
SCRIPTS: dict[str, tuple[tuple[str, ...], list[tuple[Any, ...]]]] = {
    "where": ((*PEOPLE, "SELECT id FROM people WHERE age > 40 ORDER BY id DESC"), [(3,), (2,)]),
    "case does not count": ((*PEOPLE, "SELECT ID FROM People WHERE TEAM = 'RED' ORDER BY iD"), [(1,), (2,)]),
    "null first": ((*PEOPLE, "SELECT id FROM people ORDER BY name"), [(4,), (1,), (3,), (2,)]),
    "top": ((*PEOPLE, "SELECT TOP (2) id FROM people ORDER BY id"), [(1,), (2,)]),
    "top 0": ((*PEOPLE, "SELECT TOP 0 * FROM people"), []),
    "offset": ((*PEOPLE, "SELECT id FROM people ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY"), [(2,), (3,)]),
    "offset without order": ((*PEOPLE, "SELECT id FROM people WHERE id < 3 ORDER BY (SELECT NULL) OFFSET 1 ROWS"), [(2,)]),
    "join": ((*PEOPLE, "SELECT a.id, b.id FROM people a LEFT JOIN people AS b ON b.id = a.id + 1 WHERE a.id > 2 ORDER BY a.id"),
             [(3, 4), (4, None)]),
    "comma join": ((*PEOPLE, "SELECT a.id, b.id FROM people a, people b WHERE a.id = 1 AND b.id = 2"), [(1, 2)]),
    "group": ((*PEOPLE, "SELECT team, COUNT(*), SUM(age), MAX(name) FROM people GROUP BY team HAVING COUNT(*) > 1 ORDER BY team"),
              [("blue", 2, 72, "Edsger"), ("red", 2, 121, "Grace")]),
    "distinct": ((*PEOPLE, "SELECT DISTINCT UPPER(team) FROM people ORDER BY 1"), [("BLUE",), ("RED",)]),
    "union": (("SELECT 1 AS a UNION SELECT 1 UNION ALL SELECT 2 ORDER BY a DESC",), [(2,), (1,)]),
    "except": (("SELECT 1 AS a EXCEPT SELECT 2",), [(1,)]),
    "cte": (("WITH a AS (SELECT 1 AS x), b (y) AS (SELECT x + 1 FROM a) SELECT x, y FROM a CROSS JOIN b",), [(1, 2)]),
    "recursive cte": (("WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT SUM(i) FROM n",), [(15,)]),
    "derived": ((*PEOPLE, "SELECT n FROM (SELECT COUNT(*) FROM people) AS t (n)"), [(4,)]),
    "in and exists": ((*PEOPLE, "SELECT id FROM people p WHERE id IN (SELECT id FROM people WHERE age > 50) AND EXISTS "
                       "(SELECT 1 FROM people q WHERE q.team = p.team AND q.id <> p.id) ORDER BY id"), [(2,), (3,)]),
    "like": ((*PEOPLE, "SELECT id FROM people WHERE name LIKE '%a[cd]%' OR name LIKE N'edsge_'"), [(1,), (2,), (3,)]),
    "text with a decimal": (("SELECT 1.50 + '1', '1.25' * 2.50",), [(Decimal("2.50"), Decimal("3.1250"))]),
    "spaces in like": (("SELECT CASE WHEN 'a ' LIKE 'a' THEN 1 ELSE 0 END, CASE WHEN N'a ' LIKE 'a' THEN 1 ELSE 0 END, "
                        "CASE WHEN CAST('a' AS char(3)) LIKE N'a' THEN 1 ELSE 0 END, CASE WHEN 'a' LIKE 'a ' THEN 1 ELSE 0 END",),
                       [(1, 0, 0, 0)]),
    "computed without parentheses": (("CREATE TABLE sums (a int, b AS a * 2, c AS (a) + 1 PERSISTED, d AS ISNULL(a, 0), e int)",
                                      "INSERT INTO sums (a, e) VALUES (1, 9)", "SELECT b, c, d, e FROM sums"), [(2, 2, 1, 9)]),
    "string_agg of numbers": (("SELECT CAST(SQL_VARIANT_PROPERTY(STRING_AGG(n, ','), 'BaseType') AS varchar(9)) FROM (VALUES (1), (2)) AS v (n)",),
                              [("nvarchar",)]),
    "table variables of a procedure": (
        ("CREATE PROCEDURE counts AS DECLARE @t TABLE (a int); INSERT INTO @t VALUES (1); SELECT COUNT(*) FROM @t",
         "EXEC counts; EXEC counts; DROP PROCEDURE counts"), [(1,)]),
    "temporary tables end with what made them": (
        ("CREATE PROCEDURE makes AS SELECT 1 AS a INTO #made; SELECT a FROM #made", "EXEC makes", "EXEC makes",
         "EXEC (N'CREATE TABLE #made (a int)')", "EXEC sp_executesql N'CREATE TABLE #made (a int)'",
         "CREATE TABLE #kept (a int); EXEC (N'INSERT INTO #kept VALUES (5)')",
         "SELECT a, OBJECT_ID('tempdb..#made') FROM #kept; DROP TABLE #kept; DROP PROCEDURE makes"), [(5, None)]),
    "all names are looked up first": (("CREATE TABLE looked (a int)",
                                      "BEGIN TRY EXEC (N'INSERT INTO looked VALUES (1); SELECT b FROM looked') END TRY BEGIN CATCH PRINT '' END CATCH",
                                      "BEGIN TRY EXEC (N'ALTER TABLE looked ADD b int; SELECT b FROM looked') END TRY BEGIN CATCH PRINT '' END CATCH",
                                      "BEGIN TRY EXEC (N'INSERT INTO looked VALUES (2); IF 1 = 0 SET @nope = 1') END TRY BEGIN CATCH PRINT '' END CATCH",
                                      "INSERT INTO looked VALUES (3); CREATE TABLE late (a int); SELECT a FROM late; DROP TABLE late",
                                      "SELECT a, COL_LENGTH('looked', 'b') FROM looked; DROP TABLE looked"), [(3, None)]),
    "names are looked up late": (("BEGIN TRY EXEC (N'SELECT * FROM missing') END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH",), [(208,)]),
    "window": ((*PEOPLE, "SELECT id, ROW_NUMBER() OVER (PARTITION BY team ORDER BY id DESC) FROM people ORDER BY id"),
               [(1, 2), (2, 1), (3, 2), (4, 1)]),
    "insert select": ((*PEOPLE, "INSERT INTO people (id) SELECT id + 10 FROM people WHERE id < 3", "SELECT id FROM people WHERE id > 4"),
                      [(11,), (12,)]),
    "a code page": (("SELECT CAST(CONVERT(varchar(max), N'ёж' COLLATE Cyrillic_General_CI_AS) AS varbinary(9)), "
                     "CAST(CONVERT(varchar(9), N'東ж' COLLATE Cyrillic_General_CI_AS) AS varbinary(9)), "
                     "CAST(CONVERT(varchar(9), N'Łó' COLLATE Latin1_General_CI_AS) AS varbinary(2))",),
                    [(b"\xb8\xe6", b"?\xe6", b"L\xf3")]),
    "the code page of a column": (("CREATE TABLE paged (v varchar(9) COLLATE Japanese_CI_AS, w varchar(9) COLLATE SQL_Latin1_General_CP437_CI_AS)",
                              "INSERT INTO paged SELECT N'日本', N'é½'",
                              "SELECT DATALENGTH(v), CAST(v AS varbinary(9)), CAST(w AS varbinary(9)), CAST(v AS nvarchar(9)), "
                              "CAST(w AS nvarchar(9)) FROM paged"),
                             [(4, b"\x93\xfa\x96\x7b", b"\x82\xab", "日本", "é½")]),
    "what may go": (("CREATE TABLE ends (c char(2), v varchar(2), b binary(2), w varbinary(2))",
                     "INSERT INTO ends VALUES ('ab  ', 'ab  ', 0x010200, 0x01020000)",
                     "SELECT c, v, b, w, DATALENGTH(v), DATALENGTH(w) FROM ends"), [("ab", "ab", b"\1\2", b"\1\2", 2, 2)]),
    "pages of collations": (("SELECT CAST(COLLATIONPROPERTY(N'Greek_CI_AS', N'CodePage') AS int), "
                             "CAST(COLLATIONPROPERTY(N'SQL_Latin1_General_CP850_CI_AS', 'codepage') AS int), "
                             "CAST(COLLATIONPROPERTY(N'None_CI_AS', 'CodePage') AS int)",), [(1253, 850, None)]),
    "by code point": (("SELECT CASE WHEN N'a' COLLATE Latin1_General_BIN2 = N'A' THEN 1 ELSE 0 END, "
                       "CASE WHEN N'a ' COLLATE Latin1_General_BIN2 = N'a' THEN 1 ELSE 0 END",), [(0, 1)]),
    "dropped duplicates": (("CREATE TABLE once (a int PRIMARY KEY WITH (IGNORE_DUP_KEY = ON))", "INSERT INTO once VALUES (1), (1), (2); SELECT @@ROWCOUNT"),
                           [(2,)]),
    "dropped by an index": (("CREATE TABLE once (a int)", "CREATE UNIQUE INDEX one ON once (a) WITH (IGNORE_DUP_KEY = ON)",
                             "INSERT INTO once SELECT 1 UNION ALL SELECT 1", "SELECT a FROM once"), [(1,)]),
    "set rowcount": ((*PEOPLE, "SET ROWCOUNT 2; INSERT INTO people (id) SELECT id + 10 FROM people; SELECT @@ROWCOUNT; SET ROWCOUNT 0"),
                     [(2,)]),
    "white space in xml": (("SELECT CAST(CONVERT(xml, N'<a> <b>1 </b> </a>') AS nvarchar(99)), "
                            "CAST(CONVERT(xml, N'<a> <b>1 </b> </a>', 1) AS nvarchar(99))",),
                           [("<a><b>1 </b></a>", "<a> <b>1 </b> </a>")]),
    "insert output": ((*PEOPLE, "INSERT INTO people (id, name) OUTPUT inserted.id VALUES (7, N'seven')"), [(7,)]),
    "update output": ((*PEOPLE, "UPDATE people SET age = age + 1 OUTPUT deleted.age, inserted.age WHERE id = 1"), [(36, 37)]),
    "delete output": ((*PEOPLE, "DELETE FROM people OUTPUT deleted.id WHERE id = 2"), [(2,)]),
    "output into": ((*PEOPLE, "DECLARE @gone TABLE (id bigint); DELETE FROM people OUTPUT deleted.id INTO @gone WHERE id > 3; "
                     "SELECT id FROM @gone"), [(4,)]),
    "keys may swap": ((*PEOPLE, "UPDATE people SET id = 5 - id", "SELECT id, name FROM people ORDER BY id"),
                      [(1, None), (2, "Edsger"), (3, "Grace"), (4, "Ada")]),
    "update from": ((*PEOPLE, "SELECT id, name INTO #s FROM people WHERE 1 = 0 UNION ALL SELECT id, name FROM people WHERE 1 = 0",
                     "INSERT INTO #s VALUES (2, N'new'), (9, N'nine')",
                     "UPDATE t SET [name] = s.[name] FROM [dbo].[people] AS t WITH (UPDLOCK, SERIALIZABLE) JOIN [#s] AS s ON t.[id] = s.[id]",
                     "INSERT INTO people (id, name) SELECT id, name FROM #s AS s WHERE NOT EXISTS (SELECT 1 FROM people AS t WHERE t.id = s.id)",
                     "SELECT id, name FROM people WHERE id IN (2, 9) ORDER BY id", "DROP TABLE #s",
                     "SELECT id, name FROM people WHERE id IN (2, 9) ORDER BY id"), [(2, "new"), (9, "nine")]),
    "identity": (("CREATE TABLE people (id int IDENTITY(5, 5) PRIMARY KEY, v int DEFAULT 7, w AS (v * 2), x rowversion)",
                  "INSERT INTO people DEFAULT VALUES; INSERT INTO people (v) VALUES (1)", "SELECT id, v, w FROM people ORDER BY id"),
                 [(5, 7, 14), (10, 1, 2)]),
    "identity insert": (("CREATE TABLE people (id int IDENTITY PRIMARY KEY, v int)",
                         "SET IDENTITY_INSERT people ON; INSERT INTO people (id, v) VALUES (40, 1); SET IDENTITY_INSERT people OFF; "
                         "INSERT INTO people (v) VALUES (2); SELECT id, v FROM people"), [(40, 1), (41, 2)]),
    "what sets @@rowcount to 0": (
        (*PEOPLE, "DECLARE @a int, @b int, @c int, @d int, @e int; "
         "UPDATE people SET age = 1; SET @a = @@ROWCOUNT; UPDATE people SET age = 1; SET NOCOUNT OFF; SET @b = @@ROWCOUNT; "
         "BEGIN TRAN; UPDATE people SET age = 1; COMMIT; SET @c = @@ROWCOUNT; UPDATE people SET age = 1; PRINT 'x'; SET @d = @@ROWCOUNT; "
         "UPDATE people SET age = 1; BEGIN TRAN; SET @e = @@ROWCOUNT; ROLLBACK; SELECT @a, @b, @c, @d, @e"), [(4, 0, 0, 0, 0)]),
    "scope_identity": (("CREATE TABLE people (id int IDENTITY(3, 1), v int)", "INSERT INTO people (v) VALUES (1); SELECT CAST(SCOPE_IDENTITY() AS int)"),
                       [(3,)]),
    "view": ((*PEOPLE, "CREATE VIEW reds AS SELECT id, name FROM people WHERE team = 'red'", "SELECT * FROM reds ORDER BY id"),
             [(1, "Ada"), (2, "Grace")]),
    "rename": ((*PEOPLE, "EXEC sp_rename N'[dbo].[people]', N'a]''b'", "SELECT TOP (1) id FROM [a]]'b] ORDER BY id",
                "EXEC sp_rename N'[dbo].[a]]''b]', N'people'", "SELECT TOP (1) id FROM people ORDER BY id"), [(1,)]),
    "synonym": ((*PEOPLE, "CREATE SYNONYM folk FOR dbo.people", "UPDATE folk SET age = 1 WHERE id = 1; INSERT INTO folk (id) VALUES (9)",
                 "SELECT age, OBJECT_ID('folk') - (SELECT object_id FROM sys.synonyms WHERE name = 'folk'), "
                 "(SELECT base_object_name FROM sys.synonyms) FROM folk WHERE id = 1; DROP SYNONYM folk"), [(1, 0, "[dbo].[people]")]),
    "numbered copy": ((*PEOPLE, "SELECT IDENTITY(bigint, 5, 2) AS [row], q.* INTO #s FROM (SELECT id, name FROM people WHERE 1 = 0 UNION ALL "
                       "SELECT id, name FROM people WHERE 1 = 0) AS q", "INSERT INTO #s (id, name) VALUES (2, N'b'), (1, N'a')",
                       "SELECT [row], id, name FROM #s ORDER BY [row]; DROP TABLE #s"), [(5, 2, "b"), (7, 1, "a")]),
    "referencing entities": ((*PEOPLE, "CREATE VIEW looks AS SELECT id FROM people",
                              "SELECT referencing_entity_name FROM sys.dm_sql_referencing_entities('dbo.people', 'OBJECT')"), [("looks",)]),
    "alter": ((*PEOPLE, "ALTER TABLE people ADD extra int NOT NULL DEFAULT 5", "SELECT DISTINCT extra FROM people"), [(5,)]),
    "truncate": ((*PEOPLE, "TRUNCATE TABLE people", "SELECT COUNT(*) FROM people"), [(0,)]),
    "transaction": ((*PEOPLE, "BEGIN TRANSACTION; DELETE FROM people; SAVE TRANSACTION a; INSERT INTO people (id) VALUES (8); "
                     "ROLLBACK TRANSACTION a; INSERT INTO people (id) VALUES (9); COMMIT; SELECT id FROM people"), [(9,)]),
    "rollback of ddl": ((*PEOPLE, "BEGIN TRAN; CREATE TABLE other (a int); DROP TABLE people; ROLLBACK",
                         "SELECT COUNT(*), OBJECT_ID('other') FROM people"), [(4, None)]),
    "trancount": (("BEGIN TRAN; BEGIN TRAN; SELECT @@TRANCOUNT, XACT_STATE(); ROLLBACK; SELECT @@TRANCOUNT, XACT_STATE()",), [(0, 0)]),
    "isolation": (("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRAN; SELECT 1; COMMIT; "
                   "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT 2",), [(2,)]),
    "variables": (("DECLARE @a int = 5, @b nvarchar(3) = N'abcdef'; SET @a += 2; SELECT @a, @b",), [(7, "abc")]),
    "while": (("DECLARE @i int = 0, @s int = 0; WHILE @i < 10 BEGIN SET @i += 1; IF @i % 2 = 0 CONTINUE; SET @s += @i END; SELECT @s",), [(25,)]),
    "assigning in turn": ((*PEOPLE, "DECLARE @s nvarchar(max) = N''; SELECT @s = @s + name + N',' FROM people WHERE name IS NOT NULL ORDER BY id; SELECT @s"),
                          [("Ada,Grace,Edsger,",)]),
    "if": (("IF OBJECT_ID(N'dbo.nothing', N'U') IS NULL SELECT 'absent' ELSE SELECT 'there'",), [("absent",)]),
    "try": (("BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_SEVERITY() END CATCH",), [(245, 16)]),
    "an error ends its statement": ((*PEOPLE, "BEGIN TRY INSERT INTO people (id) VALUES (1) END TRY BEGIN CATCH END CATCH; SELECT COUNT(*) FROM people"),
                                    [(4,)]),
    "dynamic": (("EXEC sp_executesql N'SELECT @a + @b', N'@a int, @b int', @a = 1, @b = 2",), [(3,)]),
    "exec of a text": (("EXEC ('SELECT ' + '5')",), [(5,)]),
    "procedure": (("CREATE PROCEDURE twice @a int, @b int = 3, @c int OUTPUT AS BEGIN SET NOCOUNT ON; SET @c = @a * 2 + @b; RETURN 7 END",
                   "DECLARE @o int, @r int; EXEC @r = twice 20, @c = @o OUTPUT; SELECT @o, @r"), [(43, 7)]),
    "catalog": (("CREATE TABLE people (id bigint NOT NULL PRIMARY KEY, v decimal(10, 2) DEFAULT 1.5)",
                 "SELECT c.name, t.name, c.precision, c.scale, c.is_nullable FROM sys.columns c JOIN sys.types t ON t.user_type_id = c.user_type_id "
                 "WHERE c.object_id = OBJECT_ID('people') ORDER BY c.column_id"),
                [("id", "bigint", 19, 0, False), ("v", "decimal", 10, 2, True)]),
    "information schema": ((*PEOPLE, "SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.COLUMNS "
                            "WHERE TABLE_NAME = 'people' AND ORDINAL_POSITION < 3 ORDER BY ORDINAL_POSITION"),
                           [("id", "bigint", None), ("name", "nvarchar", -1)]),
    "dependencies": ((*PEOPLE, "CREATE VIEW looks AS SELECT id FROM people",
                      "SELECT OBJECT_NAME(referencing_id) FROM sys.sql_expression_dependencies WHERE referenced_id = OBJECT_ID('people')"),
                     [("looks",)]),
    "names": (('CREATE TABLE [żółw 🐢] ([a]]b] int, [semi;colon] int, "quo""te" int)',
               'INSERT INTO [żółw 🐢] ([a]]b], "quo""te") VALUES (1, 2)', 'SELECT [a]]b], [quo"te], [semi;colon] FROM [żółw 🐢]'), [(1, 2, None)]),
    "comments": (("/* a /* nested */ one */ SELECT 1 -- it's\n AS a; -- last",), [(1,)]),
    "without semicolons": (("DECLARE @a int SET @a = 1 SELECT @a + 1",), [(2,)]),
    "many rows": (("SELECT COUNT(*), SUM(CAST(value AS bigint)) FROM GENERATE_SERIES(1, 100000)",), [(100000, 5000050000)]),
    "schema": (("CREATE SCHEMA extra", "CREATE TABLE extra.t (a int)", "INSERT INTO extra.t VALUES (5)", "SELECT a FROM extra.t"), [(5,)]),
}  # fmt: skip


def clean(session: Session) -> None:
    """Drops what a script made."""
    client, connection = session
    kinds = {"V ": "VIEW", "U ": "TABLE", "P ": "PROCEDURE"}
    found = client.query(connection, "SELECT s.name, o.name, o.type FROM sys.objects o JOIN sys.schemas s ON s.schema_id = o.schema_id "
                         "WHERE o.type IN ('U', 'V', 'P') AND o.is_ms_shipped = 0")  # fmt: skip
    for schema, name, kind in sorted(found, key=lambda row: row[2], reverse=True):
        client.query(connection, f"DROP {kinds[kind]} [{schema}].[{name.replace(']', ']]')}]")
    client.query(connection, "DROP SCHEMA IF EXISTS extra")


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script(session: Session, name: str) -> None:
    client, connection = session
    statements, expected = SCRIPTS[name]
    try:
        found: list[tuple[Any, ...]] = []
        for statement in statements:
            found = client.query(connection, statement)
        assert found == expected
    finally:
        clean(session)


def test_several_result_sets(session: Session) -> None:
    _, connection = session
    with closing(connection.cursor()) as cursor:
        cursor.execute("SELECT 1 AS a; SELECT N'x' AS b, 2 AS c; SELECT 3 AS d WHERE 1 = 0")
        sets: list[tuple[list[str], list[tuple[Any, ...]]]] = []
        while True:
            if cursor.description:
                sets.append(([column[0] for column in cursor.description], [tuple(row) for row in cursor.fetchall()]))
            if not cursor.nextset():
                break
    assert sets == [(["a"], [(1,)]), (["b", "c"], [("x", 2)]), (["d"], [])]


def test_parameters(session: Session) -> None:
    client, connection = session
    rows = client.query(connection, "SELECT ?, ?, ? WHERE 1 = ?", (5, "żółw's 🐢", 0.5, 1))
    assert rows == [(5, "żółw's 🐢", 0.5)]


def test_a_parameter_is_no_sql(session: Session) -> None:
    client, connection = session
    attack = "x'); DROP TABLE people; --"
    assert client.query(connection, "SELECT ?", (attack,)) == [(attack,)]


def test_counts(session: Session) -> None:
    client, connection = session
    client.query(connection, "CREATE TABLE counted (a int)")
    try:
        for sql, count in (
            ("INSERT INTO counted VALUES (1), (2), (3)", 3),
            ("UPDATE counted SET a = 5 WHERE a > 1", 2),
            ("DELETE FROM counted", 3),
        ):
            with closing(connection.cursor()) as cursor:
                cursor.execute(sql)
                assert cursor.rowcount == count
    finally:
        client.query(connection, "DROP TABLE counted")


@pytest.mark.parametrize("client", [MSSQL, PYMSSQL, PYTDS], ids=str)
def test_a_bulk_load(address: Address, client: Any) -> None:
    with closing(client.open(address, "plain", "")) as connection:
        client.query(connection, "CREATE TABLE loaded (a int NOT NULL, b nvarchar(20), c float)")
        rows = [(at, None if at % 7 == 0 else f"żółw {at}", at / 2) for at in range(1_000)]
        try:
            if client is MSSQL:
                connection.cursor().bulkcopy("loaded", rows)
            elif client is PYMSSQL:
                connection.bulk_copy("loaded", rows)
            else:
                import pytds  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]  # noqa: PLC0415

                columns = [
                    pytds.Column("a", type=pytds.tds_types.IntType()),
                    pytds.Column("b", type=pytds.tds_types.NVarCharType(20)),
                    pytds.Column("c", type=pytds.tds_types.FloatType()),
                ]
                connection.cursor().copy_to(data=rows, table_or_view="loaded", columns=columns)
            assert client.query(connection, "SELECT a, b, c FROM loaded ORDER BY a") == rows
        finally:
            client.query(connection, "DROP TABLE loaded")


def test_what_a_procedure_sets_ends_with_it(session: Session) -> None:
    client, connection = session
    client.query(connection, "CREATE TABLE counted (id int IDENTITY(5, 1), a int)")
    try:
        script = (
            "INSERT INTO counted (a) VALUES (1); "
            "EXEC sp_executesql N'SET NOCOUNT ON; SET XACT_ABORT ON; SET LOCK_TIMEOUT 50; "
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET IDENTITY_INSERT counted ON'; "
            "SELECT @@OPTIONS & 512, @@LOCK_TIMEOUT, CAST(SCOPE_IDENTITY() AS int)"
        )
        assert client.query(connection, script) == [(0, -1, 5)]
        assert client.query(connection, "EXEC sp_executesql N'SELECT SCOPE_IDENTITY()'") == [(None,)]
    finally:
        client.query(connection, "DROP TABLE counted")
