"""Aggregates, and what looks at the rows around: OVER, ranks, neighbours."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.binder import NUMBERS, ExpressionBinder, Scope, checked, ordered
from tests.tds.engine.bound import Bound, type_number
from tests.tds.engine.functions.arguments import arguments, text, varying
from tests.tds.engine.typing_rules import BIGINT, FLOAT, INT
from tests.tds.errors import Refused, SqlError
from tests.tds.types import DECIMALS, FLOATS, MAX, MONEYS, TEXTS, WIDE, SqlType


def aggregate(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """COUNT, COUNT_BIG, SUM, AVG, MIN, MAX, STRING_AGG and what follows OVER."""
    if scope.in_aggregate:
        text_ = "Cannot perform an aggregate function on an expression containing an aggregate or a subquery."
        raise SqlError(130, text_, 15, ends="batch")
    windowed = call.over is not None
    if not windowed:
        scope.aggregates = True
    scope.in_aggregate = not windowed or scope.in_aggregate
    try:
        bound = _aggregate(binder, call, scope)
    finally:
        scope.in_aggregate = False
    if call.over is not None:
        if "{over}" not in bound.sql:
            bound.sql += "{over}"
        bound.sql = bound.sql.replace("{over}", over(binder, call.over, scope))
    else:
        bound.sql = bound.sql.replace("{over}", "")
    bound.column = None
    return bound


def _aggregate(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    name = call.name
    distinct = "DISTINCT " if call.distinct else ""
    if name in {"COUNT", "COUNT_BIG"}:
        type_ = BIGINT if name == "COUNT_BIG" else INT
        if call.arguments and isinstance(call.arguments[0], tree.Star):
            return Bound("COUNT(*){over}", type_)
        (argument,) = arguments(binder, call, scope, 1)
        return Bound(f"COUNT({distinct}{ordered(argument.sql, argument.type)}){{over}}", type_)
    if name == "STRING_AGG":
        return string_agg(binder, call, scope)
    (argument,) = arguments(binder, call, scope, 1)
    return _of_values(argument, name, distinct)


def _of_values(argument: Bound, name: str, distinct: str) -> Bound:
    """MIN, MAX, SUM, AVG."""
    type_ = argument.type
    if type_ is None:
        raise SqlError(8117, f"Operand data type NULL is invalid for {name.lower()} operator.", ends="batch")
    if name in {"MIN", "MAX"}:
        if type_.name in {"bit", "text", "ntext", "image", "xml", "sql_variant"}:
            raise SqlError(
                8117, f"Operand data type {type_.name} is invalid for {name.lower()} operator.", ends="batch"
            )
        return Bound(f"{name}({ordered(argument.sql, type_)}){{over}}", type_)
    if type_.name not in NUMBERS or type_.name == "bit":
        raise SqlError(8117, f"Operand data type {type_.name} is invalid for {name.lower()} operator.", ends="batch")
    if type_.name in DECIMALS:
        scale = max(type_.scale, 6) if name == "AVG" else type_.scale
        result = SqlType(type_.name, precision=38, scale=scale)
        function = "davg" if name == "AVG" else "dsum"
        return Bound(
            f"{function}({distinct}{argument.sql}, {type_number(result)}){{over}}"
            if not distinct
            else _refuse_distinct(name),
            result,
        )
    if type_.name in FLOATS:
        return Bound(f"{'AVG' if name == 'AVG' else 'SUM'}({distinct}{argument.sql}){{over}}", FLOAT)
    result = SqlType("money") if type_.name in MONEYS else BIGINT if type_.name == "bigint" else INT
    if name == "AVG":
        return Bound(f"(SUM({distinct}{argument.sql}){{over}} / COUNT({distinct}{argument.sql}){{over}})", result)
    return Bound(checked(f"SUM({distinct}{argument.sql}){{over}}", result), result)


def _refuse_distinct(name: str) -> str:
    raise Refused(f"{name}(DISTINCT) of exact numbers")


def string_agg(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """STRING_AGG: SQLite's group_concat over rows in order."""
    found = arguments(binder, call, scope, 2)
    value, separator = (text(binder, argument) for argument in found)
    if call.over is not None or call.within:
        raise Refused("STRING_AGG with an order")
    is_text = found[0].type is not None and found[0].type.name in TEXTS
    type_ = value[1] if is_text else SqlType("nvarchar", 4000)
    length = MAX if type_.length == MAX else 4000 if type_.name in WIDE else 8000
    return Bound(f"group_concat({value[0]}, {separator[0]})", varying(type_, length) if length > 0 else varying(type_))


def over(binder: ExpressionBinder, window: tree.Over, scope: Scope) -> str:
    """OVER (...)."""
    scope.windows = True
    parts: list[str] = []
    if window.partition:
        terms = [binder.value(term, scope) for term in window.partition]
        parts.append("PARTITION BY " + ", ".join(ordered(term.sql, term.type) for term in terms))
    if window.order:
        terms = [binder.value(item.expression, scope) for item in window.order]
        if any(term.constant and term.type is not None and term.type.name == "int" for term in terms):
            text_ = "Windowed functions, aggregates and NEXT VALUE FOR functions do not support integer indices as ORDER BY clause expressions."
            raise SqlError(5308, text_, ends="batch")
        directions = [" DESC" if item.descending else "" for item in window.order]
        parts.append(
            "ORDER BY "
            + ", ".join(ordered(term.sql, term.type) + way for term, way in zip(terms, directions, strict=True))
        )
    if window.frame:
        parts.append(window.frame)
    return f" OVER ({' '.join(parts)})"


def ranking(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """ROW_NUMBER, RANK, DENSE_RANK, NTILE."""
    if call.over is None or not call.over.order:
        raise SqlError(4112, f"The function '{call.name}' must have an OVER clause with ORDER BY.", 15, ends="batch")
    inner = ", ".join(binder.integer(item) for item in arguments(binder, call, scope, 0, 1))
    return Bound(f"{call.name}({inner}){over(binder, call.over, scope)}", BIGINT)


def neighbour(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """LAG, LEAD, FIRST_VALUE, LAST_VALUE."""
    if call.over is None or not call.over.order:
        raise SqlError(4112, f"The function '{call.name}' must have an OVER clause with ORDER BY.", 15, ends="batch")
    found = arguments(binder, call, scope, 1, 3)
    type_ = found[0].type or INT
    rest = [binder.integer(found[1])] if len(found) > 1 else []
    if len(found) > 2:
        rest.append(binder.as_type(found[2], type_))
    return Bound(f"{call.name}({', '.join([found[0].sql, *rest])}){over(binder, call.over, scope)}", type_)
