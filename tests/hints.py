"""What an error suggests, as a program that pastes it."""

from __future__ import annotations

import re

import polars as pl

import industrydb as idb

ARGUMENT = re.compile(r"schema_overrides=(\{.*\}) reads it")


def suggested(error: idb.IndustryDbError) -> dict[str, pl.DataType]:
    """The `schema_overrides` in the error's hint."""
    found = ARGUMENT.search(error.hint or "")
    assert found is not None, error.hint
    # As a user would paste it: the words are our own.
    overrides = eval(found[1], {"pl": pl})
    assert list(overrides) == [error.column_name]
    return {name: dtype() if isinstance(dtype, type) else dtype for name, dtype in overrides.items()}
