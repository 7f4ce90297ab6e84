"""What is measured, on what, by whom: the words that the rest of the harness is written in."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import polars as pl


class Work(StrEnum):
    """The jobs of DESIGN §5."""

    READ = "read"
    INSERT = "insert"
    ROW = "row"
    BATCHES = "batches"
    IMPORT = "import"

    @property
    def heading(self) -> str:
        """The work in a few words."""
        return _HEADINGS[self]


_HEADINGS = {
    Work.READ: "read the table → DataFrame",
    Work.INSERT: "bulk insert of a DataFrame → new table",
    Work.ROW: "one row by key, all columns, p50",
    Work.BATCHES: "read the table in batches, keep none",
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

    def lookup(self, key: str) -> str:
        """The look-up of one row; `key` is a placeholder or a literal."""
        return f"SELECT * FROM {self.table} WHERE id = {key}"


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
    peak_bytes: int | None = None
    """Highest resident memory during the job, above what was resident after the imports."""
    result_bytes: int | None = None
    """Bytes of the result's arrays; only the limit that fills them knows."""
    growth_bytes: int | None = None
    """Batches: how much the peak rose after the first half of the rows."""
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

    def read(self, target: Target) -> Any:
        """The whole table as the library's own frame."""
        raise NotImplementedError

    def to_polars(self, result: Any) -> pl.DataFrame:
        """The library's own frame as Polars', for the check (not timed)."""
        if not isinstance(result, pl.DataFrame):
            raise TypeError(f"{self.name} gave {type(result)}")
        return result

    def lookup(self, target: Target) -> AbstractContextManager[Callable[[int], Any]]:
        """A function from a key to that row's frame, on a connection that stays open."""
        raise NotImplementedError

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
    """The programs that give the limit of a work; the first is what ratios refer to."""

    @abstractmethod
    def prepare(self, cache: Path, rows: int) -> Target:
        """Builds what is missing (table, limits) and brings the data into the page cache. Raises `BuildError`."""

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
