"""Python values as parameters."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import numpy as np
import polars as pl

from tests.conformance.backends.base import Bind
from tests.conformance.backends.shared import (
    A_UUID,
    INT64_MAX,
    INT64_MIN,
    MICROSECONDS,
    UTC,
    UTC_MICROSECONDS,
    Colour,
    Level,
)

A_UUID_TEXT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
TEXT, FLOAT64, INT64 = pl.String(), pl.Float64(), pl.Int64()
HALF_PAST_SIX = dt.datetime(2024, 2, 29, 6, 30, tzinfo=UTC)
HUGE = Decimal("12345678901234567890.123456789012345678")


BINDS = (
    Bind("none", None, "BIGINT", INT64, None),
    Bind("none-text", None, "TEXT", TEXT, None),
    Bind("none-array", None, "INTEGER[]", pl.List(pl.Int32()), None),
    Bind("bool", True, "BOOLEAN", pl.Boolean(), True),
    Bind("int-min", INT64_MIN, "BIGINT", INT64, INT64_MIN),
    Bind("int-max", INT64_MAX, "BIGINT", INT64, INT64_MAX),
    Bind("int-smallint", -32768, "SMALLINT", pl.Int16(), -32768),
    Bind("int-integer", 2**31 - 1, "INTEGER", pl.Int32(), 2**31 - 1),
    Bind("int-oid", 2**32 - 1, "OID", pl.UInt32(), 2**32 - 1),
    Bind("int-huge", 10**37 + 1, "NUMERIC(38, 0)", pl.Decimal(38, 0), Decimal(10**37 + 1)),
    Bind("int-decimal", 5, "NUMERIC(10, 2)", pl.Decimal(10, 2), Decimal("5.00")),
    Bind("int-double", 2**53, "DOUBLE PRECISION", FLOAT64, 2.0**53),
    Bind("int-text", 5, "TEXT", TEXT, "5"),
    Bind("float", 0.1, "DOUBLE PRECISION", FLOAT64, 0.1),
    Bind("float-infinity", float("inf"), "DOUBLE PRECISION", FLOAT64, float("inf")),
    Bind("float-subnormal", 5e-324, "DOUBLE PRECISION", FLOAT64, 5e-324),
    Bind("float-real", 0.5, "REAL", pl.Float32(), 0.5),
    Bind("float-decimal", 0.25, "NUMERIC(10, 2)", pl.Decimal(10, 2), Decimal("0.25")),
    Bind("str", "żółw 🐢", "TEXT", TEXT, "żółw 🐢"),
    Bind("str-empty", "", "TEXT", TEXT, ""),
    Bind("str-varchar", "abc", "VARCHAR(3)", TEXT, "abc"),
    Bind("str-uuid", str(A_UUID).upper(), "UUID", TEXT, A_UUID_TEXT),
    Bind("str-inet", "10.1.2.3/8", "INET", TEXT, "10.1.2.3/8"),
    Bind("str-interval", "1 day 02:00", "INTERVAL", pl.Duration("us"), dt.timedelta(days=1, hours=2)),
    Bind("str-date", "2024-02-29", "DATE", pl.Date(), dt.date(2024, 2, 29)),
    Bind("str-timestamptz", "2024-02-29 12:00+05:30", "TIMESTAMPTZ", UTC_MICROSECONDS, HALF_PAST_SIX),
    Bind("str-numeric", "12.5", "NUMERIC(10, 2)", pl.Decimal(10, 2), Decimal("12.50")),
    Bind("str-json", '{"a":  1}', "JSON", TEXT, '{"a":  1}'),
    Bind("str-jsonb", '{"a":  1}', "JSONB", TEXT, '{"a": 1}'),
    Bind("str-point", "(1, 2)", "POINT", TEXT, "(1,2)"),
    Bind("str-range", "[1, 5]", "INT4RANGE", TEXT, "[1,6)"),
    Bind("str-money", "12.3", "MONEY", TEXT, "$12.30"),
    Bind("str-bit", "10101", "BIT(5)", TEXT, "10101"),
    Bind("str-varbit", "101", "VARBIT", TEXT, "101"),
    Bind("bytes", b"\x00\xff", "BYTEA", pl.Binary(), b"\x00\xff"),
    Bind("bytes-empty", b"", "BYTEA", pl.Binary(), b""),
    Bind("bytearray", bytearray(b"ab"), "BYTEA", pl.Binary(), b"ab"),
    Bind("decimal", Decimal("12.50"), "NUMERIC(10, 2)", pl.Decimal(10, 2), Decimal("12.50")),
    Bind("decimal-exponent", Decimal("1E+3"), "NUMERIC(10, 2)", pl.Decimal(10, 2), Decimal("1000.00")),
    Bind("decimal-38", HUGE, "NUMERIC(38, 18)", pl.Decimal(38, 18), HUGE),
    Bind("decimal-text", HUGE, "TEXT", TEXT, str(HUGE)),
    Bind("date", dt.date(2024, 2, 29), "DATE", pl.Date(), dt.date(2024, 2, 29)),
    Bind("date-min", dt.date.min, "DATE", pl.Date(), dt.date.min),
    Bind("date-max", dt.date.max, "DATE", pl.Date(), dt.date.max),
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
        HALF_PAST_SIX,
    ),
    Bind("time", dt.time(1, 2, 3, 4), "TIME", pl.Time(), dt.time(1, 2, 3, 4)),
    Bind(
        "timedelta",
        dt.timedelta(days=-1, microseconds=5),
        "INTERVAL",
        pl.Duration("us"),
        dt.timedelta(days=-1, microseconds=5),
    ),
    Bind("uuid", A_UUID, "UUID", TEXT, A_UUID_TEXT),
    Bind("uuid-text", A_UUID, "TEXT", TEXT, A_UUID_TEXT),
    Bind("enum", Colour.RED, "TEXT", TEXT, "red"),
    Bind("int-enum", Level.HIGH, "BIGINT", INT64, 3),
    Bind("numpy-int", np.int16(-7), "BIGINT", INT64, -7),
    Bind("numpy-uint", np.uint64(7), "BIGINT", INT64, 7),
    Bind("numpy-float", np.float32(0.5), "DOUBLE PRECISION", FLOAT64, 0.5),
    Bind("numpy-bool", np.bool_(True), "BOOLEAN", pl.Boolean(), True),
    Bind("numpy-str", np.str_("x"), "TEXT", TEXT, "x"),
    Bind("list-int", [1, None, -3], "INTEGER[]", pl.List(pl.Int32()), [1, None, -3]),
    Bind("list-empty", [], "BIGINT[]", pl.List(INT64), []),
    Bind("list-text", ["a,b", None, '"', "NULL"], "TEXT[]", pl.List(TEXT), ["a,b", None, '"', "NULL"]),
    Bind("tuple", (0.5, None), "DOUBLE PRECISION[]", pl.List(FLOAT64), [0.5, None]),
    Bind("list-uuid", [A_UUID], "UUID[]", pl.List(TEXT), [A_UUID_TEXT]),
    Bind("list-date", [dt.date(2024, 2, 29)], "DATE[]", pl.List(pl.Date()), [dt.date(2024, 2, 29)]),
    Bind("list-jsonb", [1, "zwei", None, [True]], "JSONB", TEXT, '[1, "zwei", null, [true]]'),
    Bind("dict-jsonb", {"b": 1, "a": {"ü": [0.5]}}, "JSONB", TEXT, '{"a": {"ü": [0.5]}, "b": 1}'),
    Bind("dict-json", {"b": 1, "a": {"ü": [0.5]}}, "JSON", TEXT, '{"b":1,"a":{"ü":[0.5]}}'),
    Bind("dict-text", {"b": 1}, "TEXT", TEXT, '{"b":1}'),
)

UNBINDABLE = (
    Bind("int-too-large", 2**63, "BIGINT", INT64, None),
    Bind("int-too-small", -(2**63) - 1, "BIGINT", INT64, None),
    Bind("int-smallint", 32768, "SMALLINT", pl.Int16(), None),
    Bind("int-integer", -(2**31) - 1, "INTEGER", pl.Int32(), None),
    Bind("int-negative-oid", -1, "OID", pl.UInt32(), None),
    Bind("int-double", 2**53 + 1, "DOUBLE PRECISION", FLOAT64, None),
    Bind("float-fraction", 0.5, "INTEGER", pl.Int32(), None),
    Bind("float-real", 0.1, "REAL", pl.Float32(), None),
    Bind("str-nul", "a\0b", "TEXT", TEXT, None),
    Bind("datetime-fraction-of-a-day", dt.datetime(2024, 2, 29, 12), "DATE", pl.Date(), None),
    Bind("bytes-no-text", b"\xff", "TEXT", TEXT, None),
    Bind("array-element", [1, 2**40], "INTEGER[]", pl.List(pl.Int32()), None),
)
