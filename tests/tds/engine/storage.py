"""How values are kept in SQLite, so that its own comparisons and indexes order them as SQL Server does.

Exact numbers are 32 bytes: the number at 38 digits behind the point, moved up so that bytes compare as numbers do. GUIDs
have their bytes in the order that SQL Server compares them in. A datetimeoffset is text that compares by its UTC part.
"""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import marshal
from collections.abc import Callable
from typing import Any

from tests.tds.types import DECIMALS, SqlType, Variant, ten

POINT = 38
_MIDDLE = 1 << 255
_POWERS = [ten(digits) for digits in range(POINT + 1)]
_GUID_ORDER = (10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3)
_GUID_BACK = tuple(_GUID_ORDER.index(at) for at in range(16))


def number_to_bytes(value: int, scale: int) -> bytes:
    """An exact number of `scale`."""
    return (value * _POWERS[POINT - scale] + _MIDDLE).to_bytes(32, "big")


def number_of_bytes(data: bytes, scale: int) -> int:
    """Its digits at `scale`; what lies behind is cut."""
    value = int.from_bytes(data, "big") - _MIDDLE
    return value // _POWERS[POINT - scale] if value >= 0 else -(-value // _POWERS[POINT - scale])


def _guid_to(value: bytes) -> bytes:
    return bytes([value[at] for at in _GUID_ORDER])


def _guid_of(value: bytes) -> bytes:
    return bytes([value[at] for at in _GUID_BACK])


def _offset_to(value: tuple[int, int]) -> str:
    return f"{value[0]:020d}{value[1]:+05d}"


def _offset_of(value: str) -> tuple[int, int]:
    return int(value[:20]), int(value[20:])


def _variant_to(value: Variant) -> bytes:
    type_ = value.type
    return marshal.dumps((type_.name, type_.length, type_.precision, type_.scale, value.value))


def _variant_of(value: bytes) -> Variant:
    name, length, precision, scale, inner = marshal.loads(value)
    return Variant(SqlType(name, length, precision, scale), inner)


def to_storage(type_: SqlType) -> Callable[[Any], Any] | None:
    """What turns a value that is not NULL into SQLite's; None where they are the same."""
    if type_.name in DECIMALS:
        unit = _POWERS[POINT - type_.scale]
        return lambda value: (value * unit + _MIDDLE).to_bytes(32, "big")
    turns: dict[str, Callable[[Any], Any]] = {
        "uniqueidentifier": _guid_to,
        "datetimeoffset": _offset_to,
        "sql_variant": _variant_to,
    }
    return turns.get(type_.name)


def from_storage(type_: SqlType) -> Callable[[Any], Any] | None:
    """The way back."""
    if type_.name in DECIMALS:
        unit = _POWERS[POINT - type_.scale]

        def exact(data: bytes) -> int:
            value = int.from_bytes(data, "big") - _MIDDLE
            return value // unit if value >= 0 else -(-value // unit)

        return exact
    if type_.name in {"real", "float"}:
        return float
    turns: dict[str, Callable[[Any], Any]] = {
        "uniqueidentifier": _guid_of,
        "datetimeoffset": _offset_of,
        "sql_variant": _variant_of,
    }
    return turns.get(type_.name)


def store(value: Any, type_: SqlType) -> Any:
    """A value, or NULL, as SQLite has it."""
    turn = to_storage(type_)
    return value if value is None or turn is None else turn(value)


def load(value: Any, type_: SqlType) -> Any:
    """A value, or NULL, as SQLite had it."""
    turn = from_storage(type_)
    return value if value is None or turn is None else turn(value)
