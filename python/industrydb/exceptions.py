"""Every error that industrydb raises, as one tree.

::

    IndustryDbError
    ├── ConfigurationError
    ├── DatabaseConnectionError
    ├── ConnectionClosedError
    ├── QueryExecutionError
    │   ├── QueryTimeoutError        also a TimeoutError
    │   └── QueryCancelledError
    ├── ConstraintViolationError
    │   ├── UniqueViolationError
    │   ├── ForeignKeyViolationError
    │   ├── NotNullViolationError
    │   └── CheckViolationError
    └── DataConversionError

A wrong argument is Python's own `TypeError` or `ValueError`, raised before anything is sent.
"""

from __future__ import annotations

__all__ = [
    "CheckViolationError",
    "ConfigurationError",
    "ConnectionClosedError",
    "ConstraintViolationError",
    "DataConversionError",
    "DatabaseConnectionError",
    "ForeignKeyViolationError",
    "IndustryDbError",
    "NotNullViolationError",
    "QueryCancelledError",
    "QueryExecutionError",
    "QueryTimeoutError",
    "UniqueViolationError",
]


class IndustryDbError(Exception):
    """The base of every error that comes from a database, its driver or its configuration.

    `str()` gives the message, then the detail and the hint, each on a line of its own, where they are known.
    Errors pickle and copy with all their attributes.
    """

    backend: str | None
    """The backend: `"postgres"`, `"sqlite"`, `"mssql"`."""
    code: str | None
    """The server's own code, always text: an SQLSTATE (`"23505"`), an SQLite result name
    (`"SQLITE_CONSTRAINT_UNIQUE"`) or an SQL Server error number (`"2627"`)."""
    detail: str | None
    """What the server says beside its message."""
    hint: str | None
    """What can be done about it."""
    schema_name: str | None
    """The schema of the table at fault."""
    table_name: str | None
    """The table at fault."""
    column_name: str | None
    """The column at fault; where a constraint spans several, their names joined by `", "`."""
    constraint_name: str | None
    """The constraint at fault, where it has a name."""
    position: int | None
    """Where in the SQL text, in characters counted from 1."""

    def __init__(
        self,
        message: str = "",
        *,
        backend: str | None = None,
        code: str | None = None,
        detail: str | None = None,
        hint: str | None = None,
        schema_name: str | None = None,
        table_name: str | None = None,
        column_name: str | None = None,
        constraint_name: str | None = None,
        position: int | None = None,
    ) -> None:
        # The message alone goes into `args`, everything else into `__dict__`: that is what pickle and copy carry.
        super().__init__(message)
        self.backend = backend
        self.code = code
        self.detail = detail
        self.hint = hint
        self.schema_name = schema_name
        self.table_name = table_name
        self.column_name = column_name
        self.constraint_name = constraint_name
        self.position = position

    @property
    def message(self) -> str:
        """What went wrong, without detail and hint."""
        return str(self.args[0]) if self.args else ""

    def __str__(self) -> str:
        lines = [self.message]
        if self.detail:
            lines.append(f"Detail: {self.detail}")
        if self.hint:
            lines.append(f"Hint: {self.hint}")
        return "\n".join(lines)


class ConfigurationError(IndustryDbError):
    """A URI, an option or a configuration file is wrong; nothing was connected to."""


class DatabaseConnectionError(IndustryDbError):
    """Refused, unreachable, no such file, TLS or login failed, or the connection was lost.

    The message says which phase failed and why.
    """


class ConnectionClosedError(IndustryDbError):
    """The connection was used after it was closed; the message says what closed it."""


class QueryExecutionError(IndustryDbError):
    """A statement was refused: syntax, an unknown name, permissions, a lock, a deadlock, a full disk.

    Also raised before anything is sent where the parameters do not fit the placeholders.
    """


class QueryTimeoutError(QueryExecutionError, TimeoutError):
    """A statement ran longer than its `timeout` and was cancelled on the server. Also a `TimeoutError`."""


class QueryCancelledError(QueryExecutionError):
    """A statement was cancelled by `Connection.cancel()` or by the server's administrator."""


class ConstraintViolationError(IndustryDbError):
    """Rows broke a constraint; the statement changed nothing."""


class UniqueViolationError(ConstraintViolationError):
    """A unique constraint, a unique index or a primary key holds that key already."""


class ForeignKeyViolationError(ConstraintViolationError):
    """A row refers to one that does not exist, or is still referred to."""


class NotNullViolationError(ConstraintViolationError):
    """NULL for a column that takes none."""


class CheckViolationError(ConstraintViolationError):
    """A CHECK constraint says no."""


class DataConversionError(IndustryDbError):
    """A value cannot become the type that it has to become without losing something.

    The message names the column, the row, the value and, where there is one, the override that would work.
    """
