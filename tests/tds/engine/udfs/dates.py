"""Dates and times."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import datetime as dt
from typing import Any

from tests.tds.engine import times
from tests.tds.engine.bound import TYPES
from tests.tds.engine.storage import load, store
from tests.tds.errors import SqlError
from tests.tds.types import TICKS_PER_DAY, SqlType


def now(name: str) -> Any:
    """The time in UTC, where the server is."""
    instant = dt.datetime.now(dt.UTC)
    ticks = ((instant.hour * 60 + instant.minute) * 60 + instant.second) * times.TICKS + instant.microsecond * 10
    type_ = SqlType(name, scale=7 if name != "datetime" else 0)
    return store(times.build(type_, (instant.toordinal() - 1, ticks, 0), name), type_)


UNITS = {"hour": 36_000_000_000, "minute": 600_000_000, "second": 10_000_000, "millisecond": 10_000, "microsecond": 10}


def _add_months(days: int, months: int) -> int:
    date = times.date_of(days)
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise SqlError(517, "Adding a value to a 'date' column caused an overflow.")
    last = (
        (dt.date(year + month // 11, (month + 1) % 12 + 1, 1) - dt.timedelta(1)).day
        if (year, month) != (9999, 11)
        else 31
    )
    return dt.date(year, month + 1, min(date.day, last)).toordinal() - 1


def dtadd(part: str, count: int, value: Any, number: int) -> Any:
    """DATEADD."""
    type_ = TYPES[number]
    days, ticks, offset = times.parts_of(type_, load(value, type_))
    if part in {"year", "quarter", "month"}:
        days = _add_months(days, count * {"year": 12, "quarter": 3, "month": 1}[part])
    elif part in {"day", "dayofyear", "weekday", "week"}:
        days += count * (7 if part == "week" else 1)
    else:
        ticks += count // 100 if part == "nanosecond" else count * UNITS[part]
        more, ticks = divmod(ticks, TICKS_PER_DAY)
        days += 0 if type_.name == "time" else more
    if not 0 <= days <= times.LAST_DAY:
        raise SqlError(517, f"Adding a value to a '{type_.name}' column caused an overflow.")
    return store(times.build(type_, (days, ticks, offset), type_.name), type_)


def dtdiff(part: str, first: Any, a: int, last: Any, b: int) -> int:
    """DATEDIFF: how many boundaries lie between, in UTC."""
    ends: list[tuple[int, int]] = []
    for value, number in ((first, a), (last, b)):
        type_ = TYPES[number]
        days, ticks, offset = times.parts_of(type_, load(value, type_))
        whole = days * TICKS_PER_DAY + ticks - offset * 60 * times.TICKS
        ends.append(divmod(whole, TICKS_PER_DAY))
    (d1, t1), (d2, t2) = ends
    if part in {"year", "quarter", "month"}:
        one, two = times.date_of(d1), times.date_of(d2)
        unit = {"year": 12, "quarter": 3, "month": 1}[part]
        return (two.year * 12 + two.month - 1) // unit - (one.year * 12 + one.month - 1) // unit
    if part in {"day", "dayofyear", "weekday"}:
        return d2 - d1
    if part == "week":
        return (d2 + 1) // 7 - (d1 + 1) // 7
    if part == "nanosecond":
        return ((d2 - d1) * TICKS_PER_DAY + t2 - t1) * 100
    unit = UNITS[part]
    return (d2 * TICKS_PER_DAY + t2) // unit - (d1 * TICKS_PER_DAY + t1) // unit


def dtpart(part: str, value: Any, number: int) -> int:
    """DATEPART."""
    type_ = TYPES[number]
    days, ticks, _ = times.parts_of(type_, load(value, type_))
    date = times.date_of(days)
    hour, minute, second, fraction = times.split(ticks)
    return {
        "year": date.year, "quarter": (date.month - 1) // 3 + 1, "month": date.month, "day": date.day,
        "dayofyear": date.timetuple().tm_yday, "weekday": date.isoweekday() % 7 + 1, "hour": hour, "minute": minute,
        "second": second, "millisecond": fraction // 10_000, "microsecond": fraction // 10, "nanosecond": fraction * 100,
        "week": (date.timetuple().tm_yday + dt.date(date.year, 1, 1).isoweekday() % 7 - 1) // 7 + 1,
    }[part]  # fmt: skip


def dtfrom(year: int, month: int, day: int) -> int:
    """DATEFROMPARTS."""
    try:
        return dt.date(year, month, day).toordinal() - 1
    except ValueError:
        text = "Cannot construct data type date, some of the arguments have values which are not valid."
        raise SqlError(289, text) from None


def compare_offsets(a: str, b: str) -> int:
    """By the instant."""
    return (a[:20] > b[:20]) - (a[:20] < b[:20])
