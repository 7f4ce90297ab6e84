"""SQLite's types: the declared type says what a column means, the storage classes what is there."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")

US = pl.Datetime("us")

DECLARED: list[tuple[str, pl.DataType]] = [
    ("INT", pl.Int64()),
    ("INTEGER", pl.Int64()),
    ("integer", pl.Int64()),
    ("TINYINT", pl.Int64()),
    ("SMALLINT", pl.Int64()),
    ("MEDIUMINT", pl.Int64()),
    ("BIGINT", pl.Int64()),
    ("UNSIGNED BIG INT", pl.Int64()),
    ("INT2", pl.Int64()),
    ("INT8", pl.Int64()),
    ("INT(11)", pl.Int64()),
    ("POINT", pl.Int64()),
    ("CHARINT", pl.Int64()),
    ("REAL", pl.Float64()),
    ("DOUBLE", pl.Float64()),
    ("DOUBLE PRECISION", pl.Float64()),
    ("FLOAT", pl.Float64()),
    ("float(24)", pl.Float64()),
    ("TEXT", pl.String()),
    ("CLOB", pl.String()),
    ("VARCHAR(255)", pl.String()),
    ("varchar", pl.String()),
    ("NCHAR(55)", pl.String()),
    ("NATIVE CHARACTER(70)", pl.String()),
    ("NVARCHAR(100)", pl.String()),
    ("BLOB", pl.Binary()),
    ("blob", pl.Binary()),
    ("BOOLEAN", pl.Boolean()),
    ("boolean", pl.Boolean()),
    ("BOOL", pl.Boolean()),
    ("DATE", pl.Date()),
    ("date", pl.Date()),
    ("DATETIME", US),
    ("TIMESTAMP", US),
    ("timestamp", US),
    ("TIMESTAMPTZ", pl.Datetime("us", "UTC")),
    ("TIME", pl.Time()),
    ("DECIMAL(10, 2)", pl.Decimal(10, 2)),
    ("DECIMAL(10,2)", pl.Decimal(10, 2)),
    ("decimal( 10 , 2 )", pl.Decimal(10, 2)),
    ("NUMERIC(15, 0)", pl.Decimal(15, 0)),
    ("NUMERIC(15)", pl.Decimal(15, 0)),
    ("NUMERIC", pl.Float64()),
    ("DECIMAL", pl.Float64()),
]


@pytest.mark.parametrize(("declared", "dtype"), DECLARED, ids=str)
def test_a_declared_type(lite: idb.Connection, declared: str, dtype: pl.DataType) -> None:
    lite.execute(f"CREATE TABLE t (v {declared})")
    assert lite.schema("SELECT v FROM t") == {"v": dtype}
    assert lite.select("t").schema == {"v": dtype}
    lite.execute("INSERT INTO t VALUES (NULL)")
    assert lite.select("t").schema == {"v": dtype}


def test_no_declared_type(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v)")
    assert lite.select("t").schema == {"v": pl.Null}
    lite.execute("INSERT INTO t VALUES (NULL)")
    assert lite.select("t").schema == {"v": pl.Null}


PROMOTIONS: list[Any] = [
    # declared, literals, dtype, values
    pytest.param("INTEGER", ["1", "0.5"], pl.Float64, [1.0, 0.5], id="int-and-real"),
    pytest.param("INTEGER", ["9007199254740992", "0.5"], pl.Float64, [2.0**53, 0.5], id="largest-exact-int-and-real"),
    pytest.param(
        "INTEGER", ["9007199254740993", "0.5"], pl.String, ["9007199254740993", "0.5"], id="inexact-int-and-real"
    ),
    pytest.param(
        "INTEGER", ["0.5", "9007199254740993"], pl.String, ["0.5", "9007199254740993"], id="real-then-inexact-int"
    ),
    pytest.param("INTEGER", ["1", "'x'"], pl.String, ["1", "x"], id="int-and-text"),
    pytest.param("INTEGER", ["1", "NULL", "'x'"], pl.String, ["1", None, "x"], id="int-null-text"),
    pytest.param("INTEGER", ["0.1", "'x'"], pl.String, ["0.1", "x"], id="real-and-text"),
    pytest.param("REAL", ["0.1", "'x'"], pl.String, ["0.1", "x"], id="real-affinity-and-text"),
    pytest.param("TEXT", ["x'4142'", "'x'"], pl.Binary, [b"AB", b"x"], id="blob-in-text"),
    pytest.param("BLOB", ["x'00'", "'x'"], pl.Binary, [b"\0", b"x"], id="text-in-blob"),
    pytest.param("BLOB", ["x'ff'", "'x'"], pl.Binary, [b"\xff", b"x"], id="text-among-bytes-that-are-no-text"),
    pytest.param("BLOB", ["'x'", "x'ff'"], pl.Binary, [b"x", b"\xff"], id="bytes-that-are-no-text-among-text"),
    pytest.param("", ["x'ff'", "'x'"], pl.Binary, [b"\xff", b"x"], id="undeclared-bytes-and-text"),
    pytest.param("", ["'x'", "1", "x'ff'"], pl.Binary, [b"x", b"1", b"\xff"], id="undeclared-text-int-bytes"),
    pytest.param("BLOB", ["'x'", "'y'"], pl.String, ["x", "y"], id="only-text-in-blob"),
    pytest.param("BLOB", ["1", "2"], pl.Int64, [1, 2], id="only-ints-in-blob"),
    pytest.param("BOOLEAN", ["1", "2"], pl.Int64, [1, 2], id="two-in-boolean"),
    pytest.param("BOOLEAN", ["1", "0.5"], pl.Float64, [1.0, 0.5], id="real-in-boolean"),
    pytest.param("BOOLEAN", ["1", "'yes'"], pl.String, ["1", "yes"], id="text-in-boolean"),
    pytest.param("BOOLEAN", ["0", "NULL", "-1"], pl.Int64, [0, None, -1], id="minus-one-in-boolean"),
    pytest.param("DATE", ["20231105"], pl.Int64, [20231105], id="int-in-date"),
    pytest.param("DATE", ["2460000.5"], pl.Float64, [2460000.5], id="real-in-date"),
    pytest.param("DATE", ["'2024-02-29'", "'soon'"], pl.String, ["2024-02-29", "soon"], id="text-in-date"),
    pytest.param("DATE", ["'2024-02-29'", "'2024-02-30'"], pl.String, ["2024-02-29", "2024-02-30"], id="no-such-day"),
    pytest.param("DATE", ["'2024-02-29'", "5"], pl.String, ["2024-02-29", "5"], id="date-and-int"),
    pytest.param("DATE", ["'29/02/2024'"], pl.String, ["29/02/2024"], id="another-style"),
    pytest.param("DATETIME", ["1700000000"], pl.Int64, [1700000000], id="int-in-datetime"),
    pytest.param(
        "DATETIME",
        ["'2024-02-29 01:02:03'", "'later'"],
        pl.String,
        ["2024-02-29 01:02:03", "later"],
        id="text-in-datetime-keeps-its-style",
    ),
    pytest.param(
        "DATETIME",
        ["'2024-02-29T01:02:03.5'", "'2024-02-29 01:02'", "'x'"],
        pl.String,
        ["2024-02-29T01:02:03.5", "2024-02-29 01:02", "x"],
        id="several-styles-are-kept",
    ),
    pytest.param(
        "DATETIME",
        ["'2024-02-29 01:02:03'", "'2024-02-29 01:02:03+02:00'"],
        pl.String,
        ["2024-02-29 01:02:03", "2024-02-29 01:02:03+02:00"],
        id="offset-in-datetime",
    ),
    pytest.param("DATETIME", ["'2024-02-29 01:02:03Z'"], pl.String, ["2024-02-29 01:02:03Z"], id="z-in-datetime"),
    pytest.param(
        "DATETIME",
        ["'2024-02-29 01:02:03.1234567'"],
        pl.String,
        ["2024-02-29 01:02:03.1234567"],
        id="seventh-digit",
    ),
    pytest.param("TIME", ["'01:02:03'", "'noon'"], pl.String, ["01:02:03", "noon"], id="text-in-time"),
    pytest.param("TIME", ["'24:00:00'"], pl.String, ["24:00:00"], id="no-such-time"),
    pytest.param("TIME", ["3723"], pl.Int64, [3723], id="int-in-time"),
    pytest.param("DECIMAL(5, 2)", ["1.5", "1000"], pl.Float64, [1.5, 1000.0], id="too-large-for-decimal"),
    pytest.param("DECIMAL(5, 2)", ["1.5", "0.125"], pl.Float64, [1.5, 0.125], id="scale-of-decimal"),
    pytest.param("DECIMAL(5, 2)", ["1.5", "'n/a'"], pl.String, ["1.5", "n/a"], id="text-in-decimal"),
    pytest.param("NUMERIC", ["9007199254740993"], pl.Int64, [9007199254740993], id="large-int-in-numeric"),
    pytest.param("", ["1", "2"], pl.Int64, [1, 2], id="undeclared-ints"),
    pytest.param("", ["1", "0.5"], pl.Float64, [1.0, 0.5], id="undeclared-int-and-real"),
    pytest.param("", ["NULL", "'x'"], pl.String, [None, "x"], id="undeclared-text"),
    pytest.param("", ["x'00'", "NULL"], pl.Binary, [b"\0", None], id="undeclared-blob"),
    pytest.param("", ["1", "'x'"], pl.String, ["1", "x"], id="undeclared-int-and-text"),
    pytest.param("", ["0.1", "'x'", "3"], pl.String, ["0.1", "x", "3"], id="undeclared-everything"),
]


def fill(conn: idb.Connection, declared: str, literals: list[str], *, any_storage: bool = True) -> None:
    """A table with these values in its column `v`, in their own storage classes where that can be."""
    conn.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
    for literal in literals:
        conn.execute(f"INSERT INTO t (v) VALUES ({literal})")


@pytest.mark.parametrize(("declared", "literals", "dtype", "values"), PROMOTIONS)
def test_a_contradiction_promotes_the_whole_column(
    lite: idb.Connection,
    declared: str,
    literals: list[str],
    dtype: type[pl.DataType],
    values: list[Any],
) -> None:
    fill(lite, declared, literals)
    frame = lite.execute("SELECT v FROM t ORDER BY id")
    assert frame.schema == {"v": dtype}
    assert frame["v"].to_list() == values


@pytest.mark.parametrize(("declared", "literals", "dtype", "values"), [row for row in PROMOTIONS if row.values[0]])
def test_strict_makes_it_an_error(
    lite: idb.Connection,
    declared: str,
    literals: list[str],
    dtype: type[pl.DataType],
    values: list[Any],
) -> None:
    fill(lite, declared, literals)
    config = idb.DatabaseConfig("sqlite", path=lite.config.path, strict=True)
    with config.connect() as strict:
        with pytest.raises(idb.DataConversionError, match="v") as caught:
            strict.execute("SELECT v FROM t ORDER BY id")
        assert caught.value.column_name == "v"
        if dtype != pl.Binary:
            assert strict.execute("SELECT v FROM t ORDER BY id", schema_overrides={"v": pl.String}).height == len(
                values
            )


@pytest.mark.parametrize(("declared", "literals", "dtype", "values"), PROMOTIONS)
def test_text_is_always_possible(
    lite: idb.Connection,
    declared: str,
    literals: list[str],
    dtype: type[pl.DataType],
    values: list[Any],
) -> None:
    fill(lite, declared, [literal for literal in literals if not literal.startswith("x'")])
    frame = lite.execute("SELECT v FROM t ORDER BY id", schema_overrides={"v": pl.String})
    assert frame.schema == {"v": pl.String}
    texts = [literal.strip("'") for literal in literals if not literal.startswith("x'")]
    for text, read in zip(texts, frame["v"], strict=True):
        assert (read is None) == (text == "NULL")
        assert read is None or read == text or float(read) == float(text)


def test_a_contradiction_in_the_first_batch_is_promoted(lite: idb.Connection) -> None:
    fill(lite, "INTEGER", ["1", "'x'", "2", "3"])
    with lite.execute_batches("SELECT v FROM t ORDER BY id", batch_size=2) as batches:
        frames = list(batches)
        assert batches.schema == {"v": pl.String}
    assert [frame["v"].to_list() for frame in frames] == [["1", "x"], ["2", "3"]]


def test_a_contradiction_after_the_first_batch_is_an_error(lite: idb.Connection) -> None:
    fill(lite, "INTEGER", ["1", "2", "3", "'x'"])
    with lite.execute_batches("SELECT v FROM t ORDER BY id", batch_size=2) as batches:
        assert next(batches)["v"].to_list() == [1, 2]
        with pytest.raises(idb.DataConversionError, match="schema_overrides") as caught:
            next(batches)
    assert caught.value.column_name == "v"
    overrides = {"v": pl.String}
    with lite.execute_batches("SELECT v FROM t ORDER BY id", batch_size=2, schema_overrides=overrides) as batches:
        assert pl.concat(batches)["v"].to_list() == ["1", "2", "3", "x"]


def test_an_undeclared_column_settles_with_the_first_batch(lite: idb.Connection) -> None:
    fill(lite, "", ["1", "2", "3", "'x'"])
    with lite.execute_batches("SELECT v FROM t ORDER BY id", batch_size=2) as batches:
        assert batches.schema == {"v": pl.Int64}
        next(batches)
        with pytest.raises(idb.DataConversionError):
            next(batches)


@pytest.mark.parametrize("other", ["1", "0.5", "'x'"])
@pytest.mark.parametrize("declared", ["BLOB", ""])
def test_bytes_are_never_nulled(lite: idb.Connection, declared: str, other: str) -> None:
    fill(lite, declared, ["x'ff00'", other, "x'fe'"])
    try:
        values = lite.execute("SELECT v FROM t ORDER BY id")["v"].to_list()
    except idb.DataConversionError:
        return
    assert values == [b"\xff\0", other.strip("'").encode(), b"\xfe"]


def test_a_promotion_far_down_keeps_every_value(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v INTEGER)")
    lite.insert("t", {"v": range(150_000)})
    lite.execute("INSERT INTO t VALUES ('x')")
    frame = lite.execute("SELECT v FROM t ORDER BY rowid")
    assert frame["v"].to_list() == [*map(str, range(150_000)), "x"]


def test_a_promoted_date_far_down_keeps_its_style(lite: idb.Connection) -> None:
    texts = [f"2024-02-{day:02} {hour:02}:00:00" for day in range(1, 29) for hour in range(24)] * 100
    lite.execute("CREATE TABLE t (v DATETIME)")
    lite.execute_many("INSERT INTO t VALUES (?)", [[text] for text in [*texts, "2024-02-29T00:00", "x"]])
    frame = lite.execute("SELECT v FROM t ORDER BY rowid")
    assert frame["v"].to_list() == [*texts, "2024-02-29T00:00", "x"]


ISO: list[tuple[str, str, Any]] = [
    ("DATE", "'2024-02-29'", dt.date(2024, 2, 29)),
    ("DATETIME", "'2024-02-29 01:02'", dt.datetime(2024, 2, 29, 1, 2)),
    ("DATETIME", "'2024-02-29T01:02:03'", dt.datetime(2024, 2, 29, 1, 2, 3)),
    ("DATETIME", "'2024-02-29 01:02:03.1'", dt.datetime(2024, 2, 29, 1, 2, 3, 100_000)),
    ("DATETIME", "'2024-02-29 01:02:03.123456'", dt.datetime(2024, 2, 29, 1, 2, 3, 123_456)),
    ("DATETIME", "datetime('2024-02-29 01:02:03')", dt.datetime(2024, 2, 29, 1, 2, 3)),
    ("TIMESTAMPTZ", "'2024-02-29 01:02:03Z'", dt.datetime(2024, 2, 29, 1, 2, 3, tzinfo=dt.UTC)),
    ("TIMESTAMPTZ", "'2024-02-29T01:02:03-05:30'", dt.datetime(2024, 2, 29, 6, 32, 3, tzinfo=dt.UTC)),
    ("TIME", "'01:02'", dt.time(1, 2)),
    ("TIME", "'01:02:03.000001'", dt.time(1, 2, 3, 1)),
]


@pytest.mark.parametrize(("declared", "literal", "value"), ISO, ids=str)
def test_iso_8601(lite: idb.Connection, declared: str, literal: str, value: Any) -> None:
    fill(lite, declared, [literal])
    assert lite.execute("SELECT v FROM t").item() == value


NUMERIC_READINGS: list[Any] = [
    # SQLite's manual, "Date And Time Datatype": INTEGER as unix seconds, REAL as julian day numbers
    pytest.param("DATETIME", "1709168523", US, dt.datetime(2024, 2, 29, 1, 2, 3), id="unix-seconds"),
    pytest.param("DATETIME", "2460369.5", US, dt.datetime(2024, 2, 29), id="julian-day"),
    pytest.param("DATE", "1709164800", pl.Date(), dt.date(2024, 2, 29), id="unix-seconds-at-midnight"),
    pytest.param("DATE", "2460369.5", pl.Date(), dt.date(2024, 2, 29), id="julian-day-at-midnight"),
    pytest.param("INTEGER", "1709168523", US, dt.datetime(2024, 2, 29, 1, 2, 3), id="unix-seconds-in-an-integer"),
]


@pytest.mark.parametrize(("declared", "literal", "override", "value"), NUMERIC_READINGS)
def test_an_override_asks_for_sqlites_numeric_reading(
    lite: idb.Connection,
    declared: str,
    literal: str,
    override: pl.DataType,
    value: Any,
) -> None:
    fill(lite, declared, [literal])
    frame = lite.execute("SELECT v FROM t", schema_overrides={"v": override})
    assert frame.schema == {"v": override}
    assert frame.item() == value


@pytest.mark.parametrize("declared", ["DATE", "DATETIME", "TIMESTAMP", "TIME", "TIMESTAMPTZ"])
def test_numbers_are_left_alone(lite: idb.Connection, declared: str) -> None:
    fill(lite, declared, ["20231105", "NULL"])
    assert lite.execute("SELECT v FROM t ORDER BY id").rows() == [(20231105,), (None,)]
    lite.execute("INSERT INTO t (v) VALUES (0.5)")
    assert lite.execute("SELECT v FROM t ORDER BY id")["v"].to_list() == [20231105.0, None, 0.5]


INVALID = "CAST(x'61FF62' AS TEXT)"


@pytest.mark.parametrize("declared", ["TEXT", "", "VARCHAR(10)"])
def test_invalid_utf8(lite: idb.Connection, declared: str) -> None:
    fill(lite, declared, ["'fine'", INVALID])
    with pytest.raises(idb.DataConversionError, match="Binary") as caught:
        lite.execute("SELECT v FROM t ORDER BY id")
    assert caught.value.column_name == "v"
    frame = lite.execute("SELECT v FROM t ORDER BY id", schema_overrides={"v": pl.Binary})
    assert frame["v"].to_list() == [b"fine", b"a\xffb"]


@pytest.mark.parametrize("row", [0, 1_500, 2_999])
@pytest.mark.parametrize("length", [1, 6, 40, 5_000])
@pytest.mark.parametrize("last", ["'z'", "NULL", "x'00'", "7"], ids=["text", "null", "blob", "integer"])
def test_the_row_of_invalid_utf8(lite: idb.Connection, row: int, length: int, last: str) -> None:
    query = f"""
        WITH RECURSIVE rows (row) AS (SELECT 0 UNION ALL SELECT row + 1 FROM rows WHERE row < 2999)
        SELECT CASE row WHEN {row} THEN CAST(CAST(printf('%.*c', {length - 1}, 'x') AS BLOB) || x'C3' AS TEXT)
            ELSE printf('%.*c', 1 + row % 30, 'é') END AS v FROM rows UNION ALL SELECT {last}
    """
    expected = f'column "v", row {row}: holds TEXT that is not valid UTF-8'
    with pytest.raises(idb.DataConversionError, match=expected):
        lite.execute(query)
    with pytest.raises(idb.DataConversionError, match=expected):
        list(lite.execute_batches(query, batch_size=700))


@pytest.mark.parametrize("declared", ["DATE", "INTEGER", "DECIMAL(5, 2)", "TIME", "BOOLEAN"])
def test_invalid_utf8_in_other_columns(lite: idb.Connection, declared: str) -> None:
    fill(lite, declared, [INVALID])
    with pytest.raises(idb.DataConversionError):
        lite.execute("SELECT v FROM t")
    assert lite.execute("SELECT v FROM t", schema_overrides={"v": pl.Binary}).item() == b"a\xffb"


@pytest.mark.parametrize("text", ["\ud800"], ids=ascii)
def test_a_lone_surrogate_is_refused(lite: idb.Connection, text: str) -> None:
    with pytest.raises((idb.DataConversionError, ValueError)):
        lite.execute("SELECT ?", [text])


def test_minus_zero_is_what_sqlite_keeps(lite: idb.Connection) -> None:
    lite.insert("t", {"v": [-0.0, 0.0]}, mode="create")
    assert [str(value) for value in lite.select("t")["v"]] == ["0.0", "0.0"]


def test_a_nan_would_be_null(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v REAL)")
    for call in (
        lambda: lite.execute("INSERT INTO t VALUES (?)", [float("nan")]),
        lambda: lite.insert("t", {"v": [float("nan")]}),
        lambda: lite.execute_many("INSERT INTO t VALUES (?)", [[float("nan")]]),
        lambda: lite.update("t", {"v": float("nan")}, True),
    ):
        with pytest.raises(idb.DataConversionError, match="(?i)nan"):
            call()
    assert lite.select("t").height == 0


def test_small_ints_come_back_as_int64(lite: idb.Connection) -> None:
    frame = pl.DataFrame({"a": [1], "b": [2]}, schema={"a": pl.Int8, "b": pl.UInt32})
    lite.insert("t", frame, mode="create")
    assert lite.select("t").schema == {"a": pl.Int64, "b": pl.Int64}


@pytest.mark.parametrize("sql", ['SELECT "nope"', 'SELECT 1 WHERE "nope" = 1', 'CREATE TABLE t (a CHECK ("nope" > 1))'])
def test_a_double_quoted_string_is_an_error(lite: idb.Connection, sql: str) -> None:
    with pytest.raises(idb.QueryExecutionError, match="nope"):
        lite.execute(sql)


def test_a_join_keeps_the_declared_types(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE a (id INTEGER, day DATE, price DECIMAL(8, 2))")
    lite.execute("CREATE TABLE b (id INTEGER, at TIMESTAMP, open BOOLEAN)")
    lite.execute("INSERT INTO a VALUES (1, '2024-02-29', 9.5)")
    lite.execute("INSERT INTO b VALUES (1, '2024-02-29 01:02:03', 1)")
    frame = lite.execute("SELECT day, price, at, open FROM a JOIN b USING (id)")
    assert frame.schema == {"day": pl.Date, "price": pl.Decimal(8, 2), "at": US, "open": pl.Boolean}
    assert frame.row(0) == (dt.date(2024, 2, 29), Decimal("9.50"), dt.datetime(2024, 2, 29, 1, 2, 3), True)


def test_views_and_subqueries_keep_the_declared_types(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE a (day DATE)")
    lite.execute("CREATE VIEW days AS SELECT day AS d FROM a")
    for source in ("days", "(SELECT day AS d FROM a)", "(SELECT d FROM (SELECT day AS d FROM a))"):
        assert lite.execute(f"SELECT d FROM {source}").schema == {"d": pl.Date}


def test_a_cast_is_an_expression(lite: idb.Connection) -> None:
    fill(lite, "DATE", ["'2024-02-29'"])
    assert lite.execute("SELECT CAST(v AS TEXT) AS v FROM t").schema == {"v": pl.String}
    assert lite.execute("SELECT v || '' AS v FROM t").schema == {"v": pl.String}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (pl.Series([[1.0, float("nan")]]), "NaN"),
        (pl.Series([{"a": [float("-inf")]}]), "-inf"),
        (pl.Series([[2**100]], dtype=pl.List(pl.Int128)), str(2**100)),
    ],
)
def test_what_json_has_not_is_named(lite: idb.Connection, value: pl.Series, shown: str) -> None:
    with pytest.raises(idb.DataConversionError, match=f"{shown}, which JSON has not") as caught:
        lite.insert("t", pl.DataFrame({"v": value}), mode="create")
    assert "row 0" in caught.value.message
    assert caught.value.column_name == "v"
