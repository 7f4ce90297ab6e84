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
    `handed_through` reads by sending the query as it is (`sqlite_query`, `postgres_query`), one connection and one
    thread; the other way is DuckDB's own scan of the attached table.
    """

    name = "DuckDB"
    works = frozenset({Work.READ, Work.INSERT, Work.ROW, Work.BATCHES, Work.IMPORT})
    modules = ("duckdb", "pyarrow")

    def __init__(
        self, kind: str, package: str, *, name: str = name, works: frozenset[Work] = works, handed_through: bool = False
    ) -> None:
        self.name = name
        self.works = works
        self._kind = kind
        self._package = package
        self._handed_through = handed_through
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

    def _source(self, target: Target) -> str:
        return self._query(target.select) if self._handed_through else f"peer.{target.table}"

    def _query(self, sql: str) -> str:
        return f"{self._kind}_query('peer', '{sql}')"

    def read(self, target: Target) -> Any:
        with self._attached(target, read_only=True) as connection:
            return connection.execute(f"SELECT * FROM {self._source(target)}").pl()

    @contextmanager
    def session(self, target: Target) -> Iterator[Callable[..., Any]]:
        with self._attached(target, read_only=True) as connection:
            # Handed through: a filter on the attached table would scan all of it.
            yield lambda sql: connection.execute(f"SELECT * FROM {self._query(sql)}").pl()

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        with self._attached(target, read_only=False) as connection:
            connection.register("source", frame)
            connection.execute(f"CREATE TABLE peer.{target.table} AS SELECT * FROM source")

    def batches(self, target: Target) -> Iterator[int]:
        with self._attached(target, read_only=True) as connection:
            for batch in connection.execute(f"SELECT * FROM {self._source(target)}").to_arrow_reader(65_536):
                yield batch.num_rows
