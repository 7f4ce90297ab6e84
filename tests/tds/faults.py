"""What a test can make go wrong: stalls and closes at each phase, refusals, answers of its own."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from tests.tds.errors import SqlError

PHASES = ("accept", "prelogin", "tls", "login", "request", "columns", "row", "bulk")
"""Where a fault can be placed: before the server answers to it."""


class Close(Exception):  # noqa: N818 - no error
    """The connection ends here, without a word."""


@dataclass(slots=True)
class Faults:
    """The faults of a server; a test sets them while it runs."""

    stall: set[str] = field(default_factory=set[str])
    """Phases at which the server falls silent until the test calls `release` or stops it."""
    close: set[str] = field(default_factory=set[str])
    """Phases at which the connection is cut."""
    after_rows: int = 0
    """How many rows go out before the phase `row`."""
    deadlocks: int = 0
    """How many of the next statements fail as the victim of a deadlock, 1205."""
    endless_bulk: bool = False
    """Whether a bulk load works on its rows until it is cancelled."""
    denied: set[str] = field(default_factory=set[str])
    """Names of catalog views and functions of the schema `sys` that the login may not read, 229."""
    responses: dict[str, bytes] = field(default_factory=dict[str, bytes])
    """Tokens that answer a batch of exactly this text, instead of the engine."""
    login_error: SqlError | None = None
    """What a login ends with that is right otherwise."""
    route_to: tuple[str, int] | None = None
    """Another server that a login is sent on to."""
    released: threading.Event = field(default_factory=threading.Event)
    stalled: threading.Event = field(default_factory=threading.Event)
    """Set as soon as a connection stalls."""

    def reach(self, phase: str) -> None:
        """A connection reached a phase.

        Raises:
            Close: if it ends there.
        """
        if phase in self.stall:
            self.stalled.set()
            self.released.wait()
        if phase in self.close:
            raise Close

    def release(self) -> None:
        """Lets what stalls go on."""
        self.stall.clear()
        self.released.set()

    def take_deadlock(self) -> bool:
        """Whether the statement that runs now is a victim."""
        if self.deadlocks:
            self.deadlocks -= 1
            return True
        return False
