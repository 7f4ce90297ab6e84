"""What the entries of several backends have in common: values to try, and what becomes of columns in all of them."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from decimal import Decimal

import polars as pl

from tests.conformance.backends.base import RoundTrip

UTC = dt.UTC
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
A_UUID = uuid.UUID("0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0")
MICROSECONDS = pl.Datetime("us")
UTC_MICROSECONDS = pl.Datetime("us", "UTC")


class Colour(enum.Enum):
    """A member stands for its value."""

    RED = "red"


class Level(enum.IntEnum):
    """The same with numbers."""

    HIGH = 3


def quoted(name: str) -> str:
    """A name as standard SQL quotes it."""
    return '"' + name.replace('"', '""') + '"'


ROUND_TRIPS = (
    RoundTrip.same("int64", pl.Series([INT64_MIN, None, INT64_MAX, 0])),
    RoundTrip.same("boolean", pl.Series([True, None, False])),
    RoundTrip.same("binary", pl.Series([b"", None, b"\x00\xff", b"x" * 100_000])),
    RoundTrip.same("date", pl.Series([dt.date.min, None, dt.date(1969, 12, 31), dt.date.max])),
    RoundTrip(
        "datetime-ms",
        pl.Series([dt.datetime(2024, 1, 1, 0, 0, 0, 1000), None], dtype=pl.Datetime("ms")),
        pl.Series([dt.datetime(2024, 1, 1, 0, 0, 0, 1000), None], dtype=MICROSECONDS),
    ),
    RoundTrip(
        "datetime-ns",
        pl.Series([1_000, None, -1_000], dtype=pl.Int64).cast(pl.Datetime("ns")),
        pl.Series([1, None, -1], dtype=pl.Int64).cast(MICROSECONDS),
    ),
    RoundTrip(
        "datetime-aware",
        pl.Series([dt.datetime(2024, 7, 1, 12, tzinfo=UTC), None]).dt.convert_time_zone("Europe/Warsaw"),
        pl.Series([dt.datetime(2024, 7, 1, 12, tzinfo=UTC), None], dtype=UTC_MICROSECONDS),
    ),
    RoundTrip.same("time", pl.Series([dt.time.min, None, dt.time.max])),
    RoundTrip.same("decimal", pl.Series([Decimal("-0.01"), None, Decimal("99999999.99")], dtype=pl.Decimal(10, 2))),
    RoundTrip("categorical", pl.Series(["a", None, "b"], dtype=pl.Categorical()), pl.Series(["a", None, "b"])),
    RoundTrip("enum", pl.Series(["b", None, "a"], dtype=pl.Enum(["a", "b"])), pl.Series(["b", None, "a"])),
)
"""What every backend has a type for, or turns into text."""

NESTED_AS_JSON = (
    RoundTrip("list", pl.Series([[1, None], None, []], dtype=pl.List(pl.Int64)), pl.Series(["[1,null]", None, "[]"])),
    RoundTrip("array", pl.Series([[1, 2], None], dtype=pl.Array(pl.Int64, 2)), pl.Series(["[1,2]", None])),
    RoundTrip(
        "struct",
        pl.Series([{"a": 1, "b": "x"}, {"a": None, "b": "ü"}]),
        pl.Series(['{"a":1,"b":"x"}', '{"a":null,"b":"ü"}']),
    ),
)
"""What nested values become where there is no type for them."""
