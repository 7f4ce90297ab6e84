"""What all tests share: each run ends with how many tests ran on which backend.

A backend that the build contains but that cannot be reached here is named there, and is a failure where `CI` is set.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import industrydb as idb
from tests.conformance.backends import BACKENDS, Backend

NO_BACKEND = "no backend"
OUTCOMES = ("passed", "failed", "skipped")

tally = pytest.StashKey[defaultdict[str, Counter[str]]]()


def backend_of(item: pytest.Item) -> str:
    """The backend that a test runs on, and its version: the `backend` parameter, else the `backend` marker."""
    callspec = getattr(item, "callspec", None)
    backend = callspec.params.get("backend") if callspec else None
    if isinstance(backend, Backend):
        return backend.label
    marker = item.get_closest_marker("backend")
    return str(marker.args[0]) if marker else NO_BACKEND


def missing_backends() -> dict[str, str]:
    """The backends of this build that no test can run on, and why."""
    built = idb.backends()
    reasons = {backend.label: backend.unavailable() for backend in BACKENDS if backend.name in built}
    known = {backend.name for backend in BACKENDS}
    reasons |= {name: "the conformance suite has no entry for it" for name in built if name not in known}
    return {name: reason for name, reason in reasons.items() if reason is not None}


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers, and starts the count."""
    config.addinivalue_line("markers", "backend(name): the backend that the test runs on")
    config.addinivalue_line("markers", "cases(attribute): one test for each entry of that attribute of a backend")
    config.stash[tally] = defaultdict[str, Counter[str]](Counter)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sends each test's backend along with its reports, also from the workers of a parallel run."""
    for item in items:
        item.user_properties.append(("backend", backend_of(item)))


class Recorder:
    """Counts the outcomes of tests by backend."""

    def __init__(self, counts: defaultdict[str, Counter[str]]) -> None:
        """`counts` is where they go."""
        self.counts = counts

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test counts once: by its call, or by the set-up or tear-down that did not pass."""
        if report.when == "call" or not report.passed:
            backend = dict(report.user_properties).get("backend", NO_BACKEND)
            self.counts[str(backend)][report.outcome] += 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Starts to count."""
    session.config.pluginmanager.register(Recorder(session.config.stash[tally]))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a run without one of its servers is no success."""
    if os.environ.get("CI") and missing_backends() and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says how many tests ran on each backend."""
    counts = terminalreporter.config.stash[tally]
    terminalreporter.section("tests by backend")
    for name in sorted(counts, key=lambda name: (name == NO_BACKEND, name)):
        by_outcome = ", ".join(f"{counts[name][outcome]} {outcome}" for outcome in OUTCOMES)
        terminalreporter.line(f"{name}: {counts[name].total()} ran: {by_outcome}")
    for name, reason in missing_backends().items():
        terminalreporter.line(f"{name}: NONE RAN: {reason}", red=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a new SQLite file may go."""
    return tmp_path / "test.db"


@pytest.fixture
def lite(path: Path) -> Iterator[idb.Connection]:
    """A connection to a new SQLite file."""
    with idb.DatabaseConfig("sqlite", path=str(path)).connect() as connection:
        yield connection
