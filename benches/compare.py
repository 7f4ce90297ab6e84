"""Holds a result against the truth: first its types, then every cell after normalising to the declared type."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

from benches.columns import COLUMNS, SCALE, Kind
from benches.model import Finding


def _hundredths(values: pl.Series) -> pl.Series:
    """Decimals as whole hundredths: the one form in which floats and decimals of 12 digits compare exactly."""
    if isinstance(values.dtype, pl.BaseExtension):
        values = values.ext.storage()  # ADBC's opaque numeric: its text
    if values.dtype.is_float():
        values = (values * 10**SCALE).round()
        return values.cast(pl.Int64)
    return values.cast(Kind.DECIMAL.dtype).to_physical().cast(pl.Int64)


def _date(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values.str.replace(r"[ T]00:00:00(\.0+)?$", "").str.to_date("%Y-%m-%d")
    return values.cast(pl.Date)


def _timestamp(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        text = values.str.replace("T", " ", literal=True)
        # Some writers leave out a fraction of zero.
        whole = text.to_frame("t").select(
            pl.when(pl.col("t").str.contains(".", literal=True)).then("t").otherwise(pl.format("{}.0", "t"))
        )
        return whole.to_series().str.to_datetime("%Y-%m-%d %H:%M:%S%.f", time_unit="us")
    if values.dtype.base_type() != pl.Datetime:
        raise ValueError("not a timestamp")
    return values.cast(Kind.TIMESTAMP.dtype)


def _timestamptz(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        values = _timestamp(values.str.replace(r"(\+00(:?00)?|Z)$", ""))
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None:
        # A time without a zone is taken for UTC: the finding names the type, this compares the instants.
        values = _timestamp(values).dt.replace_time_zone("UTC")
    return values.cast(Kind.TIMESTAMPTZ.dtype)


def _bool(values: pl.Series) -> pl.Series:
    if values.dtype == pl.String:
        return values.str.to_lowercase().replace_strict({"true": True, "false": False}, return_dtype=pl.Boolean)
    numbers = values.cast(pl.Int64)
    if not numbers.drop_nulls().is_in([0, 1]).all():
        raise ValueError("neither 0 nor 1")
    return numbers.cast(pl.Boolean)


_NORMALISE: dict[Kind, Callable[[pl.Series], pl.Series]] = {
    Kind.INT: lambda values: values.cast(pl.Int64),
    Kind.FLOAT: lambda values: values.cast(pl.Float64),
    Kind.DECIMAL: _hundredths,
    Kind.TEXT: lambda values: values.cast(pl.String),
    Kind.DATE: _date,
    Kind.TIMESTAMP: _timestamp,
    Kind.TIMESTAMPTZ: _timestamptz,
    Kind.BOOL: _bool,
}


def compare(result: pl.DataFrame, truth: pl.DataFrame, expected: Callable[[str], pl.DataType]) -> Sequence[Finding]:
    """The columns of `result` whose type is not `expected` of their name, or whose cells differ from `truth`.

    Raises `ValueError` if the shape or the names differ: then nothing can be compared.
    """
    if result.columns != truth.columns:
        raise ValueError(f"columns {result.columns} instead of {truth.columns}")
    if result.height != truth.height:
        raise ValueError(f"{result.height} rows instead of {truth.height}")
    findings = []
    for column in COLUMNS:
        got, normalise = result[column.name], _NORMALISE[column.kind]
        wrong: int | None
        try:
            wrong = int(normalise(got).ne_missing(normalise(truth[column.name])).sum())
        except (pl.exceptions.PolarsError, ValueError):
            wrong = None
        if wrong != 0 or got.dtype != expected(column.name):
            findings.append(Finding(column.name, str(expected(column.name)), str(got.dtype), wrong))
    return findings
