"""Dates, times, intervals."""

from __future__ import annotations

import datetime as dt

import polars as pl

from tests.conformance.backends.base import Type
from tests.conformance.backends.shared import MICROSECONDS, UTC, UTC_MICROSECONDS

BEFORE_1970 = dt.datetime(1969, 12, 31, 23, 59, 59, 999_999)

TYPES = (
    Type(
        "DATE",
        pl.Date(),
        (
            ("'2024-02-29'", dt.date(2024, 2, 29)),
            ("'0001-01-01'", dt.date.min),
            ("'9999-12-31'", dt.date.max),
            ("'1970-01-01'", dt.date(1970, 1, 1)),
            ("'1999-12-31'", dt.date(1999, 12, 31)),
            ("'1900-03-01'", dt.date(1900, 3, 1)),
        ),
    ),
    Type(
        "TIME",
        pl.Time(),
        (
            ("'00:00'", dt.time.min),
            ("'23:59:59.999999'", dt.time.max),
            ("'12:30:15.5'", dt.time(12, 30, 15, 500_000)),
        ),
    ),
    Type("TIME(0)", pl.Time(), (("'12:30:15'", dt.time(12, 30, 15)),)),
    Type(
        "TIMESTAMP",
        MICROSECONDS,
        (
            ("'2024-02-29 12:34:56'", dt.datetime(2024, 2, 29, 12, 34, 56)),
            ("'2024-02-29T12:34:56.789'", dt.datetime(2024, 2, 29, 12, 34, 56, 789_000)),
            ("'9999-12-31 23:59:59.999999'", dt.datetime.max),
            ("'0001-01-01 00:00:00'", dt.datetime.min),
            ("'1969-12-31 23:59:59.999999'", BEFORE_1970),
            ("'2000-01-01 00:00:00'", dt.datetime(2000, 1, 1)),
        ),
    ),
    Type("TIMESTAMP(3)", MICROSECONDS, (("'2024-01-01 00:00:00.001'", dt.datetime(2024, 1, 1, 0, 0, 0, 1000)),)),
    Type(
        "TIMESTAMPTZ",
        UTC_MICROSECONDS,
        (
            ("'2024-02-29 12:34:56+00'", dt.datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)),
            ("'2024-02-29 12:34:56.000001+02'", dt.datetime(2024, 2, 29, 10, 34, 56, 1, tzinfo=UTC)),
            ("'2024-02-29 12:34:56'", dt.datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)),
            ("'0001-01-01 00:00:00+00'", dt.datetime.min.replace(tzinfo=UTC)),
            ("'9999-12-31 23:59:59.999999+00'", dt.datetime.max.replace(tzinfo=UTC)),
        ),
    ),
    Type(
        "INTERVAL",
        pl.Duration("us"),
        (
            ("'0'", dt.timedelta()),
            ("'1 day'", dt.timedelta(days=1)),
            ("'-1 day +00:00:00.000001'", dt.timedelta(days=-1, microseconds=1)),
            ("'24:00:00'", dt.timedelta(days=1)),
            ("'1 week 2 days 03:04:05.678901'", dt.timedelta(days=9, hours=3, minutes=4, seconds=5.678901)),
            ("'-0.000001 seconds'", dt.timedelta(microseconds=-1)),
            ("'106751990 days 23:59:59.999999'", dt.timedelta(days=106751990, seconds=86399, microseconds=999_999)),
        ),
    ),
    Type("INTERVAL DAY TO SECOND(3)", pl.Duration("us"), (("'1.5 seconds'", dt.timedelta(seconds=1.5)),)),
)
