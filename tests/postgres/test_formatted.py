"""Types that become text: formatted from binary exactly as the server writes them."""

from __future__ import annotations

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.postgres.data import formatted

LITERALS: dict[str, list[str]] = {
    case.declared: [f"CAST({literal} AS {case.declared})" for literal, _ in case.values] for case in formatted.TYPES
}
for declared, texts in formatted.MORE.items():
    LITERALS.setdefault(declared, []).extend(f"CAST($t${text}$t$ AS {declared})" for text in texts)

TEXT_ONLY = {"TSQUERY", "JSONPATH", "PG_LSN", "XID", "XID8", "CID", "TID", '"char"', "PG_SNAPSHOT"} | {
    "REGCLASS",
    "REGTYPE",
    "REGPROC",
    "REGNAMESPACE",
    "INT2VECTOR",
    "OIDVECTOR",
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
