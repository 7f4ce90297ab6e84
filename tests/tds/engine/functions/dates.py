"""Functions of dates and times."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.binder import ExpressionBinder, Scope, checked
from tests.tds.engine.bound import Bound, type_number
from tests.tds.engine.functions.arguments import arguments
from tests.tds.engine.typing_rules import BIGINT, INT
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType

DATETIME = SqlType("datetime")
PART_NAMES = {
    "year": "year", "yy": "year", "yyyy": "year", "quarter": "quarter", "qq": "quarter", "q": "quarter", "month": "month",
    "mm": "month", "m": "month", "dayofyear": "dayofyear", "dy": "dayofyear", "y": "dayofyear", "day": "day", "dd": "day",
    "d": "day", "weekday": "weekday", "dw": "weekday", "hour": "hour", "hh": "hour", "minute": "minute", "mi": "minute",
    "n": "minute", "second": "second", "ss": "second", "s": "second", "millisecond": "millisecond", "ms": "millisecond",
    "microsecond": "microsecond", "mcs": "microsecond", "nanosecond": "nanosecond", "ns": "nanosecond", "week": "week",
    "wk": "week", "ww": "week",
}  # fmt: skip


CLOCK_PARTS = {"hour", "minute", "second", "millisecond", "microsecond", "nanosecond"}


def check_part(part: str, function: str, type_: SqlType, others: set[str]) -> None:
    """Whether a type has a part of a date or time; `others` are those that the function does not take of it.

    Raises:
        SqlError: 9810.
    """
    wrong = {"date": CLOCK_PARTS, "time": set(PART_NAMES.values()) - CLOCK_PARTS}
    if part in wrong.get(type_.name, others):
        text_ = f"The datepart {part} is not supported by date function {function} for data type {type_.name}."
        raise SqlError(9810, text_, ends="batch")


def part_of(call: tree.Call) -> str:
    """The first argument of DATEADD and its like.

    Raises:
        SqlError: 155.
    """
    first = call.arguments[0]
    word = first.value if isinstance(first, tree.Literal) else ""
    if word in {"iso_week", "isowk", "isoww", "tzoffset", "tz"}:
        raise Refused(f"the datepart {word}")
    if word not in PART_NAMES:
        raise SqlError(155, f"'{word}' is not a recognized {call.name.lower()} option.", 15, ends="batch")
    return PART_NAMES[word]


def as_date(binder: ExpressionBinder, bound: Bound) -> tuple[str, SqlType]:
    """An argument as a date or time; texts become datetimeoffset, datetime in DATEADD."""
    type_ = bound.type
    if type_ is not None and type_.name in {"date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset"}:
        return bound.sql, type_
    target = DATETIME
    return binder.as_type(bound, target), target


def dateadd(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEADD."""
    part = part_of(call)
    count, value = (binder.value(argument, scope) for argument in call.arguments[1:])
    sql, type_ = as_date(binder, value)
    fine = {"microsecond", "nanosecond"} if type_.name.endswith("datetime") else set[str]()
    check_part(part, "dateadd", type_, fine)
    return Bound(f"dtadd('{part}', {binder.integer(count)}, {sql}, {type_number(type_)})", type_)


def datediff(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEDIFF, DATEDIFF_BIG."""
    part = part_of(call)
    first, last = (as_date(binder, binder.value(argument, scope)) for argument in call.arguments[1:])
    type_ = BIGINT if call.name == "DATEDIFF_BIG" else INT
    sql = f"dtdiff('{part}', {first[0]}, {type_number(first[1])}, {last[0]}, {type_number(last[1])})"
    return Bound(checked(sql, type_), type_)


def datepart(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEPART, YEAR, MONTH, DAY."""
    if call.name == "DATEPART":
        part, argument = part_of(call), call.arguments[1]
    else:
        part, argument = call.name.lower(), call.arguments[0]
    sql, type_ = as_date(binder, binder.value(argument, scope))
    check_part(part, call.name.lower(), type_, set())
    return Bound(f"dtpart('{part}', {sql}, {type_number(type_)})", INT)


def date_parts(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEFROMPARTS."""
    found = [binder.integer(item) for item in arguments(binder, call, scope, 3)]
    return Bound(f"dtfrom({', '.join(found)})", SqlType("date"))
