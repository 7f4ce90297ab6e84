"""The extension module: everything of industrydb that is written in Rust.

Import these names from `industrydb`. The arguments' types have names in `industrydb.typing`.
"""

from collections.abc import Coroutine, Mapping, Sequence
from os import PathLike
from types import TracebackType
from typing import Any, Self, final

import polars as pl

from industrydb.typing import (
    ConfigValue,
    FrameLike,
    InsertMode,
    Isolation,
    OnConflict,
    OrderBy,
    Params,
    Progress,
    SchemaOverrides,
    TableLike,
    Value,
    Where,
    WhereOrAll,
)

__all__ = [
    "AsyncBatchReader",
    "AsyncConnection",
    "AsyncTransaction",
    "BatchReader",
    "Connection",
    "DatabaseConfig",
    "Transaction",
    "__version__",
    "backends",
    "connect",
]

__version__: str
"""This package's version, as in `1.2.3`."""

def backends() -> tuple[str, ...]:
    """The backends that this build contains, such as `("postgres", "sqlite", "mssql")`."""

def connect(uri_or_config: str | DatabaseConfig) -> Connection:
    """Opens a connection.

    Args:
        uri_or_config: A URI (`sqlite:///flights.db`, `postgresql://user@host/db`, `mssql://user@host/db`), a libpq
            keyword string, an ADO or ODBC string, or a configuration.

    Raises:
        ConfigurationError: The URI or an option of it is wrong. The password is never part of the message.
        DatabaseConnectionError: The database can't be reached or refuses; the message says in which phase and why.
    """

@final
class DatabaseConfig:
    """How to reach one database: immutable, comparable, hashable, picklable.

    Fields that were not given are None; their defaults apply when connecting. Neither `repr` nor `str` shows a
    password or a token.
    """

    def __new__(
        cls,
        db_type: str,
        *,
        host: str | None = None,
        port: int | str | None = None,
        database: str | None = None,
        username: str | None = None,
        password: str | None = None,
        path: str | PathLike[str] | None = None,
        **options: ConfigValue | PathLike[str],
    ) -> Self:
        """A configuration from its fields, none of which passes through a URI: any character is allowed in any.

        Args:
            db_type: `postgres` or `postgresql`, `sqlite`, `mssql` or `sqlserver`.
            host: A name or address; several as libpq writes them (`"a,b"`); a directory for a unix socket.
            port: A TCP port; for several hosts several as libpq writes them (`"5432,5433"`).
            database: The database's name on its server.
            username: Who logs in.
            password: With which password.
            path: SQLite: the file, or `":memory:"`.
            **options: Options of the backend, by the names that its URIs use.

        Raises:
            ConfigurationError: An unknown `db_type` or option (the nearest known one is suggested), a field that the
                backend does not have, a missing one, or a value that can't be right.
        """

    @classmethod
    def from_uri(cls, uri: str) -> DatabaseConfig:
        """A configuration from a URI, a libpq keyword string, or an ADO or ODBC string.

        Raises:
            ConfigurationError: The text is malformed; its password is never part of the message.
        """

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> DatabaseConfig:
        """A configuration from what `to_dict` gives; `type` may stand for `db_type`.

        Raises:
            ConfigurationError: An unknown or missing key, or a wrong value.
        """

    def to_uri(self, *, hide_password: bool = False) -> str:
        """The configuration as a URI, from which `from_uri` makes an equal one.

        Args:
            hide_password: Write `***` in place of the password and of every other secret.
        """

    def to_dict(self, *, hide_password: bool = False) -> dict[str, ConfigValue]:
        """The fields and options that were given, in one flat dict, from which `from_dict` makes an equal one.

        Args:
            hide_password: Write `***` in place of the password and of every other secret.
        """

    def connect(self) -> Connection:
        """Opens a connection.

        Raises:
            DatabaseConnectionError: The database can't be reached or refuses.
        """

    @property
    def db_type(self) -> str:
        """The backend: `postgres`, `sqlite` or `mssql`, whatever alias was given."""

    @property
    def host(self) -> str | None:
        """The host, or several separated by commas."""

    @property
    def port(self) -> int | str | None:
        """The TCP port; text where several were given."""

    @property
    def database(self) -> str | None:
        """The database's name on its server."""

    @property
    def username(self) -> str | None:
        """Who logs in."""

    @property
    def password(self) -> str | None:
        """The password, in clear."""

    @property
    def path(self) -> str | None:
        """SQLite: the file, or `":memory:"`."""

    @property
    def options(self) -> dict[str, ConfigValue]:
        """The backend's options that were given, as a new dict."""

    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...

@final
class Connection:
    """One connection to one database.

    Statements run in autocommit unless a transaction is open. Threads may share a connection: their calls take
    turns, and an open transaction belongs to the thread that opened it until it ends. The GIL is released while a call
    runs. `with conn:` closes at its end, which rolls back what is open.

    Placeholders are the backend's own (`?1`, `$1`, `@P1`), or `?` with a sequence of parameters, or `:name` with a
    mapping. An argument of a wrong type or value is a `TypeError` or `ValueError`, raised before anything is sent.

    All verbs that do I/O share these arguments and errors:

    - `timeout`: seconds that the server may work on the call, not counting the time that its consumer takes; None for
      no limit. Beyond it the call is cancelled on the server and raises `QueryTimeoutError`. The connection stays
      usable; SQL Server's closes if the cancel comes in the middle of a row, PostgreSQL's behind a transaction pooler
      or where the server can't be told.
    - `ConnectionClosedError`: the connection was closed, or does not belong to this process (after a fork).
    - `DatabaseConnectionError`: the connection was lost.
    - `QueryCancelledError`: `cancel()` was called. Ctrl-C cancels as well and raises `KeyboardInterrupt`.
    - `QueryExecutionError`: the server refused the statement, or a `BatchReader` of this connection is still open.
    """

    def __new__(cls, config: DatabaseConfig) -> Self:
        """Opens a connection.

        Raises:
            DatabaseConnectionError: The database can't be reached or refuses.
        """

    @classmethod
    def connect(cls, config: DatabaseConfig) -> Connection:
        """The same as `Connection(config)`."""

    @classmethod
    def from_uri(cls, uri: str) -> Connection:
        """Opens a connection to what `uri` names, in any form that `DatabaseConfig.from_uri` takes.

        Raises:
            ConfigurationError: The URI or an option of it is wrong.
            DatabaseConnectionError: The database can't be reached or refuses.
        """

    def execute(
        self,
        sql: str,
        params: Params | None = None,
        *,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
        progress: Progress = False,
    ) -> pl.DataFrame:
        """Runs SQL, exactly once, and gives its result.

        Several statements run one after the other, if there are no parameters; the last result set is the result.

        Args:
            sql: Any SQL that the server takes.
            params: One for each placeholder.
            schema_overrides: Result columns that have to arrive in another type, exactly. `pl.String` always works.
            timeout: Seconds; see `Connection`.
            progress: True for a tqdm bar, or what is called with the rows and bytes so far.

        Returns:
            The result; a statement without a result set gives one row with one column, `rows_affected` (Int64). Of
            several statements SQL Server gives the last one's, the others the sum.

        Raises:
            QueryExecutionError: Also if the parameters do not fit the placeholders; then nothing was sent.
            ConstraintViolationError: A constraint, in the subclass of its kind.
            DataConversionError: A value does not fit its column's type; the message names a `schema_overrides` that
                takes it.
            ImportError: `progress=True` without tqdm, which `industrydb[progress]` brings.
        """

    def execute_many(self, sql: str, params_list: Sequence[Params], *, timeout: float | None = None) -> int:
        """Runs one statement once for each entry of `params_list`, all in one transaction.

        Returns:
            The rows affected, in all.

        Raises:
            QueryExecutionError: Parameters that do not fit the placeholders; nothing of the call is kept.
            ConstraintViolationError: A constraint, in the subclass of its kind; nothing of the call is kept.
        """

    def execute_batches(
        self,
        sql: str,
        params: Params | None = None,
        *,
        batch_size: int = 65536,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
        progress: Progress = False,
    ) -> BatchReader:
        """Runs SQL and gives its result piece by piece; memory stays flat however large it is.

        The connection can't be used for anything else until the reader is exhausted or closed.

        Args:
            sql: One statement with a result set.
            params: One for each placeholder.
            batch_size: Rows in each frame but the last; at least 1.
            schema_overrides: Result columns that have to arrive in another type, exactly.
            timeout: Seconds; see `Connection`.
            progress: True for a tqdm bar, or what is called with the rows and bytes so far.

        Raises:
            QueryExecutionError: Also for a second result set.
            DataConversionError: As for `execute`; also if a value contradicts the type that its column had in a batch
                that is out already.
        """

    def schema(self, sql: str, params: Params | None = None, *, timeout: float | None = None) -> pl.Schema:
        """The schema that `execute` would give, without running the query; empty where there is no result set."""

    def insert(
        self,
        table: TableLike,
        data: FrameLike,
        *,
        mode: InsertMode = "append",
        on_conflict: OnConflict = "error",
        conflict_columns: Sequence[str] | None = None,
        timeout: float | None = None,
        progress: Progress = False,
    ) -> int:
        """Writes all rows of `data`, column by name, or none of them.

        Every value arrives exactly. What does not fit its column is an error, found against the table's own types
        before the first row is sent.

        Args:
            table: Where to.
            data: A DataFrame, a LazyFrame, a mapping of columns, a list of row mappings, or anything that exports an
                Arrow stream.
            mode: `append` to a table that exists; `create` one that does not; `create_append`, whichever it takes;
                `replace` the table by a new one in one transaction, unless something depends on it; `overwrite` its
                rows and keep the table.
            on_conflict: A key that is there already is an `error`; or its row is left out (`ignore`: unique conflicts
                only); or the row there becomes the new one (`update`).
            conflict_columns: The key for `on_conflict="update"`; the primary key if None.
            timeout: Seconds; see `Connection`.
            progress: True for a tqdm bar, or what is called with the rows and bytes so far.

        Returns:
            The rows written.

        Raises:
            UniqueViolationError: A key that is there already, or is twice in `data` with `on_conflict="update"`.
            ConstraintViolationError: Another constraint, in the subclass of its kind.
            DataConversionError: A column or a value does not fit; the message names the column and both types.
            QueryExecutionError: `create` and the table exists, `append` and it does not, `replace` and something
                depends on it, or `update` without a key.
        """

    def select(
        self,
        table: TableLike,
        columns: str | Sequence[str] | None = None,
        where: Where | None = None,
        params: Params | None = None,
        *,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
    ) -> pl.DataFrame:
        """Reads rows of one table.

        Args:
            table: Where from.
            columns: Which columns, in which order; all if None.
            where: SQL text with placeholders, or column → value, all of which have to match: None is `IS NULL`, a
                list is `IN`, an empty list matches nothing. None and `{}` filter nothing.
            params: For the placeholders of a `where` that is text.
            order_by: A column, `(column, "desc")`, or a list of those.
            limit: At most so many rows.
            offset: After so many rows.
            schema_overrides: Result columns that have to arrive in another type, exactly.
            timeout: Seconds; see `Connection`.

        Raises:
            DataConversionError: As for `execute`.
        """

    def update(
        self,
        table: TableLike,
        values: Mapping[str, Value],
        where: WhereOrAll,
        params: Params | None = None,
        *,
        timeout: float | None = None,
    ) -> int:
        """Sets columns of the rows that match.

        Args:
            table: Which table.
            values: Column → its new value.
            where: As for `select`, but True for all rows; None and `{}` are a `ValueError`.
            params: For the placeholders of a `where` that is text.
            timeout: Seconds; see `Connection`.

        Returns:
            The rows affected.

        Raises:
            ConstraintViolationError: A constraint, in the subclass of its kind.
        """

    def delete(
        self,
        table: TableLike,
        where: WhereOrAll,
        params: Params | None = None,
        *,
        timeout: float | None = None,
    ) -> int:
        """Deletes the rows that match.

        Args:
            table: Which table.
            where: As for `select`, but True for all rows; None and `{}` are a `ValueError`.
            params: For the placeholders of a `where` that is text.
            timeout: Seconds; see `Connection`.

        Returns:
            The rows affected.

        Raises:
            ConstraintViolationError: A constraint, in the subclass of its kind.
        """

    def transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False, deferrable: bool = False
    ) -> Transaction:
        """A transaction as a context manager: commits at the end, rolls back on an exception.

        Inside an open transaction it is a savepoint: an exception undoes only the inner block.

        Args:
            isolation: The isolation, in the server's words; the server's default if None.
            read_only: Refuse statements that write.
            deferrable: Wait until nothing that others do can make it fail, for a serializable transaction that only
                reads (PostgreSQL manual, SET TRANSACTION); without meaning for any other.

        Raises:
            ValueError: An isolation that the backend does not have; `read_only` on SQL Server; `deferrable` elsewhere
                than on PostgreSQL.
        """

    def begin(
        self,
        *,
        isolation: Isolation | None = None,
        read_only: bool = False,
        deferrable: bool = False,
        timeout: float | None = None,
    ) -> None:
        """Opens a transaction, which belongs to this thread until `commit` or `rollback`.

        Args:
            isolation: The isolation, in the server's words; the server's default if None.
            read_only: Refuse statements that write.
            deferrable: Wait until nothing that others do can make it fail, for a serializable transaction that only
                reads (PostgreSQL manual, SET TRANSACTION); without meaning for any other.
            timeout: Seconds; see `Connection`.

        Raises:
            QueryExecutionError: A transaction is open already.
            ValueError: An isolation that the backend does not have; `read_only` on SQL Server; `deferrable` elsewhere
                than on PostgreSQL.
        """

    def commit(self, *, timeout: float | None = None) -> None:
        """Makes what the open transaction did permanent.

        Raises:
            QueryExecutionError: There is no open transaction; or PostgreSQL rolled it back, since a statement in it
                had failed.
            ConstraintViolationError: A deferred constraint.
        """

    def rollback(self, *, timeout: float | None = None) -> None:
        """Undoes what the open transaction did.

        Raises:
            QueryExecutionError: There is no open transaction.
        """

    def tables(
        self,
        schema: str | None = None,
        *,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
    ) -> pl.DataFrame:
        """The tables and views in `schema`, or in all schemas: `schema`, `name`, `kind`."""

    def columns(
        self, table: TableLike, *, schema_overrides: SchemaOverrides | None = None, timeout: float | None = None
    ) -> pl.DataFrame:
        """The columns of `table`, one row each, in their order.

        What each row says: `name`, `type` (as the server spells it), `dtype` (what reading it gives), `nullable`,
        `default` (SQL text), `primary_key` (its place in the key, counted from 1), `generated`.

        Raises:
            QueryExecutionError: There is no such table.
        """

    def ping(self, *, timeout: float | None = None) -> None:
        """One round trip to the server.

        Raises:
            DatabaseConnectionError: It does not answer.
        """

    def cancel(self) -> None:
        """Stops what the connection is doing; to be called from another thread. Does nothing if nothing runs."""

    def close(self) -> None:
        """Closes the connection; an open transaction rolls back. May be called twice."""

    def is_closed(self) -> bool:
        """Whether the connection is closed; no I/O."""

    @property
    def closed(self) -> bool:
        """Whether the connection is closed; no I/O."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, also one that was begun by SQL; no I/O."""

    @property
    def backend(self) -> str:
        """The backend: `postgres`, `sqlite` or `mssql`."""

    @property
    def server_version(self) -> str:
        """The server's version, such as `3.50.4`, `18.4`, `16.0.4105.2`; no I/O."""

    @property
    def config(self) -> DatabaseConfig:
        """What the connection was opened with."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class Transaction:
    """What `Connection.transaction` gives: opens at `with`, commits at its end, rolls back on an exception."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...

@final
class BatchReader:
    """A result that arrives piece by piece: an iterator of frames, a context manager, and an Arrow stream.

    Exhausting it, closing it or leaving its `with` block frees the connection for other calls. An error in the middle
    of the result is raised where it happens, never taken for the end.
    """

    @property
    def schema(self) -> pl.Schema:
        """The columns and types of every frame, known before the first one."""

    @property
    def closed(self) -> bool:
        """Whether the reader is exhausted or closed."""

    def close(self) -> None:
        """Ends the statement and frees the connection. May be called twice."""

    def __iter__(self) -> Self: ...
    def __next__(self) -> pl.DataFrame:
        """The next rows, at least one.

        Raises:
            StopIteration: There are no more.
            QueryTimeoutError: The server has worked longer than `timeout`.
            DataConversionError: A value does not fit its column's type.
        """

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> None: ...
    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rest of the result as a PyCapsule `arrow_array_stream`, as the Arrow PyCapsule interface defines it.

        Args:
            requested_schema: A PyCapsule `arrow_schema` that the consumer would prefer; the stream keeps its own.
        """

    def __arrow_c_schema__(self) -> object:
        """The schema as a PyCapsule `arrow_schema`, as the Arrow PyCapsule interface defines it."""

@final
class AsyncConnection:
    """One connection to one database, for asyncio: the verbs of `Connection`, each a coroutine.

    They take the same arguments, give the same results and raise the same exceptions; arguments of a wrong type or
    value are refused when the verb is called, everything else when it is awaited. Tasks may share a connection: their
    calls take turns, and an open transaction belongs to the task that opened it until it ends. The event loop is free
    while a call runs; progress callbacks run on it. `async with conn:` closes at its end, which rolls back what is
    open.

    A task that is cancelled while it awaits a call hears of it at once. The call is cancelled on the server, and the
    next one waits until that is done. The connection stays usable; SQL Server's closes if the cancel comes in the
    middle of a row, PostgreSQL's behind a transaction pooler or where the server can't be told. A transaction whose
    begin was cancelled is rolled back; what ends one goes on to its end without the task.
    """

    @classmethod
    def connect(cls, config: DatabaseConfig) -> Coroutine[Any, Any, AsyncConnection]:
        """Opens a connection.

        Raises:
            DatabaseConnectionError: The database can't be reached or refuses.
        """

    @classmethod
    def from_uri(cls, uri: str) -> Coroutine[Any, Any, AsyncConnection]:
        """Opens a connection to what `uri` names, in any form that `DatabaseConfig.from_uri` takes.

        Raises:
            ConfigurationError: The URI or an option of it is wrong; when it is called.
            DatabaseConnectionError: The database can't be reached or refuses.
        """

    def execute(
        self,
        sql: str,
        params: Params | None = None,
        *,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
        progress: Progress = False,
    ) -> Coroutine[Any, Any, pl.DataFrame]:
        """Runs SQL, exactly once, and gives its result. As `Connection.execute`."""

    def execute_many(
        self, sql: str, params_list: Sequence[Params], *, timeout: float | None = None
    ) -> Coroutine[Any, Any, int]:
        """Runs one statement once for each entry of `params_list`, all in one transaction.

        As `Connection.execute_many`.
        """

    def execute_batches(
        self,
        sql: str,
        params: Params | None = None,
        *,
        batch_size: int = 65536,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
        progress: Progress = False,
    ) -> AsyncBatchReader:
        """Runs SQL and gives its result piece by piece: `async for df in conn.execute_batches(…)`.

        Nothing is sent before the reader is entered or asked for its first frame. Otherwise as
        `Connection.execute_batches`.
        """

    def schema(
        self, sql: str, params: Params | None = None, *, timeout: float | None = None
    ) -> Coroutine[Any, Any, pl.Schema]:
        """The schema that `execute` would give, without running the query. As `Connection.schema`."""

    def insert(
        self,
        table: TableLike,
        data: FrameLike,
        *,
        mode: InsertMode = "append",
        on_conflict: OnConflict = "error",
        conflict_columns: Sequence[str] | None = None,
        timeout: float | None = None,
        progress: Progress = False,
    ) -> Coroutine[Any, Any, int]:
        """Writes all rows of `data`, column by name, or none of them. As `Connection.insert`."""

    def select(
        self,
        table: TableLike,
        columns: str | Sequence[str] | None = None,
        where: Where | None = None,
        params: Params | None = None,
        *,
        order_by: OrderBy | None = None,
        limit: int | None = None,
        offset: int | None = None,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, pl.DataFrame]:
        """Reads rows of one table. As `Connection.select`."""

    def update(
        self,
        table: TableLike,
        values: Mapping[str, Value],
        where: WhereOrAll,
        params: Params | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, int]:
        """Sets columns of the rows that match. As `Connection.update`."""

    def delete(
        self,
        table: TableLike,
        where: WhereOrAll,
        params: Params | None = None,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, int]:
        """Deletes the rows that match. As `Connection.delete`."""

    def transaction(
        self, *, isolation: Isolation | None = None, read_only: bool = False, deferrable: bool = False
    ) -> AsyncTransaction:
        """A transaction as an asynchronous context manager: commits at the end, rolls back on an exception.

        It belongs to the task that enters it. Otherwise as `Connection.transaction`.
        """

    def begin(
        self,
        *,
        isolation: Isolation | None = None,
        read_only: bool = False,
        deferrable: bool = False,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, None]:
        """Opens a transaction, which belongs to this task until `commit` or `rollback`. As `Connection.begin`."""

    def commit(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Makes what the open transaction did permanent. As `Connection.commit`."""

    def rollback(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Undoes what the open transaction did. As `Connection.rollback`."""

    def tables(
        self,
        schema: str | None = None,
        *,
        schema_overrides: SchemaOverrides | None = None,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, pl.DataFrame]:
        """The tables and views in `schema`, or in all schemas: `schema`, `name`, `kind`. As `Connection.tables`."""

    def columns(
        self, table: TableLike, *, schema_overrides: SchemaOverrides | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, pl.DataFrame]:
        """The columns of `table`, one row each, in their order. As `Connection.columns`."""

    def ping(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """One round trip to the server. As `Connection.ping`."""

    def cancel(self) -> Coroutine[Any, Any, None]:
        """Stops what the connection is doing; to be called from another task. Does nothing if nothing runs."""

    def close(self) -> Coroutine[Any, Any, None]:
        """Closes the connection; an open transaction rolls back. May be called twice."""

    def is_closed(self) -> bool:
        """Whether the connection is closed; no I/O."""

    @property
    def closed(self) -> bool:
        """Whether the connection is closed; no I/O."""

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open, also one that was begun by SQL; no I/O."""

    @property
    def backend(self) -> str:
        """The backend: `postgres`, `sqlite` or `mssql`."""

    @property
    def server_version(self) -> str:
        """The server's version, such as `3.50.4`, `18.4`, `16.0.4105.2`; no I/O."""

    @property
    def config(self) -> DatabaseConfig:
        """What the connection was opened with."""

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Coroutine[Any, Any, None]: ...

@final
class AsyncTransaction:
    """What `AsyncConnection.transaction` gives: opens at `async with`, commits at its end, rolls back on exceptions."""

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Coroutine[Any, Any, None]: ...

@final
class AsyncBatchReader:
    """A result that arrives piece by piece: an asynchronous iterator of frames, and a context manager.

    `async for df in reader:` sends the query with the first frame that it asks for. `async with reader:` sends it at
    its beginning, from where on the schema is known, and frees the connection at its end. A loop that is left early
    without it leaves the rest to be ended when the reader is forgotten. A task that is cancelled while it awaits a
    frame ends the result.
    """

    @property
    def schema(self) -> pl.Schema:
        """The columns and types of every frame.

        Raises:
            QueryExecutionError: Nothing was sent yet.
        """

    @property
    def closed(self) -> bool:
        """Whether the reader is exhausted or closed."""

    def close(self) -> Coroutine[Any, Any, None]:
        """Ends the statement and frees the connection. May be called twice."""

    def __aiter__(self) -> Self: ...
    def __anext__(self) -> Coroutine[Any, Any, pl.DataFrame]:
        """The next rows, at least one.

        Raises:
            StopAsyncIteration: There are no more.
            QueryTimeoutError: The server has worked longer than `timeout`.
            DataConversionError: A value does not fit its column's type.
        """

    def __aenter__(self) -> Coroutine[Any, Any, Self]: ...
    def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> Coroutine[Any, Any, None]: ...
