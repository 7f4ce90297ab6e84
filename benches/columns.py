"""The table that every backend is measured on: 16 mixed columns, as data.

The values are drawn column by column from one seed, so every machine and every backend measures the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np
import polars as pl

SEED = 20_240_229
_WHOLE_EVERY = 1_000
"""The first of so many rows holds no NULL: connectorx takes the types that it does not know from the first row of each
partition, and refuses a NULL there."""

SCALE = 2
"""Digits after the point of every decimal column."""


class Kind(StrEnum):
    """What a column holds. The values are the letters by which the limits in C know them."""

    INT = "i"
    FLOAT = "f"
    DECIMAL = "d"
    TEXT = "s"
    DATE = "D"
    TIMESTAMP = "T"
    TIMESTAMPTZ = "Z"
    BOOL = "b"

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type in which a read has to deliver it (DESIGN §2)."""
        return _DTYPES[self]


_DTYPES: dict[Kind, pl.DataType] = {
    Kind.INT: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.DECIMAL: pl.Decimal(12, SCALE),
    Kind.TEXT: pl.String(),
    Kind.DATE: pl.Date(),
    Kind.TIMESTAMP: pl.Datetime("us"),
    Kind.TIMESTAMPTZ: pl.Datetime("us", "UTC"),
    Kind.BOOL: pl.Boolean(),
}

Draw = Callable[[np.random.Generator, int], pl.Series]


@dataclass(frozen=True)
class Column:
    """One column: its name, what it holds, how its values are drawn and the share of NULLs among them."""

    name: str
    kind: Kind
    draw: Draw
    nulls: float = 0.0


_WORDS = (
    "harbour",
    "signal",
    "orchard",
    "copper",
    "winter",
    "lantern",
    "ferry",
    "meadow",
    "granite",
    "pepper",
    "silver",
    "tunnel",
    "Zürich",
    "naïve",
    "crème",
    "Øresund",
    "señor",
    "łódź",
    "東京",
    "bridge",
    "window",
    "garden",
    "timber",
    "velvet",
    "anchor",
    "barley",
    "cinder",
)


def _ints(low: int, high: int) -> Draw:
    return lambda rng, rows: pl.Series(rng.integers(low, high, rows, dtype=np.int64))


def _decimals(low: int, high: int) -> Draw:
    """Decimals from `low` to `high` hundredths: few enough digits for a float to lead to each of them exactly."""
    return lambda rng, rows: (pl.Series(rng.integers(low, high, rows)) / 10**SCALE).cast(Kind.DECIMAL.dtype)


def _instants(dtype: pl.DataType, first: datetime, last: datetime) -> Draw:
    low, high = (int((t - datetime(1970, 1, 1)).total_seconds() * 1_000_000) for t in (first, last))
    return lambda rng, rows: pl.Series(rng.integers(low, high, rows, dtype=np.int64)).cast(dtype)


def _days(first: date, last: date) -> Draw:
    low, high = ((d - date(1970, 1, 1)).days for d in (first, last))
    return lambda rng, rows: pl.Series(rng.integers(low, high, rows, dtype=np.int32)).cast(pl.Date)


def _sentences(low: int, high: int, distinct: int) -> Draw:
    """Sentences of `low` to `high` words, out of a pool of `distinct` ones."""

    def draw(rng: np.random.Generator, rows: int) -> pl.Series:
        lengths = rng.integers(low, high + 1, distinct)
        pool = [" ".join(_WORDS[i] for i in rng.integers(0, len(_WORDS), length)) for length in lengths]
        return pl.Series(pool).gather(rng.integers(0, distinct, rows))

    return draw


def _codes(rng: np.random.Generator, rows: int) -> pl.Series:
    numbers = pl.Series("n", rng.integers(0, 50_000, rows, dtype=np.int64)).to_frame()
    return numbers.select(pl.format("C{}", pl.col("n").cast(pl.String).str.zfill(5))).to_series()


COLUMNS: tuple[Column, ...] = (
    Column("id", Kind.INT, lambda _, rows: pl.int_range(1, rows + 1, eager=True)),
    Column("quantity", Kind.INT, _ints(0, 1_000)),
    Column("store", Kind.INT, _ints(-40_000, 40_000), nulls=0.1),
    Column("ticket", Kind.INT, _ints(-(2**62), 2**62)),
    Column("ratio", Kind.FLOAT, lambda rng, rows: pl.Series(rng.random(rows))),
    Column("reading", Kind.FLOAT, lambda rng, rows: pl.Series(rng.normal(0, 1e6, rows)), nulls=0.15),
    Column("price", Kind.DECIMAL, _decimals(0, 1_000_000)),
    Column("discount", Kind.DECIMAL, _decimals(-50_000, 50_000), nulls=0.2),
    Column("balance", Kind.DECIMAL, _decimals(-999_999_999_999, 999_999_999_999)),
    Column("code", Kind.TEXT, _codes),
    Column("label", Kind.TEXT, _sentences(1, 3, distinct=5_000), nulls=0.05),
    Column("note", Kind.TEXT, _sentences(6, 18, distinct=20_000), nulls=0.1),
    Column("day", Kind.DATE, _days(date(1950, 1, 1), date(2050, 1, 1))),
    Column("created", Kind.TIMESTAMP, _instants(Kind.TIMESTAMP.dtype, datetime(1960, 1, 1), datetime(2040, 1, 1))),
    Column(
        "updated",
        Kind.TIMESTAMPTZ,
        _instants(Kind.TIMESTAMPTZ.dtype, datetime(1990, 1, 1), datetime(2030, 1, 1)),
        nulls=0.3,
    ),
    Column("active", Kind.BOOL, lambda rng, rows: pl.Series(rng.random(rows) < 0.5), nulls=0.02),
)

KEY = COLUMNS[0].name
"""The column by which one row is looked up; it counts from 1."""

FILTERED = "quantity"
"""The column by which a query with parameters filters; no index helps there."""

FILTER = (0, 1_000)
"""The parameters of that query, from the first to before the second: every row passes, so the result stays the same."""

KINDS = "".join(column.kind for column in COLUMNS)
"""One letter a column: the form in which the limits in C take the table's layout."""


def generate(rows: int) -> pl.DataFrame:
    """The table of `rows` rows in its declared types. The same `rows` always gives the same table."""
    rng = np.random.default_rng(SEED)
    whole = pl.int_range(rows, eager=True) % _WHOLE_EVERY == 0
    series = []
    for column in COLUMNS:
        values = column.draw(rng, rows).alias(column.name)
        if column.nulls:
            keep = whole | pl.Series(rng.random(rows) >= column.nulls)
            values = values.to_frame().select(pl.when(keep).then(pl.col(column.name))).to_series()
        series.append(values)
    return pl.DataFrame(series)
