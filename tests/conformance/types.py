"""The types of the fixtures that are functions."""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Run(Protocol):
    """`conn.execute` on SQL in the suite's spelling."""

    def __call__(self, template: str, /) -> pl.DataFrame:
        """Runs it."""
        ...


class Ids(Protocol):
    """The ids in a table, in order."""

    def __call__(self, table: str = "t") -> list[int]:
        """Reads them."""
        ...
