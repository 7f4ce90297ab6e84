"""The types of arguments, under names that annotations can use.

Nothing here is needed at run time, and `import industrydb` does not import it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable
from uuid import UUID

import polars as pl

__all__ = [
    "ArrowStream",
    "ConfigValue",
    "FrameLike",
    "InsertMode",
    "Isolation",
    "NumpyScalar",
    "OnConflict",
    "OrderBy",
    "OrderTerm",
    "Params",
    "Progress",
    "Scalar",
    "SchemaOverrides",
    "TableLike",
    "Value",
    "Where",
    "WhereOrAll",
]


@runtime_checkable
class ArrowStream(Protocol):
    """Anything that exports Arrow data as a stream: pyarrow tables and readers, pandas frames, DuckDB relations."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """A PyCapsule named `arrow_array_stream`, as the Arrow PyCapsule interface defines it."""
        ...


class NumpyScalar(Protocol):
    """One value out of a numpy array."""

    def item(self) -> Any:  # noqa: ANN401 (whatever the scalar stands for)
        """The same value as Python's own type."""
        ...

    def tobytes(self) -> bytes:
        """The value's bytes; here it tells a numpy scalar from other things that have an `item`."""
        ...


Scalar: TypeAlias = (
    bool | int | float | str | bytes | Decimal | date | datetime | time | timedelta | UUID | Enum | NumpyScalar | None
)
"""A parameter that is one value. An `Enum` member stands for its value."""

Value: TypeAlias = Scalar | list[Any] | tuple[Any, ...] | dict[str, Any]
"""A parameter: a list or tuple is an array where the server has arrays, a dict is JSON."""

Params: TypeAlias = Sequence[Value] | Mapping[str, Value]
"""A statement's parameters: by position, or by name without the placeholder's sigil."""

ConfigValue: TypeAlias = str | int | float | bool | None
"""A field or an option of a configuration."""

TableLike: TypeAlias = str | tuple[str, ...]
"""`"table"`, `"schema.table"`, or a tuple of parts, whose names may contain dots."""

Where: TypeAlias = str | Mapping[str, Value]
"""SQL text with placeholders, or column → value: all have to match, None is `IS NULL`, a list is `IN`."""

WhereOrAll: TypeAlias = Where | Literal[True]
"""A condition, or True for all rows."""

OrderTerm: TypeAlias = str | tuple[str, Literal["asc", "desc"]]
"""A column, or a column and its direction."""

OrderBy: TypeAlias = OrderTerm | Sequence[OrderTerm]
"""One column to order by, or a list of them, the most significant first."""

FrameLike: TypeAlias = (
    pl.DataFrame | pl.LazyFrame | Mapping[str, Collection[Any]] | Sequence[Mapping[str, Any]] | ArrowStream
)
"""Rows to write: a frame, columns by name, rows as mappings, or anything that exports an Arrow stream."""

SchemaOverrides: TypeAlias = Mapping[str, pl.DataType | type[pl.DataType]]
"""Result column → the type it has to arrive in, exactly."""

Progress: TypeAlias = bool | Callable[[int, int], object]
"""True for a tqdm bar, or what is called with the rows and bytes so far."""

InsertMode: TypeAlias = Literal["append", "create", "create_append", "replace", "overwrite"]
"""What `insert` does about the table; see `Connection.insert`."""

OnConflict: TypeAlias = Literal["error", "ignore", "update"]
"""What `insert` does about a key that the table holds already; see `Connection.insert`."""

Isolation: TypeAlias = Literal[
    "read uncommitted",
    "read committed",
    "repeatable read",
    "serializable",
    "snapshot",
    "deferred",
    "immediate",
    "exclusive",
]
"""A transaction's isolation. SQLite: the last three; servers: those before, where they have them."""
