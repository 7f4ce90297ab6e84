"""What the server reports: errors with their numbers, as `sys.messages` has them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class SqlError(Exception):
    """An error of SQL Server.

    Args:
        number: as in `sys.messages`.
        text: with its arguments filled in.
        level: 11 to 16 are the user's, 20 and above end the connection.
        state: where in the server it arose.
        line: of the batch, from 1; 0 until known.
        procedure: that it arose in.
        ends: what it ends: `statement`, `batch`, or `transaction` (the batch, and what is open is rolled back).
        aborts: whether XACT_ABORT was on where it arose; None until known.
        depth: how many procedures deep it arose; None until known.
    """

    number: int
    text: str
    level: int = 16
    state: int = 1
    line: int = 0
    procedure: str = ""
    ends: str = "statement"
    aborts: bool | None = None
    depth: int | None = None

    def __str__(self) -> str:
        """Number and text."""
        return f"{self.number}: {self.text}"


class Refused(SqlError):  # noqa: N818 - reads as what the server does
    """What a real server could do and this one does not: an error instead of a guess."""

    __slots__ = ()

    def __init__(self, what: str) -> None:
        """`what` is not there."""
        super().__init__(50000, f"The TDS test server refuses: {what}.", ends="batch")


class Cancelled(Exception):  # noqa: N818 - no error
    """An attention arrived: what runs ends."""
