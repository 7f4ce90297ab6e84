"""SQL Server: the table as a recorded response of the project's test server, the limits in C and Rust, the peers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from benches.backends.tdsserver import TdsServer
from benches.columns import COLUMNS, KEY, SCALE, Kind
from benches.compare import compare
from benches.goals import mssql_goals
from benches.keys import look_ups
from benches.limit import run_limit
from benches.model import Backend, Finding, Job, Outcome, Target, Work
from benches.native import BuildError, build_mssql_limits
from benches.runners.connectorx import Connectorx
from benches.runners.industrydb import IndustryDb
from benches.runners.mssqlpython import MssqlPython
from benches.runners.pymssql import Pymssql, connect
from benches.table import fingerprint, table_file

_TABLE = "bench"
_INSERTED = "bench_inserted"
_PACKET_SIZES = ("4096", "8000")
"""Those that the contenders ask for: the server's own, and industrydb's."""
_DAYS_TO_1970 = date(1970, 1, 1).toordinal() - 1
_TICKS_PER_DAY = 864_000_000_000
"""A tick is 100 ns."""

_DECLARED: dict[Kind, str] = {
    Kind.INT: "bigint",
    Kind.FLOAT: "float",
    Kind.DECIMAL: f"decimal(12,{SCALE})",
    Kind.TEXT: "nvarchar",
    Kind.DATE: "date",
    Kind.TIMESTAMP: "datetime2",
    Kind.TIMESTAMPTZ: "datetimeoffset",
    Kind.BOOL: "bit",
}
_LENGTHS = {"code": 10, "label": 50, "note": 400}
"""Of the texts, in UTF-16 units."""


def _create(table: str) -> str:
    def declared(name: str, kind: Kind) -> str:
        length = f"({_LENGTHS[name]})" if kind is Kind.TEXT else ""
        return f"{_DECLARED[kind]}{length} {'NOT NULL PRIMARY KEY' if name == KEY else 'NULL'}"

    columns = [f"{column.name} {declared(column.name, column.kind)}" for column in COLUMNS]
    return f"CREATE TABLE {table} ({', '.join(columns)})"


def _recreate(table: str) -> str:
    return f"DROP TABLE IF EXISTS {table}; {_create(table)}"


def _as_recorded(frame: pl.DataFrame) -> pl.DataFrame:
    """The values as the test server's encoders take them: see `tests.tds.types`."""

    def recorded(name: str, kind: Kind) -> pl.Expr:
        column = pl.col(name)
        match kind:
            case Kind.INT | Kind.FLOAT | Kind.TEXT:
                return column
            case Kind.DECIMAL:
                return column.to_physical().cast(pl.Int64)
            case Kind.DATE:
                return column.to_physical() + _DAYS_TO_1970
            case Kind.TIMESTAMP | Kind.TIMESTAMPTZ:
                return column.to_physical() * 10 + _DAYS_TO_1970 * _TICKS_PER_DAY
            case Kind.BOOL:
                return column.cast(pl.Int64)

    return frame.select(recorded(column.name, column.kind) for column in COLUMNS)


def _record(frame: pl.DataFrame, path: Path) -> None:
    """The table as a response, in the form that the test server sends."""
    from tests.tds import replay
    from tests.tds.types import SqlType
    from tests.tds.wire.tokens import Column

    types = {
        Kind.INT: SqlType("bigint"),
        Kind.FLOAT: SqlType("float"),
        Kind.DECIMAL: SqlType("decimal", precision=12, scale=SCALE),
        Kind.DATE: SqlType("date"),
        Kind.TIMESTAMP: SqlType("datetime2", scale=7),
        Kind.TIMESTAMPTZ: SqlType("datetimeoffset", scale=7),
        Kind.BOOL: SqlType("bit"),
    }
    columns = [
        Column(
            column.name,
            SqlType("nvarchar", _LENGTHS[column.name]) if column.kind is Kind.TEXT else types[column.kind],
            column.name != KEY,
            table=("test", "dbo", _TABLE),
        )
        for column in COLUMNS
    ]
    zoned = [at for at, column in enumerate(COLUMNS) if column.kind is Kind.TIMESTAMPTZ]

    def rows() -> Iterator[list[Any]]:
        for row in _as_recorded(frame).iter_rows():
            values = list(row)
            for at in zoned:
                values[at] = None if values[at] is None else (values[at], 0)
            yield values

    passing = path.with_suffix(".part")
    replay.save(replay.record(columns, rows()), passing)
    passing.rename(path)


def _bound(frame: pl.DataFrame) -> pl.DataFrame:
    """The values as pymssql's bulk copy takes them without a loss: it has no dates, and datetimes to milliseconds."""
    texts = {
        Kind.DATE: "%Y-%m-%d",
        Kind.TIMESTAMP: "%Y-%m-%d %H:%M:%S%.6f",
        Kind.TIMESTAMPTZ: "%Y-%m-%d %H:%M:%S%.6f",  # FreeTDS takes no offset, and gives it that of UTC
    }

    def bound(name: str, kind: Kind) -> pl.Expr:
        column = pl.col(name)
        if kind is Kind.DECIMAL:
            return column.cast(pl.String)
        return column.dt.to_string(texts[kind]) if kind in texts else column

    return frame.select(bound(column.name, column.kind) for column in COLUMNS)


def _array_bytes(frame: pl.DataFrame) -> int:
    """What the result takes as arrays: values, bitmaps, views and the texts that do not fit into them."""
    size = 0
    for column in COLUMNS:
        values = frame[column.name]
        width = {Kind.DECIMAL: 16.0, Kind.TEXT: 16.0, Kind.DATE: 4.0, Kind.BOOL: 0.125}.get(column.kind, 8.0)
        size += int(values.len() * (width + 0.125))
        if column.kind is Kind.TEXT:
            lengths = values.str.len_bytes()
            size += int(lengths.filter(lengths > 12).sum())
    return size


class _Inserting(IndustryDb):
    """industrydb, whose insert goes into the table that everybody's goes into."""

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        import industrydb

        with industrydb.connect(target.uri) as connection:
            connection.execute(_recreate(target.table))
            if connection.insert(target.table, frame) != frame.height:
                raise ValueError("not all rows were counted")


class Mssql(Backend):
    """See `Backend`; what is inserted is put aside by the server, which gives it back for the check."""

    name = "mssql"
    runners = (
        _Inserting(),
        # It takes any word behind `encrypt=` for a wish to encrypt.
        Connectorx(uri=lambda target: target.uri.partition("?")[0]),
        MssqlPython(_recreate),
        Pymssql(_recreate, _bound),
    )
    limits: ClassVar[Mapping[Work, Sequence[str]]] = {
        Work.READ: ("tiberius", "C drain"),
        Work.INSERT: (),
        Work.ROW: (),
        Work.BATCHES: ("tiberius",),
        Work.IMPORT: (),
    }
    packages = ("connectorx", "mssql-python", "pymssql", "pyarrow")
    goals = mssql_goals()

    def __init__(self) -> None:
        self._programs: dict[str, Path] = {}
        self._server = TdsServer()
        self._arguments: list[str] = []
        self._result_bytes = 0

    def prepare(self, cache: Path, rows: int, server: str | None) -> Target:
        del server  # a real one would measure itself: the rows have to come as fast as the socket takes them
        cache.mkdir(parents=True, exist_ok=True)
        self._programs = build_mssql_limits(cache / "limits")
        truth = table_file(cache, rows)
        frame = pl.read_ipc(truth)
        self._result_bytes = _array_bytes(frame)
        recording = cache / f"mssql-{rows}-{fingerprint(Path(__file__).read_text())}.recording"
        if not recording.exists():
            _record(frame, recording)
        address = self._server.start(recording, _INSERTED, rows)
        self._arguments = address.arguments
        odbc = (
            f"Server={address.host},{address.port};Database={address.database};"
            f"UID={address.user};PWD={address.password};Encrypt=no;TrustServerCertificate=yes"
        )
        target = Target(self.name, address.uri, odbc, _TABLE, rows, str(truth))
        try:
            self._load(target, frame)
        except ImportError as error:
            raise BuildError(f"the harness' own client is not installed: {error}") from error
        # The server cuts the recording into packets of the client's size when it is first asked for it.
        for size in _PACKET_SIZES:
            run_limit([self._programs["drain"], *self._arguments, target.select, size])
        return target

    def close(self) -> None:
        self._server.stop()

    @staticmethod
    def _load(target: Target, frame: pl.DataFrame) -> None:
        """The table itself, with the rows that are looked up: all of them come from the recording."""
        keys = look_ups(Job("", Work.ROW, target))
        rows = frame.filter(pl.col(KEY).is_in(pl.Series(keys).unique()))
        with closing(connect(target)) as connection:
            with closing(connection.cursor()) as cursor:
                cursor.execute(_create(target.table))
            connection.bulk_copy(target.table, _bound(rows).iter_rows(), batch_size=rows.height)

    def limit(self, name: str, job: Job) -> Outcome:
        program = self._programs[name.removeprefix("C ")]
        outcome = run_limit([program, *self._arguments, job.target.select])
        return replace(outcome, rows=job.target.rows, result_bytes=self._result_bytes)

    def vacant(self, target: Target) -> Target:
        return replace(target, table=_INSERTED)

    def discard(self, vacant: Target) -> None:
        """Nothing got into the table; the next one drops it."""

    def check_stored(self, target: Target, truth: pl.DataFrame) -> Sequence[Finding]:
        """The server gives back what it was sent; Microsoft's driver says what that is."""
        with closing(MssqlPython.connect(target)) as connection, closing(connection.cursor()) as cursor:
            stored = pl.from_arrow(cursor.execute(target.select).arrow())
        if not isinstance(stored, pl.DataFrame):
            raise TypeError(f"a table became {type(stored)}")
        return compare(stored, truth, lambda name: truth.schema[name])

    def discrepancies(self) -> Sequence[str]:
        import industrydb

        if self.name not in industrydb.backends():
            raise ImportError(f"it was built without {self.name}")
        return ["TCP, no TLS; responses from a recording, bulk loads taken off the socket and not looked at"]
