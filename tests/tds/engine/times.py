"""Dates and times: between numbers, parts and text, as SQL Server writes and reads them."""

# ruff: noqa: C901, PLR0911, PLR0912 - a case for each type or statement
from __future__ import annotations

import datetime as dt
import functools
import re

from tests.tds.errors import Refused, SqlError
from tests.tds.types import EPOCH_1900, TICKS_PER_DAY, UNITS_PER_DAY, SqlType, ten

TICKS = 10_000_000
"""100 ns in a second."""
LAST_DAY = dt.date.max.toordinal() - 1
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FIRST_DATETIME = (dt.date(1753, 1, 1).toordinal() - 1 - EPOCH_1900) * UNITS_PER_DAY

Parts = tuple[int, int, int]
"""Days since 0001-01-01, 100 ns since midnight (both local), minutes of offset."""


def parts_of(type_: SqlType, value: int | tuple[int, int]) -> Parts:
    """A value of any of the types."""
    if isinstance(value, tuple):
        utc, offset = value
        days, ticks = divmod(utc + offset * 60 * TICKS, TICKS_PER_DAY)
        return days, ticks, offset
    if type_.name == "date":
        return value, 0, 0
    if type_.name == "time":
        return EPOCH_1900, value, 0
    if type_.name == "datetime2":
        return (*divmod(value, TICKS_PER_DAY), 0)
    if type_.name == "datetime":
        days, units = divmod(value, UNITS_PER_DAY)
        return days + EPOCH_1900, (units * 100_000 + 1) // 3 if units % 3 == 2 else units * 100_000 // 3, 0
    days, minutes = divmod(value, 1440)
    return days + EPOCH_1900, minutes * 60 * TICKS, 0


def overflow(source: str, target: str) -> SqlError:
    """242: the value is outside what the target can hold."""
    return SqlError(
        242, f"The conversion of a {source} data type to a {target} data type resulted in an out-of-range value.", 16, 3
    )


def build(type_: SqlType, parts: Parts, source: str) -> int | tuple[int, int]:
    """A value of a type from its parts, rounded to its fraction of a second.

    Raises:
        SqlError: 242 if it is out of range.
    """
    days, ticks, offset = parts
    name = type_.name
    if name == "date":
        return days
    if name in {"time", "datetime2", "datetimeoffset"}:
        unit = ten(7 - type_.scale)
        ticks = (ticks + unit // 2) // unit * unit
        if name == "time":
            return ticks % TICKS_PER_DAY if ticks < TICKS_PER_DAY else TICKS_PER_DAY - unit
        whole = days * TICKS_PER_DAY + ticks
        if whole >= (LAST_DAY + 1) * TICKS_PER_DAY:
            raise overflow(source, name)
        if name == "datetime2":
            return whole
        utc = whole - offset * 60 * TICKS
        if not 0 <= utc < (LAST_DAY + 1) * TICKS_PER_DAY:
            raise overflow(source, name)
        return utc, offset
    if name == "datetime":
        value = (days - EPOCH_1900) * UNITS_PER_DAY + (ticks * 3 + 50_000) // 100_000
        if not FIRST_DATETIME <= value < (LAST_DAY + 1 - EPOCH_1900) * UNITS_PER_DAY:
            raise overflow(source, name)
        return value
    minutes = (ticks + 30 * TICKS - (1 if ticks % (60 * TICKS) < 30 * TICKS else 0)) // (60 * TICKS)
    value = (days - EPOCH_1900) * 1440 + minutes
    if not 0 <= value < 65536 * 1440:
        raise overflow(source, name)
    return value


_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})(\d{2})(\d{2})(?!\d)|(\d{4})/(\d{1,2})/(\d{1,2})")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_OTHER = re.compile(
    rf"\d{{1,2}}[-/. ]+\d{{1,2}}[-/. ]+\d{{2,4}}|\d{{4}}[. ]\d|\d{{4}}$|\d{{6}}(?!\d)|{_MONTH}\b.*\d|"
    rf"\d+[-/. ]*{_MONTH}\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.:](\d{1,9}))?)?\s*(AM|PM)?", re.IGNORECASE)
_ZONE = re.compile(r"([+-])(\d{1,2}):(\d{2})|Z", re.IGNORECASE)


def _failed(target: str, source: str, *, form: bool = False) -> SqlError:
    """241: no date or time; a datetime of the right form whose day or hour is none is 242."""
    if form and target in {"datetime", "smalldatetime"}:
        return overflow(source, target)
    return SqlError(
        241, "Conversion failed when converting date and/or time from character string.", ends="transaction"
    )


def parse(text: str, type_: SqlType, source: str = "varchar") -> Parts:
    """ISO 8601 and its unseparated form; other forms depend on settings.

    Raises:
        SqlError: 241, or 242 for a day or hour that is none as a datetime.
        Refused: for a date in another form.
    """
    rest = text.strip()
    failed = functools.partial(_failed, type_.name, source)
    days, ticks, offset = EPOCH_1900, 0, 0
    match = _DATE.match(rest)
    if not match and _OTHER.match(rest):
        raise Refused("a date in another form than that of ISO 8601")
    if match:
        year, month, day = (int(part) for part in match.groups() if part)
        try:
            days = dt.date(year, month, day).toordinal() - 1
        except ValueError:
            raise failed(form=True) from None
        rest = rest[match.end() :]
        rest = rest[1:] if rest[:1] in {"T", "t"} else rest.lstrip()
    if rest:
        clock = _TIME.match(rest)
        if clock:
            ticks = _clock(clock, type_, source)
            rest = rest[clock.end() :].lstrip()
        zone = _ZONE.fullmatch(rest) if rest else None
        if zone and type_.name in {"datetimeoffset", "datetime2", "date", "time"}:
            if zone.group(1):
                offset = (int(zone.group(2)) * 60 + int(zone.group(3))) * (-1 if zone.group(1) == "-" else 1)
            if abs(offset) > 14 * 60:
                raise failed()
        elif rest:
            raise failed()
    elif not match and text.strip():
        raise failed()
    return days, ticks, offset


def _clock(clock: re.Match[str], type_: SqlType, source: str) -> int:
    failed = functools.partial(_failed, type_.name, source)
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    fraction, half = clock.group(4) or "", (clock.group(5) or "").upper()
    limit = 3 if type_.name in {"datetime", "smalldatetime"} else 7
    if half:
        if not 1 <= hour <= 12:
            raise failed()
        hour = hour % 12 + (12 if half == "PM" else 0)
    if len(fraction) > limit:
        raise failed()
    if hour > 23 or minute > 59 or second > 59:
        raise failed(form=True)
    return ((hour * 60 + minute) * 60 + second) * TICKS + int(fraction.ljust(7, "0"))


def split(ticks: int) -> tuple[int, int, int, int]:
    """Hour, minute, second and 100 ns of a time of day."""
    seconds, fraction = divmod(ticks, TICKS)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return hour, minute, second, fraction


def date_of(days: int) -> dt.date:
    """A date from its number."""
    return dt.date.fromordinal(days + 1)


STYLES = frozenset([*range(15), *range(20, 26), *range(100, 115), 120, 121, 126, 127, 130, 131])
"""Of CONVERT, for dates and times."""


def text_of(type_: SqlType, value: int | tuple[int, int], style: int | None) -> str:
    """As CONVERT writes it.

    Raises:
        SqlError: 281 for a style that there is not.
        Refused: for one that this server does not know.
    """
    days, ticks, offset = parts_of(type_, value)
    date = date_of(days)
    hour, minute, second, fraction = split(ticks)
    name = type_.name
    digits = {"datetime": 3, "smalldatetime": 0}.get(name, type_.scale)
    shown = f"{fraction:07d}"[:digits]
    if name == "datetime":
        shown = f"{(fraction + 5000) // 10000:03d}"
    iso = f"{date.year:04d}-{date.month:02d}-{date.day:02d}"
    clock = f"{hour:02d}:{minute:02d}:{second:02d}"
    zone = f"{'-' if offset < 0 else '+'}{abs(offset) // 60:02d}:{abs(offset) % 60:02d}"
    if style is None or style == 0:
        if name in {"datetime", "smalldatetime"}:
            half = "AM" if hour < 12 else "PM"
            return f"{MONTHS[date.month - 1]} {date.day:2d} {date.year} {(hour - 1) % 12 + 1:2d}:{minute:02d}{half}"
        style = 121
    point = f".{shown}" if shown else ""
    if style == 23 and name != "time":
        return iso
    if style == 112 and name != "time":
        return iso.replace("-", "")
    if style in {8, 24, 108} and name != "date":
        return clock
    if style in {20, 120, 21, 25, 121, 126, 127}:
        if style in {20, 120} and name != "time":
            point = ""
        separator = "T" if style in {126, 127} else " "
        if style in {126, 127} and not fraction:
            point = ""
        if name == "date":
            return iso
        if name == "time":
            return clock + point
        if name == "datetimeoffset":
            return f"{iso}{separator}{clock}{point}{'' if style in {126, 127} else ' '}{zone}"
        if name == "smalldatetime" and style in {21, 25, 121}:
            point = ".000"
        return f"{iso}{separator}{clock}{point}"
    if style in STYLES:
        raise Refused(f"{name} as text in style {style}")
    raise SqlError(281, f"{style} is not a valid style number when converting from {name} to a character string.")
