"""What `insert` takes, as a DataFrame."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeGuard

import polars as pl

from industrydb._columns import column, names_of, type_name

__all__ = ["empty_frame", "to_frame"]

_ACCEPTED = (
    "a polars DataFrame or LazyFrame, a mapping of columns, a list of row mappings, "
    "or anything with __arrow_c_stream__ (pyarrow, pandas, DuckDB)"
)


def to_frame(data: object) -> pl.DataFrame:
    """The rows of `data`, every value exact.

    Args:
        data: A DataFrame (returned as it is), a LazyFrame (collected), a mapping of column name → values, a list of
            mappings (one for each row; a key that a row lacks is None), or anything with `__arrow_c_stream__`.

    Python values become: `bool` Boolean; `int` Int64, else UInt64, else Int128; `float` Float64, also beside integers
    that a double holds exactly; `Decimal` Decimal(38, s) with the largest scale among them, also beside integers;
    `str` String; `bytes` Binary; `date` Date; naive `time` Time; `timedelta` Duration("us"); naive `datetime`
    Datetime("us"), aware ones Datetime("us", "UTC"); `UUID` String; an `Enum` member its value, a numpy scalar its
    item; `list` and `tuple` List, `dict` Struct.

    Raises:
        TypeError: `data` is none of these, or a column has a type that no database stores, or mixes types.
        DataConversionError: A value of an accepted type does not fit the column's.
        ValueError: The columns differ in length.
    """
    if isinstance(data, pl.DataFrame):
        frame = data
    elif isinstance(data, pl.LazyFrame):
        frame = data.collect()
    elif isinstance(data, Mapping):
        frame = _from_columns(data)
    elif hasattr(data, "__arrow_c_stream__"):
        frame = _from_arrow(data)
    elif _is_sequence(data) and all(isinstance(row, Mapping) for row in data):
        frame = _from_rows(data)
    else:
        raise TypeError(f"data has to be {_ACCEPTED}, not {_describe(data)}")
    if frame.height and not frame.width:
        raise ValueError("data has rows, but no columns")
    for name, dtype in frame.schema.items():
        _check_supported(name, dtype)
    return frame


def empty_frame(schema: Mapping[str, Any]) -> pl.DataFrame:
    """A frame without rows, of that schema.

    Raises:
        TypeError: A type that is none of Polars', or that no result can have.
    """
    with _as_type_error("schema_overrides"):
        frame = pl.DataFrame(schema=schema)
    for name, dtype in frame.schema.items():
        _check_supported(name, dtype)
    return frame


class _Stream:
    """An object's Arrow stream and nothing else: Polars' own way with a pandas frame leaves out its index."""

    def __init__(self, data: Any) -> None:  # noqa: ANN401 (whatever exports a stream)
        self._data = data

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)


def _from_arrow(data: Any) -> pl.DataFrame:  # noqa: ANN401 (whatever exports a stream)
    with _as_type_error("Polars can't take this Arrow data"):
        return pl.DataFrame(_Stream(data))


@contextmanager
def _as_type_error(what: str) -> Generator[None]:
    """What Polars refuses, be it by a panic, is of a wrong type."""
    try:
        yield
    except (pl.exceptions.PolarsError, ValueError, NotImplementedError) as error:
        raise TypeError(f"{what}: {error}") from error
    except BaseException as error:
        # Each extension module has a class of its own for panics, under one name, and none of them is an Exception.
        if type(error).__name__ != "PanicException":
            raise
        raise TypeError(f"{what}: {error}") from None


def _is_sequence(data: object) -> TypeGuard[Sequence[Any]]:
    return isinstance(data, Sequence) and not isinstance(data, (str, bytes, bytearray, memoryview))


def _describe(data: object) -> str:
    if _is_sequence(data):
        odd = next(row for row in data if not isinstance(row, Mapping))
        return f"a {type_name(type(data))} that holds {type_name(type(odd))}"
    return type_name(type(data))


def _check_name(name: str) -> None:
    if "\0" in name:
        raise ValueError(f"the column name {name!r} has a NUL character, which no database stores")


def _check_supported(name: str, dtype: pl.DataType) -> None:
    _check_name(name)
    if isinstance(dtype, pl.Array) and 0 in dtype.shape:
        raise TypeError(f"column {name!r} is {dtype!r}: an array without elements can't be handed over")
    if isinstance(dtype, (pl.Object, pl.UInt128, pl.Float16, pl.Unknown)):
        raise TypeError(f"column {name!r} is {dtype!r}, which no database stores")
    if isinstance(dtype, (pl.List, pl.Array)):
        _check_supported(name, dtype.inner if isinstance(dtype.inner, pl.DataType) else dtype.inner())
    elif isinstance(dtype, pl.Struct):
        for field in dtype.fields:
            _check_name(field.name)
            _check_supported(name, field.dtype if isinstance(field.dtype, pl.DataType) else field.dtype())


def _from_rows(rows: Sequence[Mapping[Any, Any]]) -> pl.DataFrame:
    if rows and not any(rows):
        raise ValueError("data has rows, but no columns")
    return _assemble({name: column(name, [row.get(name) for row in rows]) for name in names_of(rows)})


def _from_columns(columns: Mapping[Any, Any]) -> pl.DataFrame:
    return _assemble({name: _series(name, columns[name]) for name in names_of([columns])})


def _assemble(columns: dict[str, pl.Series]) -> pl.DataFrame:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"the columns differ in length: {lengths}")
    return pl.DataFrame(list(columns.values()))


def _series(name: str, values: Any) -> pl.Series:  # noqa: ANN401 (whatever a user puts there)
    """One column of a mapping."""
    if isinstance(values, pl.Series):
        return values.alias(name)
    if isinstance(values, (str, bytes, bytearray, memoryview, Mapping)):
        raise TypeError(f"column {name!r} has to be a sequence of values, not {type_name(type(values))}")
    if hasattr(values, "__arrow_c_stream__") or hasattr(values, "__arrow_c_array__"):
        return pl.Series(name, values)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(values, numpy.ndarray) and values.ndim == 1 and values.dtype.kind in "biufmM":
        return pl.Series(name, values)
    if not isinstance(values, Iterable):
        raise TypeError(f"column {name!r} has to be a sequence of values, not {type_name(type(values))}")
    return column(name, list(values))
