"""SQLite's entry in the conformance suite."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl

import industrydb as idb
from tests.conformance.backends import shared
from tests.conformance.backends.base import (
    Backend,
    Bind,
    Database,
    Expression,
    Override,
    Placeholders,
    RefusedColumn,
    RoundTrip,
    Type,
    Violation,
)
from tests.conformance.backends.shared import (
    A_UUID,
    INT64_MAX,
    INT64_MIN,
    MICROSECONDS,
    UTC,
    UTC_MICROSECONDS,
    Colour,
    Level,
    quoted,
)


@contextmanager
def database(directory: Path) -> Generator[Database]:
    """A new file."""
    yield Database(idb.DatabaseConfig("sqlite", path=str(directory / "test.db")))


SPELLINGS = {
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "text": "TEXT",
    "key": "TEXT",
    "boolean": "BOOLEAN",
    "blob": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "decimal": "DECIMAL(10, 2)",
    "recursive": "WITH RECURSIVE",
    "begin": "BEGIN",
    "create_temp": "CREATE TEMPORARY TABLE staging",
    "temp": "staging",
    "insert_returning_id": "INSERT INTO t (id, name) VALUES (7, 'seven') RETURNING id",
    "update_returning_id": "UPDATE t SET name = 'x' WHERE id = 7 RETURNING id",
    "delete_returning_id": "DELETE FROM t WHERE id = 7 RETURNING id",
}

TYPES = (
    Type("BIGINT", pl.Int64(), (("0", 0), ("-1", -1), (str(INT64_MAX), INT64_MAX), (str(INT64_MIN), INT64_MIN))),
    Type("INTEGER", pl.Int64(), (("42", 42), (str(INT64_MAX), INT64_MAX))),
    Type("SMALLINT", pl.Int64(), (("-32768", -32768), ("32767", 32767))),
    Type(
        "DOUBLE",
        pl.Float64(),
        (("0.5", 0.5), ("-1e308", -1e308), ("1.7976931348623157e308", 1.7976931348623157e308), ("5e-324", 5e-324)),
    ),
    Type("REAL", pl.Float64(), (("0.1", 0.1), ("3", 3.0), ("9e999", float("inf")), ("-9e999", float("-inf")))),
    Type(
        "TEXT",
        pl.String(),
        (("''", ""), ("'it''s'", "it's"), ("'żółw 🐢'", "żółw 🐢"), ("'a' || char(0) || 'b'", "a\0b"), ("'1'", "1")),
    ),
    Type(
        "VARCHAR(40)",
        pl.String(),
        (("'longer than no limit that SQLite has'", "longer than no limit that SQLite has"),),
    ),
    Type("BLOB", pl.Binary(), (("x''", b""), ("x'00FF10'", b"\x00\xff\x10"), ("zeroblob(3)", b"\0\0\0"))),
    Type("BOOLEAN", pl.Boolean(), (("1", True), ("0", False), ("TRUE", True), ("FALSE", False))),
    Type(
        "DATE",
        pl.Date(),
        (("'2024-02-29'", dt.date(2024, 2, 29)), ("'0001-01-01'", dt.date.min), ("'9999-12-31'", dt.date.max)),
    ),
    Type(
        "TIMESTAMP",
        MICROSECONDS,
        (
            ("'2024-02-29 12:34:56'", dt.datetime(2024, 2, 29, 12, 34, 56)),
            ("'2024-02-29T12:34:56.789'", dt.datetime(2024, 2, 29, 12, 34, 56, 789_000)),
            ("'9999-12-31 23:59:59.999999'", dt.datetime.max),
            ("'0001-01-01 00:00:00'", dt.datetime.min),
        ),
    ),
    Type("DATETIME", MICROSECONDS, (("'1969-12-31 23:59:59.999999'", dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)),)),
    Type(
        "TIMESTAMPTZ",
        UTC_MICROSECONDS,
        (
            ("'2024-02-29 12:34:56+00:00'", dt.datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)),
            ("'2024-02-29 12:34:56.000001+02:00'", dt.datetime(2024, 2, 29, 10, 34, 56, 1, tzinfo=UTC)),
        ),
    ),
    Type(
        "TIME",
        pl.Time(),
        (
            ("'00:00:00'", dt.time.min),
            ("'23:59:59.999999'", dt.time.max),
            ("'12:30:15.5'", dt.time(12, 30, 15, 500_000)),
        ),
    ),
    Type(
        "DECIMAL(10, 2)",
        pl.Decimal(10, 2),
        (
            ("0", Decimal("0.00")),
            ("12.5", Decimal("12.50")),
            ("-99999999.99", Decimal("-99999999.99")),
            ("99999999.99", Decimal("99999999.99")),
            ("0.1", Decimal("0.10")),
        ),
    ),
    Type(
        "NUMERIC(15, 4)",
        pl.Decimal(15, 4),
        (("12345678901.2345", Decimal("12345678901.2345")), ("7", Decimal("7.0000"))),
    ),
)

EXPRESSIONS = (
    Expression("SELECT 1 AS v", pl.Int64(), 1),
    Expression("SELECT 0.5 AS v", pl.Float64(), 0.5),
    Expression("SELECT 'x' AS v", pl.String(), "x"),
    Expression("SELECT x'00' AS v", pl.Binary(), b"\0"),
    Expression("SELECT NULL AS v", pl.Null(), None),
    Expression("SELECT TRUE AS v", pl.Int64(), 1),
    Expression("SELECT count(*) AS v FROM (SELECT 1 UNION SELECT 2)", pl.Int64(), 2),
    Expression("SELECT CAST('12' AS INTEGER) AS v", pl.Int64(), 12),
    Expression("SELECT max(x) AS v FROM (SELECT 1.5 AS x)", pl.Float64(), 1.5),
    Expression("SELECT date('2024-02-29') AS v", pl.String(), "2024-02-29"),
)


BINDS = (
    Bind("none", None, "TEXT", pl.String(), None),
    Bind("true", True, "BOOLEAN", pl.Boolean(), True),
    Bind("false", False, "BOOLEAN", pl.Boolean(), False),
    Bind("int", 42, "BIGINT", pl.Int64(), 42),
    Bind("int-min", INT64_MIN, "BIGINT", pl.Int64(), INT64_MIN),
    Bind("int-max", INT64_MAX, "BIGINT", pl.Int64(), INT64_MAX),
    Bind("float", 0.1, "DOUBLE", pl.Float64(), 0.1),
    Bind("float-infinity", float("inf"), "DOUBLE", pl.Float64(), float("inf")),
    Bind("float-subnormal", 5e-324, "DOUBLE", pl.Float64(), 5e-324),
    Bind("str", "żółw 🐢", "TEXT", pl.String(), "żółw 🐢"),
    Bind("str-empty", "", "TEXT", pl.String(), ""),
    Bind("str-nul", "a\0b", "TEXT", pl.String(), "a\0b"),
    Bind("bytes", b"\x00\xff", "BLOB", pl.Binary(), b"\x00\xff"),
    Bind("bytes-empty", b"", "BLOB", pl.Binary(), b""),
    Bind("bytearray", bytearray(b"ab"), "BLOB", pl.Binary(), b"ab"),
    Bind("decimal", Decimal("12.50"), "DECIMAL(10, 2)", pl.Decimal(10, 2), Decimal("12.50")),
    Bind(
        "decimal-text", Decimal("1234567890123456789012345.678"), "TEXT", pl.String(), "1234567890123456789012345.678"
    ),
    Bind("date", dt.date(2024, 2, 29), "DATE", pl.Date(), dt.date(2024, 2, 29)),
    Bind("date-min", dt.date.min, "DATE", pl.Date(), dt.date.min),
    Bind(
        "datetime",
        dt.datetime(2024, 2, 29, 1, 2, 3, 4),
        "TIMESTAMP",
        MICROSECONDS,
        dt.datetime(2024, 2, 29, 1, 2, 3, 4),
    ),
    Bind("datetime-min", dt.datetime.min, "TIMESTAMP", MICROSECONDS, dt.datetime.min),
    Bind("datetime-max", dt.datetime.max, "TIMESTAMP", MICROSECONDS, dt.datetime.max),
    Bind(
        "datetime-aware",
        dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30))),
        "TIMESTAMPTZ",
        UTC_MICROSECONDS,
        dt.datetime(2024, 2, 29, 6, 30, tzinfo=UTC),
    ),
    Bind("time", dt.time(1, 2, 3, 4), "TIME", pl.Time(), dt.time(1, 2, 3, 4)),
    Bind("timedelta", dt.timedelta(days=-1, microseconds=5), "BIGINT", pl.Int64(), -86_399_999_995),
    Bind("uuid", A_UUID, "TEXT", pl.String(), "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"),
    Bind("enum", Colour.RED, "TEXT", pl.String(), "red"),
    Bind("int-enum", Level.HIGH, "BIGINT", pl.Int64(), 3),
    Bind("numpy-int", np.int16(-7), "BIGINT", pl.Int64(), -7),
    Bind("numpy-uint", np.uint64(7), "BIGINT", pl.Int64(), 7),
    Bind("numpy-float", np.float32(0.5), "DOUBLE", pl.Float64(), 0.5),
    Bind("numpy-bool", np.bool_(True), "BOOLEAN", pl.Boolean(), True),
    Bind("numpy-str", np.str_("x"), "TEXT", pl.String(), "x"),
    Bind("list", [1, "zwei", None, [True]], "TEXT", pl.String(), '[1,"zwei",null,[true]]'),
    Bind("dict", {"b": 1, "a": {"ü": [0.5]}}, "TEXT", pl.String(), '{"b":1,"a":{"ü":[0.5]}}'),
)

UNBINDABLE = (
    Bind("int-too-large", 2**63, "BIGINT", pl.Int64(), None),
    Bind("int-too-small", -(2**63) - 1, "BIGINT", pl.Int64(), None),
    Bind("int-huge", 10**40 + 1, "BIGINT", pl.Int64(), None),
    Bind("nan", float("nan"), "DOUBLE", pl.Float64(), None),
)

PLACEHOLDERS = (
    Placeholders("SELECT ?, ?", [1, "a"], (1, "a")),
    Placeholders("SELECT ?2, ?1", [1, 2], (2, 1)),
    Placeholders("SELECT ?1, ?1", [5], (5, 5)),
    Placeholders("SELECT :a, :b, :a", {"a": 1, "b": 2}, (1, 2, 1)),
    Placeholders("SELECT @a", {"a": "x"}, ("x",)),
    Placeholders("SELECT $a", {"a": "x"}, ("x",)),
)


ROUND_TRIPS = (
    *shared.ROUND_TRIPS,
    *shared.NESTED_AS_JSON,
    *(
        RoundTrip(str(dtype).lower(), pl.Series([0, None, 127], dtype=dtype), pl.Series([0, None, 127], dtype=pl.Int64))
        for dtype in (pl.Int8(), pl.Int16(), pl.Int32(), pl.UInt8(), pl.UInt16(), pl.UInt32())
    ),
    RoundTrip(
        "uint64", pl.Series([0, None, INT64_MAX], dtype=pl.UInt64), pl.Series([0, None, INT64_MAX], dtype=pl.Int64)
    ),
    RoundTrip.same("float64", pl.Series([0.1, None, float("inf"), float("-inf"), 5e-324, 1.7976931348623157e308])),
    RoundTrip(
        "float32", pl.Series([0.1, None], dtype=pl.Float32), pl.Series([0.1, None], dtype=pl.Float32).cast(pl.Float64)
    ),
    RoundTrip.same("string", pl.Series(["", None, "żółw 🐢", "a\0b", "x" * 100_000])),
    RoundTrip.same(
        "datetime-us",
        pl.Series([dt.datetime.min, None, dt.datetime(1969, 12, 31, 23, 59, 59, 999_999), dt.datetime.max]),
    ),
    RoundTrip(
        "duration",
        pl.Series([dt.timedelta(days=-3, microseconds=1), None]),
        pl.Series([-259_199_999_999, None], dtype=pl.Int64),
    ),
    RoundTrip(
        "decimal-38",
        pl.Series([Decimal("12345678901234567890.123456789"), None], dtype=pl.Decimal(38, 9)),
        pl.Series(["12345678901234567890.123456789", None]),
    ),
)

REFUSED_COLUMNS = (
    RefusedColumn("uint64-beyond-int64", pl.Series([2**63], dtype=pl.UInt64)),
    RefusedColumn("nan", pl.Series([0.5, float("nan")])),
    RefusedColumn("datetime-ns-below-us", pl.Series([1], dtype=pl.Int64).cast(pl.Datetime("ns"))),
    RefusedColumn(
        "decimal-of-16-digits", pl.Series([Decimal("12345678901234.56")], dtype=pl.Decimal(16, 2)), "NUMERIC"
    ),
    RefusedColumn("text-into-integer", pl.Series(["not a number"]), "BIGINT"),
    RefusedColumn("text-into-date", pl.Series(["not a date"]), "DATE"),
    RefusedColumn("fraction-into-integer", pl.Series([0.5]), "BIGINT"),
    RefusedColumn("inexact-int-into-double", pl.Series([2**53 + 1]), "DOUBLE"),
)

OVERRIDES = (
    Override("int-as-text", "BIGINT", "42", pl.String(), "42"),
    Override("int-as-small-int", "BIGINT", "-128", pl.Int8(), -128),
    Override("int-as-unsigned", "BIGINT", "255", pl.UInt8(), 255),
    Override("int-as-float", "BIGINT", "9007199254740992", pl.Float64(), 9007199254740992.0),
    Override("int-as-boolean", "BIGINT", "1", pl.Boolean(), True),
    Override("float-as-text", "DOUBLE", "0.1", pl.String(), "0.1"),
    Override("float-as-int", "DOUBLE", "3.0", pl.Int64(), 3),
    Override("float-as-float32", "DOUBLE", "0.5", pl.Float32(), 0.5),
    Override("float-as-decimal", "DOUBLE", "0.1", pl.Decimal(5, 2), Decimal("0.10")),
    Override("decimal-as-text", "DECIMAL(10, 2)", "12.5", pl.String(), "12.5"),
    Override("decimal-as-float", "DECIMAL(10, 2)", "12.5", pl.Float64(), 12.5),
    Override("text-as-int", "TEXT", "'12'", pl.Int64(), 12),
    Override("text-as-date", "TEXT", "'2024-02-29'", pl.Date(), dt.date(2024, 2, 29)),
    Override(
        "text-as-decimal", "TEXT", "'12345678901234567890.5'", pl.Decimal(38, 1), Decimal("12345678901234567890.5")
    ),
    Override("text-as-binary", "TEXT", "'ab'", pl.Binary(), b"ab"),
    Override("date-as-text", "DATE", "'2024-02-29'", pl.String(), "2024-02-29"),
    Override(
        "timestamp-as-ms",
        "TIMESTAMP",
        "'2024-02-29 00:00:00.001'",
        pl.Datetime("ms"),
        dt.datetime(2024, 2, 29, 0, 0, 0, 1000),
    ),
    Override("timestamp-as-date", "TIMESTAMP", "'2024-02-29 00:00:00'", pl.Date(), dt.date(2024, 2, 29)),
)

REFUSED_OVERRIDES = (
    Override("int-overflows", "BIGINT", "128", pl.Int8()),
    Override("negative-into-unsigned", "BIGINT", "-1", pl.UInt64()),
    Override("int-not-exact-as-float", "BIGINT", "9007199254740993", pl.Float64()),
    Override("int-not-a-boolean", "BIGINT", "2", pl.Boolean()),
    Override("float-has-a-fraction", "DOUBLE", "3.5", pl.Int64()),
    Override("float-rounds-as-float32", "DOUBLE", "0.1", pl.Float32()),
    Override("decimal-needs-more-digits", "DOUBLE", "0.125", pl.Decimal(5, 2)),
    Override("text-is-not-a-number", "TEXT", "'x'", pl.Int64()),
    Override("text-is-not-a-date", "TEXT", "'2024-02-30'", pl.Date()),
    Override("timestamp-has-microseconds", "TIMESTAMP", "'2024-02-29 00:00:00.000001'", pl.Datetime("ms")),
    Override("timestamp-is-not-midnight", "TIMESTAMP", "'2024-02-29 12:00:00'", pl.Date()),
)

VIOLATIONS = (
    Violation(
        "unique",
        ("CREATE TABLE v (id BIGINT, mail TEXT UNIQUE)", "INSERT INTO v VALUES (1, 'a')"),
        "INSERT INTO v VALUES (2, 'a')",
        idb.UniqueViolationError,
        {"code": "SQLITE_CONSTRAINT_UNIQUE", "table_name": "v", "column_name": "mail"},
    ),
    Violation(
        "primary-key",
        ("CREATE TABLE v (id BIGINT PRIMARY KEY)", "INSERT INTO v VALUES (1)"),
        "INSERT INTO v VALUES (1)",
        idb.UniqueViolationError,
        {"code": "SQLITE_CONSTRAINT_PRIMARYKEY", "table_name": "v", "column_name": "id"},
    ),
    Violation(
        "foreign-key",
        ("CREATE TABLE p (id BIGINT PRIMARY KEY)", "CREATE TABLE v (p BIGINT REFERENCES p (id))"),
        "INSERT INTO v VALUES (1)",
        idb.ForeignKeyViolationError,
        {"code": "SQLITE_CONSTRAINT_FOREIGNKEY"},
    ),
    Violation(
        "not-null",
        ("CREATE TABLE v (id BIGINT NOT NULL)",),
        "INSERT INTO v VALUES (NULL)",
        idb.NotNullViolationError,
        {"code": "SQLITE_CONSTRAINT_NOTNULL", "table_name": "v", "column_name": "id"},
    ),
    Violation(
        "check",
        ("CREATE TABLE v (age BIGINT CONSTRAINT adult CHECK (age >= 18))",),
        "INSERT INTO v VALUES (17)",
        idb.CheckViolationError,
        {"code": "SQLITE_CONSTRAINT_CHECK", "constraint_name": "adult"},
    ),
)

BACKEND = Backend(
    name="sqlite",
    unavailable=lambda: None,
    database=database,
    spellings=SPELLINGS,
    quote=quoted,
    default_schema="main",
    series="(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) SELECT i FROM n)",
    endless="WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n",
    stalling=(
        "SELECT 1 AS c UNION ALL SELECT c FROM "
        "(WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n) AS e"
    ),
    unreachable=lambda directory: f"sqlite:///{directory}/missing/test.db",
    misspelt_option=("journalmode", "journal_mode"),
    isolations=("deferred", "immediate", "exclusive"),
    syntax_code="SQLITE_ERROR",
    missing_table_code="SQLITE_ERROR",
    types=TYPES,
    expressions=EXPRESSIONS,
    binds=BINDS,
    unbindable=UNBINDABLE,
    placeholders=PLACEHOLDERS,
    round_trips=ROUND_TRIPS,
    refused_columns=REFUSED_COLUMNS,
    overrides=OVERRIDES,
    refused_overrides=REFUSED_OVERRIDES,
    violations=VIOLATIONS,
    statements=("EXPLAIN SELECT 1", "EXPLAIN QUERY PLAN SELECT 1", "PRAGMA table_info('t')", "VALUES (1), (2)"),
)
