"""Arrays of one dimension."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl

from tests.conformance.backends.base import Type
from tests.conformance.backends.shared import UTC


def _lists(element: str, dtype: pl.DataType, *values: tuple[str, list[object]]) -> Type:
    """An array type."""
    return Type(f"{element}[]", pl.List(dtype), values)


TYPES = (
    _lists("INTEGER", pl.Int32(), ("'{1,NULL,-3}'", [1, None, -3]), ("'{}'", []), ("'{NULL}'", [None])),
    _lists("SMALLINT", pl.Int16(), ("'{1,2}'", [1, 2])),
    _lists("BIGINT", pl.Int64(), ("'{9223372036854775807}'", [2**63 - 1])),
    _lists("BOOLEAN", pl.Boolean(), ("'{t,f,NULL}'", [True, False, None])),
    _lists("REAL", pl.Float32(), ("'{0.5,Infinity}'", [0.5, float("inf")])),
    _lists("DOUBLE PRECISION", pl.Float64(), ("'{0.1,NULL,-1e308}'", [0.1, None, -1e308])),
    _lists("NUMERIC(10, 2)", pl.Decimal(10, 2), ("'{1.5,NULL,-0.01}'", [Decimal("1.50"), None, Decimal("-0.01")])),
    _lists(
        "TEXT",
        pl.String(),
        (
            "ARRAY['', 'NULL', NULL, 'a,b', '{}', '\"', '\\', 'ż 🐢']",
            ["", "NULL", None, "a,b", "{}", '"', "\\", "ż 🐢"],
        ),
        ("'{}'", []),
    ),
    _lists("VARCHAR(3)", pl.String(), ("'{abc}'", ["abc"])),
    _lists("BYTEA", pl.Binary(), (r"ARRAY['\x00ff'::bytea, NULL, '']", [b"\x00\xff", None, b""])),
    _lists("DATE", pl.Date(), ("'{2024-02-29,NULL}'", [dt.date(2024, 2, 29), None])),
    _lists("TIME", pl.Time(), ("'{12:30:15.5}'", [dt.time(12, 30, 15, 500_000)])),
    _lists("TIMESTAMP", pl.Datetime("us"), ("'{2024-02-29 12:00:00}'", [dt.datetime(2024, 2, 29, 12)])),
    _lists(
        "TIMESTAMPTZ",
        pl.Datetime("us", "UTC"),
        ("'{2024-02-29 12:00:00+02}'", [dt.datetime(2024, 2, 29, 10, tzinfo=UTC)]),
    ),
    _lists("INTERVAL", pl.Duration("us"), ("'{1 day,NULL}'", [dt.timedelta(days=1), None])),
    _lists("UUID", pl.String(), ("'{0F1E2D3C-4B5A-6978-8796-A5B4C3D2E1F0}'", ["0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"])),
    _lists("JSONB", pl.String(), ("""ARRAY['{"a": 1}'::jsonb, NULL]""", ['{"a": 1}', None])),
    _lists("CIDR", pl.String(), ("'{10.0.0.0/8}'", ["10.0.0.0/8"])),
    _lists("INT4RANGE", pl.String(), ("ARRAY['[1,5)'::int4range]", ["[1,5)"])),
    _lists("POINT", pl.String(), ("ARRAY[point(1,2)]", ["(1,2)"])),
)
