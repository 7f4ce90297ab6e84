"""The measured table as a file of the cache, the same for every backend."""

from __future__ import annotations

import hashlib
from pathlib import Path

import polars as pl

from benches.columns import generate

_COLUMNS = Path(__file__).parent / "columns.py"


def fingerprint(*sources: str) -> str:
    """A name for what these sources and `columns.py` make: a table that was built by other code is another table."""
    return hashlib.sha256("".join([*sources, _COLUMNS.read_text()]).encode()).hexdigest()[:8]


def table_file(cache: Path, rows: int) -> Path:
    """The Arrow file of the table in its declared types; written if it is not there yet."""
    path = (cache / f"table-{rows}-{fingerprint()}.arrow").resolve()
    if not path.exists():
        passing = path.with_suffix(".part")
        # Plain offsets instead of views: equal texts lie in memory once each, as in anybody's own data.
        generate(rows).write_ipc(passing, compat_level=pl.CompatLevel.oldest())
        passing.rename(path)
    return path
