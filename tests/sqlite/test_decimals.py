"""Decimals in SQLite, which has none: exact up to 15 digits as numbers, beyond that as text."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")

D = Decimal


def declared(conn: idb.Connection) -> str:
    """The type of the column `v` of the table `t`."""
    return str(conn.execute("SELECT type FROM pragma_table_info('t') WHERE name = 'v'").item())


@pytest.mark.parametrize(
    ("precision", "scale", "expected"),
    [
        (1, 0, "DECIMAL(1, 0)"),
        (15, 0, "DECIMAL(15, 0)"),
        (15, 15, "DECIMAL(15, 15)"),
        (16, 0, "TEXT"),
        (38, 10, "TEXT"),
    ],
)
def test_create_declares(lite: idb.Connection, precision: int, scale: int, expected: str) -> None:
    frame = pl.DataFrame({"v": pl.Series([None], dtype=pl.Decimal(precision, scale))})
    lite.insert("t", frame, mode="create")
    assert declared(lite).upper().replace(" ", "") == expected.replace(" ", "")


EXACT = [
    (2, 1, ["0.1", "-0.1", "9.9", "0.0"]),
    (15, 2, ["9999999999999.99", "-9999999999999.99", "0.01", "1234567890123.45"]),
    (15, 15, ["0.123456789012345", "-0.999999999999999", "0.000000000000001"]),
    (15, 0, ["999999999999999", "-999999999999999", "0"]),
    (38, 0, ["9" * 38, "-" + "9" * 38, "0"]),
    (38, 38, ["0." + "1" * 38]),
    (20, 5, ["123456789012345.67890"]),
]


@pytest.mark.parametrize(("precision", "scale", "texts"), EXACT)
def test_a_round_trip_is_exact(lite: idb.Connection, precision: int, scale: int, texts: list[str]) -> None:
    dtype = pl.Decimal(precision, scale)
    frame = pl.DataFrame({"v": pl.Series([D(text) for text in texts], dtype=dtype)})
    lite.insert("t", frame, mode="create")
    read = lite.execute("SELECT v FROM t ORDER BY rowid", schema_overrides={"v": dtype})
    assert read.equals(frame)
    if precision <= 15:
        assert lite.select("t").schema == {"v": dtype}
    else:
        assert [D(text) for text in lite.execute("SELECT v FROM t ORDER BY rowid")["v"]] == [D(text) for text in texts]


@pytest.mark.parametrize("target", ["NUMERIC", "DECIMAL", "DECIMAL(38, 10)", "REAL", "DOUBLE", "INTEGER", "BIGINT"])
def test_more_than_15_digits_are_refused_where_sqlite_would_round(lite: idb.Connection, target: str) -> None:
    lite.execute(f"CREATE TABLE t (v {target})")
    value = D("1234567890.1234567")
    frame = pl.DataFrame({"v": pl.Series([value], dtype=pl.Decimal(20, 7))})
    with pytest.raises(idb.DataConversionError, match="v"):
        lite.insert("t", frame)
    assert lite.select("t").height == 0


@pytest.mark.parametrize("target", ["NUMERIC", "DECIMAL", "DECIMAL(15, 2)", "REAL", "DOUBLE"])
def test_up_to_15_digits_are_numbers(lite: idb.Connection, target: str) -> None:
    lite.execute(f"CREATE TABLE t (v {target})")
    values = [D("0.10"), D("-1234567890123.45"), D("7.00")]
    lite.insert("t", pl.DataFrame({"v": pl.Series(values, dtype=pl.Decimal(38, 2))}))
    assert "text" not in lite.execute("SELECT typeof(v) AS v FROM t")["v"].to_list()
    read = lite.execute("SELECT v FROM t ORDER BY rowid", schema_overrides={"v": pl.Decimal(38, 2)})
    assert read["v"].to_list() == values


@pytest.mark.parametrize("target", ["TEXT", "VARCHAR(40)", ""])
def test_any_digits_are_kept_where_sqlite_keeps_text(lite: idb.Connection, target: str) -> None:
    lite.execute(f"CREATE TABLE t (v {target})")
    value = D("12345678901234567890.1234567")
    lite.insert("t", pl.DataFrame({"v": pl.Series([value], dtype=pl.Decimal(38, 7))}))
    assert lite.execute("SELECT typeof(v), v FROM t").row(0) == ("text", str(value))


def test_a_value_is_the_shortest_decimal_form(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v DECIMAL(15, 4))")
    lite.execute("INSERT INTO t VALUES (0.1), (0.3), (1e5), (123456789.1234), (-0.0001), ('12.5'), (7)")
    expected = ["0.1000", "0.3000", "100000.0000", "123456789.1234", "-0.0001", "12.5000", "7.0000"]
    assert [str(value) for value in lite.execute("SELECT v FROM t ORDER BY rowid")["v"]] == expected


def test_arithmetic_that_does_not_fit_promotes(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v DECIMAL(15, 2))")
    lite.execute("INSERT INTO t VALUES (0.1 + 0.2), (1.25)")
    frame = lite.execute("SELECT v FROM t ORDER BY rowid")
    assert frame.schema == {"v": pl.Float64}
    assert frame["v"].to_list() == [0.1 + 0.2, 1.25]


def test_a_parameter_is_stored_as_text(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v)")
    lite.execute("INSERT INTO t VALUES (?)", [D("12345678901234567890.50")])
    assert lite.execute("SELECT typeof(v), v FROM t").row(0) == ("text", "12345678901234567890.50")


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_what_is_no_number_is_refused_in_a_number(lite: idb.Connection, text: str) -> None:
    lite.execute("CREATE TABLE t (v DECIMAL(10, 2))")
    with pytest.raises((idb.DataConversionError, ValueError)):
        lite.insert("t", {"v": [D(text)]})
    assert lite.select("t").height == 0


def test_upsert_and_replace_keep_decimals(lite: idb.Connection) -> None:
    frame = pl.DataFrame({"id": [1], "v": pl.Series([D("0.10")], dtype=pl.Decimal(10, 2))})
    lite.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v DECIMAL(10, 2))")
    lite.insert("t", frame, on_conflict="update")
    lite.insert("t", frame, on_conflict="update")
    assert lite.select("t").equals(frame)
    lite.insert("t", frame, mode="replace")
    assert lite.select("t").equals(frame)
