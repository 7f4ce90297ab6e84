"""Whole numbers, floats, and functions of numbers of any type."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tests.tds.engine import convert
from tests.tds.engine.bound import TYPES
from tests.tds.engine.storage import load, store
from tests.tds.engine.udfs.common import divided, overflow, strict
from tests.tds.errors import SqlError
from tests.tds.types import DECIMALS, FLOATS


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


def number(operate: Callable[[int, int], int], of_float: Callable[[float], float]) -> Callable[..., Any]:
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
