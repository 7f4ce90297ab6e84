"""Python values as a column: every value as it is, or an error that names the column.

Polars makes a column out of nearly anything, but not without loss: `1` and `"a"` become text, a Decimal that does not
fit beside another becomes null, a time loses its zone, an integer beside a float is rounded. So all values are looked
at here, and the column's type is settled before Polars sees them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from itertools import chain
from typing import Any, TypeAlias
from uuid import UUID

import polars as pl

from industrydb.exceptions import DataConversionError

__all__ = ["column", "names_of", "type_name"]

# Polars' largest Decimal.
_DECIMAL_DIGITS = 38
# How much of a value a message shows.
_SHOWN = 60

_Values: TypeAlias = Sequence[Any]
_Builder: TypeAlias = Callable[[str, _Values], pl.Series]


def column(name: str, values: Sequence[Any]) -> pl.Series:
    """`values` as a column of one type, which `industrydb._frames.to_frame` tells of.

    Raises:
        TypeError: A value has a type that no database stores, or they mix types.
        DataConversionError: A value does not fit the column's type.
    """
    kinds = set(map(type, values))
    if not kinds <= _PLAIN:
        values = [_plain(name, value) for value in values]
        kinds = set(map(type, values))
    kinds.discard(type(None))
    builder = _BUILDERS.get(frozenset(kinds))
    if builder is None:
        names = " and ".join(sorted(map(type_name, kinds)))
        raise TypeError(f"column {name!r} mixes {names}; convert its values to one type")
    return builder(name, values)


def names_of(rows: Iterable[Mapping[Any, Any]]) -> list[str]:
    """The keys of all rows, in the order in which they first appear."""
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"column names have to be str, not {type_name(type(name))}: {name!r}")
    return names


def type_name(kind: type) -> str:
    """The type as a message shows it: `decimal.Decimal`, but `set`."""
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def _plain(name: str, value: Any) -> Any:  # noqa: ANN401 (any Python value)
    """`value` as one of the types in `_PLAIN`."""
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return _plain(name, value.value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.generic):
        return _numpy_item(name, value)
    # NaT and NA of pandas: the one is a datetime that does not equal itself, the other has no truth value.
    if type(value).__name__ in ("NaTType", "NAType"):
        return None
    if getattr(value, "nanosecond", 0) or getattr(value, "nanoseconds", 0):
        raise _misfit(name, value, "has nanoseconds, a column made of Python values holds microseconds")
    for base, convert in _BASES.items():
        if isinstance(value, base):
            return convert(value)
    raise TypeError(f"column {name!r} holds {type_name(type(value))}, which no database stores")


def _numpy_item(name: str, value: Any) -> Any:  # noqa: ANN401 (a numpy scalar stands for any value)
    if value.dtype.kind in "mM":
        if value != value:  # noqa: PLR0124 (NaT)
            return None
        # `item` gives a count for what is finer than a microsecond or beyond Python's years.
        micros = value.astype(f"{value.dtype.kind}8[us]")
        if micros.astype(value.dtype) != value:
            raise _misfit(name, value, "has no exact microseconds")
        value = value if isinstance(value.item(), date) else micros
    item = value.item()
    if type(item) not in _PLAIN:
        raise TypeError(f"column {name!r} holds {type_name(type(value))}, which no database stores")
    if value.dtype.kind in "mM" and isinstance(item, int):
        raise _misfit(name, value, "is out of range")
    return item


def _misfit(name: str, value: object, why: str) -> DataConversionError:
    shown = repr(value)
    shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
    return DataConversionError(f"column {name!r}: {shown} {why}", column_name=name)


def _typed(dtype: pl.DataType) -> _Builder:
    return lambda name, values: pl.Series(name, values, dtype=dtype, strict=True)


def _text(name: str, values: _Values) -> pl.Series:
    try:
        return pl.Series(name, values, dtype=pl.String(), strict=True)
    except UnicodeEncodeError as error:
        odd = next(value for value in values if value is not None and not _encodes(value))
        raise _misfit(name, odd, "contains a lone surrogate") from error


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integers(name: str, values: _Values) -> pl.Series:
    present = [value for value in values if value is not None]
    low, high = min(present), max(present)
    for dtype, first, last in (
        (pl.Int64(), -(2**63), 2**63 - 1),
        (pl.UInt64(), 0, 2**64 - 1),
        (pl.Int128(), -(2**127), 2**127 - 1),
    ):
        if first <= low and high <= last:
            return pl.Series(name, values, dtype=dtype, strict=True)
    raise _misfit(name, high if high > 2**127 - 1 else low, "is an integer of more than 128 bits")


def _floats(name: str, values: _Values) -> pl.Series:
    """Floats, among them integers that are the same number as floats."""
    floats = []
    for value in values:
        if isinstance(value, int):
            if abs(value) > 2**1023 or int(float(value)) != value:
                raise _misfit(name, value, "stands beside floats and is none exactly; use Decimals or one type")
            floats.append(float(value))
        else:
            floats.append(value)
    return pl.Series(name, floats, dtype=pl.Float64(), strict=True)


def _decimals(name: str, values: _Values) -> pl.Series:
    """Decimals, among them integers."""
    numbers = [Decimal(value) if isinstance(value, int) else value for value in values]
    scale, whole = 0, 0
    for number in numbers:
        if number is None:
            continue
        sign_digits_exponent = number.as_tuple()
        exponent = sign_digits_exponent.exponent
        if not isinstance(exponent, int):
            raise _misfit(name, number, "is no number that a Decimal column holds")
        if number:
            scale = max(scale, -exponent)
            whole = max(whole, len(sign_digits_exponent.digits) + exponent)
        if max(scale, 0) + max(whole, 0) > _DECIMAL_DIGITS:
            raise _misfit(name, number, f"needs more than {_DECIMAL_DIGITS} digits together with the column's others")
    # Zeros may be written with any exponent, and Polars reads digits, not numbers.
    plain = [None if number is None else number or Decimal(0) for number in numbers]
    return pl.Series(name, plain, dtype=pl.Decimal(_DECIMAL_DIGITS, max(scale, 0)), strict=True)


def _times(name: str, values: _Values) -> pl.Series:
    for value in values:
        if value is not None and value.tzinfo is not None:
            raise TypeError(f"column {name!r} holds times with a time zone; use datetimes, or drop the zone")
    return pl.Series(name, values, dtype=pl.Time(), strict=True)


def _datetimes(name: str, values: _Values) -> pl.Series:
    aware = {value.utcoffset() is not None for value in values if value is not None}
    if len(aware) > 1:
        raise TypeError(f"column {name!r} mixes datetimes with and without a time zone")
    if True not in aware:
        naive = [None if value is None else value.replace(tzinfo=None) for value in values]
        return pl.Series(name, naive, dtype=pl.Datetime("us"), strict=True)
    try:
        instants = [None if value is None else value.astimezone(UTC) for value in values]
    except OverflowError as error:
        message = f"column {name!r}: a datetime leaves the years 1 to 9999 in UTC"
        raise DataConversionError(message, column_name=name) from error
    return pl.Series(name, instants, dtype=pl.Datetime("us", "UTC"), strict=True)


def _durations(name: str, values: _Values) -> pl.Series:
    micros = [None if value is None else value // timedelta(microseconds=1) for value in values]
    for value, count in zip(values, micros, strict=True):
        if count is not None and not -(2**63) <= count < 2**63:
            raise _misfit(name, value, "is more than 64 bits of microseconds")
    return pl.Series(name, micros, dtype=pl.Int64(), strict=True).cast(pl.Duration("us"))


def _lists(name: str, values: _Values) -> pl.Series:
    inner = column(name, list(chain.from_iterable(value for value in values if value is not None)))
    slices: list[pl.Series | None] = []
    start = 0
    for value in values:
        if value is None:
            slices.append(None)
        else:
            slices.append(inner.slice(start, len(value)))
            start += len(value)
    return pl.Series(name, slices, dtype=pl.List(inner.dtype), strict=True)


def _structs(name: str, values: _Values) -> pl.Series:
    present = [value for value in values if value is not None]
    fields = [
        column(f"{name}.{field}", [None if value is None else value.get(field) for value in values]).alias(field)
        for field in names_of(present)
    ]
    if not fields:
        raise TypeError(f"column {name!r} holds empty dicts only, which have no type")
    valid = pl.Series("valid", [value is not None for value in values], dtype=pl.Boolean())
    struct = pl.DataFrame(fields).to_struct(name)
    return pl.select(pl.when(valid).then(struct).alias(name)).to_series()


_BUILDERS: dict[frozenset[type], _Builder] = {
    frozenset(kinds): builder
    for kinds, builder in (
        ((), _typed(pl.Null())),
        ((bool,), _typed(pl.Boolean())),
        ((int,), _integers),
        ((float,), _typed(pl.Float64())),
        ((int, float), _floats),
        ((Decimal,), _decimals),
        ((int, Decimal), _decimals),
        ((str,), _text),
        ((bytes,), _typed(pl.Binary())),
        ((date,), _typed(pl.Date())),
        ((time,), _times),
        ((datetime,), _datetimes),
        ((timedelta,), _durations),
        ((list,), _lists),
        ((tuple,), _lists),
        ((list, tuple), _lists),
        ((dict,), _structs),
    )
}
"""The exact types of a column's values, None aside → what makes a column of them."""

_PLAIN: frozenset[type] = frozenset(chain({type(None)}, *_BUILDERS))

_BASES: dict[type, Callable[[Any], Any]] = {
    # `bool` cannot be subclassed. A datetime is a date, so it comes first.
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    bytes: bytes.__bytes__,
    Decimal: Decimal,
    datetime: lambda value: datetime.combine(value.date(), value.time(), value.tzinfo).replace(fold=value.fold),
    date: lambda value: date(value.year, value.month, value.day),
    time: lambda value: time(
        value.hour, value.minute, value.second, value.microsecond, tzinfo=value.tzinfo, fold=value.fold
    ),
    timedelta: lambda value: timedelta(value.days, value.seconds, value.microseconds),
    UUID: str,
    bytearray: bytes,
    memoryview: bytes,
    dict: dict,
    list: list,
    tuple: tuple,
}
"""What other types become, subclasses of the plain ones among them."""
