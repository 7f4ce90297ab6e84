"""A session: variables, options, and the running of statements."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from tests.tds.engine import answers, compilation, control, describe, dropping, loads, procedures, system, tree
from tests.tds.engine.binder import Scope
from tests.tds.engine.bound import Bound, BoundQuery, converted
from tests.tds.engine.catalog import Catalog, Object
from tests.tds.engine.convert import convert
from tests.tds.engine.queries import Binder
from tests.tds.engine.statements import Parser
from tests.tds.engine.storage import from_storage, load, store
from tests.tds.engine.transactions import Transactions, deadlock
from tests.tds.engine.udfs.common import overflow
from tests.tds.engine.udfs.table import register
from tests.tds.errors import Cancelled, Refused, SqlError
from tests.tds.response import Response
from tests.tds.types import SqlType
from tests.tds.wire import tokens
from tests.tds.wire.tokens import Column

if TYPE_CHECKING:
    from tests.tds.engine.instance import Instance
    from tests.tds.server import Server
    from tests.tds.wire.login7 import Login


class Client(Protocol):
    """What a session knows about the other side."""

    spid: int
    server: Server
    login: Login | None

    def stopped(self) -> bool:
        """Whether an attention came."""
        ...

    def drop_bulk(self, *, drop: bool) -> None:
        """Whether the data of the next bulk load is counted only."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """What ends with a procedure, as it was before."""

    options: dict[str, bool]
    isolation: str
    lock_timeout: int
    identity_insert: int
    scope_identity: int | None


@dataclass(slots=True)
class Frame:
    """The variables of a batch or procedure."""

    types: dict[str, SqlType] = field(default_factory=dict[str, SqlType])
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """As SQLite gets them, by the name of the parameter there."""
    procedure: str = ""
    inherited: frozenset[int] = frozenset()
    """The temporary tables and table variables that were there before a procedure or dynamic SQL began: the others end
    with it, and of these it does not see the variables."""
    undeclared: bool = False
    """Whether parameters may lack a type, which is looked for."""

    def declare(self, name: str, type_: SqlType, value: Any = None) -> None:
        """A variable; `value` is of its type."""
        self.types[name.casefold()] = type_
        self.assign(name, value)

    def assign(self, name: str, value: Any) -> None:
        """Gives it a value of its type."""
        self.values[parameter(name)] = store(value, self.types[name.casefold()])

    def value(self, name: str) -> Any:
        """What it has."""
        return load(self.values[parameter(name)], self.types[name.casefold()])


def parameter(name: str) -> str:
    """A variable's name in SQLite."""
    return "v_" + name[1:].casefold().encode().hex()


STEPS_BETWEEN_LOOKS = 200_000
"""Of SQLite's machine, a few milliseconds: how often a statement looks whether it is stopped."""
DEFAULTS = {"NOCOUNT": False, "XACT_ABORT": False, "IMPLICIT_TRANSACTIONS": False, "FMTONLY": False, "NOEXEC": False}


class Session:
    """What a connection's requests run in."""

    def __init__(self, instance: Instance, connection: Client, database: str) -> None:
        """`database` is the current one."""
        self.instance = instance
        self.connection = connection
        self.database = database
        self.db = instance.connect()
        # SQLite forgets an interrupt that comes before a statement's first step.
        self.db.set_progress_handler(connection.stopped, STEPS_BETWEEN_LOOKS)
        self.error: SqlError | None = None
        self.wake = threading.Event()
        self.catalog = Catalog(self.db)
        self.transactions = Transactions(self.db, self.wake, connection.stopped)
        self.options = dict(DEFAULTS)
        self.row_count = 0
        self.set_rowcount = 0
        self.last_error = 0
        self.caught: list[SqlError] = []
        self.identity: int | None = None
        self.scope_identity: int | None = None
        self.identity_insert = 0
        self.frame = Frame()
        self.depth = 0
        self.response: Response | None = None
        self.prepared: dict[int, procedures.Prepared] = {}
        self.bulk: loads.Bulk | None = None
        self.describing = False
        self.inferred: dict[str, SqlType] = {}
        self.scratch: list[str] = []
        self.trying = 0
        self.looping = 0
        register(self.db, self)

    # What the binder asks

    def variable_type(self, name: str) -> SqlType | None:
        """The type of a variable.

        Raises:
            SqlError: 137.
        """
        found = self.frame.types.get(name.casefold())
        if found is None and not self.frame.undeclared:
            raise SqlError(137, f'Must declare the scalar variable "{name}".', 15, 2, ends="batch")
        return found

    def names(self, parts: tree.Parts) -> tuple[str, str, str]:
        """Database, schema and name.

        Raises:
            SqlError: 911 for a database that is not there.
        """
        database, schema, name = ("", "", *parts)[-3:]
        known = self.instance.database(database) if database else self.database
        if known is None:
            text = f"Database '{database}' does not exist. Make sure that the name is entered correctly."
            raise SqlError(911, text, ends="batch")
        return known, schema or "dbo", name

    def resolve(self, parts: tree.Parts) -> Object | None:
        """A table, view or procedure, by its name or a synonym."""
        found = self.named(parts)
        if found is None or found.kind != "SN":
            return found
        database, schema, name = ("", "", *Parser(found.text).parts())[-3:]
        # What stands for nothing, or for another synonym, is no object.
        base = self.named((database or found.database, schema, name))
        return None if base is None or base.kind == "SN" else base

    def named(self, parts: tree.Parts) -> Object | None:
        """What has a name: a table, view, procedure or synonym."""
        try:
            database, schema, name = self.names(parts)
        except SqlError as error:
            if error.number != 911:
                raise
            return None
        found = self.catalog.find(database, schema, name)
        return None if found is not None and name.startswith("@") and found.id in self.frame.inherited else found

    def system_view(self, parts: tree.Parts) -> Object | None:
        """A catalog view."""
        return system.view(self, parts)

    def referencing(self, parts: tree.Parts, name: str | None, kind: str | None) -> Object | None:
        """What `sys.dm_sql_referencing_entities` gives."""
        return system.referencing(self, parts, name, kind)

    def parse_view(self, view: Object) -> tree.Query:
        """The query of a view."""
        (module,) = Parser(view.text).batch()
        assert isinstance(module, tree.CreateModule)
        assert module.query is not None
        return module.query

    def parse_expression(self, text: str) -> tree.Expr:
        """An expression of a definition."""
        return Parser(text).expression()

    def parse_condition(self, text: str) -> tree.Expr:
        """A condition of a definition."""
        return Parser(text).condition()

    def keep_inferred(self, binder: Binder) -> None:
        """Keeps the types that a binder found for parameters."""
        for name, type_ in binder.inferred.items():
            self.inferred.setdefault(name, type_)

    def description_refused(self, table: Object) -> SqlError | None:
        """11526: a temporary table cannot be described."""
        return describe.refusal(table) if self.describing and table.name[:1] == "#" else None

    def answer(self, name: str, *arguments: Any) -> Any:
        """A function of the session, for SQLite."""
        return answers.answer(self, name, arguments)

    # Running

    def in_transaction(self) -> bool:
        """Whether one is open."""
        return self.transactions.count > 0

    def interrupt(self) -> None:
        """Stops what runs, from another thread."""
        self.wake.set()
        with contextlib.suppress(sqlite3.ProgrammingError):  # it may have been closed meanwhile
            self.db.interrupt()

    def close(self) -> None:
        """Ends it; what is open rolls back."""
        try:
            self.transactions.end()
        finally:
            self.db.close()

    def settle(self) -> None:
        """After a request."""
        self.wake.clear()
        self.response = None

    def reset(self) -> None:
        """RESETCONNECTION: as after the login, but for the database."""
        self.transactions.end()
        for item in list(self.catalog.all(temporary=True)):
            dropping.drop_storage(self, item)
        self.options = dict(DEFAULTS)
        self.transactions.isolation = "READ COMMITTED"
        self.transactions.lock_timeout = -1
        self.prepared.clear()

    def begin_response(self, response: Response) -> None:
        """Where the answer of a request goes."""
        self.response = response
        self.transactions.token = response.token

    @property
    def out(self) -> Response:
        """Where the answer goes."""
        assert self.response is not None
        return self.response

    def execute(self, sql: str, parameters: dict[str, Any] | None = None) -> sqlite3.Cursor:
        """Runs SQLite's SQL.

        Raises:
            SqlError: that a function raised, or that it stands for.
            Cancelled: if an attention stopped it.
        """
        with self.translated():
            return self.db.execute(sql, self.frame.values if parameters is None else parameters)

    def row(self, sql: str) -> Any:
        """The one row that SQLite's SQL gives.

        Raises:
            SqlError: as `execute`.
            Cancelled: as `execute`.
        """
        with self.translated():
            return self.execute(sql).fetchone()

    @contextmanager
    def translated(self) -> Generator[None]:
        """Turns SQLite's errors into what they stand for."""
        self.error = None
        try:
            yield
        except sqlite3.Error as error:
            if self.error is not None:
                raise self.error from None
            if self.connection.stopped():
                raise Cancelled from None
            text = str(error)
            if "integer overflow" in text:
                raise overflow("int") from None
            if "locked" in text:
                raise deadlock(self.connection.spid) from None
            if "parser stack overflow" in text or "too large" in text or "too many" in text:
                raise SqlError(
                    8621,
                    "The query processor ran out of stack space during query optimization. Please simplify the query.",
                    17,
                    ends="batch",
                ) from None
            raise

    def loaded(self, rows: Iterator[Sequence[Any]], types: Sequence[SqlType]) -> Generator[Sequence[Any]]:
        """Rows as the wire takes them."""
        turns: list[tuple[int, Callable[[Any], Any]]] = []
        for at, type_ in enumerate(types):
            turn = from_storage(type_)
            if turn is not None:
                turns.append((at, turn))
        with self.translated():
            if not turns:
                yield from rows
                return
            for row in rows:
                values = list(row)
                for at, turn in turns:
                    if values[at] is not None:
                        values[at] = turn(values[at])
                yield values

    def evaluate(self, expr: tree.Expr, type_: SqlType | None = None) -> tuple[Any, SqlType]:
        """An expression's value and type, without a table."""
        binder = Binder(self)
        bound = binder.value(expr, Scope())
        target = type_ or bound.type or SqlType("int")
        sql = binder.as_type(bound, target) if type_ is not None else bound.sql
        row = self.row(f"SELECT {sql}")
        return load(row[0], target), target

    def holds(self, expr: tree.Expr) -> bool:
        """Whether a condition is true."""
        row = self.row(f"SELECT {Binder(self).condition(expr, Scope())}")
        return bool(row[0])

    @staticmethod
    def load_number(value: Any, type_: SqlType) -> Any:
        """A stored whole number."""
        return load(value, type_)

    def assign(self, name: str, value: Any, type_: SqlType) -> None:
        """Sets a variable, with a conversion."""
        target = self.variable_type(name)
        assert target is not None
        self.frame.assign(name, None if value is None else convert(value, type_, target))

    # Result sets

    def columns(self, query: BoundQuery) -> list[Column]:
        """The columns of a query as the wire has them."""
        return [
            Column(
                column.name,
                column.type,
                column.nullable,
                identity=column.column is not None and column.column.identity is not None,
                computed=column.column is None or bool(column.column.computed),
                table=(column.table.database, column.table.schema, column.table.name) if column.table else (),
            )
            for column in query.columns
        ]

    def send(self, query: BoundQuery) -> int:
        """Runs a query and sends its rows."""
        columns = self.columns(query)
        sql = query.sql
        if self.set_rowcount:
            sql = f"SELECT * FROM ({sql}) LIMIT {self.set_rowcount}"
        self.out.columns(columns)
        if self.options["FMTONLY"]:
            return 0
        cursor = self.execute(sql)
        rows = self.loaded(cursor, [column.type for column in columns])
        try:
            return self.out.rows(columns, rows)
        finally:
            rows.close()
            cursor.close()

    def finish(self, command: int, count: int | None) -> None:
        """A statement ended well."""
        if count is not None:
            self.row_count = count
        self.out.done(command, None if self.options["NOCOUNT"] else count)

    # Statements

    def settings(self) -> Settings:
        """What a procedure or dynamic SQL may set for itself, and what it does not see of its caller."""
        transactions = self.transactions
        return Settings(
            dict(self.options),
            transactions.isolation,
            transactions.lock_timeout,
            self.identity_insert,
            self.scope_identity,
        )

    def put_back(self, settings: Settings) -> None:
        """What its caller had set holds again ("SET statements", "Considerations")."""
        self.options = settings.options
        self.transactions.isolation = settings.isolation
        self.transactions.lock_timeout = settings.lock_timeout
        self.identity_insert = settings.identity_insert
        self.scope_identity = settings.scope_identity

    def batch(self, sql: str) -> None:
        """A batch; its errors go into the answer.

        Raises:
            Cancelled: if an attention stopped it.
        """
        outer, self.frame = self.frame, Frame()
        try:
            self.guarded(lambda: self.run_all(Parser(sql).batch()))
        finally:
            self.frame = outer

    def run_all(self, statements: list[tree.Statement]) -> None:
        """Runs a batch or the body of a procedure, if all of it can be."""
        compilation.check(self, statements)
        control.run(self, statements)

    def guarded(self, work: Callable[[], object]) -> bool:
        """Runs what may end the batch; whether it came to its end."""
        try:
            work()
        except SqlError as error:
            self.report(error)
            return False
        except control.Leaving:
            return True
        except RecursionError:
            self.report(Refused("expressions that nest so deep"))
            return False
        finally:
            self.sweep()
        return True

    def report(self, error: SqlError) -> None:
        """An error that ends the batch."""
        self.last_error = error.number
        aborts = self.options["XACT_ABORT"] if error.aborts is None else error.aborts
        if error.ends == "transaction" or (aborts and error.level < 20):
            self.transactions.end()
        else:
            self.transactions.undo()
        if not error.procedure:
            error.procedure = self.frame.procedure
        self.out.error(error)

    def sweep(self) -> None:
        """Drops the copies of catalog views, and table variables at the end of a batch."""
        while self.scratch:
            with self.translated():
                self.db.execute(f"DROP TABLE IF EXISTS {self.scratch[-1]}")
            self.scratch.pop()
        if not self.depth:
            for item in list(self.catalog.all(temporary=True)):
                if item.name.startswith("@"):
                    dropping.drop_storage(self, item)

    def temporaries(self) -> frozenset[int]:
        """The temporary tables and table variables that are there."""
        return frozenset(item.id for item in self.catalog.all(temporary=True))

    def leave_scope(self) -> None:
        """Drops the temporary tables and variables that a procedure or dynamic SQL made ("CREATE TABLE")."""
        for item in list(self.catalog.all(temporary=True)):
            if item.id not in self.frame.inherited:
                dropping.drop_storage(self, item)

    def deadlocked(self) -> None:
        """The hook of the tests.

        Raises:
            SqlError: 1205 if this statement is to be a victim.
        """
        if self.connection.server.faults.take_deadlock():
            raise deadlock(self.connection.spid)

    @contextmanager
    def atomic(self) -> Generator[None]:
        """A statement that writes: all of it or nothing."""
        self.transactions.write()
        self.db.execute("SAVEPOINT statement")
        try:
            with self.translated():
                yield
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK TO statement")
                self.db.execute("RELEASE statement")
            self.transactions.undo()
            raise
        self.db.execute("RELEASE statement")
        self.transactions.settle()

    def describe(self, statement: tree.Statement) -> BoundQuery | None:
        """The result set of a statement that is not run."""
        return describe.result_of(self, statement)


def coerced(bound: Bound, target: SqlType) -> str:
    """A value's SQL as a type, without a check whether that may happen without CAST."""
    return converted(bound, target)


COMMANDS = {"INSERT": tokens.COMMAND_INSERT, "UPDATE": tokens.COMMAND_UPDATE, "DELETE": tokens.COMMAND_DELETE}
