"""Functions of numbers."""

from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.binder import NUMBERS, ExpressionBinder, Function, Scope
from tests.tds.engine.bound import Bound, type_number
from tests.tds.engine.functions.arguments import arguments
from tests.tds.engine.typing_rules import BIGINT, FLOAT, INT
from tests.tds.errors import Refused
from tests.tds.types import DECIMALS, FLOATS, MONEYS, SqlType


def same_number(name: str) -> Function:
    """ABS, FLOOR, CEILING, SIGN: the type of the argument, of a decimal without its scale for the middle two."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        (value,) = arguments(binder, call, scope, 1)
        type_ = value.type or INT
        if type_.name not in NUMBERS:
            type_ = FLOAT
        if type_.name in {"tinyint", "smallint", "bit"}:
            type_ = INT
        if type_.name == "real":
            type_ = FLOAT
        sql = binder.as_type(value, type_)
        result = type_
        if type_.name in DECIMALS and name in {"floor", "ceiling"}:
            result = SqlType(type_.name, precision=type_.precision)
        return Bound(f"n{name}({sql}, {type_number(type_)})", result)

    return function


def round_(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """ROUND."""
    found = arguments(binder, call, scope, 2, 3)
    type_ = found[0].type or INT
    if type_.name not in NUMBERS or type_.name == "real":
        type_ = FLOAT
    if type_.name in {"tinyint", "smallint", "bit"}:
        type_ = INT
    cut = binder.integer(found[2]) if len(found) > 2 else "0"
    return Bound(
        f"nround({binder.as_type(found[0], type_)}, {binder.integer(found[1])}, {cut}, {type_number(type_)})", type_
    )


def floating(name: str, count: int = 1) -> Function:
    """SQRT, EXP, LOG, POWER of floats."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        if name == "log" and len(call.arguments) == 2:
            raise Refused("LOG with a base")
        found = arguments(binder, call, scope, count)
        first = found[0].type
        sql = f"f{name}({', '.join(binder.as_type(item, FLOAT) for item in found)})"
        if name == "power" and first is not None and first.name in NUMBERS and first.name not in FLOATS:
            if first.name in DECIMALS or first.name in MONEYS:
                raise Refused("POWER of an exact number")
            type_ = BIGINT if first.name == "bigint" else INT
            return Bound(f"cv({sql}, {type_number(FLOAT)}, {type_number(type_)})", type_)
        return Bound(sql, FLOAT)

    return function
