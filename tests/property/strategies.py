"""What the property tests draw from: frames of any types, and values and columns that SQLite keeps exactly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Context, Decimal

import polars as pl
from hypothesis import strategies as st

INT64 = st.integers(-(2**63), 2**63 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
FLOATS = st.floats(allow_nan=False).map(lambda value: value + 0.0)
"""SQLite has no minus zero and no NaN."""
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


def decimals(precision: int, scale: int) -> st.SearchStrategy[Decimal]:
    """Every decimal of the type."""
    top = 10**precision - 1
    exact = Context(prec=precision + 1)
    return st.integers(-top, top).map(lambda digits: Decimal(digits).scaleb(-scale, exact))


COLUMNS: dict[pl.DataType, st.SearchStrategy[object]] = {
    pl.Int64(): INT64,
    pl.Float64(): FLOATS,
    pl.String(): TEXT,
    pl.Binary(): st.binary(),
    pl.Boolean(): st.booleans(),
    pl.Date(): st.dates(),
    pl.Datetime("us"): st.datetimes(),
    pl.Datetime("us", "UTC"): st.datetimes(timezones=st.just(dt.UTC)),
    pl.Time(): st.times(),
    pl.Decimal(15, 4): decimals(15, 4),
    pl.Decimal(15, 0): decimals(15, 0),
    pl.Decimal(4, 4): decimals(4, 4),
}


@st.composite
def frames_of(
    draw: st.DrawFn,
    types: Mapping[pl.DataType, st.SearchStrategy[object]],
    names: st.SearchStrategy[str],
    same: Callable[[str], str] = str,
) -> pl.DataFrame:
    """A frame of a few columns, any of whose values may be missing; names of which `same` gives the same are one."""
    height = draw(st.integers(0, 8))
    columns: list[pl.Series] = []
    for name in draw(st.lists(names, min_size=1, max_size=5, unique_by=same)):
        dtype = draw(st.sampled_from(list(types)))
        values = draw(st.lists(st.none() | types[dtype], min_size=height, max_size=height))
        columns.append(pl.Series(name, values, dtype=dtype))
    return pl.DataFrame(columns)


def frames() -> st.SearchStrategy[pl.DataFrame]:
    """Frames that SQLite keeps exactly."""
    return frames_of(COLUMNS, NAMES, str.casefold)
