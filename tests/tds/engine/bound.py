"""What the binder makes of expressions and queries: SQLite's SQL with T-SQL's types."""

# ruff: noqa: PLR0911 - a case for each type or statement
from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.tds.engine import convert
from tests.tds.engine.storage import store
from tests.tds.types import BYTES, DECIMALS, FLOATS, INTEGERS, MAX, NARROW, TEXTS, WIDE, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.catalog import Column, Object

TYPES: list[SqlType] = []
_NUMBERS: dict[SqlType, int] = {}
_LOCK = threading.Lock()


def type_number(type_: SqlType) -> int:
    """A type's number in calls of the engine's functions."""
    with _LOCK:  # sessions share the list: one number twice would convert to the other one's type
        number = _NUMBERS.get(type_)
        if number is None:
            number = len(TYPES)
            TYPES.append(type_)
            _NUMBERS[type_] = number
    return number


@dataclass(slots=True)
class Bound:
    """An expression: SQLite's SQL, its type (None for NULL), and what a result column of it says."""

    sql: str
    type: SqlType | None
    nullable: bool = True
    constant: bool = False
    """Whether it is a literal."""
    name: str = ""
    column: Column | None = None
    """The column that it is, unchanged."""
    table: Object | None = None
    unknown: str = ""
    """A parameter whose type is looked for."""
    explicit: bool = False
    """Whether COLLATE says its collation."""


@dataclass(slots=True)
class Result:
    """A column of a query."""

    name: str
    type: SqlType
    nullable: bool
    column: Column | None = None
    table: Object | None = None


@dataclass(slots=True)
class BoundQuery:
    """A query: its SQL gives the columns c1, c2, …"""

    sql: str
    columns: list[Result]
    single: bool = False
    """Whether it gives a row at most."""
    order: list[int] = field(default_factory=list[int])


def text_literal(value: str) -> str:
    """A text in SQLite's SQL."""
    if "\0" in value:
        return f"CAST(X'{value.encode().hex()}' AS TEXT)"
    return "'" + value.replace("'", "''") + "'"


def literal(value: Any) -> str:
    """A stored value in SQLite's SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, str):
        return text_literal(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else "NULL"
    if value == -(2**63):
        return "(-9223372036854775807 - 1)"
    return f"({value})" if value < 0 else str(value)


def typed_literal(value: Any, type_: SqlType) -> str:
    """A value in SQLite's SQL."""
    return literal(store(value, type_))


_WIDENING = {"bit": 0, "tinyint": 1, "smallint": 2, "int": 3, "bigint": 4}


def same_storage(source: SqlType, target: SqlType) -> bool:
    """Whether each value of one type is stored as the same value of the other."""
    a, b = source.name, target.name
    if source == target:
        return True
    if a in INTEGERS and b in INTEGERS:
        return _WIDENING[a] <= _WIDENING[b]
    if a in DECIMALS and b in DECIMALS:
        return source.scale <= target.scale and source.precision - source.scale <= target.precision - target.scale
    if a in FLOATS and b == "float":
        return True
    if a in TEXTS and b in TEXTS:
        if b in {"char", "nchar"} or (b in NARROW and (a in WIDE or source.collation != target.collation)):
            return False
        if b in {"text", "ntext", "xml"}:
            return b != "xml"
        return target.length == MAX or 0 < source.length <= target.length
    if a in BYTES and b in {"varbinary", "image"}:
        return target.length == MAX or b == "image" or 0 < source.length <= target.length
    if a == b and a in {"datetime2", "time", "datetimeoffset"}:
        return source.scale <= target.scale
    return False


def converted(bound: Bound, target: SqlType, style: str = "") -> str:
    """The SQL of a value as another type."""
    source = bound.type
    if source is None:
        return "NULL" if bound.sql == "NULL" else bound.sql
    if same_storage(source, target) and not style:
        return bound.sql
    if source.name in INTEGERS and target.name == "float":
        return f"CAST({bound.sql} AS REAL)"
    call = f"{bound.sql}, {type_number(source)}, {type_number(target)}"
    return f"cv3({call}, {style})" if style else f"cv({call})"


def cast_constant(value: Any, source: SqlType, target: SqlType) -> Any:
    """A constant as another type, or None if that is for the run to find out."""
    return None if value is None else convert.convert(value, source, target)
