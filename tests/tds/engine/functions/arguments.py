"""What functions ask of their arguments: how many, and as which type."""

from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.binder import ExpressionBinder, Function, Scope
from tests.tds.engine.bound import Bound
from tests.tds.errors import SqlError
from tests.tds.types import BYTES, MAX, TEXTS, WIDE, SqlType


def arguments(
    binder: ExpressionBinder, call: tree.Call, scope: Scope, low: int, high: int | None = None
) -> list[Bound]:
    """The arguments of a function, so many of them.

    Raises:
        SqlError: 174 or 189.
    """
    if not low <= len(call.arguments) <= (high or low):
        name = call.name.lower()
        if high is None:
            raise SqlError(174, f"The {name} function requires {low} argument(s).", 15, ends="batch")
        raise SqlError(189, f"The {name} function requires {low} to {high} arguments.", 15, ends="batch")
    return [binder.value(argument, scope) for argument in call.arguments]


def text(binder: ExpressionBinder, bound: Bound) -> tuple[str, SqlType]:
    """An argument as a text, and its type; numbers become varchar."""
    bound = binder.infer(bound, SqlType("nvarchar", 4000))
    type_ = bound.type
    if type_ is not None and type_.name in TEXTS:
        return bound.sql, type_
    target = SqlType("varchar", 8000) if type_ is None or type_.name not in BYTES else SqlType("varchar", type_.length)
    return binder.as_type(bound, target), target


def varying(type_: SqlType, length: int | None = None) -> SqlType:
    """nchar as nvarchar, char as varchar."""
    name = "nvarchar" if type_.name in WIDE else "varchar"
    if type_.length == MAX or type_.name in {"text", "ntext"}:
        return SqlType(name, MAX, collation=type_.collation)
    limit = 4000 if name == "nvarchar" else 8000
    return SqlType(name, min(length if length is not None else type_.length, limit), collation=type_.collation)


def fixed(sql: str, type_: SqlType, *, nullable: bool = True) -> Function:
    """A function without arguments."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        arguments(binder, call, scope, 0)
        return Bound(sql, type_, nullable)

    return function
