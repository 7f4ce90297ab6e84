"""SQLite: the table as a file with declared types, the limits in C, the peers that read SQLite."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import polars as pl

from benches.columns import COLUMNS, KEY, KINDS, SCALE, Kind
from benches.compare import compare
from benches.goals import sqlite_goals
from benches.limit import run_fill, run_limit, run_look_ups
from benches.model import Backend, Finding, Job, Outcome, Target, Work
from benches.native import build_sqlite_limits
from benches.runners.adbc import Adbc
from benches.runners.connectorx import Connectorx
from benches.runners.dbapi import DbApi, PandasDbApi, PolarsDbApi
from benches.runners.duckdb import DuckDb
from benches.runners.industrydb import IndustryDb
from benches.table import fingerprint, table_file

_TABLE = "bench"
_KIND = {column.name: column.kind for column in COLUMNS}

_DECLARED: dict[Kind, str] = {
    Kind.INT: "BIGINT",
    Kind.FLOAT: "DOUBLE",
    Kind.DECIMAL: f"DECIMAL(12, {SCALE})",
    Kind.TEXT: "TEXT",
    Kind.DATE: "DATE",
    Kind.TIMESTAMP: "DATETIME",
    Kind.TIMESTAMPTZ: "TIMESTAMPTZ",
    Kind.BOOL: "BOOLEAN",
}

_STORED: dict[Kind, pl.DataType] = {
    Kind.INT: pl.Int64(),
    Kind.FLOAT: pl.Float64(),
    Kind.DECIMAL: pl.Float64(),
    Kind.TEXT: pl.String(),
    Kind.DATE: pl.String(),
    Kind.TIMESTAMP: pl.String(),
    Kind.TIMESTAMPTZ: pl.String(),
    Kind.BOOL: pl.Int64(),
}
"""The storage classes of DESIGN §2 as Polars types."""

_TEMPORAL = {Kind.DATE, Kind.TIMESTAMP, Kind.TIMESTAMPTZ}


def _create(table: str, *, key: bool = False) -> str:
    declared = {column.name: _DECLARED[column.kind] for column in COLUMNS}
    if key:
        declared[KEY] = "INTEGER PRIMARY KEY"
    return f"CREATE TABLE {table} ({', '.join(f'{name} {type_}' for name, type_ in declared.items())})"


def _insert(table: str) -> str:
    return f"INSERT INTO {table} VALUES ({', '.join('?' * len(COLUMNS))})"


def _as_bound(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame of declared types as the plain values that sqlite3 binds."""

    def bound(name: str) -> pl.Expr:
        column = pl.col(name)
        match _KIND[name]:
            case Kind.INT | Kind.FLOAT | Kind.TEXT:
                return column
            case Kind.DECIMAL:
                # The column's affinity makes the nearest REAL of it; Polars' own cast to float may miss that.
                return column.cast(pl.String)
            case Kind.DATE:
                return column.dt.to_string("%Y-%m-%d")
            case Kind.TIMESTAMP:
                return column.dt.to_string("%Y-%m-%d %H:%M:%S%.6f")
            case Kind.TIMESTAMPTZ:
                return column.dt.to_string("%Y-%m-%d %H:%M:%S%.6f%:z")
            case Kind.BOOL:
                return column.cast(pl.Int64)

    return frame.select(bound(name) for name in frame.columns)


def _connect(target: Target) -> sqlite3.Connection:
    return sqlite3.connect(target.database)


def _write(path: Path, frame: pl.DataFrame) -> None:
    """The measured file, under a passing name until it is whole."""
    passing = path.with_suffix(".part")
    passing.unlink(missing_ok=True)
    with closing(sqlite3.connect(passing)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(_create(_TABLE, key=True))
        for chunk in frame.iter_slices(100_000):
            connection.executemany(_insert(_TABLE), _as_bound(chunk).iter_rows())
        connection.commit()
    passing.rename(path)


class Sqlite(Backend):
    """See `Backend`; every insert goes to a new file beside the measured one."""

    name = "sqlite"
    runners = (
        IndustryDb(),
        Connectorx(),
        Connectorx(partitions=2),
        Adbc("adbc_driver_sqlite.dbapi", placeholder="?", decimals=False),
        DuckDb("sqlite", package="duckdb_extension_sqlite_scanner"),
        DbApi("sqlite3", _connect, placeholder="?", create=_create, bound=_as_bound),
        PolarsDbApi("sqlite3", _connect, placeholder="?", option="parameters"),
        PandasDbApi("sqlite3", _connect, placeholder="?"),
    )
    limits: ClassVar[Mapping[Work, Sequence[str]]] = {
        Work.READ: ("C fill", "C fill_values", "C sum"),
        Work.INSERT: ("C insert",),
        Work.ROW: ("C row",),
        Work.BATCHES: ("C fill",),
        Work.IMPORT: (),
    }
    packages = ("connectorx", "adbc-driver-sqlite", "duckdb", "pandas", "pyarrow")
    goals = sqlite_goals()

    def __init__(self) -> None:
        self._programs: dict[str, Path] = {}

    def prepare(self, cache: Path, rows: int, server: str | None) -> Target:
        del server  # a file needs none
        cache.mkdir(parents=True, exist_ok=True)
        self._programs = build_sqlite_limits(cache / "limits")
        database = (cache / f"sqlite-{rows}-{fingerprint(Path(__file__).read_text())}.db").resolve()
        truth = table_file(cache, rows)
        if not database.exists():
            _write(database, pl.read_ipc(truth))
        database.read_bytes()  # into the page cache
        return Target(
            backend=self.name,
            uri=f"sqlite:///{database}",
            database=str(database),
            table=_TABLE,
            rows=rows,
            truth=str(truth),
        )

    def limit(self, name: str, job: Job) -> Outcome:
        target, program = job.target, self._programs[name.removeprefix("C ")]
        match name:
            case "C sum":
                return run_limit((program, target.database, target.select, KINDS))
            case "C fill" | "C fill_values":
                return run_fill(job, lambda place: (program, place, target.database, target.select, KINDS))
            case "C insert":
                vacant = self.vacant(target)
                statements = (_create(_TABLE), _insert(_TABLE))
                outcome = run_limit((program, target.database, target.select, vacant.database, *statements))
                self.discard(vacant)
                return outcome
            case "C row":
                return run_look_ups(job, lambda keys: (program, target.database, target.lookup("?"), KINDS, keys))
            case _:
                raise KeyError(name)

    def vacant(self, target: Target) -> Target:
        database = Path(target.database).with_suffix(".inserted.db")
        vacant = replace(target, uri=f"sqlite:///{database}", database=str(database))
        self.discard(vacant)  # a run that was broken off may have left it
        os.sync()  # what the run before left to the disk is not ours to wait for
        return vacant

    def discard(self, vacant: Target) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            Path(f"{vacant.database}{suffix}").unlink(missing_ok=True)

    def check_stored(self, target: Target, truth: pl.DataFrame) -> Sequence[Finding]:
        with closing(_connect(target)) as connection:
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({target.table})")]
            stored = pl.DataFrame([self._stored_column(connection, target, name) for name in names])
        findings = compare(stored, truth, lambda name: _STORED[_KIND[name]])
        return [*findings, *self._foreign_forms(stored, truth)]

    @staticmethod
    def _foreign_forms(stored: pl.DataFrame, truth: pl.DataFrame) -> Iterator[Finding]:
        """Dates and times that say the same in another form of text, each with an example."""
        bound = _as_bound(truth)
        for column in COLUMNS:
            got, expected = stored[column.name], bound[column.name]
            if column.kind in _TEMPORAL and got.dtype == pl.String:
                other = got.ne_missing(expected)
                if other.any():
                    yield Finding(column.name, repr(expected.filter(other)[0]), repr(got.filter(other)[0]), wrong=0)

    @staticmethod
    def _stored_column(connection: sqlite3.Connection, target: Target, name: str) -> pl.Series:
        """A column by the storage classes in it; integers among reals are NUMERIC affinity's way to store 2.0."""
        classes = {row[0] for row in connection.execute(f'SELECT DISTINCT typeof("{name}") FROM {target.table}')}
        values = [row[0] for row in connection.execute(f'SELECT "{name}" FROM {target.table} ORDER BY rowid')]
        match sorted(classes - {"null"}):
            case ["integer"]:
                return pl.Series(name, values, dtype=pl.Int64)
            case ["real"] | ["integer", "real"]:
                return pl.Series(name, values, dtype=pl.Float64, strict=False)
            case ["text"]:
                return pl.Series(name, values, dtype=pl.String)
            case ["blob"]:
                return pl.Series(name, values, dtype=pl.Binary)
            case _:
                return pl.Series(name, values, dtype=pl.String, strict=False)

    def discrepancies(self) -> Sequence[str]:
        import industrydb

        with industrydb.connect("sqlite://:memory:") as connection:
            version = connection.execute("SELECT sqlite_version() AS v")["v"]
            ours = {*version, *connection.execute("PRAGMA compile_options").to_series()}
        done = subprocess.run([str(self._programs["options"])], capture_output=True, text=True, check=True)
        limits = set(done.stdout.splitlines())
        return [
            f"only {owner} SQLite has {', '.join(sorted(only))}"
            for owner, only in (("industrydb's", ours - limits), ("the limits'", limits - ours))
            if only
        ]
