"""Types that become text: formatted from binary exactly as the server writes them."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.hints import suggested
from tests.postgres.data import formatted

LITERALS: dict[str, list[str]] = {
    case.declared: [f"CAST({literal} AS {case.declared})" for literal, _ in case.values] for case in formatted.TYPES
}
for declared, texts in formatted.MORE.items():
    LITERALS.setdefault(declared, []).extend(f"CAST($t${text}$t$ AS {declared})" for text in texts)

TEXT_ONLY = {
    *("TSQUERY", "JSONPATH", "PG_LSN", "PG_SNAPSHOT", "XID", "XID8", "CID", "TID", '"char"', "INT2VECTOR", "OIDVECTOR"),
    *("REGCLASS", "REGTYPE", "REGPROC", "REGNAMESPACE"),
}
"""Types that are read in the server's text format."""


@pytest.mark.parametrize("declared", LITERALS)
def test_as_the_server_writes_it(conn: idb.Connection, declared: str) -> None:
    values = ", ".join(f"({at}, {literal})" for at, literal in enumerate(LITERALS[declared]))
    frame = conn.execute(f"SELECT v, v::text AS t FROM (VALUES {values}) AS x (id, v) ORDER BY id")
    assert frame.schema == {"v": pl.String, "t": pl.String}
    assert frame["v"].to_list() == frame["t"].to_list()


@pytest.mark.parametrize("declared", LITERALS)
def test_in_batches(conn: idb.Connection, declared: str) -> None:
    values = ", ".join(f"({at}, {literal})" for at, literal in enumerate(LITERALS[declared]))
    sql = f"SELECT v, v::text AS t FROM (VALUES {values}) AS x (id, v) ORDER BY id"
    with conn.execute_batches(sql, batch_size=2) as batches:
        assert batches.schema == {"v": pl.String, "t": pl.String}
        frame = pl.concat(batches)
    assert frame.height == len(LITERALS[declared])
    assert frame["v"].to_list() == frame["t"].to_list()


@pytest.mark.parametrize("declared", LITERALS)
def test_in_batches_and_with_parameters(conn: idb.Connection, declared: str) -> None:
    values = ", ".join(f"({at}, {literal})" for at, literal in enumerate(LITERALS[declared]))
    sql = f"SELECT v, v::text AS t FROM (VALUES {values}) AS x (id, v) WHERE id >= $1 ORDER BY id"
    with conn.execute_batches(sql, [0], batch_size=2) as batches:
        assert batches.schema == {"v": pl.String, "t": pl.String}
        frame = pl.concat(batches)
    assert frame.height == len(LITERALS[declared])
    assert frame["v"].to_list() == frame["t"].to_list()


@pytest.mark.parametrize("declared", [name for name in LITERALS if name not in TEXT_ONLY])
def test_in_an_array(conn: idb.Connection, declared: str) -> None:
    frame = conn.execute(f"SELECT ARRAY[{', '.join(LITERALS[declared])}] AS v")
    assert frame.schema == {"v": pl.List(pl.String)}
    alone = conn.execute(" UNION ALL ".join(f"SELECT {literal} AS v" for literal in LITERALS[declared]))
    assert frame["v"].to_list()[0] == alone["v"].to_list()


@pytest.mark.parametrize("declared", [name for name in LITERALS if name not in TEXT_ONLY])
def test_through_a_frame_and_back(conn: idb.Connection, declared: str) -> None:
    values = ", ".join(f"({at}, {literal})" for at, literal in enumerate(LITERALS[declared]))
    conn.execute(f"CREATE TABLE a (id integer, v {declared})")
    conn.execute(f"CREATE TABLE b (id integer, v {declared})")
    conn.execute(f"INSERT INTO a VALUES {values}")
    conn.insert("b", conn.select("a"))
    assert conn.execute("SELECT v::text AS v FROM a ORDER BY id")["v"].to_list() == (
        conn.execute("SELECT v::text AS v FROM b ORDER BY id")["v"].to_list()
    )


ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "+03:30", "Pacific/Auckland")


@pytest.mark.parametrize("zone", ZONES)
def test_a_range_of_timestamps_in_the_sessions_zone(database: Database, zone: str) -> None:
    sql = """SELECT v, v::text AS t FROM (VALUES
        ('[2024-01-01 12:30+02,2024-07-02 00:00+00)'::tstzrange), ('(,1883-01-01 00:00:00+00]'), ('[,infinity]')
        ) AS x (v)
    """
    with database.connect(timezone=zone) as conn:
        frame = conn.execute(sql)
    assert frame["v"].to_list() == frame["t"].to_list()


@pytest.mark.parametrize(
    "setting",
    ["datestyle = 'SQL, DMY'", "intervalstyle = 'sql_standard'", "extra_float_digits = 0", "bytea_output = 'escape'"],
)
def test_settings_of_the_text_format_change_nothing(conn: idb.Connection, setting: str) -> None:
    sql = r"""
        SELECT date '2024-02-03' AS d, interval '1 day 02:00' AS i, 0.1::float8 + 0.2 AS f, '\x00ff'::bytea AS b,
        daterange('2024-02-03', '2024-02-04') AS r, timestamptz '2024-02-03 00:00+00' AS t
    """
    before = conn.execute(sql)
    texts = {"d": pl.String, "i": pl.String, "f": pl.String, "t": pl.String}
    before_texts = conn.execute(sql, schema_overrides=texts)
    conn.execute(f"SET {setting}")
    assert conn.execute(sql).drop("r").equals(before.drop("r"))
    assert conn.execute(sql, schema_overrides=texts).drop("r").equals(before_texts.drop("r"))


BESIDE = [
    "i FROM unnest(ARRAY['1 day', '-3 days +04:05:06.7', '-00:00:00.000001', '99:59:59', '0']::interval[]) AS i",
    "NULL::interval AS i, ARRAY[true, NULL, false] AS b, '{}'::bool[] AS c, NULL::bool[] AS d",
    "1.5::real AS a, 0.1::float8 + 0.2 AS b, ARRAY[1e-300::float8, NULL, 'NaN'] AS c, true AS d, '\\x00ff'::bytea AS e",
    "1::int2 AS a, 2 AS b, 3::int8 AS c, 4::oid AS d, 1.50::numeric AS e, 'x'::text AS f, ARRAY['a,\"b', ''] AS g",
    "date '2024-02-03' AS a, time '01:02:03.4' AS b, now()::timestamp AS c, now() AS d, '{\"a\": 1}'::jsonb AS e",
    "NULL::int AS a, NULL::text AS b, NULL::bytea AS c, NULL::date AS d, NULL::numeric(5, 2) AS e",
]


@pytest.mark.parametrize("select", BESIDE)
def test_the_same_beside_a_type_that_only_has_a_text_form(conn: idb.Connection, select: str) -> None:
    with conn.transaction():
        alone = conn.execute(f"SELECT {select}")
        beside = conn.execute(f"SELECT 'a & b'::tsquery AS q, {select}")
    assert_frame_equal(beside.drop("q"), alone)


NUMBERS = "unnest(ARRAY[1.50, NULL, -20.125, 3]::numeric[]) AS n"


def test_numbers_without_a_scale_beside_such_a_type(conn: idb.Connection) -> None:
    for where in ("", " LIMIT 0", " OFFSET 1 LIMIT 1", " OFFSET 3"):
        alone = conn.execute(f"SELECT {NUMBERS}{where}")
        assert_frame_equal(conn.execute(f"SELECT {NUMBERS}, 'a'::tsquery AS q{where}").drop("q"), alone)
        with conn.execute_batches(f"SELECT {NUMBERS}{where}", batch_size=2) as batches:
            streamed = pl.concat([*batches, pl.DataFrame(schema=batches.schema)])
        with conn.execute_batches(f"SELECT {NUMBERS}, 'a'::tsquery AS q{where}", batch_size=2) as batches:
            assert_frame_equal(pl.concat([*batches, pl.DataFrame(schema=batches.schema)]).drop("q"), streamed)
    for odd in ("'NaN'", "1e50"):
        sql = f"SELECT {odd}::numeric AS n, 'a'::tsquery AS q"
        with pytest.raises(idb.DataConversionError, match="n") as caught:
            conn.execute(sql)
        assert conn.execute(sql, schema_overrides=suggested(caught.value))["n"].null_count() == 0


def test_an_interval_beside_such_a_type_as_a_number(conn: idb.Connection) -> None:
    sql = "SELECT '-1 day 00:00:00.5'::interval AS i, 'a'::tsquery AS q"
    assert conn.execute(sql, schema_overrides={"i": pl.Int64})["i"].to_list() == [-86_399_500_000]


def test_months_beside_such_a_type(conn: idb.Connection) -> None:
    sql = "SELECT '1/2'::pg_lsn AS p, '1 year -1 days'::interval AS i"
    with pytest.raises(idb.DataConversionError, match="i") as caught:
        conn.execute(sql)
    assert conn.execute(sql, schema_overrides=suggested(caught.value))["i"].to_list() == ["P1Y-1D"]


def test_what_the_session_makes_of_text_is_never_taken_for_something_else(conn: idb.Connection) -> None:
    for setting, value in (
        ("extra_float_digits = 0", "0.1::float8 + 0.2"),
        ("intervalstyle = 'sql_standard'", "'1 day 02:00'::interval"),
        ("datestyle = 'SQL, DMY'", "date '2024-02-03'"),
    ):
        sql = f"SELECT 'a & b'::tsquery AS q, {value} AS v"
        before = conn.execute(sql)
        conn.execute(f"SET {setting}")
        with pytest.raises(idb.DataConversionError, match="v"):
            conn.execute(sql)
        conn.execute("DISCARD ALL")
        assert_frame_equal(conn.execute(sql), before)
    sql = "SELECT 'a & b'::tsquery AS q, 'abcd'::bytea AS v"
    before = conn.execute(sql)
    conn.execute("SET bytea_output = 'escape'")
    assert_frame_equal(conn.execute(sql), before)
