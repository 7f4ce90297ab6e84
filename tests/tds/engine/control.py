"""The interpreter: one function for each kind of statement."""

# ruff: noqa: C901, E501, PLR0912, PLR0915 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

import dataclasses
import re
import time
from typing import TYPE_CHECKING

from tests.tds.engine import changes, ddl, inserts, loads, modules, procedures, tables, times, tree
from tests.tds.engine.binder import Scope, ScopeColumn
from tests.tds.engine.queries import Binder
from tests.tds.engine.storage import load
from tests.tds.engine.typing_rules import INT
from tests.tds.errors import Cancelled, Refused, SqlError
from tests.tds.types import SqlType
from tests.tds.wire import tokens

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

WIDE = SqlType("nvarchar", 4000)


class Leaving(Exception):  # noqa: N818 - no error
    """RETURN, BREAK or CONTINUE."""

    def __init__(self, verb: str, value: int = 0) -> None:
        """`value` is what RETURN gives."""
        super().__init__(verb)
        self.verb = verb
        self.value = value


def run(session: Session, statements: list[tree.Statement]) -> None:
    """Runs statements; an error that ends its statement alone goes into the answer, others go up.

    Raises:
        SqlError: that ends the batch.
        Cancelled: if an attention came.
    """
    for statement in statements:
        if session.connection.stopped():
            raise Cancelled
        try:
            step(session, statement)
        except SqlError as error:
            error.line = error.line or statement.line
            if not error.procedure:
                error.procedure = session.frame.procedure
            if error.aborts is None:
                error.aborts = session.options["XACT_ABORT"]
            if error.depth is None:
                error.depth = session.depth
            session.last_error = error.number
            session.row_count = 0
            handled = session.caught and session.caught[-1] is error
            if error.ends != "statement" or error.aborts or session.trying or handled:
                raise
            session.transactions.undo()
            session.out.failed = True
            session.out.say(error)
            if error.number in ENDS_QUIETLY:
                session.out.say(SqlError(3621, "The statement has been terminated.", 0, 0, statement.line))
            session.out.done(error=True)
        else:
            if not isinstance(statement, (tree.If, tree.While, tree.Block, tree.Try)):
                session.last_error = 0


NAMES = frozenset({207, 208, 209, 4104})
"""Errors of names that are looked up late: no handler at the same level of execution gets them ("TRY...CATCH")."""
ENDS_QUIETLY = frozenset({2627, 2601, 547, 515, 8152, 2628, 8115, 220, 232, 8134})
"""Errors that are followed by 3621."""


def step(session: Session, statement: tree.Statement) -> None:
    """Runs one statement."""
    match statement:
        case tree.SelectStatement(_, query):
            session.deadlocked()
            select(session, query)
        case tree.Insert() | tree.Update() | tree.Delete():
            session.deadlocked()
            changes.run(session, statement)
        case tree.InsertBulk():
            loads.announce(session, statement)
        case tree.Transaction():
            transaction(session, statement)
        case tree.Declare(_, variables):
            for name, type_, value in variables:
                if name.casefold() in session.frame.types and value is None and not session.looping:
                    text = f"The variable name '{name}' has already been declared. Variable names must be unique within a query batch or stored procedure."
                    raise SqlError(134, text, 15, ends="batch")
                if name.casefold() not in session.frame.types or value is not None:
                    session.frame.declare(name, type_)
                if value is not None:
                    session.frame.assign(name, session.evaluate(value, type_)[0])
        case tree.SetVariable(_, name, value):
            target = session.variable_type(name)
            assert target is not None
            session.frame.assign(name, session.evaluate(value, target)[0])
        case tree.SetOption():
            option(session, statement)
        case tree.If(_, condition, then, otherwise):
            run(session, then if session.holds(condition) else otherwise)
        case tree.While():
            loop(session, statement)
        case tree.Block(_, body):
            run(session, body)
        case tree.Try():
            attempt(session, statement)
        case tree.Leave(_, verb, value):
            raise Leaving(verb, session.evaluate(value, INT)[0] if value is not None else 0)
        case tree.Print(_, value):
            text, _ = session.evaluate(value, WIDE)
            session.out.say(SqlError(0, text or " ", 0, 1, statement.line, session.frame.procedure))
            session.row_count = 0
        case tree.Raise():
            raise_error(session, statement)
        case tree.Throw():
            throw(session, statement)
        case tree.WaitFor():
            wait(session, statement)
        case tree.Use(_, database):
            use(session, database)
        case tree.Execute():
            procedures.execute(session, statement)
        case tree.CreateModule():
            modules.create(session, statement)
            session.finish(0, None)
        case _:
            ddl.run(session, statement)
            session.finish(0, None)


def select(session: Session, query: tree.Query) -> None:
    """SELECT: rows, variables or a new table."""
    body = query.body
    first = body
    while isinstance(first, tree.SetOperation):
        first = first.left
    if isinstance(first, tree.Select) and first.into:
        count = inserts.select_into(session, query, first)
        session.finish(tokens.COMMAND_INSERT, count)
        return
    session.transactions.read()
    if isinstance(body, tree.Select) and any(item.variable for item in body.items):
        count = assign_all(session, query, body)
        session.row_count = count
        session.out.done(tokens.COMMAND_SELECT)
        return
    bound = Binder(session).query(query, None)
    try:
        count = session.send(bound)
    finally:
        session.transactions.settle()
    session.finish(tokens.COMMAND_SELECT, count)


def assign_all(session: Session, query: tree.Query, body: tree.Select) -> int:
    """SELECT @x = ...: the last row counts. An expression over its own variable is worked out row by row elsewhere."""
    if not all(item.variable for item in body.items):
        text = (
            "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations."
        )
        raise SqlError(141, text, 15, ends="batch")
    if body.source is not None and any(mentions_own(item) for item in body.items):
        return assign_in_turn(session, query, body)
    bound = Binder(session).query(query, None)
    types = [column.type for column in bound.columns]
    count = 0
    row = None
    for row in session.loaded(session.execute(bound.sql), types):  # noqa: B007 - the last one counts
        count += 1
    if row is not None:
        for item, value, type_ in zip(body.items, row, types, strict=True):
            session.assign(item.variable, value, type_)
    return count


def assign_in_turn(session: Session, query: tree.Query, body: tree.Select) -> int:
    """SELECT @x = @x + ...: row by row, each one with what the row before it left."""
    everything = dataclasses.replace(body, items=[tree.Item(tree.Star(()))])
    source = Binder(session).query(dataclasses.replace(query, body=everything), None)
    scope = Scope(
        [
            ScopeColumn((), column.name, f":q_{at}", column.type, column.nullable)
            for at, column in enumerate(source.columns)
        ]
    )
    rows = session.execute(source.sql).fetchall()
    for row in rows:
        given = {f"q_{at}": value for at, value in enumerate(row)}
        for item in body.items:
            try:
                bound = Binder(session).value(item.expression, scope)
            except SqlError as error:
                if error.number == 4104:
                    raise Refused("a column with its table's name in an assignment over the variable itself") from error
                raise
            type_ = bound.type or INT
            (value,) = session.execute(f"SELECT {bound.sql}", {**session.frame.values, **given}).fetchone()
            session.assign(item.variable, load(value, type_), type_)
    return len(rows)


def mentions_own(item: tree.Item) -> bool:
    """Whether the variable is in its own expression."""
    return f"Variable(name='{item.variable}')" in repr(item.expression)


def transaction(session: Session, statement: tree.Transaction) -> None:
    """BEGIN, COMMIT, ROLLBACK, SAVE. The first two set @@ROWCOUNT to 0, as USE, SET and PRINT do ("@@ROWCOUNT")."""
    transactions = session.transactions
    if statement.verb == "BEGIN":
        transactions.begin()
        session.row_count = 0
    elif statement.verb == "COMMIT":
        transactions.commit()
        session.row_count = 0
    elif statement.verb == "SAVE":
        transactions.save(statement.name)
    else:
        transactions.rollback(
            "" if statement.name and transactions.named == statement.name.casefold() else statement.name
        )
    if statement.verb == "BEGIN" and transactions.count == 1:
        transactions.named = statement.name.casefold()
    session.finish(0, None)


def option(session: Session, statement: tree.SetOption) -> None:
    """SET."""
    name, value = statement.option, statement.value
    if name == "ISOLATION":
        session.transactions.isolation = value
    elif name == "IDENTITY_INSERT":
        tables.identity_insert(session, statement)
    elif name == "LOCK_TIMEOUT":
        session.transactions.lock_timeout = int(value)
    elif name == "ROWCOUNT":
        session.set_rowcount = int(value)
    elif name == "LANGUAGE" and value.casefold() != "us_english":
        raise Refused(f"SET LANGUAGE {value}")
    elif name == "DATEFORMAT" and value.casefold() != "mdy":
        raise Refused(f"SET DATEFORMAT {value}")
    elif name == "DATEFIRST" and value != "7":
        raise Refused(f"SET DATEFIRST {value}")
    else:
        for part in name.split(","):
            on = value == "ON"
            if (part in {"IMPLICIT_TRANSACTIONS", "NOEXEC", "PARSEONLY"} and on) or (part in MUST_BE_ON and not on):
                raise Refused(f"SET {part} {value}")
            session.options[part] = on
    session.row_count = 0
    session.finish(0, None)


MUST_BE_ON = frozenset({"ANSI_NULLS", "ANSI_WARNINGS", "CONCAT_NULL_YIELDS_NULL", "QUOTED_IDENTIFIER"})


def loop(session: Session, statement: tree.While) -> None:
    """WHILE."""
    session.looping += 1
    try:
        while session.holds(statement.condition):
            try:
                run(session, statement.body)
            except Leaving as leaving:
                if leaving.verb == "BREAK":
                    return
                if leaving.verb == "RETURN":
                    raise
    finally:
        session.looping -= 1


def attempt(session: Session, statement: tree.Try) -> None:
    """TRY ... CATCH: an error of the body goes to the handler; what would roll back leaves the transaction doomed."""
    session.trying += 1
    try:
        run(session, statement.body)
    except SqlError as error:
        if error.level >= 20 or error.number in {102, 156} or (error.number in NAMES and error.depth == session.depth):
            raise
        session.trying -= 1
        session.out.close_columns()
        if error.number == 1205 or error.ends == "transaction" or error.aborts:
            session.transactions.doomed = session.transactions.count > 0
        else:
            session.transactions.undo()
        session.caught.append(error)
        try:
            run(session, statement.handler)
        finally:
            session.caught.remove(error)
            session.trying += 1
    finally:
        session.trying -= 1


def raise_error(session: Session, statement: tree.Raise) -> None:
    """RAISERROR: 50000 for a text; up to 10 it is information."""
    value, _ = session.evaluate(statement.message)
    level = session.evaluate(statement.level, INT)[0]
    state = session.evaluate(statement.state, INT)[0]
    if isinstance(value, int):
        raise Refused("RAISERROR with a number of sys.messages")
    arguments = [session.evaluate(argument)[0] for argument in statement.arguments]
    wanted = re.findall(r"%[-+0# \d.*]*([a-zA-Z%]?)", value)
    kinds = [str if kind == "s" else int for kind in wanted if kind != "%"]
    if len(kinds) > len(arguments) or not all(
        isinstance(argument, kind) for kind, argument in zip(kinds, arguments, strict=False)
    ):
        raise Refused("RAISERROR with other arguments than its text asks for")
    text = value.replace("%d", "%s").replace("%i", "%s") % tuple(arguments) if arguments else value
    if level > 18:
        text = "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option."
        raise SqlError(2754, text, 16, 1, statement.line)
    error = SqlError(50000, text, max(level, 0), state, statement.line)
    if level <= 10:
        session.out.say(error)
        session.row_count = 0
        return
    raise error


def throw(session: Session, statement: tree.Throw) -> None:
    """THROW: ends the batch."""
    if not statement.arguments:
        if not session.caught:
            text = "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement."
            raise SqlError(10704, text, 15, ends="batch")
        error = session.caught[-1]
        raise SqlError(error.number, error.text, error.level, error.state, error.line, error.procedure, "batch")
    number = session.evaluate(statement.arguments[0], INT)[0]
    text = session.evaluate(statement.arguments[1], WIDE)[0]
    state = session.evaluate(statement.arguments[2], INT)[0]
    if number < 50000:
        text = f"Error number {number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647."
        raise SqlError(35100, text, 16, 10, ends="batch")
    raise SqlError(number, text, 16, state, statement.line, ends="batch")


def wait(session: Session, statement: tree.WaitFor) -> None:
    """WAITFOR DELAY."""
    text, _ = session.evaluate(statement.delay, SqlType("varchar", 30))
    try:
        ticks = times.parse(text, SqlType("time", scale=7))[1]
    except SqlError:
        raise SqlError(
            148, f"Incorrect time syntax in time string '{text}' used with WAITFOR.", 15, ends="batch"
        ) from None
    end = time.monotonic() + ticks / times.TICKS
    while (left := end - time.monotonic()) > 0:
        if session.wake.wait(min(left, 60)) and session.connection.stopped():
            raise Cancelled
    session.finish(0, None)


def use(session: Session, name: str) -> None:
    """USE.

    Raises:
        SqlError: 911.
    """
    known = session.instance.database(name)
    if known is None:
        text = f"Database '{name}' does not exist. Make sure that the name is entered correctly."
        raise SqlError(911, text, ends="batch")
    old, session.database = session.database, known
    session.out.token(tokens.environment(tokens.ENV_DATABASE, known, old))
    session.out.say(SqlError(5701, f"Changed database context to '{known}'.", 0, 2))
    session.row_count = 0
    session.finish(0, None)
