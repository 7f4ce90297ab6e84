"""A Decimal parameter is the number it is wherever it is compared or computed with; text only where it is stored."""

from __future__ import annotations

import operator
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import industrydb as idb

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.backend("sqlite")

D = Decimal
LONG = D("1234567890.12345678901")
"""More digits than a double has."""

DECLARED = ["NUMERIC", "DECIMAL(15, 2)", "REAL", "INTEGER", "TEXT", "VARCHAR(40)", "BLOB", ""]
"""A column of each affinity."""
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "IS": operator.eq,
    "IS NOT": operator.ne,
}


@st.composite
def decimals(draw: st.DrawFn) -> Decimal:
    """Any Decimal of up to 15 digits, often one that is near another or the same otherwise spelled."""
    digits = draw(st.one_of(st.integers(-12, 12), st.integers(-(10**15) + 1, 10**15 - 1)))
    return D(digits).scaleb(draw(st.sampled_from([0, 0, -1, -2, -6, -15, 3])))


@given(
    declared=st.sampled_from(DECLARED),
    stored=st.lists(decimals(), min_size=1, max_size=5),
    value=decimals(),
    data=st.data(),
)
def test_it_compares_as_in_python(declared: str, stored: list[Decimal], value: Decimal, data: st.DataObject) -> None:
    if declared == "REAL":  # as text, larger ones are refused
        stored = [each for each in stored if abs(each) < 2**53] or [D(1)]
    value = data.draw(st.sampled_from([value, *stored, stored[0].normalize(), stored[0] + 0]))
    if len(value.as_tuple().digits) > 15:
        value = stored[0]
    sign = data.draw(st.sampled_from(list(COMPARISONS)))
    compare = COMPARISONS[sign]
    with idb.connect("sqlite://") as conn:
        conn.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, v {declared})")
        conn.execute_many("INSERT INTO t VALUES (?, ?)", [[at, f"{each:f}"] for at, each in enumerate(stored)])
        if data.draw(st.booleans()):
            conn.execute("CREATE INDEX i ON t (v)")

        def rows(condition: str, *params: Decimal) -> list[int]:
            return conn.execute(f"SELECT id FROM t WHERE {condition} ORDER BY id", params)["id"].to_list()

        def meant(test: Callable[[Decimal], bool]) -> list[int]:
            return [at for at, each in enumerate(stored) if test(each)]

        assert rows(f"v {sign} ?", value) == meant(lambda each: compare(each, value))
        assert rows(f"v * 1 {sign} ?", value) == meant(lambda each: compare(each, value))
        assert rows(f"? {sign} v", value) == meant(lambda each: compare(value, each))
        assert rows(f"? {sign} v * 1", value) == meant(lambda each: compare(value, each))
        assert rows("v IN (?, ?)", value, D(1)) == meant(lambda each: each in (value, 1))
        assert rows("v NOT IN (?1, 1, NULL, -2)", value) == []
        assert rows("v * 1 IN (1, ?)", value) == meant(lambda each: each in (value, 1))
        assert rows("v BETWEEN ? AND ?", value, stored[-1]) == meant(lambda each: value <= each <= stored[-1])
        assert rows("CASE v WHEN ? THEN 1 END", value) == meant(lambda each: each == value)
        assert conn.select("t", where={"v": value})["id"].to_list() == meant(lambda each: each == value)
        mapped = conn.select("t", where={"v": [value, D(7), None]})["id"].to_list()
        assert mapped == meant(lambda each: each in (value, 7))


def test_rows_are_neither_lost_nor_deleted(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE p (price DECIMAL(10, 2), q INT)")
    lite.insert("p", {"price": [D("4"), D("6")], "q": [1, 2]})
    assert lite.delete("p", "price * q < ?", [D("1")]) == 0
    assert lite.execute("SELECT price FROM p WHERE price * q > ?", [D("5")])["price"].to_list() == [D(6)]
    assert lite.update("p", {"q": 3}, "price + q = ?", [D("5.0")]) == 1
    assert lite.select("p", where="price * q >= :least", params={"least": D("12.00")}).height == 2


COMPUTED: list[Any] = [
    # query, parameters, value
    ("SELECT 1.5 > ?", [D("1.4")], 1),
    ("SELECT 1.5 > ?", [D("1.6")], 0),
    ("SELECT max(?, 10)", [D("9")], 10),
    ("SELECT min(?, 10)", [D("9")], 9.0),
    ("SELECT nullif(?, 4)", [D("4.0")], None),
    ("SELECT 7 / ?", [D("2")], 3.5),
    ("SELECT ? / 2", [D("7")], 3.5),
    ("SELECT -?", [D("7")], -7.0),
    ("SELECT abs(?)", [D("-0.5")], 0.5),
    ("SELECT sum(x) FROM (SELECT 1 AS x UNION ALL SELECT 2) HAVING sum(x) > ?", [D("2.5")], 3),
    ("SELECT count(*) FROM (SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 LIMIT?)", [D("2")], 2),
    ("SELECT 1.5 BETWEEN?AND?", [D("1.4"), D("1.6")], 1),
    ("SELECT 3 IN (?)", [D("3.00")], 1),
    ("SELECT '3.0' = ?", [D("3.00")], 1),
    ("SELECT 1.5 IN (SELECT ?)", [D("1.50")], 1),
    ("SELECT (1.5, 2) = (?, ?)", [D("1.50"), D("2.0")], 1),
    ("SELECT (1.5, 2) IN (VALUES (?, ?))", [D("1.50"), D("2.0")], 1),
    ("WITH d(v) AS (VALUES (?)) SELECT 1.5 > v FROM d", [D("1.4")], 1),
    ("SELECT 1.5 IN (SELECT value FROM json_each(?))", [[D("1.50"), D("2")]], 1),
    ("SELECT CASE WHEN 2 < ? THEN 'more' ELSE 'less' END", [D("10")], "more"),
    ("SELECT iif(:a < :b, :a, :b)", {"a": D("9"), "b": D("10")}, 9.0),
    ("SELECT $a + @b", {"a": D("0.5"), "b": D("0.25")}, 0.75),
    ("SELECT ?2 - ?1", [D("0.5"), D("0.75")], 0.25),
    ("SELECT 1e308 < ?", [D("Infinity")], 1),
    ("SELECT typeof(?)", [D("4")], "real"),
    ("SELECT /* ? */ '?' || (1 < ?) -- ?", [D("2")], "?1"),
    # Where text is read, it is the Decimal's own, however long.
    ("SELECT CAST(? AS TEXT)", [LONG], str(LONG)),
    ("SELECT 'costs ' || ?", [D("1.50")], "costs 1.50"),
    ("SELECT '12.50' LIKE ?", [D("12.50")], 1),
    ("SELECT ? NOT LIKE '4%'", [D("4")], 0),
]


@pytest.mark.parametrize(("query", "params", "value"), COMPUTED)
def test_it_computes_as_a_number(lite: idb.Connection, query: str, params: Any, value: object) -> None:
    assert lite.execute(query, params).item() == value
    assert lite.execute(query, params).item() == value


def test_one_parameter_is_stored_and_compared(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (x TEXT, n NUMERIC)")
    lite.execute("INSERT INTO t (x, n) SELECT ?1, 20 WHERE 3 < ?1", [D("10.00")])
    assert lite.execute("SELECT x FROM t").item() == "10.00"
    assert lite.execute("UPDATE t SET x = ?1 WHERE n * 1 < ?1", [D("9.0")]).item() == 0
    assert lite.execute("UPDATE t SET x = ?1 WHERE n * 1 > ?1", [D("9.0")]).item() == 1
    assert lite.execute("UPDATE t SET n = 1 FROM (SELECT ? AS least) WHERE t.n * 1 > least", [D("9")]).item() == 1
    assert lite.execute("SELECT x, n FROM t").row(0) == ("9.0", 1.0)


def test_names_and_schemas_are_those_of_the_statement(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (x TEXT)")
    query = "SELECT ?, ? + 1, x IN (?, ?), ? AS b, (SELECT max(?, 1)) FROM t"
    names = ["?", "? + 1", "x IN (?, ?)", "b", "(SELECT max(?, 1))"]
    assert lite.execute(query, [D(1)] * 6).columns == names
    assert list(lite.schema(query, [D(1)] * 6)) == names
    assert lite.execute(query, [1] * 6).columns == names


def test_a_statement_takes_one_kind_of_value_after_another(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (x TEXT, n NUMERIC)")
    lite.execute("INSERT INTO t VALUES ('9.50', 9.5)")
    cases: list[tuple[Decimal | str | None, int]] = [
        (D("9.5"), 1),
        ("9.5", 0),
        (None, 0),
        ("9.50", 1),
        (D("9.500"), 1),
        (LONG, 0),
    ]
    for value, found in cases:
        assert lite.execute("SELECT count(*) FROM t WHERE x = ?", [value]).item() == found
    rows: list[list[Decimal | int]] = [[D("9.50"), D("1.5")], [2, D("1.5")], [D("3"), 4], [5, 6]]
    assert lite.execute_many("INSERT INTO t SELECT ?, ? * 2", rows) == 4
    assert lite.execute("SELECT x, n FROM t WHERE rowid > 1").rows() == [
        ("9.50", 3.0),
        ("2", 3.0),
        ("3", 8.0),
        ("5", 12.0),
    ]


def test_an_index_serves_it(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (n DECIMAL(10, 2)); CREATE INDEX by_n ON t (n)")
    for condition in ["n = ?", "n > ?", "n BETWEEN 1 AND ?", "n IN (?, 2)"]:
        plan = lite.execute(f"EXPLAIN QUERY PLAN SELECT * FROM t WHERE {condition}", [D("1.5")])
        assert "SEARCH t USING COVERING INDEX by_n" in " ".join(plan["detail"]), condition


def test_a_long_list(lite: idb.Connection) -> None:
    lite.execute("CREATE TABLE t (v TEXT)")
    lite.execute("INSERT INTO t VALUES ('1.50'), ('2.5'), ('-1')")
    values = [D(at) / 2 for at in range(20_000)]
    assert lite.select("t", where={"v": values}).height == 2


REFUSED: list[Any] = [
    ("SELECT ?", [LONG], "?1"),
    ("SELECT * FROM t WHERE n = ?", [LONG], "?1"),
    ("SELECT * FROM t WHERE r > ?", [LONG], "?1"),
    ("SELECT * FROM t WHERE x > ?", [LONG], "?1"),
    ("SELECT * FROM t WHERE x = ? * 2", [LONG], "?1"),
    ("SELECT * FROM t WHERE n IN (1, :v)", {"v": LONG}, ":v"),
    ("SELECT * FROM (SELECT n * 2 AS x FROM t) WHERE x = ?", [LONG], "?1"),
    ("SELECT n * 2 AS y FROM t WHERE y = ?", [LONG], "?1"),
    ("SELECT * FROM t JOIN t AS u ON t.x = u.x WHERE t.x = ?", [LONG], "?1"),
    ("SELECT * FROM w WHERE x = ?", [LONG], "?1"),
    ("UPDATE t SET n = 1 WHERE n * 2 < ?", [LONG], "?1"),
    ("UPDATE t SET n = n + ?", [LONG], "?1"),
    ("DELETE FROM t WHERE n = @v", {"v": LONG}, "@v"),
    ("SELECT 1 WHERE 1 < ?", [D(2**53 + 1)], "?1"),
    ("SELECT 1 WHERE 1 < ?", [D("NaN")], "?1"),
    ("SELECT 1 WHERE 1 < ?", [D("1E+400")], "?1"),
    ("SELECT 1 WHERE 1 < ?", [D("1E-400")], "?1"),
    ("SELECT 1 IN (SELECT value FROM json_each(?))", [[LONG]], "?1"),
    # Text and numbers in one list: which of the two is meant is not known.
    ("SELECT * FROM t WHERE x IN (?, 'a')", [D("1.5")], "?1"),
    ("SELECT * FROM t WHERE x IN (?, ?)", ["a", D("1.5")], "?2"),
    ("SELECT * FROM t WHERE x IN (?, n)", [D("1.5")], "?1"),
]


@pytest.mark.parametrize(("sql", "params", "place"), REFUSED)
def test_what_is_no_number_is_refused(lite: idb.Connection, sql: str, params: Any, place: str) -> None:
    lite.execute("CREATE TABLE t (n NUMERIC, r REAL, x TEXT); CREATE VIEW w AS SELECT n * 2 AS x FROM t")
    lite.execute("INSERT INTO t VALUES (1, 1, '1')")
    with pytest.raises(idb.DataConversionError, match="parameter") as caught:
        lite.execute(sql, params)
    assert f"parameter {place}: " in caught.value.message
    assert caught.value.hint
    assert caught.value.backend == "sqlite"
    assert lite.execute("SELECT * FROM t").row(0) == (1.0, 1.0, "1")


def test_long_ones_are_compared_as_the_text_that_a_column_holds(lite: idb.Connection) -> None:
    values = [D("1234567890.1234567890"), D("1234567890.1234567891")]
    frame = pl.DataFrame({"id": [1, 2], "v": pl.Series(values, dtype=pl.Decimal(38, 10))})
    lite.insert("t", frame, mode="create")
    for which, value in enumerate(values):
        assert lite.select("t", ["id"], {"v": value})["id"].to_list() == [which + 1]
        assert lite.select("t", ["id"], {"v": [value, None]})["id"].to_list() == [which + 1]
        assert lite.execute("SELECT id FROM main.t AS x WHERE (x.v == ?)", [value]).item() == which + 1
    assert lite.update("t", {"id": 3}, {"v": values[1]}) == 1
    assert lite.delete("t", {"v": values}) == 2


def test_short_ones_are_compared_with_text_by_their_value(lite: idb.Connection) -> None:
    frame = pl.DataFrame({"v": pl.Series([D("1.5"), D("20")], dtype=pl.Decimal(38, 10))})
    lite.insert("t", frame, mode="create")
    assert lite.select("t", where={"v": D("1.5")}).height == 1
    assert lite.select("t", where={"v": [D("1.50"), D("2E+1")]}).height == 2
    assert lite.select("t", where="v > ?", params=[D("3")])["v"].to_list() == ["20.0000000000"]
