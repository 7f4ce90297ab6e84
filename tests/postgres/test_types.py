"""The type table against the other client: what it stores we read, what we store it reads."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend, postgres
from tests.conformance.backends.base import Type
from tests.postgres.conftest import Referee
from tests.postgres.data import arrays, numbers, times

NATIVE = (
    *numbers.TYPES,
    *times.TYPES,
    *(case for case in arrays.TYPES if case.dtype != pl.List(pl.String) or case.declared in {"TEXT[]", "UUID[]"}),
)
ALL = postgres.BACKENDS[0].types


def make(referee: Referee, case: Type) -> None:
    """A table with the type's values, written by the server from their literals."""
    referee.execute(f"CREATE TABLE truth (id integer, v {case.declared})".encode())
    for at, (literal, _) in enumerate(case.values):
        referee.execute(f"INSERT INTO truth VALUES ({at}, {literal})".encode())
    referee.execute(f"CREATE TABLE v (id integer, v {case.declared})".encode())


def assert_stored(referee: Referee, case: Type) -> None:
    """What our client has stored is what the server made of the literals; an interval may be written in other units."""
    text = "" if case.declared.startswith("INTERVAL") else "::text"
    difference = referee.execute(
        f"""
        SELECT t.v::text, v.v::text FROM truth AS t FULL JOIN v USING (id) WHERE t.v{text} IS DISTINCT FROM v.v{text}
    """.encode()
    )
    assert difference.fetchall() == []


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_parameters_store_what_the_literals_say(conn: idb.Connection, referee: Referee, case: Type) -> None:
    make(referee, case)
    rows = [[at, value] for at, (_, value) in enumerate(case.values)]
    assert conn.execute_many("INSERT INTO v VALUES ($1, $2)", rows) == len(rows)
    assert_stored(referee, case)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_a_frame_stores_what_the_literals_say(conn: idb.Connection, referee: Referee, case: Type) -> None:
    make(referee, case)
    values = [value for _, value in case.values]
    frame = pl.DataFrame({"id": range(len(values)), "v": pl.Series(values, dtype=case.dtype)})
    assert conn.insert("v", frame) == len(values)
    assert_stored(referee, case)


@pytest.mark.parametrize("case", NATIVE, ids=lambda case: case.id)
def test_both_clients_read_the_same(conn: idb.Connection, referee: Referee, case: Type) -> None:
    make(referee, case)
    ours = conn.execute("SELECT v FROM truth ORDER BY id")["v"]
    cursor = referee.execute("SELECT v FROM truth ORDER BY id", binary=True)
    theirs: list[Any] = [plain(value) for (value,) in cursor]
    assert ours.dtype == case.dtype
    assert [plain(value) for value in ours] == theirs


def plain(value: Any) -> Any:
    """A value without the classes that only one client has."""
    if type(value) in {pl.Series, list}:
        return [plain(element) for element in value]
    if isinstance(value, str | bytes | float | int | type(None)):
        return value
    if type(value).__module__.startswith(("uuid", "ipaddress", "psycopg")):
        return str(value)
    return value


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
def test_parameters_of_a_condition(backend: Backend, conn: idb.Connection, referee: Referee, case: Type) -> None:
    if case.declared in {"JSON", "POINT", "POINT[]"}:
        return  # the server has no operator `=` for these
    make(referee, case)
    for at, (_, value) in enumerate(case.values):
        operator = "~=" if case.declared == "POLYGON" else "="
        found = conn.execute(f"SELECT id FROM truth WHERE v {operator} $1", [value])["id"].to_list()
        assert at in found, (case.declared, value)


FLOATS = ("NaN", "-0", "Infinity", "-Infinity", "1e-45", "3.4028235e38", "1.1754944e-38", "0.1", "16777217")


@pytest.mark.parametrize("declared", ["REAL", "DOUBLE PRECISION"])
def test_floats_are_the_same_bits(conn: idb.Connection, referee: Referee, declared: str) -> None:
    values = ", ".join(f"('{text}'::{declared})" for text in FLOATS)
    sql = f"SELECT v FROM (VALUES {values}) AS t (v)"
    ours = conn.execute(sql)["v"].to_list()
    theirs = [value for (value,) in referee.execute(sql.encode(), binary=True)]
    assert math.isnan(ours[0])
    assert math.isnan(theirs[0])
    assert math.copysign(1, ours[1]) == -1
    assert ours[1:] == theirs[1:]


def test_a_frame_of_nans_and_minus_zeros(conn: idb.Connection, referee: Referee) -> None:
    frame = pl.DataFrame({"v": [float("nan"), -0.0]}).with_columns(w=pl.col("v").cast(pl.Float32))
    conn.insert("f", frame, mode="create")
    assert referee.execute("SELECT v::text, w::text FROM f").fetchall() == [("NaN", "NaN"), ("-0", "-0")]
    conn.execute("DELETE FROM f")
    conn.execute_many("INSERT INTO f VALUES ($1, $2)", frame.rows())
    assert referee.execute("SELECT v::text, w::text FROM f").fetchall() == [("NaN", "NaN"), ("-0", "-0")]


def test_nulls_between_values_of_every_type(conn: idb.Connection, referee: Referee) -> None:
    for number, case in enumerate(ALL):
        referee.execute(f"CREATE TABLE n{number} (id integer, v {case.declared})".encode())
        frame = pl.DataFrame({"id": range(5), "v": pl.Series([None, case.values[0][1]] * 2 + [None], dtype=case.dtype)})
        assert conn.insert(f"n{number}", frame) == 5
        assert conn.execute(f"SELECT v FROM n{number} ORDER BY id")["v"].is_null().to_list() == [True, False] * 2 + [
            True
        ]
