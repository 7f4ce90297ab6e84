"""Queries without a table: the type and value of one column."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from tests.conformance.backends.base import Expression

EXPRESSIONS = (
    Expression("SELECT 1 AS v", pl.Int32(), 1),
    Expression("SELECT 3000000000 AS v", pl.Int64(), 3_000_000_000),
    Expression("SELECT 0.5 AS v", pl.Decimal(38, 1), Decimal("0.5")),
    Expression("SELECT 1.50 + 1 AS v", pl.Decimal(38, 2), Decimal("2.50")),
    Expression("SELECT 10000000000000000000 AS v", pl.Decimal(38, 0), Decimal(10**19)),
    Expression("SELECT 'x' AS v", pl.String(), "x"),
    Expression("SELECT '\\x00'::bytea AS v", pl.Binary(), b"\0"),
    Expression("SELECT NULL AS v", pl.String(), None),
    Expression("SELECT NULL::int AS v", pl.Int32(), None),
    Expression("SELECT TRUE AS v", pl.Boolean(), True),
    Expression("SELECT count(*) AS v FROM (SELECT 1 UNION SELECT 2) AS t", pl.Int64(), 2),
    Expression("SELECT sum(x) AS v FROM (VALUES (1), (2)) AS t (x)", pl.Int64(), 3),
    Expression("SELECT sum(x) AS v FROM (VALUES (1::bigint), (2)) AS t (x)", pl.Decimal(38, 0), Decimal(3)),
    Expression("SELECT avg(x)::float8 AS v FROM (VALUES (1), (2)) AS t (x)", pl.Float64(), 1.5),
    Expression("SELECT CAST('12' AS INTEGER) AS v", pl.Int32(), 12),
    Expression('SELECT 1::"char" AS v FROM (SELECT 65) AS t', pl.String(), "\x01"),
    Expression("SELECT date '2024-02-29' + 1 AS v", pl.Date(), dt.date(2024, 3, 1)),
    Expression("SELECT date '2024-02-29' + time '12:00' AS v", pl.Datetime("us"), dt.datetime(2024, 2, 29, 12)),
    Expression(
        "SELECT timestamp '2024-02-29 12:00' AT TIME ZONE 'Asia/Tokyo' AS v",
        pl.Datetime("us", "UTC"),
        dt.datetime(2024, 2, 29, 3, tzinfo=dt.UTC),
    ),
    Expression("SELECT age(date '2024-02-02', date '2024-02-01') AS v", pl.Duration("us"), dt.timedelta(days=1)),
    Expression("SELECT ARRAY[1, NULL] AS v", pl.List(pl.Int32()), [1, None]),
    Expression("SELECT array_agg(x) AS v FROM (VALUES ('a'), (NULL)) AS t (x)", pl.List(pl.String()), ["a", None]),
    Expression("SELECT string_to_array('a,b', ',') AS v", pl.List(pl.String()), ["a", "b"]),
    Expression("SELECT json_build_object('a', 1) AS v", pl.String(), '{"a" : 1}'),
    Expression("SELECT to_jsonb(ARRAY[1, 2]) AS v", pl.String(), "[1, 2]"),
    Expression("SELECT current_setting('TimeZone') AS v", pl.String(), "UTC"),
    Expression("SELECT current_setting('client_encoding') AS v", pl.String(), "UTF8"),
    Expression("SELECT pg_typeof(1) AS v", pl.String(), "integer"),
    Expression("SELECT 'pg_class'::regclass AS v", pl.String(), "pg_class"),
    Expression("SELECT md5('')::uuid AS v", pl.String(), "d41d8cd9-8f00-b204-e980-0998ecf8427e"),
    Expression("SELECT int4range(1, 5) AS v", pl.String(), "[1,5)"),
    Expression("SELECT to_tsvector('simple', 'a b a') AS v", pl.String(), "'a':1,3 'b':2"),
    Expression("SELECT '-0'::float8 AS v", pl.Float64(), -0.0),
)
