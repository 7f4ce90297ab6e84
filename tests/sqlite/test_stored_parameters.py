"""Parameters that SQLite would round as it stores them are refused; every other one arrives."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")

D = Decimal
LONG = D("1234567890.12345678901")
"""More digits than a double has."""
ODD = 2**53 + 1
"""The first integer that no double is."""

TABLES = """
    CREATE TABLE t (id INTEGER PRIMARY KEY, r REAL, n NUMERIC, i INTEGER, x TEXT, b BLOB, s STRING, d DECIMAL(10, 2),
                    g REAL AS (r * 2));
    CREATE TABLE "odd ""name" ("a b" REAL, [c] TEXT);
    CREATE TABLE strict (a ANY, r REAL) STRICT;
    CREATE VIEW v AS SELECT r, x FROM t;
    CREATE TRIGGER v_insert INSTEAD OF INSERT ON v BEGIN INSERT INTO t (r, x) VALUES (NEW.r, NEW.x); END;
    CREATE VIEW words AS SELECT x FROM t;
    CREATE TRIGGER words_insert INSTEAD OF UPDATE ON words BEGIN UPDATE t SET x = NEW.x; END;
    INSERT INTO t (id, r, x) VALUES (1, 1.5, 'one');
"""


@pytest.fixture
def tables(lite: idb.Connection) -> idb.Connection:
    lite.execute(TABLES)
    return lite


def dump(conn: idb.Connection) -> list[Any]:
    """All that is stored."""
    return [conn.execute(f"SELECT * FROM {table}").rows() for table in ("t", '"odd ""name"', "strict")]


REFUSED: list[Any] = [
    # statement, parameters, column
    ("INSERT INTO t (r) VALUES (?)", [LONG], "r"),
    ("INSERT INTO t (n) VALUES (?)", [LONG], "n"),
    ("INSERT INTO t (i) VALUES (?)", [LONG], "i"),
    ("INSERT INTO t (d) VALUES (?)", [LONG], "d"),
    ("INSERT INTO t (n) VALUES (?)", [str(LONG)], "n"),
    ("INSERT INTO t (r) VALUES (?)", [ODD], "r"),
    ("INSERT INTO t (r) VALUES (?)", [str(ODD)], "r"),
    ("INSERT INTO t (r) VALUES (?)", [D(ODD)], "r"),
    ("INSERT INTO t (n) VALUES (?)", [D("1E+400")], "n"),
    ("INSERT INTO t (x) VALUES (?)", [0.1 + 0.2], "x"),
    ("INSERT INTO t (s) VALUES (?)", ["00123"], "s"),
    ("INSERT INTO t (rowid) VALUES (?)", [f"{ODD}.0"], "rowid"),
    ("INSERT INTO t VALUES (NULL, ?, ?, 1, 1, 1, 1, 1)", [1.5, LONG], "n"),
    ("INSERT INTO main.t (x, r) VALUES ('a', 1), ('b', ?)", [LONG], "r"),
    ("REPLACE INTO t (id, r) VALUES (1, ?)", [LONG], "r"),
    ("INSERT OR IGNORE INTO t (id, r) VALUES (1, :v) RETURNING r", {"v": LONG}, "r"),
    ("INSERT INTO t (R) SELECT ? WHERE true", [LONG], "r"),
    ("INSERT INTO t (r) SELECT 1 UNION ALL SELECT (?)", [LONG], "r"),
    ("WITH d(v) AS (VALUES (?)) INSERT INTO t (r) SELECT v FROM d", [LONG], "r"),
    ("INSERT INTO t (id, x) VALUES (1, 'a') ON CONFLICT (id) DO UPDATE SET r = ?", [LONG], "r"),
    ("INSERT INTO t (r) VALUES (coalesce(?, 0))", [LONG], "r"),
    ("INSERT INTO t (r) VALUES (CASE WHEN ?1 THEN ?2 ELSE 0 END)", [True, LONG], "r"),
    ("INSERT INTO t (r) VALUES (CAST(? AS TEXT))", [LONG], "r"),
    ("UPDATE t SET x = 'b', r = @v WHERE x GLOB @g", {"v": LONG, "g": "*"}, "r"),
    ("UPDATE t SET (x, r) = (?, ?)", ["a", LONG], "r"),
    ("UPDATE t SET r = y FROM (SELECT ? AS y)", [LONG], "r"),
    ('INSERT INTO "odd ""name" VALUES (?, ?)', [LONG, LONG], "a b"),
    ('UPDATE "odd ""name" SET "a b" = ?', [LONG], "a b"),
    ("INSERT INTO strict (r) VALUES (?)", [LONG], "r"),
    ("INSERT INTO v VALUES (1, ?)", [LONG], None),
]


@pytest.mark.parametrize(("sql", "params", "column"), REFUSED)
def test_what_would_be_rounded_is_refused(tables: idb.Connection, sql: str, params: Any, column: str | None) -> None:
    before = dump(tables)
    with pytest.raises(idb.DataConversionError) as caught:
        tables.execute(sql, params)
    error = caught.value
    assert error.backend == "sqlite"
    assert error.hint
    assert column is None or error.column_name == column
    assert f"{error.column_name}" in error.message
    with pytest.raises(idb.DataConversionError):
        tables.execute_many(sql, [params])
    assert dump(tables) == before


STORED: list[Any] = [
    # statement, parameters, query, value
    ("INSERT INTO t (r) VALUES (?)", [D("1.5")], "SELECT r FROM t", 1.5),
    ("INSERT INTO t (r) VALUES (?)", [D("123456789012.345")], "SELECT r FROM t", 123456789012.345),
    ("INSERT INTO t (r) VALUES (?)", [2**53], "SELECT r FROM t", 2.0**53),
    ("INSERT INTO t (r) VALUES (?)", [0.1 + 0.2], "SELECT r FROM t", 0.1 + 0.2),
    ("INSERT INTO t (r) VALUES (?)", [repr(0.1 + 0.2)], "SELECT r FROM t", 0.1 + 0.2),
    ("INSERT INTO t (i) VALUES (?)", [ODD], "SELECT i FROM t", ODD),
    ("INSERT INTO t (i) VALUES (?)", [str(ODD)], "SELECT i FROM t", ODD),
    ("INSERT INTO t (n) VALUES (?)", [D(ODD)], "SELECT printf('%d', n) FROM t", str(ODD)),
    ("INSERT INTO t (i) VALUES (?)", ["00123"], "SELECT i FROM t", 123),
    ("INSERT INTO t (s) VALUES (?)", ["123"], "SELECT s FROM t", 123),
    ("INSERT INTO t (s) VALUES (?)", ["1.2.3"], "SELECT s FROM t", "1.2.3"),
    ("INSERT INTO t (x) VALUES (?)", [LONG], "SELECT x FROM t", str(LONG)),
    ("INSERT INTO t (x) VALUES (?)", ["00123"], "SELECT x FROM t", "00123"),
    ("INSERT INTO t (x) VALUES (?)", [0.3], "SELECT x FROM t", "0.3"),
    ("INSERT INTO t (b) VALUES (?)", [LONG], "SELECT b FROM t", str(LONG)),
    ("INSERT INTO strict (a) VALUES (?)", ["00123"], "SELECT a FROM strict", "00123"),
    ("INSERT INTO t (r) VALUES (CAST(? AS REAL))", [str(LONG)], "SELECT r FROM t", float(LONG)),
    ("INSERT INTO t (r) VALUES (? * 2)", [float(LONG)], "SELECT r FROM t", float(LONG) * 2),
    ("INSERT INTO t (x, r) VALUES (?, 1)", [LONG], "SELECT x FROM t", str(LONG)),
    ("UPDATE t SET x = ?1, r = 2 WHERE x <> ?2", [LONG, str(LONG)], "SELECT x FROM t", str(LONG)),
    ("UPDATE t SET r = 2 WHERE r < ?", [D("1234567890.12345")], "SELECT r FROM t", 2.0),
    ("INSERT INTO v VALUES (?, 'a')", [1.25], "SELECT r FROM t", 1.25),
    ("UPDATE words SET x = ?", [LONG], "SELECT x FROM t", str(LONG)),
    ("INSERT INTO t (x) SELECT CASE WHEN ? > 1 THEN 'many' END", [D("10")], "SELECT x FROM t", "many"),
    ("INSERT INTO t (x, n) VALUES (?1, ?1)", [D("1.50")], "SELECT x || n FROM t", "1.501.5"),
    ("INSERT INTO t (x) SELECT y FROM (SELECT ? AS y)", [LONG], "SELECT x FROM t", str(LONG)),
]


@pytest.mark.parametrize(("sql", "params", "query", "value"), STORED)
def test_what_is_kept_arrives(tables: idb.Connection, sql: str, params: Any, query: str, value: object) -> None:
    tables.execute(sql, params)
    assert tables.execute(f"{query} ORDER BY rowid DESC LIMIT 1").item() == value


def test_a_read_only_statement_takes_any_value(tables: idb.Connection) -> None:
    assert tables.execute("SELECT ?, ? + 1", [str(LONG), ODD]).row(0) == (str(LONG), ODD + 1)


def test_the_verbs_refuse_too(tables: idb.Connection) -> None:
    with pytest.raises(idb.DataConversionError, match=r"1234567890\.12345678901"):
        tables.update("t", {"r": LONG}, {"id": 1})
    with pytest.raises(idb.DataConversionError):
        tables.execute_many("INSERT INTO t (r) VALUES (?)", [[D("1.5")], [LONG]])
    assert tables.execute("SELECT count(*), max(r) FROM t").row(0) == (1, 1.5)
    assert tables.update("t", {"x": LONG}, {"id": 1}) == 1
    with pytest.raises(idb.DataConversionError, match="15 significant digits"):
        tables.delete("t", {"r": LONG})
    assert tables.delete("t", {"x": LONG}) == 1


def test_insert_refuses_an_integral_decimal_that_no_double_is(tables: idb.Connection) -> None:
    data = pl.DataFrame({"r": pl.Series([ODD]).cast(pl.Decimal(18, 0))})
    with pytest.raises(idb.DataConversionError, match="r"):
        tables.insert("t", data)
    assert tables.insert("t", data.rename({"r": "i"})) == 1


@pytest.mark.parametrize("dtype", [pl.Int64, pl.UInt64, pl.Int128, pl.Decimal(18, 0)])
def test_insert_keeps_an_integer_where_sqlite_does(tables: idb.Connection, dtype: pl.DataType) -> None:
    data = pl.DataFrame({"n": pl.Series([ODD, 4, None]).cast(dtype)})
    assert tables.insert("t", data) == 3
    stored = tables.execute("SELECT typeof(n), CAST(n AS TEXT) FROM t WHERE id > 1 ORDER BY id").rows()
    assert stored == [("integer", str(ODD)), ("integer", "4"), ("null", None)]
    if dtype != pl.Decimal(18, 0):
        with pytest.raises(idb.DataConversionError, match="r"):
            tables.insert("t", data.rename({"n": "r"}))


def test_a_changed_table_is_looked_at_again(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path}/x.db"
    sql = "INSERT INTO t VALUES (?)"
    with idb.connect(uri) as conn, idb.connect(uri) as other:
        conn.execute("CREATE TABLE t (v TEXT)")
        assert conn.execute(sql, [LONG]).item() == 1
        other.execute("DROP TABLE t; CREATE TABLE t (v REAL)")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [LONG])
        conn.execute("CREATE TEMP TABLE t (v TEXT)")
        assert conn.execute(sql, [LONG]).item() == 1
        conn.execute("DROP TABLE temp.t")
        with pytest.raises(idb.DataConversionError):
            conn.execute(sql, [LONG])


def test_the_table_of_an_attached_database(tables: idb.Connection) -> None:
    tables.execute("ATTACH ':memory:' AS other; CREATE TABLE other.u (r REAL, x TEXT)")
    for name in ("other.u", "u"):
        with pytest.raises(idb.DataConversionError):
            tables.execute(f"INSERT INTO {name} (r) VALUES (?)", [LONG])
        assert tables.execute(f"INSERT INTO {name} (x) VALUES (?)", [LONG]).item() == 1


@pytest.mark.parametrize("on_conflict", ["error", "ignore", "update"])
def test_the_any_of_a_strict_table_keeps_text_that_looks_like_a_number(lite: idb.Connection, on_conflict: Any) -> None:
    lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v ANY) STRICT")
    assert lite.insert("t", {"id": [1, 2], "v": ["00123", "1.50"]}, on_conflict=on_conflict) == 2
    assert lite.execute("SELECT typeof(v), v FROM t").rows() == [("text", "00123"), ("text", "1.50")]


def test_any_elsewhere_does_not(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v ANY)")
    with pytest.raises(idb.DataConversionError):
        lite.insert("t", {"v": ["00123"]})
    with pytest.raises(idb.DataConversionError):
        lite.execute("INSERT INTO t VALUES (?)", ["00123"])
