"""Arrays that a limit wrote to files, as a frame: a limit is checked like any other reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]  # it carries no types

from benches.columns import COLUMNS, SCALE, Kind

_ARROW: dict[Kind, Any] = {
    Kind.INT: pa.int64(),
    Kind.FLOAT: pa.float64(),
    Kind.DECIMAL: pa.decimal128(12, SCALE),
    Kind.TEXT: pa.string_view(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us"),
    Kind.TIMESTAMPTZ: pa.timestamp("us", "UTC"),
    Kind.BOOL: pa.bool_(),
}


def load_columns(directory: Path, rows: int) -> pl.DataFrame:
    """The files `NN.values`, `NN.validity` and `NN.heap` of each column, in Arrow's layout."""
    series = []
    for index, column in enumerate(COLUMNS):
        parts = ["validity", "values", *(["heap"] if column.kind is Kind.TEXT else [])]
        buffers = [pa.py_buffer((directory / f"{index:02}.{part}").read_bytes()) for part in parts]
        array = pa.Array.from_buffers(_ARROW[column.kind], rows, buffers)
        array.validate(full=True)
        series.append(pl.Series(column.name, array))
    return pl.DataFrame(series)
