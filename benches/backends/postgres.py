"""PostgreSQL: the table on a server of the harness' own, the limits in C and psql, the peers that read PostgreSQL."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any, ClassVar
from urllib.parse import quote

import polars as pl

from benches.backends.pgserver import PgServer
from benches.columns import COLUMNS, FILTER, KEY, KINDS, SCALE, Kind
from benches.goals import postgres_goals
from benches.limit import run_fill, run_limit, run_look_ups
from benches.model import Backend, Finding, Job, Outcome, RunError, Target, Work
from benches.native import BuildError, build_postgres_limits
from benches.runners.adbc import Adbc
from benches.runners.asyncpg import Asyncpg
from benches.runners.connectorx import Connectorx
from benches.runners.dbapi import PandasDbApi, PolarsDbApi
from benches.runners.duckdb import DuckDb
from benches.runners.industrydb import IndustryDb
from benches.runners.psycopg import Psycopg, PsycopgTuples, alchemy, connect
from benches.table import fingerprint, table_file

_INSERTED = "bench_inserted"
_DUCKDB = "duckdb_extension_postgres_scanner"
_PARALLEL = "DuckDB (parallel scan)"

_DECLARED: dict[Kind, str] = {
    Kind.INT: "bigint",
    Kind.FLOAT: "double precision",
    Kind.DECIMAL: f"numeric(12,{SCALE})",
    Kind.TEXT: "text",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "timestamp without time zone",
    Kind.TIMESTAMPTZ: "timestamp with time zone",
    Kind.BOOL: "boolean",
}
"""The column types, as the server's own format_type writes them."""

_NAMES = {
    Kind.DECIMAL: "numeric",
    Kind.TIMESTAMP: "timestamp",
    Kind.TIMESTAMPTZ: "timestamptz",
}
"""Those that have another name than their declaration."""


def _create(table: str, *, key: bool = False) -> str:
    columns = [f"{column.name} {_DECLARED[column.kind]}" for column in COLUMNS]
    return f"CREATE TABLE {table} ({', '.join(columns)}{f', PRIMARY KEY ({KEY})' if key else ''})"


def _measured(rows: int) -> str:
    """The name of the measured table."""
    return f"bench_{rows}_{fingerprint(_create('', key=True))}"


def _children_cpu() -> float:
    """CPU seconds of the processes that this one has started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def _administration(target: Target) -> Iterator[Any]:
    """A connection that commits by itself, for what is not measured."""
    with connect(target) as connection:
        connection.autocommit = True
        yield connection


def _socket_in_host(target: Target) -> str:
    """The URI with the socket's directory in the place of the host: connectorx knows no other way."""
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(target.uri)
    if not str(parts.get("host", "")).startswith("/"):
        return target.uri
    user, host, database = (quote(str(parts[name]), safe="") for name in ("user", "host", "dbname"))
    return f"postgresql://{user}@{host}:{parts.get('port', 5432)}/{database}"


class Postgres(Backend):
    """See `Backend`; every insert goes to a new table beside the measured one."""

    name = "postgres"
    server_variable = "INDUSTRYDB_BENCH_POSTGRES"
    packages = ("connectorx", "adbc-driver-postgresql", "duckdb", "psycopg", "asyncpg", "pandas", "pyarrow")
    runners = (
        IndustryDb(),
        Connectorx(uri=_socket_in_host),
        Connectorx(partitions=2, uri=_socket_in_host),
        Adbc("adbc_driver_postgresql.dbapi", placeholder="${}", decimals=True),
        DuckDb("postgres", _DUCKDB, handed_through=True),
        DuckDb("postgres", _DUCKDB, name=_PARALLEL, works=frozenset({Work.READ, Work.BATCHES})),
        Psycopg(create=_create, types=[_NAMES.get(column.kind, _DECLARED[column.kind]) for column in COLUMNS]),
        PsycopgTuples(),
        Asyncpg(create=_create),
        PolarsDbApi("psycopg", connect, placeholder="%s", option="params"),
        PandasDbApi("psycopg", alchemy, placeholder="%s", works=frozenset({Work.READ, Work.PARAMETERS, Work.ROW})),
    )
    limits: ClassVar[Mapping[Work, Sequence[str]]] = {
        Work.READ: ("C drain", "C fill"),
        Work.PARAMETERS: ("C drain",),
        Work.INSERT: ("psql \\copy", "C copy"),
        Work.ROW: ("C row",),
        Work.BATCHES: ("C drain",),
        Work.QUERIES: (),
        Work.STATEMENTS: (),
        Work.IMPORT: (),
    }
    goals = postgres_goals(
        ["connectorx", "ADBC", "DuckDB", "psycopg", "asyncpg", "polars.read_database", "pandas"], _PARALLEL
    )

    def __init__(self) -> None:
        self._programs: dict[str, Path] = {}
        self._server: PgServer | None = None
        self._borrowed: Target | None = None
        self._notes: list[str] = []
        self._where: list[str] = []
        self._file = Path()
        self._psql: str | None = None

    def prepare(self, cache: Path, rows: int, server: str | None) -> Target:
        cache.mkdir(parents=True, exist_ok=True)
        self._programs = build_postgres_limits(cache / "limits")
        own = PgServer(cache)
        self._server = own
        uri = own.start() if server is None else server
        self._psql = own.psql
        table = _measured(rows)
        target = Target(self.name, uri, uri, table, rows, str(table_file(cache, rows)))
        self._file = cache / f"postgres-{table}.copy"
        if server is not None:
            self._borrowed = target
        try:
            with _administration(target) as connection:
                self._settle(connection, own=server is None)
                self._load(connection, target)
        except ImportError as error:
            raise BuildError(f"the harness' own client is not installed: {error}") from error
        return target

    def close(self) -> None:
        if self._borrowed is not None:
            with _administration(self._borrowed) as connection:
                connection.execute(f"DROP TABLE IF EXISTS {self._borrowed.table}")
        if self._server is not None:
            self._server.stop()

    def _settle(self, connection: Any, *, own: bool) -> None:
        if own:
            # Nobody's turn is to pay for the table that another left behind.
            connection.execute("ALTER SYSTEM SET autovacuum = off")
            connection.execute("SELECT pg_reload_conf()")
        info = connection.info
        self._where = [info.host, str(info.port), info.user, info.dbname]
        shown = ("server_version", "shared_buffers", "wal_level", "io_method", "data_checksums", "TimeZone")
        values = {name: connection.execute(f"SELECT current_setting('{name}', true)").fetchone()[0] for name in shown}
        place = "a Unix socket" if info.host.startswith("/") else "TCP"
        self._notes = [f"{place}, {', '.join(f'{name} {value}' for name, value in values.items())}"]

    def _load(self, connection: Any, target: Target) -> None:
        """The measured table, and its rows as a file in COPY's binary format."""
        table = target.table
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone()[0] is None:
            with connection.transaction(), connection.cursor() as cursor:
                cursor.execute(_create(table, key=True))
                with cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy:
                    for chunk in target.load_truth().iter_slices(100_000):
                        copy.write(chunk.write_csv(include_header=False))
            connection.execute(f"VACUUM (FREEZE, ANALYZE) {table}")
        if not self._file.exists():
            passing = self._file.with_suffix(".part")
            with (
                connection.cursor() as cursor,
                passing.open("wb") as file,
                cursor.copy(f"COPY {table} TO STDOUT (FORMAT binary)") as copy,
            ):
                for data in copy:
                    file.write(data)
            passing.rename(self._file)
        self._file.read_bytes()  # into the page cache, as the table is by one look at all of it
        connection.execute(f"SELECT count(note) FROM {table}")

    @contextmanager
    def apart(self) -> Iterator[None]:
        """See `Backend`. Only of our own server: another's processes are not ours to move."""
        process = self._server.process if self._server is not None else None
        all_of_them = os.sched_getaffinity(0)
        if process is None or len(all_of_them) == 1:
            yield
            return
        first, *others = sorted(all_of_them)
        try:
            # What is started from now on inherits it: connections there, contenders here.
            os.sched_setaffinity(process, {first})
            os.sched_setaffinity(0, others)
            yield
        finally:
            os.sched_setaffinity(0, all_of_them)
            os.sched_setaffinity(process, all_of_them)

    def limit(self, name: str, job: Job) -> Outcome:
        target, where = job.target, self._where
        match name:
            case "C drain":
                query = [target.select]
                if job.work is Work.PARAMETERS:
                    query = [target.filtered("$1", "$2"), *map(str, FILTER)]
                return run_limit([self._programs["drain"], *where, *query])
            case "C fill":
                return run_fill(job, lambda place: [self._programs["fill"], place, KINDS, *where, target.select])
            case "C row":
                query = [target.lookup("$1")]
                return run_look_ups(job, lambda keys: [self._programs["row"], keys, KINDS, *where, *query])
            case "C copy":
                vacant = self.vacant(target)
                statements = [_create(vacant.table), f"COPY {vacant.table} FROM STDIN (FORMAT binary)"]
                outcome = run_limit([self._programs["copy"], self._file, *where, *statements])
                self.discard(vacant)
                return outcome
            case "psql \\copy":
                return self._psql_copy(target)
            case _:
                raise KeyError(name)

    def _psql_copy(self, target: Target) -> Outcome:
        """The whole process of psql, which copies the ready file."""
        if self._psql is None:
            raise RunError("psql is not installed")
        vacant = self.vacant(target)
        meta = f"\\copy {vacant.table} from '{self._file}' (format binary)"
        command = [self._psql, "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-d", vacant.database]
        start, cpu = perf_counter(), _children_cpu()
        done = subprocess.run(
            [*command, "-c", _create(vacant.table), "-c", meta], capture_output=True, text=True, check=False
        )
        seconds, cpu = perf_counter() - start, _children_cpu() - cpu
        if done.returncode != 0:
            raise RunError(done.stderr.strip())
        self.discard(vacant)
        return Outcome(seconds, target.rows, cpu_seconds=cpu)

    def vacant(self, target: Target) -> Target:
        vacant = replace(target, table=_INSERTED)
        self.discard(vacant)  # a run that was broken off may have left it
        return vacant

    def discard(self, vacant: Target) -> None:
        with _administration(vacant) as connection:
            connection.execute(f"DROP TABLE IF EXISTS {vacant.table}")
            connection.execute("CHECKPOINT")  # what the run before left to the disk is not the next one's to wait for

    def check_stored(self, target: Target, truth: pl.DataFrame) -> Sequence[Finding]:
        """The server holds the table against the measured one, whose every cell the reads have checked."""
        with _administration(target) as connection:
            types = dict(
                connection.execute(
                    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                    " WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                    [target.table],
                ).fetchall()
            )
            if list(types) != truth.columns:
                raise ValueError(f"columns {list(types)} instead of {truth.columns}")
            rows = connection.execute(f"SELECT count(*) FROM {target.table}").fetchone()[0]
            if rows != truth.height:
                raise ValueError(f"{rows} rows instead of {truth.height}")
            wrong = self._wrong_cells(connection, target.table, _measured(target.rows), types)
        declared = {column.name: _DECLARED[column.kind] for column in COLUMNS}
        return [
            Finding(name, declared[name], types[name], wrong[name])
            for name in types
            if wrong[name] != 0 or types[name] != declared[name]
        ]

    @staticmethod
    def _wrong_cells(connection: Any, table: str, measured: str, types: Mapping[str, str]) -> dict[str, int | None]:
        """For each column the cells that differ once they are of the declared type; None where they cannot be cast."""
        import psycopg

        def differ(column: str, declared: str) -> str:
            cast = column if types[column] == declared else f"{column}::{declared}"
            return f"count(*) FILTER (WHERE ours.{cast} IS DISTINCT FROM truth.{column})"

        both = f"FROM {measured} AS truth LEFT JOIN {table} AS ours USING ({KEY})"
        counts = {column.name: differ(column.name, _DECLARED[column.kind]) for column in COLUMNS if column.name != KEY}
        key = f"SELECT count(*) {both} WHERE ours.{KEY} IS NULL"
        wrong: dict[str, int | None] = {KEY: connection.execute(key).fetchone()[0]}
        with suppress(psycopg.DataError, psycopg.ProgrammingError):
            found = connection.execute(f"SELECT {', '.join(counts.values())} {both}").fetchone()
            return wrong | dict(zip(counts, found, strict=True))
        for name, count in counts.items():  # one of them has no cast: find out which
            wrong[name] = None
            with suppress(psycopg.DataError, psycopg.ProgrammingError):
                wrong[name] = connection.execute(f"SELECT {count} {both}").fetchone()[0]
        return wrong

    def server_memory(self, target: Target) -> int | None:
        with _administration(target) as connection:
            pids = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                " AND datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchall()
        size = 0
        for (pid,) in pids:
            process = Path("/proc") / str(pid)
            try:
                if not (process / "comm").read_text().startswith("postgres"):
                    return None  # the server is on another machine, and its numbers mean others here
                status = (process / "status").read_text()
            except OSError:
                return None
            # What is its own: shared buffers count as resident in every process that has touched them.
            size += next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon:"))
        return size or None

    def discrepancies(self) -> Sequence[str]:
        import industrydb

        if self.name not in industrydb.backends():
            raise ImportError(f"it was built without {self.name}")
        return self._notes
