"""Whatever value PostgreSQL can hold, against the server's own text; whatever frame goes in comes out."""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.conformance.backends.postgres import cluster, pool
from tests.postgres.servers import Installation
from tests.property.strategies import NAMES, decimals, frames_of

pytestmark = pytest.mark.backend("postgres 18")

repeated = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)

DAYS = st.integers(-2_440_550, 2_145_042_905)
"""The server's dates, as days from 1970: 4714-11-24 BC to 5874897-12-31."""
MICROSECONDS = st.integers(-210_866_803_200_000_000, 2**63 - 1)
"""The server's timestamps that Polars can hold, as microseconds from 1970."""
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@pytest.fixture(scope="module")
def conn(newest: Installation) -> Iterator[idb.Connection]:
    """A connection for all examples."""
    with pool(newest).fresh() as name, cluster(newest).config(name).connect() as conn:
        yield conn


def table(conn: idb.Connection, expression: str, texts: list[Any], **options: Any) -> pl.DataFrame:
    """`expression` over the texts `x`, in their order."""
    rows = f"SELECT n, {expression} AS v FROM unnest($1::text[]) WITH ORDINALITY AS s (x, n)"
    return conn.execute(f"SELECT v, v::text AS t FROM ({rows}) AS q ORDER BY n", [texts], **options)


@repeated
@given(data=st.data(), precision=st.integers(1, 38))
def test_numeric_of_a_declared_scale(conn: idb.Connection, data: st.DataObject, precision: int) -> None:
    scale = data.draw(st.integers(0, precision))
    values = data.draw(st.lists(st.none() | decimals(precision, scale), min_size=1, max_size=40))
    conn.execute(f"DROP TABLE IF EXISTS n; CREATE TABLE n (id integer, v numeric({precision}, {scale}))")
    texts = [None if value is None else format(value, "f") for value in values]
    conn.execute("INSERT INTO n SELECT n, x::numeric FROM unnest($1::text[]) WITH ORDINALITY AS s (x, n)", [texts])
    frame = conn.execute("SELECT v, v::text AS t FROM n ORDER BY id")
    assert frame.schema["v"] == pl.Decimal(precision, scale)
    assert frame["v"].to_list() == values
    assert [None if value is None else format(value, "f") for value in frame["v"]] == frame["t"].to_list()
    # The other way: as a column of a frame, and as parameters.
    conn.insert("n", frame.select(id=pl.int_range(pl.len(), dtype=pl.Int32), v="v"), mode="overwrite")
    assert conn.execute("SELECT v::text AS t FROM n ORDER BY id")["t"].to_list() == frame["t"].to_list()
    conn.execute("DELETE FROM n")
    conn.execute_many("INSERT INTO n VALUES ($1, $2)", list(enumerate(values)))
    assert conn.execute("SELECT v::text AS t FROM n ORDER BY id")["t"].to_list() == frame["t"].to_list()


@repeated
@given(data=st.data(), scales=st.lists(st.integers(0, 38), min_size=1, max_size=10))
def test_numeric_without_a_scale(conn: idb.Connection, data: st.DataObject, scales: list[int]) -> None:
    largest = max(scales)
    values = [data.draw(decimals(38 - largest + scale, scale)) for scale in scales if 38 - largest + scale > 0]
    assume(values)
    frame = table(conn, "x::numeric", [format(value, "f") for value in values])
    shown = max(-int(value.as_tuple().exponent) for value in values)
    assert frame.schema["v"] == pl.Decimal(38, shown)
    assert frame["v"].to_list() == values


@repeated
@given(digits=st.integers(-(10**60), 10**60), scale=st.integers(-20, 60))
def test_numeric_as_text_and_as_float(conn: idb.Connection, digits: int, scale: int) -> None:
    text = format(Decimal(digits).scaleb(-scale), "f")
    frame = table(conn, "x::numeric", [text], schema_overrides={"v": pl.String})
    assert frame["v"].to_list() == frame["t"].to_list()
    exact = Decimal(float(Decimal(text))) == Decimal(text)
    try:
        read = table(conn, "x::numeric", [text], schema_overrides={"v": pl.Float64})["v"].item()
    except idb.DataConversionError:
        assert not exact
    else:
        assert read == float(Decimal(text)), "the nearest there is"


@repeated
@given(st.lists(DAYS, min_size=1, max_size=50))
def test_dates(conn: idb.Connection, days: list[int]) -> None:
    texts = [str(day) for day in days]
    frame = table(conn, "date '1970-01-01' + x::integer", texts)
    assert frame["v"].to_physical().to_list() == days
    shown = table(conn, "date '1970-01-01' + x::integer", texts, schema_overrides={"v": pl.String})
    assert shown["v"].to_list() == frame["t"].to_list()
    conn.insert("d", frame, mode="replace")
    assert conn.execute("SELECT count(*) AS n FROM d WHERE v::text = t").item() == len(days)


@repeated
@given(st.lists(MICROSECONDS, min_size=1, max_size=50), st.sampled_from(["timestamp", "timestamptz"]))
def test_timestamps(conn: idb.Connection, instants: list[int], declared: str) -> None:
    # In days and microseconds of the day: an interval of 64 bits does not reach from one end to the other.
    days, rest = (f"(split_part(x, ' ', {at}) || ' {unit}')::interval" for at, unit in ((1, "days"), (2, "us")))
    expression = f"('1970-01-01'::timestamp + {days} + {rest})::{declared}"
    texts = [" ".join(map(str, divmod(instant, 86_400_000_000))) for instant in instants]
    frame = table(conn, expression, texts)
    assert frame["v"].to_physical().to_list() == instants
    conn.insert("d", frame, mode="replace")
    assert conn.execute("SELECT count(*) AS n FROM d WHERE v::text = t").item() == len(instants)
    if declared == "timestamp":
        shown = table(conn, expression, texts, schema_overrides={"v": pl.String})
        assert shown["v"].to_list() == frame["t"].to_list()


INTERVALS = st.tuples(st.integers(-106_751_990, 106_751_990), st.integers(-(10**14), 10**14))


@repeated
@given(st.lists(INTERVALS, min_size=1, max_size=50))
def test_intervals(conn: idb.Connection, intervals: list[tuple[int, int]]) -> None:
    texts = [f"{days} days {microseconds} us" for days, microseconds in intervals]
    wholes = [days * 86_400_000_000 + microseconds for days, microseconds in intervals]
    assume(all(abs(whole) < 2**63 for whole in wholes))
    frame = table(conn, "x::interval", texts)
    assert frame["v"].to_physical().to_list() == wholes
    conn.insert("d", frame, mode="replace")
    assert conn.execute("SELECT count(*) AS n FROM d WHERE v = t::interval").item() == len(wholes)


@repeated
@given(
    st.lists(
        st.tuples(st.integers(-3_000, 3_000), st.integers(-(10**6), 10**6), st.integers(-(10**14), 10**14)),
        min_size=1,
        max_size=40,
    )
)
def test_intervals_with_months_as_text(conn: idb.Connection, intervals: list[tuple[int, int, int]]) -> None:
    texts = [f"{months} months {days} days {microseconds} us" for months, days, microseconds in intervals]
    conn.execute("SET intervalstyle = 'iso_8601'")
    frame = table(conn, "x::interval", texts, schema_overrides={"v": pl.String})
    conn.execute("RESET intervalstyle")
    assert frame["v"].to_list() == frame["t"].to_list()


def networks(draw: st.DrawFn) -> str:
    """An address with a prefix of its own."""
    address = draw(st.ip_addresses())
    return f"{address}/{draw(st.integers(0, address.max_prefixlen))}"


@repeated
@given(st.lists(st.composite(networks)(), min_size=1, max_size=40))
def test_addresses(conn: idb.Connection, texts: list[str]) -> None:
    for declared in ("inet", "cidr"):
        addresses = [text if declared == "inet" else str(ipaddress.ip_network(text, strict=False)) for text in texts]
        frame = table(conn, f"x::{declared}", addresses)
        assert frame["v"].to_list() == frame["t"].to_list()
        conn.execute(f"DROP TABLE IF EXISTS d; CREATE TABLE d (v {declared}, t text)")
        conn.insert("d", frame)
        assert conn.execute("SELECT count(*) AS n FROM d WHERE v::text = t").item() == len(addresses)


@repeated
@given(st.lists(st.floats(allow_nan=True), min_size=2, max_size=40))
def test_geometry_has_the_servers_floats(conn: idb.Connection, numbers: list[float]) -> None:
    frame = table(conn, "point(x::float8, -(x::float8))", [repr(number) for number in numbers])
    assert frame["v"].to_list() == frame["t"].to_list()
    floats = table(conn, "x::float8", [repr(number) for number in numbers])["v"].to_list()
    assert [repr(number) for number in floats] == [repr(number) for number in numbers]


@repeated
@given(st.lists(st.text("01", max_size=100), min_size=1, max_size=20))
def test_bits(conn: idb.Connection, texts: list[str]) -> None:
    frame = table(conn, "x::varbit", texts)
    assert frame["v"].to_list() == texts


@repeated
@given(st.lists(st.none() | TEXT, max_size=20), st.lists(st.none() | st.binary(), max_size=20))
def test_arrays(conn: idb.Connection, texts: list[str | None], blobs: list[bytes | None]) -> None:
    frame = conn.execute("SELECT $1::text[] AS t, $2::bytea[] AS b, $1::text[]::text AS s", [texts, blobs])
    assert frame["t"].to_list() == [texts]
    assert frame["b"].to_list() == [blobs]
    shown = conn.execute("SELECT $1::text[] AS t", [texts], schema_overrides={"t": pl.String})
    assert shown["t"].item() == frame["s"].item()


COLUMNS: dict[pl.DataType, st.SearchStrategy[Any]] = {
    pl.Int16(): st.integers(-(2**15), 2**15 - 1),
    pl.Int32(): st.integers(-(2**31), 2**31 - 1),
    pl.Int64(): st.integers(-(2**63), 2**63 - 1),
    pl.Float32(): st.floats(width=32, allow_nan=False),
    pl.Float64(): st.floats(allow_nan=False),
    pl.Boolean(): st.booleans(),
    pl.String(): TEXT,
    pl.Binary(): st.binary(),
    pl.Date(): st.dates(),
    pl.Time(): st.times(),
    pl.Datetime("us"): st.datetimes(),
    pl.Datetime("us", "UTC"): st.datetimes(timezones=st.just(dt.UTC)),
    pl.Duration("us"): st.timedeltas(dt.timedelta(-100_000_000), dt.timedelta(100_000_000)),
    pl.Decimal(38, 10): decimals(38, 10),
    pl.Decimal(5, 0): decimals(5, 0),
    pl.List(pl.Int64): st.lists(st.none() | st.integers(-(2**63), 2**63 - 1), max_size=4),
    pl.List(pl.String): st.lists(st.none() | TEXT, max_size=4),
}


def frames() -> st.SearchStrategy[pl.DataFrame]:
    """Frames that PostgreSQL keeps exactly, with names that it does not cut."""
    return frames_of(COLUMNS, NAMES.filter(lambda name: len(name.encode()) < 64))


@repeated
@given(frame=frames(), batch_size=st.integers(1, 10))
def test_frames(conn: idb.Connection, frame: pl.DataFrame, batch_size: int) -> None:
    assert conn.insert("f", frame, mode="replace") == frame.height
    assert_frame_equal(conn.select("f"), frame)
    with conn.execute_batches("SELECT * FROM f", batch_size=batch_size) as batches:
        assert_frame_equal(pl.concat([frame.clear(), *batches]), frame)
    assert conn.insert("f", frame) == frame.height
    # Polars loses the type of a list column of nothing but nulls when it reverses it.
    backwards = pl.DataFrame([column.reverse().cast(column.dtype) for column in frame])
    assert conn.insert("f", backwards, mode="overwrite") == frame.height
    assert_frame_equal(conn.select("f"), backwards)


@repeated
@given(frame=frames())
def test_frames_as_parameters(conn: idb.Connection, frame: pl.DataFrame) -> None:
    conn.insert("f", frame.clear(), mode="replace")
    marks = ", ".join(f"${at + 1}" for at in range(frame.width))
    assert conn.execute_many(f"INSERT INTO f VALUES ({marks})", frame.rows()) == frame.height
    assert_frame_equal(conn.select("f"), frame)


@repeated
@given(st.floats(allow_nan=True), st.integers(-(2**63), 2**63 - 1), TEXT, st.binary(), st.datetimes(), st.uuids())
def test_parameters_alone(
    conn: idb.Connection, f: float, i: int, s: str, b: bytes, d: dt.datetime, u: uuid.UUID
) -> None:
    row = conn.execute(
        "SELECT $1::float8 AS f, $2::int8 AS i, $3::text AS s, $4::bytea AS b, $5::timestamp AS d, $6::uuid AS u",
        [f, i, s, b, d, u],
    ).row(0)
    assert row[1:] == (i, s, b, d, str(u))
    assert row[0] == f or (math.isnan(f) and math.isnan(row[0]))
