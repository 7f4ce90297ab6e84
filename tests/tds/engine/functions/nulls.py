"""Functions of values that may be NULL."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import ExpressionBinder, Scope
from tests.tds.engine.bound import Bound
from tests.tds.engine.functions.arguments import arguments
from tests.tds.engine.typing_rules import INT
from tests.tds.errors import SqlError


def isnull(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """ISNULL: the first one's type."""
    first, second = arguments(binder, call, scope, 2)
    type_ = first.type or second.type or INT
    return Bound(f"ifnull({binder.as_type(first, type_)}, {binder.as_type(second, type_)})", type_, second.nullable)


def coalesce(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """COALESCE: the common type."""
    found = [binder.value(argument, scope) for argument in call.arguments]
    if all(item.type is None for item in found):
        raise SqlError(
            4127,
            "At least one of the arguments to COALESCE must be an expression that is not the NULL constant.",
            ends="batch",
        )
    type_ = rules.common([item.type for item in found])
    found = [binder.infer(item, type_) for item in found]
    nullable = all(item.nullable for item in found)
    if len(found) == 1:
        return found[0]
    return Bound(f"coalesce({', '.join(binder.as_type(item, type_) for item in found)})", type_, nullable)


def nullif(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """NULLIF."""
    first, second = arguments(binder, call, scope, 2)
    if first.type is None:
        raise SqlError(
            4151,
            "The type of the first argument to NULLIF cannot be the NULL constant because the type of the first argument has to be known.",
            ends="batch",
        )
    return Bound(f"(CASE WHEN {binder.compare('=', first, second)} THEN NULL ELSE {first.sql} END)", first.type)
