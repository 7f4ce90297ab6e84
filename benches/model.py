"""What is measured, on what, by whom: the words that the rest of the harness is written in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

from benches.columns import FILTER, FILTERED, KEY


class Work(StrEnum):
    """The jobs of DESIGN §5."""

    READ = "read"
    PARAMETERS = "parameters"
    INSERT = "insert"
    ROW = "row"
    BATCHES = "batches"
    QUERIES = "queries"
    STATEMENTS = "statements"
    IMPORT = "import"

    @property
    def heading(self) -> str:
        """The work in a few words."""
        return _HEADINGS[self]

    @property
    def once(self) -> bool:
        """Whether one round is enough: what counts is memory, which no neighbour disturbs."""
        return self in {Work.QUERIES, Work.STATEMENTS}

    @property
    def apart(self) -> bool:
        """Whether server and contender are kept on processors of their own.

        A look-up is over sooner than the scheduler settles: where both happen to sleep and wake on one processor it
        takes a fraction of the time, by chance.
        """
        return self is Work.ROW


_HEADINGS = {
    Work.READ: "read the table → DataFrame",
    Work.PARAMETERS: "read the table by a query with parameters → DataFrame",
    Work.INSERT: "bulk insert of a DataFrame → new table",
    Work.ROW: "one row by key, all columns, p50",
    Work.BATCHES: "read the table in batches, keep none",
    Work.QUERIES: "look-ups of one row on one connection, for the memory that they leave behind",
    Work.STATEMENTS: "distinct statements on one connection, for the memory that they leave behind",
    Work.IMPORT: "import, over import polars",
}


@dataclass(frozen=True)
class Target:
    """The measured table, or the empty place for a new one, as plain text that travels to another process."""

    backend: str
    uri: str
    """As industrydb and connectorx take it."""
    database: str
    """As the backend's other clients take it: a path, a DSN."""
    table: str
    rows: int
    truth: str
    """Arrow file of the table in its declared types; see `load_truth`."""

    def load_truth(self) -> pl.DataFrame:
        """The table in its declared types, in memory of its own."""
        # From bytes: a mapped file would be read page by page while the clock runs.
        return pl.read_ipc(Path(self.truth).read_bytes()).rechunk()

    @property
    def select(self) -> str:
        """The query of the whole table."""
        return f"SELECT * FROM {self.table}"

    def filtered(self, first: str, end: str) -> str:
        """The query of the whole table by a filter; `first` and `end` are placeholders or literals of `FILTER`."""
        return f"SELECT * FROM {self.table} WHERE {FILTERED} >= {first} AND {FILTERED} < {end}"

    def lookup(self, key: str) -> str:
        """The look-up of one row; `key` is a placeholder or a literal."""
        return f"SELECT * FROM {self.table} WHERE {KEY} = {key}"

    def distinct(self, key: str, number: int) -> str:
        """A look-up whose text is like no other's, and whose result has a column of its own."""
        return f"SELECT *, {number} AS number_{number} FROM {self.table} WHERE {KEY} = {key}"


@dataclass(frozen=True)
class Finding:
    """A column that did not arrive as declared."""

    column: str
    expected: str
    got: str
    wrong: int | None
    """Cells that differ from the truth after normalising; None where there is no way to normalise."""


@dataclass(frozen=True)
class Outcome:
    """One run of one job in one fresh process."""

    seconds: float
    rows: int
    cpu_seconds: float | None = None
    """CPU time of the process meanwhile, all of its threads: what neighbours on the machine disturb less."""
    peak_bytes: int | None = None
    """Highest resident memory during the job, above what was resident after the imports."""
    result_bytes: int | None = None
    """Bytes of the result's arrays; only the limit that fills them knows."""
    growth_bytes: int | None = None
    """How much the peak rose after the first half of the rows, the look-ups, the statements."""
    server_bytes: int | None = None
    """Memory of the server's own process for this connection at the end, above that at the beginning."""
    server_growth_bytes: int | None = None
    """How much of that came in the second half."""
    findings: Sequence[Finding] | None = None
    """What a check found; None where none was asked for."""


@dataclass(frozen=True)
class Job:
    """An order for one fresh process."""

    runner: str
    work: Work
    target: Target
    check: bool = False
    keys: int = 2_000
    """Look-ups of `Work.ROW`."""
    queries: int = 100_000
    """Look-ups of `Work.QUERIES`."""
    statements: int = 10_000
    """Statements of `Work.STATEMENTS`."""
    budget: float = 4.0
    """Seconds after which `Work.ROW` stops early."""


class UnavailableError(Exception):
    """A runner cannot run on this machine; the message says why."""


class RunError(Exception):
    """A contender's process ended with an error; the message is its last words."""


class Runner(ABC):
    """One client library. Subclasses implement the methods of the works that they name.

    Libraries are imported inside the methods: a process loads the one that it measures.
    """

    name: str
    works: frozenset[Work]
    modules: tuple[str, ...]
    """What `ready` imports; the first is the library itself."""

    def ready(self) -> None:
        """What a process does once, before the clock starts and memory counts: the imports."""
        for module in self.modules:
            import_module(module)

    placeholder: str | None = None
    """How the library writes a parameter, with {} for its number; None if it takes literals only."""

    def session(self, target: Target) -> AbstractContextManager[Callable[..., Any]]:
        """A function from SQL and its parameters to the library's own frame, on a connection that stays open."""
        raise NotImplementedError

    def place(self, number: int, value: int) -> str:
        """What stands in SQL for the parameter `number`, counted from 1."""
        return str(value) if self.placeholder is None else self.placeholder.format(number)

    def bound(self, *values: int) -> Sequence[int]:
        """What goes with the SQL: nothing where the values stand in it."""
        return () if self.placeholder is None else values

    def read(self, target: Target) -> Any:
        """The whole table as the library's own frame."""
        with self.session(target) as run:
            return run(target.select)

    def read_filtered(self, target: Target) -> Any:
        """The whole table by a query with parameters, as the library's own frame."""
        sql = target.filtered(*(self.place(number, value) for number, value in enumerate(FILTER, start=1)))
        with self.session(target) as run:
            return run(sql, *self.bound(*FILTER))

    def to_polars(self, result: Any) -> pl.DataFrame:
        """The library's own frame as Polars', for the check (not timed)."""
        if not isinstance(result, pl.DataFrame):
            raise TypeError(f"{self.name} gave {type(result)}")
        return result

    @contextmanager
    def lookup(self, target: Target) -> Iterator[Callable[[int], Any]]:
        """A function from a key to that row's frame, on a connection that stays open."""
        with self.session(target) as run:
            if self.placeholder is None:
                yield lambda key: run(target.lookup(str(key)))
            else:
                sql = target.lookup(self.place(1, 0))
                yield lambda key: run(sql, key)

    def insert(self, target: Target, frame: pl.DataFrame) -> None:
        """Creates `target.table` with the rows of `frame`."""
        raise NotImplementedError

    def batches(self, target: Target) -> Iterator[int]:
        """The table batch by batch; gives the rows of each, after it exists as the library's own frame."""
        raise NotImplementedError


@dataclass
class Results:
    """Every outcome of a run, by work and runner, in the order of the rounds."""

    outcomes: dict[tuple[Work, str], list[Outcome]] = field(default_factory=dict)
    failures: dict[tuple[Work, str], str] = field(default_factory=dict)

    def add(self, work: Work, runner: str, outcome: Outcome) -> None:
        self.outcomes.setdefault((work, runner), []).append(outcome)

    def of(self, work: Work, runner: str) -> list[Outcome]:
        return self.outcomes.get((work, runner), [])

    def best(self, work: Work, runner: str) -> float | None:
        """The shortest time in seconds, or None if it never ran."""
        return min((outcome.seconds for outcome in self.of(work, runner)), default=None)

    def peak(self, work: Work, runner: str) -> int | None:
        """The highest peak memory in bytes."""
        return max((o.peak_bytes for o in self.of(work, runner) if o.peak_bytes is not None), default=None)


@dataclass(frozen=True)
class Verdict:
    """How far a goal is met: the measured figure in words, and yes, no, or None where it was not measured."""

    measured: str
    met: bool | None


@dataclass(frozen=True)
class Goal:
    """One line of DESIGN §5: what has to be reached and how to tell."""

    title: str
    reach: str
    judge: Callable[[Results], Verdict]


class Backend(ABC):
    """A database: where its table comes from, its limits, its runners and its goals."""

    name: str
    runners: Sequence[Runner]
    goals: Sequence[Goal]
    limits: ClassVar[Mapping[Work, Sequence[str]]]
    """The works that are measured here, and the programs that give the limit of each; the first is what ratios refer
    to."""
    packages: Sequence[str]
    """The packages whose versions the report names, beside industrydb and Polars."""
    server_variable: str | None = None
    """The environment variable that names a server to use; None if there is no server."""

    @abstractmethod
    def prepare(self, cache: Path, rows: int, server: str | None) -> Target:
        """Builds what is missing (table, limits) and brings the data into the page cache. Raises `BuildError`.

        `server` is the URI of a server to use instead of the harness' own.
        """

    def close(self) -> None:
        """Stops what `prepare` started."""
        return

    def server_memory(self, target: Target) -> int | None:
        """Bytes that the server holds for the connections of others than this call; None if nobody can say."""
        del target
        return None

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Meanwhile the server has a processor that no contender runs on, and they the others."""
        yield

    @abstractmethod
    def limit(self, name: str, job: Job) -> Outcome:
        """Runs the limit `name` in a process of its own. Raises `RunError`."""

    @abstractmethod
    def vacant(self, target: Target) -> Target:
        """An empty place for an insert, on the same disk or server."""

    @abstractmethod
    def discard(self, vacant: Target) -> None:
        """Removes what an insert put there."""

    @abstractmethod
    def check_stored(self, target: Target, truth: pl.DataFrame) -> Sequence[Finding]:
        """What is in an inserted table otherwise than declared, read without the measured libraries' help."""

    @abstractmethod
    def discrepancies(self) -> Sequence[str]:
        """What makes the comparison with the limit unfair on this machine, e.g. another build of the database."""
