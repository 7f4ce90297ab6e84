"""`schema_overrides`: exact, or an error."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from tests.conformance.backends.base import Override
from tests.conformance.backends.shared import UTC

MATRIX = "'{{1,2},{3,4}}'"

OVERRIDES = (
    Override("int-as-text", "BIGINT", "42", pl.String(), "42"),
    Override("int-as-small-int", "BIGINT", "-128", pl.Int8(), -128),
    Override("int-as-unsigned", "BIGINT", "255", pl.UInt8(), 255),
    Override("int-as-float", "BIGINT", "9007199254740992", pl.Float64(), 9007199254740992.0),
    Override("int-as-boolean", "BIGINT", "1", pl.Boolean(), True),
    Override("small-int-as-int", "SMALLINT", "7", pl.Int64(), 7),
    Override("int-as-decimal", "INTEGER", "7", pl.Decimal(10, 2), Decimal("7.00")),
    Override("oid-as-int", "OID", "4294967295", pl.Int64(), 2**32 - 1),
    Override("float-as-text", "DOUBLE PRECISION", "0.1", pl.String(), "0.1"),
    Override("float-as-int", "DOUBLE PRECISION", "3.0", pl.Int64(), 3),
    Override("float-as-float32", "DOUBLE PRECISION", "0.5", pl.Float32(), 0.5),
    Override("real-as-float64", "REAL", "0.5", pl.Float64(), 0.5),
    Override("float-as-decimal", "DOUBLE PRECISION", "0.1", pl.Decimal(5, 2), Decimal("0.10")),
    Override("decimal-as-text", "NUMERIC(10, 2)", "12.5", pl.String(), "12.50"),
    Override("decimal-as-float", "NUMERIC(10, 2)", "12.5", pl.Float64(), 12.5),
    Override("decimal-as-int", "NUMERIC(10, 2)", "12", pl.Int32(), 12),
    Override("numeric-as-decimal", "NUMERIC", "12.5", pl.Decimal(10, 3), Decimal("12.500")),
    Override("numeric-as-text", "NUMERIC", "12.5000", pl.String(), "12.5000"),
    Override("numeric-of-40-digits-as-text", "NUMERIC", "1" * 40, pl.String(), "1" * 40),
    Override("numeric-1000-as-text", "NUMERIC(1000, 500)", "1", pl.String(), f"1.{'0' * 500}"),
    Override("nan-as-text", "NUMERIC", "'NaN'", pl.String(), "NaN"),
    Override("numeric-infinity-as-text", "NUMERIC", "'-Infinity'", pl.String(), "-Infinity"),
    Override("numeric-infinity-as-float", "NUMERIC", "'-Infinity'", pl.Float64(), float("-inf")),
    Override("text-as-int", "TEXT", "'12'", pl.Int64(), 12),
    Override("text-as-date", "TEXT", "'2024-02-29'", pl.Date(), dt.date(2024, 2, 29)),
    Override(
        "text-as-decimal", "TEXT", "'12345678901234567890.5'", pl.Decimal(38, 1), Decimal("12345678901234567890.5")
    ),
    Override("text-as-binary", "TEXT", "'ab'", pl.Binary(), b"ab"),
    Override("text-as-enum", "TEXT", "'b'", pl.Enum(["a", "b"]), "b"),
    Override("text-as-categorical", "TEXT", "'b'", pl.Categorical(), "b"),
    Override("date-as-text", "DATE", "'2024-02-29'", pl.String(), "2024-02-29"),
    Override("date-as-datetime", "DATE", "'2024-02-29'", pl.Datetime("us"), dt.datetime(2024, 2, 29)),
    Override("date-infinity-as-text", "DATE", "'infinity'", pl.String(), "infinity"),
    Override("date-minus-infinity-as-text", "DATE", "'-infinity'", pl.String(), "-infinity"),
    Override("timestamp-infinity-as-text", "TIMESTAMP", "'infinity'", pl.String(), "infinity"),
    Override("timestamptz-infinity-as-text", "TIMESTAMPTZ", "'-infinity'", pl.String(), "-infinity"),
    Override("year-294276-as-text", "TIMESTAMP", "'294276-12-31 23:59:59'", pl.String(), "294276-12-31 23:59:59"),
    Override(
        "timestamp-as-ms",
        "TIMESTAMP",
        "'2024-02-29 00:00:00.001'",
        pl.Datetime("ms"),
        dt.datetime(2024, 2, 29, 0, 0, 0, 1000),
    ),
    Override(
        "timestamp-as-ns",
        "TIMESTAMP",
        "'2024-02-29 00:00:00.001'",
        pl.Datetime("ns"),
        dt.datetime(2024, 2, 29, 0, 0, 0, 1000),
    ),
    Override("timestamp-as-date", "TIMESTAMP", "'2024-02-29 00:00:00'", pl.Date(), dt.date(2024, 2, 29)),
    Override(
        "timestamptz-in-a-zone",
        "TIMESTAMPTZ",
        "'2024-07-01 10:00+00'",
        pl.Datetime("us", "Europe/Warsaw"),
        dt.datetime(2024, 7, 1, 10, tzinfo=UTC),
    ),
    Override("midnight-after-as-text", "TIME", "'24:00:00'", pl.String(), "24:00:00"),
    Override("months-as-text", "INTERVAL", "'1 year 2 months 3 days 04:05:06'", pl.String(), "P1Y2M3DT4H5M6S"),
    Override("interval-as-text", "INTERVAL", "'-3 days -00:00:00.5'", pl.String(), "P-3DT-0.5S"),
    Override("matrix-as-text", "INTEGER[]", MATRIX, pl.String(), "{{1,2},{3,4}}"),
    Override("array-as-text", "TEXT[]", "ARRAY['a,b', NULL, 'NULL', '\"']", pl.String(), '{"a,b",NULL,"NULL","\\""}'),
    Override("array-of-longs", "INTEGER[]", "'{1,NULL}'", pl.List(pl.Int64), [1, None]),
    Override(
        "uuid-as-text",
        "UUID",
        "'0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0'",
        pl.String(),
        "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ),
)

REFUSED_OVERRIDES = (
    Override("int-overflows", "BIGINT", "128", pl.Int8()),
    Override("negative-into-unsigned", "BIGINT", "-1", pl.UInt64()),
    Override("int-not-exact-as-float", "BIGINT", "9007199254740993", pl.Float64()),
    Override("int-not-a-boolean", "BIGINT", "2", pl.Boolean()),
    Override("float-has-a-fraction", "DOUBLE PRECISION", "3.5", pl.Int64()),
    Override("float-rounds-as-float32", "DOUBLE PRECISION", "0.1", pl.Float32()),
    Override("decimal-needs-more-digits", "DOUBLE PRECISION", "0.125", pl.Decimal(5, 2)),
    Override("numeric-needs-more-digits", "NUMERIC", "0.125", pl.Decimal(5, 2)),
    Override("numeric-has-a-fraction", "NUMERIC(10, 2)", "12.50", pl.Int64()),
    Override("numeric-not-exact-as-float", "NUMERIC", "9007199254740993", pl.Float64()),
    Override("text-is-not-a-number", "TEXT", "'x'", pl.Int64()),
    Override("text-is-not-a-date", "TEXT", "'2024-02-30'", pl.Date()),
    Override("timestamp-has-microseconds", "TIMESTAMP", "'2024-02-29 00:00:00.000001'", pl.Datetime("ms")),
    Override("timestamp-is-not-midnight", "TIMESTAMP", "'2024-02-29 12:00:00'", pl.Date()),
    Override("timestamp-beyond-ns", "TIMESTAMP", "'2300-01-01 00:00:00'", pl.Datetime("ns")),
    Override("infinity-as-date", "DATE", "'infinity'", pl.Date()),
    Override("infinity-as-timestamp", "TIMESTAMP", "'-infinity'", pl.Datetime("us")),
    Override("year-294276", "TIMESTAMP", "'294276-12-31 23:59:59'", pl.Datetime("us")),
    Override("nan-as-decimal", "NUMERIC", "'NaN'", pl.Decimal(38, 2)),
    Override("midnight-after", "TIME", "'24:00:00'", pl.Time()),
    Override("text-is-no-label", "TEXT", "'c'", pl.Enum(["a", "b"])),
)
