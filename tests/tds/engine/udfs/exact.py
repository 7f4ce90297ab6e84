"""Exact numbers, which are integers at 38 digits behind the point, money, and their sums."""

from __future__ import annotations

from collections.abc import Callable

from tests.tds.engine import convert
from tests.tds.engine.bound import TYPES
from tests.tds.engine.udfs.common import divided, overflow
from tests.tds.engine.udfs.numbers import idiv
from tests.tds.types import ten

POINT = 10**38
_MIDDLE = 1 << 255


def pack(value: int, divisor: int, result: int, *, cut: bool = False) -> bytes:
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


def ddiv(a: int, b: int, result: int) -> bytes:
    if not b:
        raise divided()
    sign = -1 if (a < 0) != (b < 0) else 1
    return pack(sign * abs(a) * POINT, abs(b), result, cut=True)


def dmod(a: int, b: int, result: int) -> bytes:
    if not b:
        raise divided()
    return pack(abs(a) % abs(b) * (-1 if a < 0 else 1), 1, result)


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


def mdiv(a: int, b: int) -> int:
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
        return pack(self.total, self.count if self.cls_average else 1, self.result, cut=self.cls_average)

    def finalize(self) -> bytes | None:
        """The sum."""
        return self.value()


class ExactAverage(ExactSum):
    """AVG of exact numbers."""

    cls_average = True
