"""PyArrow, which carries no types of its own: one name of type Any for all tests."""

from __future__ import annotations

import importlib
from typing import Any

import polars as pl

pa: Any = importlib.import_module("pyarrow")


def arrow(frame: pl.DataFrame) -> Any:
    """A frame as a PyArrow table."""
    return pa.table(frame)
