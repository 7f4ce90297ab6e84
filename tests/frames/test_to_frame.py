"""What `insert` takes becomes a frame without loss, or an error that names the column."""
# Naive datetimes are among the values here; a property may end in an error or in a frame, and looks at either.
# ruff: noqa: PT017

from __future__ import annotations

from collections import ChainMap, OrderedDict, namedtuple
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from industrydb._frames import to_frame
from industrydb.exceptions import DataConversionError
from tests.arrow import pa

BERLIN = ZoneInfo("Europe/Berlin")
US = pl.Duration("us")


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


class Mode(StrEnum):
    FAST = "fast"


class Money(Decimal):
    """A subclass, as libraries make them."""


class Unknown(tzinfo):
    """A zone that knows no offset leaves a datetime naive."""

    def utcoffset(self, _: datetime | None) -> None:
        return None

    dst = tzname = utcoffset


VALUES: list[tuple[list[Any], pl.DataType, list[Any]]] = [
    ([None, None], pl.Null(), [None, None]),
    ([True, None, False], pl.Boolean(), [True, None, False]),
    ([1, None, -(2**63)], pl.Int64(), [1, None, -(2**63)]),
    ([1, 2**64 - 1], pl.UInt64(), [1, 2**64 - 1]),
    ([-1, 2**63], pl.Int128(), [-1, 2**63]),
    ([-(2**127), 2**127 - 1], pl.Int128(), [-(2**127), 2**127 - 1]),
    ([1.5, None, -0.0], pl.Float64(), [1.5, None, -0.0]),
    ([1, 2.5, None], pl.Float64(), [1.0, 2.5, None]),
    ([2**53, 0.5], pl.Float64(), [float(2**53), 0.5]),
    ([2**100, float("inf")], pl.Float64(), [float(2**100), float("inf")]),
    ([Decimal("1.5"), Decimal("2.250"), None], pl.Decimal(38, 3), [Decimal("1.500"), Decimal("2.250"), None]),
    ([Decimal("1E+3"), Decimal("-0.01")], pl.Decimal(38, 2), [Decimal("1000.00"), Decimal("-0.01")]),
    ([Decimal("0E-99"), Decimal("0E+99")], pl.Decimal(38, 0), [Decimal(0), Decimal(0)]),
    ([Decimal("9" * 38)], pl.Decimal(38, 0), [Decimal("9" * 38)]),
    ([Decimal("1E-38")], pl.Decimal(38, 38), [Decimal("1E-38")]),
    ([Decimal("0.5"), 10**20], pl.Decimal(38, 1), [Decimal("0.5"), Decimal(10**20)]),
    (["", "é\0", None], pl.String(), ["", "é\0", None]),
    ([b"\xff", b"", None], pl.Binary(), [b"\xff", b"", None]),
    ([bytearray(b"a"), memoryview(b"b"), b"c"], pl.Binary(), [b"a", b"b", b"c"]),
    ([date(1, 1, 1), date(9999, 12, 31)], pl.Date(), [date(1, 1, 1), date(9999, 12, 31)]),
    ([time(23, 59, 59, 999_999), None], pl.Time(), [time(23, 59, 59, 999_999), None]),
    ([datetime.max, datetime.min], pl.Datetime("us"), [datetime.max, datetime.min]),
    ([datetime(2020, 1, 1, tzinfo=Unknown())], pl.Datetime("us"), [datetime(2020, 1, 1)]),
    (
        [datetime(2020, 10, 25, 2, 30, tzinfo=BERLIN), datetime(2020, 10, 25, 2, 30, fold=1, tzinfo=BERLIN)],
        pl.Datetime("us", "UTC"),
        [datetime(2020, 10, 25, 0, 30, tzinfo=UTC), datetime(2020, 10, 25, 1, 30, tzinfo=UTC)],
    ),
    (
        [datetime(2020, 1, 1, tzinfo=timezone(timedelta(hours=2))), datetime(2020, 1, 1, tzinfo=BERLIN)],
        pl.Datetime("us", "UTC"),
        [datetime(2019, 12, 31, 22, tzinfo=UTC), datetime(2019, 12, 31, 23, tzinfo=UTC)],
    ),
    ([timedelta(microseconds=-1), None, timedelta(days=9)], US, [timedelta(microseconds=-1), None, timedelta(days=9)]),
    ([UUID(int=10)], pl.String(), ["00000000-0000-0000-0000-00000000000a"]),
    ([Colour.RED, Mode.FAST, "x"], pl.String(), ["red", "fast", "x"]),
    ([Level.HIGH, 4], pl.Int64(), [3, 4]),
    ([Money("1.5")], pl.Decimal(38, 1), [Decimal("1.5")]),
    ([np.int8(1), np.uint64(2**64 - 1)], pl.UInt64(), [1, 2**64 - 1]),
    ([np.float32(0.5), np.float64(1.25)], pl.Float64(), [0.5, 1.25]),
    ([np.str_("a")], pl.String(), ["a"]),
    ([np.True_, None], pl.Boolean(), [True, None]),
    ([np.datetime64("2020-01-01"), None], pl.Date(), [date(2020, 1, 1), None]),
    (
        [np.datetime64("2020-01-01T00:00:00.000001000"), np.datetime64("NaT")],
        pl.Datetime("us"),
        [datetime(2020, 1, 1, 0, 0, 0, 1), None],
    ),
    ([np.timedelta64(5, "ms")], US, [timedelta(milliseconds=5)]),
    (
        [pd.Timestamp("2020-01-01 01:00", tz="Europe/Berlin"), pd.NaT],
        pl.Datetime("us", "UTC"),
        [datetime(2020, 1, 1, tzinfo=UTC), None],
    ),
    ([pd.Timedelta(3, "us")], US, [timedelta(microseconds=3)]),
    ([[1, None], None, []], pl.List(pl.Int64()), [[1, None], None, []]),
    ([(1.5,), [2]], pl.List(pl.Float64()), [[1.5], [2.0]]),
    ([[[1], []], [None]], pl.List(pl.List(pl.Int64())), [[[1], []], [None]]),
    ([[]], pl.List(pl.Null()), [[]]),
    (
        [{"a": 1}, None, {"b": "x"}, {}],
        pl.Struct({"a": pl.Int64(), "b": pl.String()}),
        [{"a": 1, "b": None}, None, {"a": None, "b": "x"}, {"a": None, "b": None}],
    ),
    ([[{"a": [Decimal("1.5")]}]], pl.List(pl.Struct({"a": pl.List(pl.Decimal(38, 1))})), [[{"a": [Decimal("1.5")]}]]),
]


@pytest.mark.parametrize(("values", "dtype", "expected"), VALUES, ids=lambda value: repr(value)[:40])
def test_values_become_a_column(values: list[Any], dtype: pl.DataType, expected: list[Any]) -> None:
    for frame in (to_frame([{"c": value} for value in values]), to_frame({"c": values})):
        assert frame.schema == {"c": dtype}
        assert frame["c"].to_list() == expected


REFUSED: list[tuple[list[Any], type[Exception], str]] = [
    ([1, "a"], TypeError, "mixes int and str"),
    ([True, 1], TypeError, "mixes bool and int"),
    ([b"a", "b"], TypeError, "mixes bytes and str"),
    ([Decimal(1), 1.5], TypeError, r"mixes decimal\.Decimal and float"),
    ([date(2020, 1, 1), datetime(2020, 1, 1)], TypeError, "mixes datetime.date and datetime.datetime"),
    ([datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)], TypeError, "with and without a time zone"),
    ([time(1, tzinfo=UTC)], TypeError, "times with a time zone"),
    ([None, object()], TypeError, "holds object"),
    ([1j], TypeError, "holds complex"),
    ([{1}], TypeError, "holds set"),
    ([[1], ["a"]], TypeError, "mixes int and str"),
    ([{"a": 1}, {"a": "x"}], TypeError, r"'c\.a' mixes"),
    ([{1: 2}], TypeError, "names have to be str"),
    ([{}], TypeError, "empty dicts"),
    ([[1], {"a": 1}], TypeError, "mixes dict and list"),
    ([np.longdouble(1)], TypeError, "longdouble"),
    ([2**127], DataConversionError, "128 bits"),
    ([-(2**200), 1], DataConversionError, "128 bits"),
    ([2**53 + 1, 1.5], DataConversionError, "9007199254740993"),
    ([10**400, 1.5], DataConversionError, "beside floats"),
    ([Decimal("NaN")], DataConversionError, "NaN"),
    ([Decimal("Infinity")], DataConversionError, "Infinity"),
    ([Decimal("9E+37"), Decimal("0.001")], DataConversionError, "38 digits"),
    ([Decimal("1E-39")], DataConversionError, "38 digits"),
    ([Decimal("1E+99999")], DataConversionError, "38 digits"),
    ([timedelta.max], DataConversionError, "64 bits"),
    ([datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))], DataConversionError, "years 1 to 9999"),
    (["a", "\ud800"], DataConversionError, "surrogate"),
    ([np.datetime64("2020-01-01T00:00:00.000000001")], DataConversionError, "microseconds"),
    ([np.timedelta64(1, "ns")], DataConversionError, "microseconds"),
    ([np.datetime64(2**40, "s")], DataConversionError, "range"),
    ([pd.Timestamp("2020-01-01 00:00:00.000000001")], DataConversionError, "nanoseconds"),
    ([pd.Timedelta(1, "ns")], DataConversionError, "nanoseconds"),
]


@pytest.mark.parametrize(("values", "error", "message"), REFUSED, ids=lambda value: repr(value)[:40])
def test_what_would_lose_something_names_its_column(values: list[Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        to_frame([{"c": value} for value in values])
    if isinstance(caught.value, DataConversionError):
        assert caught.value.column_name == "c"
        assert "'c'" in str(caught.value)
        assert len(str(caught.value)) < 250


def test_frames_pass() -> None:
    frame = pl.DataFrame({"a": [1], "b": ["x"]})
    assert to_frame(frame) is frame
    assert to_frame(frame.lazy().with_columns(c=pl.col("a") + 1)).rows() == [(1, "x", 2)]


def test_rows_are_all_looked_at() -> None:
    rows: list[dict[str, Any]] = [{"a": None, "b": None}] * 5_000 + [{"b": 1.5, "z": "late"}]
    frame = to_frame(rows)
    assert frame.schema == {"a": pl.Null(), "b": pl.Float64(), "z": pl.String()}
    assert frame.row(-1) == (None, 1.5, "late")


def test_any_mapping_is_a_row_or_a_set_of_columns() -> None:
    rows: tuple[dict[str, int], ChainMap[str, int]] = (OrderedDict(a=1, b=2), ChainMap({"a": 3}))
    assert to_frame(rows).to_dict(as_series=False) == {"a": [1, 3], "b": [2, None]}
    columns = ChainMap({"a": (1, 2)})
    assert to_frame(columns).to_dict(as_series=False) == {"a": [1, 2]}


def test_nothing_is_a_frame_without_columns() -> None:
    assert to_frame([]).shape == (0, 0)
    assert to_frame({}).shape == (0, 0)
    assert to_frame({"a": []}).schema == {"a": pl.Null()}


def test_columns_come_in_many_kinds() -> None:
    frame = to_frame(
        {
            "series": pl.Series("other", [1, 2], dtype=pl.Int8),
            "numpy": np.array([1.5, 2.5], dtype=np.float32),
            "objects": np.array(["a", None], dtype=object),
            "nanoseconds": np.array(["2020-01-01T00:00:00.000000001", "NaT"], dtype="M8[ns]"),
            "arrow": pa.array([b"x", None]),
            "pandas": pd.Series([1, 2], dtype="int16"),
            "range": range(2),
            "generator": (n * n for n in range(2)),
        }
    )
    assert frame.schema == {
        "series": pl.Int8(),
        "numpy": pl.Float32(),
        "objects": pl.String(),
        "nanoseconds": pl.Datetime("ns"),
        "arrow": pl.Binary(),
        "pandas": pl.Int16(),
        "range": pl.Int64(),
        "generator": pl.Int64(),
    }
    assert frame["nanoseconds"].to_physical().to_list() == [1_577_836_800_000_000_001, None]
    assert frame["generator"].to_list() == [0, 1]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(pa.table({"a": [1, None], "b": ["x", "y"]}), id="pyarrow table"),
        pytest.param(pa.RecordBatch.from_pydict({"a": [1, None], "b": ["x", "y"]}), id="pyarrow batch"),
        pytest.param(pd.DataFrame({"a": pd.array([1, None], dtype="Int64"), "b": ["x", "y"]}), id="pandas"),
        pytest.param(duckdb.sql("SELECT * FROM (VALUES (1::BIGINT, 'x'), (NULL, 'y')) AS t(a, b)"), id="duckdb"),
    ],
)
def test_arrow_streams_pass(data: object) -> None:
    frame = to_frame(data)
    assert frame.schema == {"a": pl.Int64(), "b": pl.String()}
    assert frame.rows() == [(1, "x"), (None, "y")]


def test_an_index_of_pandas_is_a_column() -> None:
    frame = to_frame(pd.DataFrame({"v": [1]}, index=pd.Index(["k"], name="key")))
    assert frame.rows(named=True) == [{"v": 1, "key": "k"}]


def test_a_column_that_pandas_cannot_export() -> None:
    with pytest.raises(TypeError, match="can't take this Arrow data"):
        to_frame(pd.DataFrame({"v": [1, "x", object()]}))


@pytest.mark.parametrize("data", [[{}], [{}, {}], pl.DataFrame(height=3)])
def test_rows_without_columns(data: object) -> None:
    with pytest.raises(ValueError, match="rows, but no columns"):
        to_frame(data)


Point = namedtuple("Point", "x y")  # pyright: ignore[reportUntypedNamedTuple]  # noqa: PYI024 (a user's)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (None, "not NoneType"),
        ("abc", "not str"),
        ("", "not str"),
        (b"", "not bytes"),
        (5, "not int"),
        ([1, 2], "a list that holds int"),
        ([{"a": 1}, (1,)], "a list that holds tuple"),
        (Point(1, 2), "Point that holds int"),
        ({1: [2]}, "names have to be str, not int"),
        ([{"a": 1}, {None: 2}], "names have to be str, not NoneType"),
        ({"a": "text"}, "'a' has to be a sequence of values, not str"),
        ({"a": 5}, "'a' has to be a sequence of values, not int"),
        ({"a": {"b": 1}}, "'a' has to be a sequence of values, not dict"),
        (pl.DataFrame({"o": [object()]}), "'o' is Object"),
        (pl.DataFrame({"u": pl.Series([1], dtype=pl.UInt128)}), "'u' is UInt128"),
        (pl.DataFrame({"f": pl.Series([[1.0]], dtype=pl.List(pl.Float16))}), "'f' is Float16"),
        (pl.DataFrame({"s": pl.Series([{"a": 1}], dtype=pl.Struct({"a": pl.UInt128}))}), "'s' is UInt128"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_anything_else_is_a_type_error(data: object, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        to_frame(data)


def test_columns_of_different_length() -> None:
    with pytest.raises(ValueError, match=r"'a': 2, 'b': 1"):
        to_frame({"a": [1, 2], "b": [1]})


def test_the_callers_values_stay_as_they_are() -> None:
    values = [Colour.RED, None]
    rows = [{"c": value} for value in values]
    to_frame({"c": values})
    to_frame(rows)
    assert values == [Colour.RED, None]
    assert rows == [{"c": Colour.RED}, {"c": None}]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**130), 2**130),
    st.floats(allow_nan=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.timedeltas(),
)


@given(st.lists(SCALARS, max_size=4))
def test_every_value_arrives_or_the_column_is_refused(values: list[Any]) -> None:
    try:
        frame = to_frame({"c": values})
    except (TypeError, DataConversionError) as error:
        assert "'c'" in str(error)
    else:
        assert frame["c"].to_list() == values


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=4) | st.none()))
def test_decimals_arrive(values: list[Decimal | None]) -> None:
    try:
        frame = to_frame({"c": values})
    except DataConversionError as error:
        assert "38 digits" in str(error)
    else:
        assert frame["c"].to_list() == values
