"""The functions that the engine adds to SQLite. A T-SQL error inside one is kept for the session to find."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# A table of functions of different arguments: SQLite knows how many each one takes.
from __future__ import annotations

import datetime as dt
import functools
import math
import re
import sqlite3
import struct
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from tests.tds import pages
from tests.tds.engine import convert, times
from tests.tds.engine.bound import TYPES
from tests.tds.engine.storage import load, number_of_bytes, store
from tests.tds.errors import SqlError
from tests.tds.types import BYTES, DECIMALS, FLOATS, MONEYS, NARROW, TEXTS, TICKS_PER_DAY, WIDE, SqlType, Variant, ten

POINT = 10**38
_MIDDLE = 1 << 255


class Holder(Protocol):
    """Where an error goes, and who answers for the session."""

    error: SqlError | None

    def answer(self, name: str, *arguments: Any) -> Any:
        """The value of a function of the session."""
        ...


def overflow(name: str) -> SqlError:
    """8115: the result of an operation does not fit."""
    return SqlError(8115, f"Arithmetic overflow error converting expression to data type {name}.", 16, 2)


def divided() -> SqlError:
    """8134."""
    return SqlError(8134, "Divide by zero error encountered.")


# Conversions


def cv(value: Any, source: int, target: int) -> Any:
    """A conversion."""
    if value is None:
        return None
    a, b = TYPES[source], TYPES[target]
    return store(convert.convert(load(value, a), a, b), b)


def cv3(value: Any, source: int, target: int, style: int | None) -> Any:
    """A conversion with a style."""
    if value is None or style is None:
        return None
    a, b = TYPES[source], TYPES[target]
    return store(convert.convert(load(value, a), a, b, style), b)


def tcv(value: Any, source: int, target: int, style: int | None) -> Any:
    """TRY_CAST: NULL where the value does not fit; 529 stays an error."""
    if value is None:
        return None
    a, b = TYPES[source], TYPES[target]
    try:
        return store(convert.convert(load(value, a), a, b, style), b)
    except SqlError as error:
        if error.number in {529, 50000}:
            raise
        return None


# Ranges


def ranged(name: str, low: int, high: int) -> Callable[[Any], Any]:
    """Whether a whole number fits."""

    def check(value: Any) -> Any:
        if value is None or (type(value) is int and low <= value <= high):
            return value
        raise overflow(name)

    return check


def f8(value: Any) -> Any:
    """A float that is a number."""
    if value is None or math.isfinite(value):
        return value
    raise overflow("float")


def f4(value: Any) -> Any:
    """A float with the digits of a real."""
    if value is None:
        return None
    try:
        return struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        raise overflow("real") from None


def idiv(a: int | None, b: int | None) -> int | None:
    """Whole numbers, toward zero."""
    if a is None or b is None:
        return None
    if not b:
        raise divided()
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def imod(a: int | None, b: int | None) -> int | None:
    """The remainder has the sign of the dividend."""
    if a is None or b is None:
        return None
    if not b:
        raise divided()
    return abs(a) % abs(b) * (-1 if a < 0 else 1)


def fdiv(a: float | None, b: float | None) -> float | None:
    """Floats."""
    if a is None or b is None:
        return None
    if not b:
        raise divided()
    return a / b


# Exact numbers: integers at 38 digits behind the point


def _pack(value: int, divisor: int, result: int, *, cut: bool = False) -> bytes:
    """value / divisor at the scale of the result, halves away from zero or cut."""
    type_ = TYPES[result]
    unit = ten(38 - type_.scale)
    whole = divisor * unit
    digits = abs(value) // whole if cut else (2 * abs(value) + whole) // (2 * whole)
    if digits >= 10**type_.precision:
        raise overflow("numeric")
    if value < 0:
        digits = -digits
    return (digits * unit + _MIDDLE).to_bytes(32, "big")


def exact(operate: Callable[[int, int, int], bytes]) -> Callable[..., bytes | None]:
    """An operation of two exact numbers."""

    def function(a: bytes | None, b: bytes | None, result: int) -> bytes | None:
        if a is None or b is None:
            return None
        return operate(int.from_bytes(a, "big") - _MIDDLE, int.from_bytes(b, "big") - _MIDDLE, result)

    return function


def _ddiv(a: int, b: int, result: int) -> bytes:
    if not b:
        raise divided()
    sign = -1 if (a < 0) != (b < 0) else 1
    return _pack(sign * abs(a) * POINT, abs(b), result, cut=True)


def _dmod(a: int, b: int, result: int) -> bytes:
    if not b:
        raise divided()
    return _pack(abs(a) % abs(b) * (-1 if a < 0 else 1), 1, result)


def dneg(a: bytes | None) -> bytes | None:
    """-a."""
    return None if a is None else (2 * _MIDDLE - int.from_bytes(a, "big")).to_bytes(32, "big")


def money(operate: Callable[[int, int], int]) -> Callable[..., int | None]:
    """An operation of money."""

    def function(a: int | None, b: int | None, result: int) -> int | None:
        if a is None or b is None:
            return None
        value = operate(a, b)
        low, high = convert.LIMITS[TYPES[result].name]
        if not low <= value <= high:
            raise overflow(TYPES[result].name)
        return value

    return function


def _mdiv(a: int, b: int) -> int:
    return idiv(a * 10_000, b) or 0


class ExactSum:
    """SUM of exact numbers."""

    cls_average = False

    def __init__(self) -> None:
        """Nothing yet."""
        self.total, self.count, self.result = 0, 0, 0

    def step(self, value: bytes | None, result: int) -> None:
        """One more."""
        self.result = result
        if value is not None:
            self.total += int.from_bytes(value, "big") - _MIDDLE
            self.count += 1

    def inverse(self, value: bytes | None, result: int) -> None:  # noqa: ARG002 - SQLite passes what step had
        """One less, as a window moves."""
        if value is not None:
            self.total -= int.from_bytes(value, "big") - _MIDDLE
            self.count -= 1

    def value(self) -> bytes | None:
        """So far."""
        if not self.count:
            return None
        return _pack(self.total, self.count if self.cls_average else 1, self.result, cut=self.cls_average)

    def finalize(self) -> bytes | None:
        """The sum."""
        return self.value()


class ExactAverage(ExactSum):
    """AVG of exact numbers."""

    cls_average = True


class One:
    """The value of a query that may give one row."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.count, self.value = 0, None

    def step(self, value: Any) -> None:
        """A row."""
        self.count += 1
        self.value = value

    def finalize(self) -> Any:
        """The value.

        Raises:
            SqlError: 512.
        """
        if self.count > 1:
            raise SqlError(
                512,
                "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, "
                ">= or when the subquery is used as an expression.",
            )
        return self.value


# Texts


def strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL for any NULL."""

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return wrapped


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-16-le")
    except UnicodeDecodeError:
        raise SqlError(50000, "The TDS test server refuses: half a surrogate pair.", ends="batch") from None


def _slice(text: str, start: int, end: int) -> str:
    return text[start:end] if text.isascii() else _text(_units(text)[2 * start : 2 * end])


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(_units(text)) // 2


def tsub(text: str, start: int, count: int) -> str:
    """SUBSTRING."""
    if count < 0:
        raise SqlError(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.", 16, 3)
    return _slice(text, max(start - 1, 0), max(start - 1 + count, 0))


def bsub(data: bytes, start: int, count: int) -> bytes:
    """SUBSTRING of a binary."""
    return data[max(start - 1, 0) : max(start - 1 + count, 0)]


def tleft(text: str, count: int) -> str:
    """LEFT."""
    return tsub(text, 1, count)


def tright(text: str, count: int) -> str:
    """RIGHT."""
    if count < 0:
        raise SqlError(536, "Invalid length parameter passed to the right function.", 16, 4)
    length = _length(text)
    return _slice(text, max(length - count, 0), length)


def trep(text: str, count: int, type_: int) -> str | None:
    """REPLICATE."""
    return None if count < 0 else convert.fitted(text * count, TYPES[type_])


def tfind(sought: str, text: str, start: int) -> int:
    """CHARINDEX."""
    at = text.casefold().find(sought.casefold(), max(start - 1, 0)) if sought else -1
    return _length(text[:at]) + 1 if at >= 0 else 0


def treplace(text: str, old: str, new: str) -> str:
    """REPLACE, where case does not count."""
    return re.sub(re.escape(old), lambda _: new, text, flags=re.IGNORECASE) if old else text


def tquote(text: str, quote: str) -> str | None:
    """QUOTENAME."""
    pairs = {"[": "[]", "]": "[]", '"': '""', "'": "''", "(": "()", "<": "<>", "{": "{}", "`": "``"}
    if len(text) > 128 or quote not in pairs:
        return None
    first, last = pairs[quote][0], pairs[quote][1]
    return first + text.replace(last, last * 2) + last


def tstuff(text: str, start: int, count: int, new: str) -> str | None:
    """STUFF."""
    if not 1 <= start <= len(text) or count < 0:
        return None
    return text[: start - 1] + new + text[start - 1 + count :]


def chr_(code: int | None) -> str | None:
    """CHAR."""
    if code is None or not 0 <= code <= 255:
        return None
    return bytes((code,)).decode("cp1252", "replace")


def nchr(code: int | None) -> str | None:
    """NCHAR."""
    return None if code is None or not 0 <= code <= 0xFFFF or 0xD800 <= code < 0xE000 else chr(code)


def bytelen(value: Any, number: int) -> int | None:
    """DATALENGTH."""
    if value is None:
        return None
    type_ = TYPES[number]
    if type_.name == "sql_variant":
        inner: Variant = load(value, type_)
        return _data_length(inner.value, inner.type)
    return _data_length(value, type_)


def _data_length(value: Any, type_: SqlType) -> int:
    if type_.name in WIDE:
        return len(_units(value))
    if type_.name in NARROW:
        return len(pages.encode(value, type_.collation))
    return len(value) if type_.name in BYTES else type_.max_length


@functools.lru_cache(512)
def _pattern(pattern: str, escape: str | None) -> re.Pattern[str]:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if escape and character == escape and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        elif character == "%":
            parts.append(".*")
        elif character == "_":
            parts.append(".")
        elif character == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            inside = pattern[at + 1 : end]
            negated = inside.startswith("^")
            inside = inside[1:] if negated else inside
            escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside)
            parts.append(f"[{'^' if negated else ''}{escaped}]" if inside else "(?!)")
            at = end
        else:
            parts.append(re.escape(character))
        at += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def lk(text: str | None, pattern: str | None, escape: str | None, unicode: int) -> int | None:
    """LIKE: spaces at the end of the pattern count, those of the text only where one of them is Unicode ("LIKE")."""
    if text is None or pattern is None:
        return None
    compiled = _pattern(pattern, escape)
    return 1 if compiled.fullmatch(text) or (not unicode and compiled.fullmatch(text.rstrip(" "))) else 0


@functools.lru_cache(65_536)
def _folded(text: str) -> str:
    return text.rstrip(" ").casefold()


def compare_texts(a: str, b: str) -> int:
    """SQL_Latin1_General_CP1_CI_AS, as far as equality goes: no case, no spaces at the end."""
    if a == b:
        return 0
    left, right = _folded(a), _folded(b)
    return (left > right) - (left < right)


def compare_offsets(a: str, b: str) -> int:
    """By the instant."""
    return (a[:20] > b[:20]) - (a[:20] < b[:20])


# Numbers


def _number(operate: Callable[[int, int], int], of_float: Callable[[float], float]) -> Callable[..., Any]:
    """ABS and its like: of the digits and their scale, or of a float."""

    def function(value: Any, number: int) -> Any:
        type_ = TYPES[number]
        if type_.name in FLOATS:
            return float(of_float(value))
        scale = convert.scale_of(type_)
        digits = operate(load(value, type_), 10**scale)
        if type_.name in DECIMALS:
            return store(digits, type_)
        return digits

    return strict(function)


def nround(value: Any, digits: int, cut: int, number: int) -> Any:
    """ROUND."""
    type_ = TYPES[number]
    if type_.name in FLOATS:
        unit = 10.0**digits
        scaled = value * unit
        return (math.trunc(scaled) if cut else math.floor(abs(scaled) + 0.5) * math.copysign(1, scaled)) / unit
    scale = convert.scale_of(type_)
    number_ = load(value, type_)
    if digits >= scale:
        return value
    step = 10 ** (scale - digits)
    rounded = (abs(number_) // step if cut else (abs(number_) + step // 2) // step) * step
    rounded = -rounded if number_ < 0 else rounded
    if type_.name in DECIMALS:
        if abs(rounded) >= 10**type_.precision:
            raise overflow("numeric")
        return store(rounded, type_)
    low, high = convert.LIMITS[type_.name]
    if not low <= rounded <= high:
        raise overflow(type_.name)
    return rounded


def guarded(function: Callable[..., float]) -> Callable[..., Any]:
    """3623 for a root or logarithm that is none."""

    def wrapped(*arguments: Any) -> Any:
        try:
            return float(function(*arguments))
        except ValueError:
            raise SqlError(3623, "An invalid floating point operation occurred.") from None
        except OverflowError:
            raise overflow("float") from None

    return strict(wrapped)


# Dates


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


# Others


def vprop(value: bytes, name: str) -> Any:
    """SQL_VARIANT_PROPERTY."""
    variant_type = SqlType("sql_variant")
    variant: Variant = load(value, variant_type)
    type_ = variant.type
    folded = name.casefold()
    if folded == "basetype":
        return store(Variant(SqlType("nvarchar", 128), type_.name), variant_type)
    number = {
        "precision": type_.precision or len(str(variant.value)),
        "scale": type_.scale,
        "maxlength": type_.max_length,
    }.get(folded)
    return None if number is None else store(Variant(SqlType("int"), number), variant_type)


def deeper(depth: int, limit: int) -> int:
    """530: a recursion that goes too deep."""
    if depth > limit:
        text = (
            f"The statement terminated. The maximum recursion {limit} has been exhausted before statement completion."
        )
        raise SqlError(530, text)
    return depth


def toprows(count: int | None) -> int:
    """TOP."""
    if count is not None and count < 0:
        raise SqlError(127, "A TOP N or FETCH rowcount value may not be negative.", 15)
    if count is None:
        raise SqlError(
            1060, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.", 15
        )
    return count


def fetchrows(count: int | None) -> int:
    """FETCH."""
    if count is None or count < 1:
        raise SqlError(10744, "The number of rows provided for a FETCH clause must be greater then zero.", 15)
    return count


def offsetrows(count: int | None) -> int:
    """OFFSET."""
    if count is None or count < 0:
        raise SqlError(10742, "The offset specified in a OFFSET clause may not be negative.", 15)
    return count


PLAIN: dict[str, tuple[int, Callable[..., Any]]] = {
    "cv": (3, cv),
    "cv3": (4, cv3),
    "tcv": (4, tcv),
    "i1": (1, ranged("tinyint", 0, 255)),
    "i2": (1, ranged("smallint", -(2**15), 2**15 - 1)),
    "i4": (1, ranged("int", -(2**31), 2**31 - 1)),
    "i8": (1, ranged("bigint", -(2**63), 2**63 - 1)),
    "m8": (1, ranged("money", -(2**63), 2**63 - 1)),
    "m4": (1, ranged("smallmoney", -(2**31), 2**31 - 1)),
    "f8": (1, f8),
    "f4": (1, f4),
    "idiv": (2, idiv),
    "imod": (2, imod),
    "fdiv": (2, fdiv),
    "dadd": (3, exact(lambda a, b, result: _pack(a + b, 1, result))),
    "dsub": (3, exact(lambda a, b, result: _pack(a - b, 1, result))),
    "dmul": (3, exact(lambda a, b, result: _pack(a * b, POINT, result))),
    "ddiv": (3, exact(_ddiv)),
    "dmod": (3, exact(_dmod)),
    "dneg": (1, dneg),
    "madd": (3, money(lambda a, b: a + b)),
    "msub": (3, money(lambda a, b: a - b)),
    "mmul": (3, money(lambda a, b: convert.rescale(a * b, 8, 4))),
    "mdiv": (3, money(_mdiv)),
    "mmod": (3, money(lambda a, b: imod(a, b) or 0)),
    "bcat": (2, strict(lambda a, b: a + b)),
    "tlen": (1, strict(lambda text: _length(text.rstrip(" ")))),
    "bytelen": (2, bytelen),
    "tsub": (3, strict(tsub)),
    "bsub": (3, strict(bsub)),
    "tleft": (2, strict(tleft)),
    "tright": (2, strict(tright)),
    "tupper": (1, strict(str.upper)),
    "tlower": (1, strict(str.lower)),
    "tltrim": (1, strict(lambda text: text.lstrip(" "))),
    "trtrim": (1, strict(lambda text: text.rstrip(" "))),
    "ttrim": (1, strict(lambda text: text.strip(" "))),
    "trev": (1, strict(lambda text: text[::-1])),
    "treplace": (3, strict(treplace)),
    "trep": (3, strict(trep)),
    "tfind": (3, strict(tfind)),
    "tquote": (2, strict(tquote)),
    "tstuff": (4, strict(tstuff)),
    "chr": (1, chr_),
    "nchr": (1, nchr),
    "tascii": (1, strict(lambda text: text[:1].encode("cp1252", "replace")[0] if text else None)),
    "tunicode": (1, strict(lambda text: ord(text[0]) if text else None)),
    "lk": (4, lk),
    "nabs": (2, _number(lambda digits, _: abs(digits), abs)),
    "nsign": (2, _number(lambda digits, unit: (digits > 0) * unit - (digits < 0) * unit, lambda x: (x > 0) - (x < 0))),
    "nfloor": (2, _number(lambda digits, unit: digits // unit * unit, math.floor)),
    "nceiling": (2, _number(lambda digits, unit: -(-digits // unit) * unit, math.ceil)),
    "nround": (4, strict(nround)),
    "fsqrt": (1, guarded(math.sqrt)),
    "fexp": (1, guarded(math.exp)),
    "flog": (1, guarded(math.log)),
    "fpower": (2, guarded(math.pow)),
    "dtadd": (4, strict(dtadd)),
    "dtdiff": (5, strict(dtdiff)),
    "dtpart": (3, strict(dtpart)),
    "dtfrom": (3, strict(dtfrom)),
    "vprop": (2, strict(vprop)),
    "deeper": (2, deeper),
    "toprows": (1, toprows),
    "fetchrows": (1, fetchrows),
    "offsetrows": (1, offsetrows),
}


def register(db: sqlite3.Connection, holder: Holder) -> None:
    """Adds them to a connection."""

    def safe(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except SqlError as error:
                holder.error = error
                raise

        return call

    def safe_class(kind: type[Any]) -> type[Any]:
        names = [name for name in ("step", "finalize", "value", "inverse") if callable(getattr(kind, name, None))]
        return type(kind.__name__, (kind,), {name: safe(getattr(kind, name)) for name in names})

    for name, (count, function) in PLAIN.items():
        db.create_function(name, count, safe(function), deterministic=True)
    db.create_function("newid", 0, lambda: store(uuid.uuid4().bytes_le, SqlType("uniqueidentifier")))
    db.create_function("now", 1, now)
    # What the session answers is the same for all rows of a statement.
    db.create_function("session", -1, safe(holder.answer), deterministic=True)
    db.create_aggregate("one", 1, safe_class(One))
    db.create_window_function("dsum", 2, safe_class(ExactSum))
    db.create_window_function("davg", 2, safe_class(ExactAverage))
    db.create_collation("TSQL", compare_texts)
    db.create_collation("TSQLOFFSET", compare_offsets)


__all__ = ["MONEYS", "TEXTS", "number_of_bytes", "register"]
