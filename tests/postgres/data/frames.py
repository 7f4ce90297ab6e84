"""Columns of frames: what `mode="create"` makes of them, and what cannot be stored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from tests.conformance.backends import shared
from tests.conformance.backends.base import RefusedColumn, RoundTrip
from tests.conformance.backends.shared import INT64_MIN, MICROSECONDS, UTC
from tests.postgres.data.numbers import NINES
from tests.postgres.data.times import BEFORE_1970


def _other(id: str, series: pl.Series, dtype: pl.DataType) -> RoundTrip:  # noqa: A002 - it is one
    return RoundTrip(id, series, series.cast(dtype))


ROUND_TRIPS = (
    *shared.ROUND_TRIPS,
    _other("int8", pl.Series([-128, None, 127], dtype=pl.Int8), pl.Int16()),
    RoundTrip.same("int16", pl.Series([-32768, None, 32767], dtype=pl.Int16)),
    RoundTrip.same("int32", pl.Series([-(2**31), None, 2**31 - 1], dtype=pl.Int32)),
    RoundTrip(
        "int128",
        pl.Series([10**38 - 1, None, -(10**38) + 1], dtype=pl.Int128),
        pl.Series([Decimal(NINES), None, Decimal(f"-{NINES}")], dtype=pl.Decimal(38, 0)),
    ),
    _other("uint8", pl.Series([0, None, 255], dtype=pl.UInt8), pl.Int16()),
    _other("uint16", pl.Series([0, None, 65535], dtype=pl.UInt16), pl.Int32()),
    _other("uint32", pl.Series([0, None, 2**32 - 1], dtype=pl.UInt32), pl.Int64()),
    RoundTrip(
        "uint64",
        pl.Series([0, None, 2**64 - 1], dtype=pl.UInt64),
        pl.Series([Decimal(0), None, Decimal(2**64 - 1)], dtype=pl.Decimal(20, 0)),
    ),
    RoundTrip.same("float32", pl.Series([0.1, None, float("inf"), 1e-45], dtype=pl.Float32)),
    RoundTrip.same("float64", pl.Series([0.1, None, float("inf"), float("-inf"), float("nan"), 5e-324, -0.0])),
    RoundTrip.same("string", pl.Series(["", None, "żółw 🐢", "\\N", "\t\n\\.", "x" * 100_000])),
    RoundTrip.same("date-bc", pl.Series([-1_000_000, None], dtype=pl.Int32).cast(pl.Date)),
    RoundTrip.same("datetime-us", pl.Series([dt.datetime.min, None, BEFORE_1970, dt.datetime.max])),
    RoundTrip.same("duration", pl.Series([dt.timedelta(days=-3, microseconds=1), None])),
    RoundTrip(
        "duration-ms",
        pl.Series([dt.timedelta(milliseconds=-1), None], dtype=pl.Duration("ms")),
        pl.Series([dt.timedelta(milliseconds=-1), None], dtype=pl.Duration("us")),
    ),
    RoundTrip.same("decimal-38", pl.Series([Decimal("12345678901234567890.123456789"), None], dtype=pl.Decimal(38, 9))),
    RoundTrip.same("decimal-fractions", pl.Series([Decimal(f"-0.{NINES}"), None], dtype=pl.Decimal(38, 38))),
    RoundTrip.same("list", pl.Series([[1, None], None, []], dtype=pl.List(pl.Int64))),
    RoundTrip.same("list-of-text", pl.Series([["a,b", None, '"', "NULL", ""], None, []], dtype=pl.List(pl.String))),
    RoundTrip.same("list-of-decimals", pl.Series([[Decimal("1.50"), None]], dtype=pl.List(pl.Decimal(10, 2)))),
    RoundTrip(
        "array",
        pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)),
        pl.Series([[1, 2], None], dtype=pl.List(pl.Int64)),
    ),
    RoundTrip(
        "struct",
        pl.Series([{"a": 1, "b": "x"}, {"a": None, "b": "ü"}]),
        pl.Series(['{"a": 1, "b": "x"}', '{"a": null, "b": "ü"}']),
    ),
    RoundTrip("null", pl.Series([None, None], dtype=pl.Null), pl.Series([None, None], dtype=pl.String)),
)

REFUSED_COLUMNS = (
    RefusedColumn("text-with-a-nul", pl.Series(["a\0b"])),
    RefusedColumn("datetime-ns-below-us", pl.Series([1], dtype=pl.Int64).cast(pl.Datetime("ns"))),
    RefusedColumn("int128-of-39-digits", pl.Series([10**38], dtype=pl.Int128)),
    RefusedColumn("date-before-4714-bc", pl.Series([-(2**31)], dtype=pl.Int32).cast(pl.Date)),
    RefusedColumn("datetime-before-4714-bc", pl.Series([INT64_MIN + 1], dtype=pl.Int64).cast(MICROSECONDS)),
    RefusedColumn("uint64-into-bigint", pl.Series([2**63], dtype=pl.UInt64), "BIGINT"),
    RefusedColumn("int-into-smallint", pl.Series([1, 32768]), "SMALLINT"),
    RefusedColumn("int-into-integer", pl.Series([-(2**31) - 1]), "INTEGER"),
    RefusedColumn("negative-into-oid", pl.Series([-1]), "OID"),
    RefusedColumn("fraction-into-integer", pl.Series([0.5]), "BIGINT"),
    RefusedColumn("nan-into-integer", pl.Series([float("nan")]), "INTEGER"),
    RefusedColumn("inexact-int-into-double", pl.Series([2**53 + 1]), "DOUBLE PRECISION"),
    RefusedColumn("inexact-int-into-real", pl.Series([2**24 + 1]), "REAL"),
    RefusedColumn("float-into-real", pl.Series([0.1]), "REAL"),
    RefusedColumn("decimal-too-large", pl.Series([Decimal("1000.00")], dtype=pl.Decimal(10, 2)), "NUMERIC(5, 2)"),
    RefusedColumn("decimal-too-fine", pl.Series([Decimal("0.005")], dtype=pl.Decimal(10, 3)), "NUMERIC(5, 2)"),
    RefusedColumn("decimal-not-in-hundreds", pl.Series([Decimal(1250)], dtype=pl.Decimal(10, 0)), "NUMERIC(5, -2)"),
    RefusedColumn("text-into-integer", pl.Series(["not a number"]), "BIGINT"),
    RefusedColumn("text-into-date", pl.Series(["not a date"]), "DATE"),
    RefusedColumn("text-too-long", pl.Series(["abc", "abcd"]), "VARCHAR(3)"),
    RefusedColumn("text-too-long-for-char", pl.Series(["abcd"]), "CHAR(3)"),
    RefusedColumn("bytes-into-text", pl.Series([b"\xff"]), "TEXT"),
    RefusedColumn("text-into-uuid", pl.Series(["no uuid"]), "UUID"),
    RefusedColumn("noon-into-date", pl.Series([dt.datetime(2024, 2, 29, 12)]), "DATE"),
    RefusedColumn("naive-into-timestamptz", pl.Series([dt.datetime(2024, 2, 29, 12)]), "TIMESTAMPTZ"),
    RefusedColumn("aware-into-timestamp", pl.Series([dt.datetime(2024, 2, 29, 12, tzinfo=UTC)]), "TIMESTAMP"),
    RefusedColumn("microseconds-into-seconds", pl.Series([dt.datetime(2024, 1, 1, 0, 0, 0, 1)]), "TIMESTAMP(0)"),
    RefusedColumn("element-too-large", pl.Series([[1, 2**40]]), "INTEGER[]"),
    RefusedColumn("element-with-a-nul", pl.Series([["a\0b"]])),
)
