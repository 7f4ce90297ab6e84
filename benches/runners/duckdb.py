"""DuckDB with an extension that attaches another database. It scans with threads of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl

from benches.model import Runner, Target, UnavailableError, Work


class DuckDb(Runner):
    """DuckDB's connection to a database of the ATTACH type `kind`.

    `package` is the PyPI package that carries the extension, so that nothing is downloaded while the harness runs.
    """

    name = "DuckDB"
    works = frozenset(Work)
    modules = ("duckdb", "pyarrow")

    def __init__(self, kind: str, package: str) -> None:
        self._kind = kind
        self._package = package
        self._connection: Any = None

    def _extension(self) -> Path:
        spec = find_spec(self._package)
        for directory in spec.submodule_search_locations or () if spec else ():
            for path in Path(directory).rglob("*.duckdb_extension"):
                return path
        raise UnavailableError(f"the extension is not installed (PyPI package {self._package})")

    def ready(self) -> None:
        import duckdb

        super().ready()
        # Loading the extension takes a tenth of a second once; it counts as an import, not as a part of a read.
        self._connection = duckdb.connect()
        self._connection.execute(f"LOAD '{self._extension()}'")

    @contextmanager
    def _attached(self, target: Target, *, read_only: bool) -> Iterator[Any]:
        mode = ", READ_ONLY" if read_only else ""
        self._connection.execute(f"ATTACH '{target.database}' AS peer (TYPE {self._kind}{mode})")
        try:
            yield self._connection
        finally:
            self._connection.execute("DETACH peer")

    def read(self, target: Target) -> Any:
        with self._attached(target, read_only=True) as connection:
            return connection.execute(f"SELECT * FROM peer.{target.table}").pl()

    @contextmanager
    def lookup(self, target: Target) -> Iterator[Callable[[int], Any]]:
        with self._attached(target, read_only=True) as connection:
            # Handed through: a filter on the attached table would scan all of it.
            yield lambda key: connection.execute(
                f"SELECT * FROM {self._kind}_query('peer', '{target.lookup(str(key))}')"
            ).pl()

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with self._attached(target, read_only=False) as connection:
            connection.register("source", frame)
            connection.execute(f"CREATE TABLE peer.{target.table} AS SELECT * FROM source")

    def batches(self, target: Target) -> Iterator[int]:
        with self._attached(target, read_only=True) as connection:
            for batch in connection.execute(f"SELECT * FROM peer.{target.table}").to_arrow_reader(65_536):
                yield batch.num_rows
