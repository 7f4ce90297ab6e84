"""Transactions of T-SQL on those of SQLite.

SQLite's begins as late as it can: with the first write (or the first read, in an isolation level that keeps what was
read), so that a session in READ COMMITTED reads what others have committed, as with READ_COMMITTED_SNAPSHOT. One session
writes at a time: another one that wants to waits for its end, as for a lock on the whole database.
"""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable

from tests.tds.errors import Cancelled, SqlError
from tests.tds.wire import tokens

BUSY_SNAPSHOT = 517
KEEPS_READS = frozenset({"REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT"})


class Transactions:
    """The transaction of a session."""

    def __init__(self, db: sqlite3.Connection, wake: threading.Event, stopped: Callable[[], bool]) -> None:
        """`wake` is set when an attention comes, `stopped` says whether one did."""
        self.db = db
        self.count = 0
        self.doomed = False
        self.isolation = "READ COMMITTED"
        self.lock_timeout = -1
        self.named = ""
        """The name that the outermost one was begun with."""
        self.token: Callable[[bytes], None] = lambda _: None
        self._wake = wake
        self._stopped = stopped
        self._descriptor = 0
        self._savepoints: list[str] = []

    def _environment(self, kind: int) -> None:
        number = self._descriptor.to_bytes(8, "little")
        if kind == tokens.ENV_BEGIN:
            self.token(tokens.environment(kind, number))
        else:
            self.token(tokens.environment(kind, b"", number))

    def begin(self) -> None:
        """BEGIN TRANSACTION."""
        self.count += 1
        if self.count == 1:
            self._descriptor += 1
            self._environment(tokens.ENV_BEGIN)

    def commit(self) -> None:
        """COMMIT TRANSACTION.

        Raises:
            SqlError: 3902 without one, 3930 if all it can do is roll back.
        """
        if not self.count:
            raise SqlError(3902, "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if self.doomed:
            text = "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction."
            raise SqlError(3930, text, ends="transaction")
        self.count -= 1
        if not self.count:
            if self.db.in_transaction:
                self.db.execute("COMMIT")
            self._savepoints.clear()
            self._environment(tokens.ENV_COMMIT)

    def rollback(self, name: str = "") -> None:
        """ROLLBACK TRANSACTION, of all or to a savepoint.

        Raises:
            SqlError: 3903 without one, 6401 for a savepoint that was not set.
        """
        if not self.count:
            raise SqlError(3903, "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.")
        if name and name.casefold() in self._savepoints:
            if self.doomed:
                text = "The current transaction cannot be committed and cannot be rolled back to a savepoint. Roll back the entire transaction."
                raise SqlError(3931, text, ends="transaction")
            self.db.execute(f"ROLLBACK TO {quoted(name)}")
            while self._savepoints[-1] != name.casefold():
                self._savepoints.pop()
            return
        if name:
            text = f"Cannot roll back {name}. No transaction or savepoint of that name was found."
            raise SqlError(6401, text)
        self.end()

    def end(self) -> None:
        """Rolls back whatever is open."""
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")
        self._savepoints.clear()
        self.doomed = False
        if self.count:
            self.count = 0
            self._environment(tokens.ENV_ROLLBACK)

    def save(self, name: str) -> None:
        """SAVE TRANSACTION.

        Raises:
            SqlError: 628 outside a transaction.
        """
        if not self.count:
            raise SqlError(628, "Cannot issue SAVE TRANSACTION when there is no active transaction.", 16)
        self.write()
        self.db.execute(f"SAVEPOINT {quoted(name)}")
        self._savepoints.append(name.casefold())

    def read(self) -> None:
        """Before a statement reads."""
        if self.count and not self.db.in_transaction and self.isolation in KEEPS_READS:
            self.db.execute("BEGIN")

    def write(self) -> None:
        """Before a statement writes: waits for the one lock that there is.

        Raises:
            SqlError: 1222 after LOCK_TIMEOUT, 3960 or 1205 if what was read has changed meanwhile, 3930 if it is doomed.
            Cancelled: if an attention comes.
        """
        if self.doomed:
            text = "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction."
            raise SqlError(3930, text, ends="transaction")
        statement = "UPDATE main.latch SET x = x" if self.db.in_transaction else "BEGIN IMMEDIATE"
        deadline = None if self.lock_timeout < 0 else time.monotonic() + self.lock_timeout / 1000
        while True:
            try:
                self.db.execute(statement)
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode == BUSY_SNAPSHOT:
                    raise conflict(self.isolation) from None
                if "locked" not in str(error):
                    raise
            else:
                return
            if deadline is not None and time.monotonic() >= deadline:
                raise SqlError(1222, "Lock request time out period exceeded.", 16, 45)
            self._wake.wait(0.005)
            if self._stopped():
                raise Cancelled

    def settle(self) -> None:
        """After a statement: without a transaction, it commits."""
        if not self.count and self.db.in_transaction:
            self.db.execute("COMMIT")

    def undo(self) -> None:
        """After a statement that failed without a transaction."""
        if not self.count and self.db.in_transaction:
            self.db.execute("ROLLBACK")


def quoted(name: str) -> str:
    """A savepoint's name in SQLite."""
    return '"s_' + name.casefold().replace('"', '""') + '"'


def conflict(isolation: str) -> SqlError:
    """What was read has changed: in SNAPSHOT an update conflict, else a deadlock."""
    if isolation == "SNAPSHOT":
        text = "Snapshot isolation transaction aborted due to update conflict. Retry the transaction."
        return SqlError(3960, text, 16, 2, ends="transaction")
    return deadlock(0)


def deadlock(spid: int) -> SqlError:
    """1205."""
    text = f"Transaction (Process ID {spid}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."
    return SqlError(1205, text, 13, 51, ends="transaction")
