"""What SQL Server looks at before it runs the first statement of a batch or procedure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.tds.engine import describe, tree
from tests.tds.engine.binder import Scope
from tests.tds.engine.queries import Binder
from tests.tds.errors import SqlError

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

NAMES = frozenset({137, 195, 207, 209, 4104})
"""Errors that end a batch before anything of it has run, where the tables of the statement are there; where they are
not, the statement is looked at when its turn comes ("Deferred name resolution")."""


def check(session: Session, statements: list[tree.Statement]) -> None:
    """Looks at all statements of a batch with several.

    Raises:
        SqlError: for a name that means nothing; 111 for a view or procedure that is not the first statement.
    """
    for statement in statements[1:]:
        if isinstance(statement, (tree.CreateModule, tree.CreateSchema)):
            kind = statement.kind if isinstance(statement, tree.CreateModule) else "SCHEMA"
            text = f"'CREATE {kind}' must be the first statement in a query batch."
            raise SqlError(111, text, 15, line=statement.line, ends="batch")
    every = list(flat(statements))
    if len(every) < 2:
        return
    outer = session.frame
    session.frame = dataclasses.replace(outer, types=dict(outer.types), values=dict(outer.values))
    try:
        for statement in every:
            if isinstance(statement, tree.Use):
                return
            try:
                look(session, statement)
            except SqlError as error:
                if error.number in NAMES:
                    error.line, error.depth = error.line or statement.line, session.depth
                    raise
    finally:
        session.frame = outer


def flat(statements: list[tree.Statement]) -> Iterator[tree.Statement]:
    """The statements and those inside them, in the order of their text."""
    for statement in statements:
        yield statement
        match statement:
            case tree.If(_, _, then, otherwise):
                yield from flat([*then, *otherwise])
            case tree.Block(_, body) | tree.While(_, _, body):
                yield from flat(body)
            case tree.Try(_, body, handler):
                yield from flat([*body, *handler])
            case _:
                pass


def look(session: Session, statement: tree.Statement) -> None:
    """Binds what a statement names, and runs nothing."""
    match statement:
        case tree.If(_, condition) | tree.While(_, condition):
            Binder(session).condition(condition, Scope())
        case tree.Declare(_, variables):
            for name, type_, value in variables:
                if value is not None:
                    Binder(session).value(value, Scope())
                session.frame.declare(name, type_)
        case tree.SetVariable(_, name, value):
            session.variable_type(name)
            Binder(session).value(value, Scope())
        case tree.Update() if any(variable for variable, _, _ in statement.assignments):
            pass
        case tree.SelectStatement() | tree.Insert() | tree.Update() | tree.Delete():
            describe.result_of(session, statement)
        case _:
            pass
