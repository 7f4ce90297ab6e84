"""Conversions, and whether a number is in the range of its type."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any

from tests.tds.engine import convert
from tests.tds.engine.bound import TYPES
from tests.tds.engine.storage import load, store
from tests.tds.engine.udfs.common import overflow
from tests.tds.errors import SqlError


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
