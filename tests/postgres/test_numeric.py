"""NUMERIC: the declared scale, the scale of a result, and what no Decimal can hold."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.types import Run
from tests.hints import suggested
from tests.postgres.conftest import Referee

NINES = "9" * 38


def rows(*values: str) -> str:
    """A query of numerics without a scale, in that order."""
    literals = ", ".join(f"({at}, '{value}'::numeric)" for at, value in enumerate(values))
    return f"SELECT v FROM (VALUES {literals}) AS t (id, v) ORDER BY id"


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        (("1", "2"), 0),
        (("1", "2.5", "3.25"), 2),
        (("1.00", "2"), 2),
        (("0.000001", "1000000"), 6),
        (("-0.1", "0"), 1),
        ((NINES, f"-{NINES}"), 0),
        ((f"0.{NINES}",), 38),
        ((f"-0.{'0' * 37}1", "0"), 38),
        ((f"{NINES[:20]}.{NINES[:18]}", "0.5"), 18),
        (("0.0001", "10000", "100000000", "0.00010001"), 8),
        (("1e20", "1e-10"), 10),
    ],
)
def test_the_scale_is_the_largest_of_the_result(conn: idb.Connection, values: tuple[str, ...], scale: int) -> None:
    frame = conn.execute(rows(*values))
    assert frame.schema == {"v": pl.Decimal(38, scale)}
    assert frame["v"].to_list() == [Decimal(value) for value in values]


def test_without_a_value_it_is_18(conn: idb.Connection, run: Run) -> None:
    run("CREATE TABLE n (v numeric)")
    assert conn.schema("SELECT v FROM n") == {"v": pl.Decimal(38, 18)}
    assert conn.execute("SELECT v FROM n").schema == {"v": pl.Decimal(38, 18)}
    assert conn.schema("SELECT sum(v) AS s, avg(v) AS a FROM n") == {"s": pl.Decimal(38, 18), "a": pl.Decimal(38, 18)}


def test_nulls_alone(run: Run) -> None:
    frame = run("SELECT v FROM (VALUES (NULL::numeric), (NULL)) AS t (v)")
    assert isinstance(frame.schema["v"], pl.Decimal)
    assert frame["v"].to_list() == [None, None]


def test_sums_and_averages(run: Run) -> None:
    run("CREATE TABLE n (v numeric(12, 2))")
    run("INSERT INTO n SELECT i / 100.0 FROM generate_series(1, 1000) AS i")
    frame = run("SELECT sum(v) AS s, avg(v) AS a, max(v) AS m, round(avg(v), 3) AS r FROM n")
    assert frame.row(0) == (Decimal("5005.00"), Decimal("5.005"), Decimal("10.00"), Decimal("5.005"))


@pytest.mark.parametrize(
    ("declared", "value", "dtype"),
    [
        ("numeric(38, 10)", "1234567890123456789012345678.0123456789", pl.Decimal(38, 10)),
        ("numeric(3, -3)", "999000", pl.Decimal(6, 0)),
        ("numeric(1, 5)", "0.00009", pl.Decimal(5, 5)),
        ("decimal(6, 3)", "-123.456", pl.Decimal(6, 3)),
    ],
)
def test_the_declared_scale(run: Run, conn: idb.Connection, declared: str, value: str, dtype: pl.DataType) -> None:
    run(f"CREATE TABLE n (v {declared})")
    run(f"INSERT INTO n VALUES ({value}), (NULL)")
    assert conn.schema("SELECT v FROM n") == {"v": dtype}
    frame = run("SELECT v FROM n")
    assert frame.schema == {"v": dtype}
    assert frame["v"].to_list() == [Decimal(value), None]
    assert run("SELECT a.v FROM n AS a, n AS b WHERE a.v = b.v").schema == {"v": dtype}
    run("CREATE VIEW w AS SELECT v AS renamed FROM n")
    assert run("SELECT renamed FROM w").schema == {"renamed": dtype}


def test_declared_without_a_scale(run: Run) -> None:
    run("CREATE TABLE n (a numeric(50, 2), b numeric)")
    run("INSERT INTO n VALUES (1.25, 3), (NULL, NULL)")
    assert run("SELECT a, b FROM n").schema == {"a": pl.Decimal(38, 2), "b": pl.Decimal(38, 0)}


@pytest.mark.parametrize(
    "value", ["NaN", "Infinity", "-Infinity", f"1{NINES}", f"0.{NINES}1", f"{NINES}.5", "1e100", "-1e-39"]
)
def test_what_no_decimal_holds(run: Run, conn: idb.Connection, value: str) -> None:
    sql = rows("1", "0.5", value)
    with pytest.raises(idb.DataConversionError, match="v") as caught:
        run(sql)
    assert caught.value.column_name == "v"
    assert "row" in caught.value.message
    text = conn.execute(sql, schema_overrides=suggested(caught.value))["v"].to_list()
    assert text[2] == conn.execute(f"SELECT '{value}'::numeric::text AS v").item()
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize(("value", "expected"), [("NaN", "nan"), ("Infinity", "inf"), ("-Infinity", "-inf")])
def test_the_override_holds_what_is_no_number(conn: idb.Connection, value: str, expected: str) -> None:
    frame = conn.execute(rows("0.5", value), schema_overrides={"v": pl.Float64})
    assert [str(number) for number in frame["v"]] == ["0.5", expected]


@pytest.mark.parametrize("name", ["v", "größe 🐢", "it's", r"a \b", "a 'b' {c}", "a\tb\nc", '"quoted"', "\x7f"])
def test_the_hint_can_be_pasted_whatever_the_name(conn: idb.Connection, name: str) -> None:
    quoted = name.replace('"', '""')
    sql = f"SELECT 'NaN'::numeric AS \"{quoted}\""
    with pytest.raises(idb.DataConversionError) as caught:
        conn.execute(sql)
    assert conn.execute(sql, schema_overrides=suggested(caught.value)).to_dicts() == [{name: "NaN"}]


def test_digits_of_one_result_that_do_not_fit_together(run: Run) -> None:
    with pytest.raises(idb.DataConversionError, match="v"):
        run(rows("1" * 30, f"0.{'1' * 20}"))


def test_nan_in_a_declared_column(run: Run) -> None:
    run("CREATE TABLE n (v numeric(10, 2))")
    run("INSERT INTO n VALUES (1), ('NaN')")
    with pytest.raises(idb.DataConversionError, match="NaN") as caught:
        run("SELECT v FROM n")
    assert "Float64" in f"{caught.value} {caught.value.hint}"


def test_batches_settle_with_the_first(conn: idb.Connection) -> None:
    with conn.execute_batches(rows("1", "2", "0.5", "0.25"), batch_size=2) as batches:
        assert batches.schema == {"v": pl.Decimal(38, 18)}
        assert [frame["v"].to_list() for frame in batches] == [
            [Decimal(1), Decimal(2)],
            [Decimal("0.5"), Decimal("0.25")],
        ]
    with conn.execute_batches(rows(f"0.{'1' * 25}", "1"), batch_size=1) as batches:
        assert batches.schema == {"v": pl.Decimal(38, 25)}
        assert pl.concat(batches)["v"].to_list() == [Decimal(f"0.{'1' * 25}"), Decimal(1)]
    with conn.execute_batches(rows("1" * 30, "0.5"), batch_size=1) as batches:
        assert batches.schema == {"v": pl.Decimal(38, 8)}, "as far as its digits allow"
        assert pl.concat(batches)["v"].to_list() == [Decimal("1" * 30), Decimal("0.5")]


def test_batches_that_contradict_the_first(conn: idb.Connection) -> None:
    with conn.execute_batches(rows("1", f"0.{'1' * 19}"), batch_size=1) as batches:
        assert next(batches)["v"].to_list() == [Decimal(1)]
        with pytest.raises(idb.DataConversionError, match="v"):
            next(batches)
    assert conn.execute("SELECT 1 AS a").item() == 1


def test_batches_of_a_declared_scale_keep_it(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE n (v numeric(10, 2))")
    run("INSERT INTO n SELECT i FROM generate_series(1, 5) AS i")
    with conn.execute_batches("SELECT v FROM n", batch_size=2) as batches:
        assert {frame.schema["v"] for frame in batches} == {pl.Decimal(10, 2)}


def test_the_result_of_a_changed_table(run: Run) -> None:
    run("CREATE TABLE n (v numeric(10, 2))")
    run("INSERT INTO n VALUES (1.25)")
    assert run("SELECT v FROM n").schema == {"v": pl.Decimal(10, 2)}
    run("ALTER TABLE n ALTER COLUMN v TYPE numeric(12, 4)")
    assert run("SELECT v FROM n").schema == {"v": pl.Decimal(12, 4)}
    assert run("SELECT v FROM n").item() == Decimal("1.2500")
    run("ALTER TABLE n ALTER COLUMN v TYPE text")
    assert run("SELECT v FROM n").schema == {"v": pl.String}


def test_another_clients_change_of_the_table(run: Run, referee: Referee) -> None:
    run("CREATE TABLE n (v numeric(10, 2))")
    run("INSERT INTO n VALUES (1.25)")
    assert run("SELECT v FROM n").item() == Decimal("1.25")
    referee.execute("ALTER TABLE n ALTER COLUMN v TYPE numeric(12, 4)")
    frame = run("SELECT v FROM n")
    assert frame.item() == Decimal("1.2500"), "whatever was remembered about the column, no digit is lost"
    referee.execute("UPDATE n SET v = 1.2345")
    assert run("SELECT v FROM n").item() == Decimal("1.2345")


ZEROS = [
    ("SELECT round(0::numeric, 100) AS n", [Decimal(0)], 38),
    ("SELECT 0::numeric(60, 50) AS n", [Decimal(0)], 38),
    ("SELECT 0.00 AS n", [Decimal("0.00")], 2),
    ("SELECT unnest(ARRAY[round(0::numeric, 100), 1.5]) AS n", [Decimal(0), Decimal("1.5")], 37),
    ("SELECT unnest(ARRAY[1.5, round(0::numeric, 100)]) AS n", [Decimal("1.5"), Decimal(0)], 37),
    ("SELECT unnest(ARRAY[1.5, 0.000]) AS n", [Decimal("1.5"), Decimal(0)], 3),
    ("SELECT unnest(ARRAY[0.000, 1e37]) AS n", [Decimal(0), Decimal(10) ** 37], 0),
    ("SELECT unnest(ARRAY[1e37, 0.000, NULL]) AS n", [Decimal(10) ** 37, Decimal(0), None], 0),
]


@pytest.mark.parametrize(("sql", "values", "scale"), ZEROS)
def test_a_zero_asks_for_no_more_digits_than_there_are(
    conn: idb.Connection, run: Run, sql: str, values: list[Decimal | None], scale: int
) -> None:
    frame = run(sql)
    assert frame.schema["n"] == pl.Decimal(38, scale)
    assert frame["n"].to_list() == values
    nested = run(f"SELECT array_agg(n) AS a FROM ({sql}) AS s")
    assert nested.schema["a"] == pl.List(pl.Decimal(38, scale))
    assert nested["a"].to_list() == [values]
    batches = list(conn.execute_batches(sql, batch_size=100))
    assert [value for batch in batches for value in batch["n"].to_list()] == values


TEXT_NUMBERS = [
    ("1.5", 1),
    ("1.50", 2),
    ("-0.001", 3),
    ("0", 0),
    ("1234567890123456789012345678901234567.5", 1),
    ("0.12345678901234567890123456789012345678", 38),
    ("12345678901234567890123456789012345678", 0),
    ("round(0::numeric, 100)", 38),
    ("NULL", 18),
]


@pytest.mark.parametrize(("number", "scale"), TEXT_NUMBERS)
def test_numbers_in_text_have_the_same_scale(run: Run, number: str, scale: int) -> None:
    binary = run(f"SELECT {number}::numeric AS n, ARRAY[{number}::numeric] AS a")
    text = run(f"SELECT {number}::numeric AS n, ARRAY[{number}::numeric] AS a, 'a'::tsquery AS q")
    assert text.schema["n"] == pl.Decimal(38, scale)
    assert text.drop("q").equals(binary)
    assert text.drop("q").schema == binary.schema
