"""Enums, domains, composites, arrays of them, and vectors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.conformance.types import Run
from tests.hints import suggested
from tests.postgres.conftest import Referee

MOODS = ("sad", "ok", "very happy", "")
MOOD = pl.Enum(MOODS)
PRICE = pl.Struct({"Amount": pl.Decimal(10, 2), "currency": pl.String})

SETUP = """
    CREATE TYPE mood AS ENUM ('sad', 'ok', 'very happy', '');
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE DOMAIN very_positive AS positive CHECK (VALUE > 100);
    CREATE DOMAIN cents AS numeric(10, 2);
    CREATE DOMAIN tags AS text[];
    CREATE TYPE price AS ("Amount" numeric(10, 2), currency text);
    CREATE TYPE item AS (name text, cost price, moods mood[], at timestamptz);
    CREATE DOMAIN fair_price AS price CHECK ((VALUE)."Amount" > 0);
"""


@pytest.fixture(autouse=True)
def types(run: Run) -> None:
    """The types of this module."""
    run(SETUP)


VALUES: list[tuple[str, pl.DataType, str, Any]] = [
    ("mood", MOOD, "'very happy'", "very happy"),
    ("mood", MOOD, "''", ""),
    ("mood[]", pl.List(MOOD), "'{sad,NULL,\"\"}'", ["sad", None, ""]),
    ("positive", pl.Int32(), "5", 5),
    ("very_positive", pl.Int32(), "500", 500),
    ("positive[]", pl.List(pl.Int32()), "'{1,NULL}'", [1, None]),
    ("cents", pl.Decimal(10, 2), "1.5", Decimal("1.50")),
    ("tags", pl.List(pl.String()), "'{a,b}'", ["a", "b"]),
    ("price", PRICE, "ROW(1.5, 'EUR')", {"Amount": Decimal("1.50"), "currency": "EUR"}),
    ("price", PRICE, "ROW(NULL, '')", {"Amount": None, "currency": ""}),
    ("fair_price", PRICE, "ROW(2, 'a,b\"')", {"Amount": Decimal("2.00"), "currency": 'a,b"'}),
    (
        "price[]",
        pl.List(PRICE),
        "ARRAY[ROW(1, 'a')::price, NULL]",
        [{"Amount": Decimal("1.00"), "currency": "a"}, None],
    ),
    (
        "item",
        pl.Struct({"name": pl.String, "cost": PRICE, "moods": pl.List(MOOD), "at": pl.Datetime("us", "UTC")}),
        "ROW('x', ROW(1, 'a'), '{ok}', '2024-01-01 00:00+00')",
        {
            "name": "x",
            "cost": {"Amount": Decimal("1.00"), "currency": "a"},
            "moods": ["ok"],
            "at": dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        },
    ),
]


@pytest.mark.parametrize(("declared", "dtype", "literal", "value"), VALUES)
def test_reading(
    conn: idb.Connection, run: Run, declared: str, dtype: pl.DataType, literal: str, value: object
) -> None:
    run(f"CREATE TABLE t (id integer, v {declared})")
    assert conn.schema("SELECT v FROM t") == {"v": dtype}
    assert run("SELECT v FROM t").schema == {"v": dtype}
    run(f"INSERT INTO t VALUES (0, NULL), (1, {literal}), (2, NULL)")
    frame = run("SELECT v FROM t ORDER BY id")
    assert frame.schema == {"v": dtype}
    assert frame["v"].to_list() == [None, value, None]
    with conn.execute_batches("SELECT v FROM t ORDER BY id", batch_size=1) as batches:
        assert batches.schema == {"v": dtype}
        assert [batch["v"].to_list() for batch in batches] == [[None], [value], [None]]


@pytest.mark.parametrize(("declared", "dtype", "literal", "value"), VALUES)
def test_writing_a_frame(
    conn: idb.Connection, run: Run, declared: str, dtype: pl.DataType, literal: str, value: object
) -> None:
    run(f"CREATE TABLE t (id integer, v {declared})")
    frame = pl.DataFrame({"id": [0, 1, 2], "v": pl.Series([None, value, None], dtype=dtype)})
    assert conn.insert("t", frame) == 3
    assert run(f"SELECT v IS NOT DISTINCT FROM {literal}::{declared} AS same FROM t WHERE id = 1").item() is True
    assert_frame_equal(run("SELECT v FROM t ORDER BY id"), frame.select("v"))


@pytest.mark.parametrize(("declared", "dtype", "literal", "value"), VALUES)
def test_as_text(
    conn: idb.Connection, run: Run, declared: str, dtype: pl.DataType, literal: str, value: object
) -> None:
    sql = f"SELECT v, v::text AS t FROM (SELECT {literal}::{declared} AS v) AS x"
    frame = conn.execute(sql, schema_overrides={"v": pl.String})
    assert frame["v"].to_list() == frame["t"].to_list()


def test_text_for_an_enum(conn: idb.Connection, run: Run, referee: Referee) -> None:
    run("CREATE TABLE t (id integer, v mood)")
    conn.execute("INSERT INTO t VALUES ($1, $2)", [1, "ok"])
    conn.insert("t", {"id": [2], "v": ["very happy"]})
    conn.insert("t", pl.DataFrame({"id": [3], "v": pl.Series(["sad"], dtype=pl.Categorical())}))
    conn.insert("t", pl.DataFrame({"id": [4], "v": pl.Series(["sad"], dtype=pl.Enum(["other", "sad"]))}))
    assert conn.execute("SELECT id FROM t WHERE v = $1", ["ok"])["id"].to_list() == [1]
    assert referee.execute("SELECT v::text FROM t ORDER BY id").fetchall() == [
        ("ok",),
        ("very happy",),
        ("sad",),
        ("sad",),
    ]
    with pytest.raises(idb.IndustryDbError, match="angry"):
        conn.insert("t", {"id": [5, 6], "v": ["ok", "angry"]})
    with pytest.raises(idb.IndustryDbError):
        conn.execute("INSERT INTO t VALUES ($1, $2)", [5, "angry"])
    assert conn.select("t").height == 4


def test_labels_in_the_servers_order(run: Run) -> None:
    run("ALTER TYPE mood ADD VALUE 'angry' BEFORE 'ok'")
    frame = run("SELECT unnest(enum_range(NULL::mood)) AS v")
    assert frame.schema == {"v": pl.Enum(["sad", "angry", "ok", "very happy", ""])}
    assert frame["v"].sort().to_list() == ["sad", "angry", "ok", "very happy", ""]


def test_a_label_that_is_new_to_the_connection(run: Run, referee: Referee) -> None:
    assert run("SELECT 'ok'::mood AS v").schema == {"v": MOOD}
    referee.execute("ALTER TYPE mood ADD VALUE 'new'")
    frame = run("SELECT 'new'::mood AS v")
    assert frame.item() == "new"


def test_a_composite_that_changes(run: Run, referee: Referee) -> None:
    assert run("SELECT ROW(1, 'x')::price AS v").schema == {"v": PRICE}
    referee.execute("ALTER TYPE price ADD ATTRIBUTE note text")
    assert run("SELECT ROW(1, 'x', 'n')::price AS v").item()["note"] == "n"


def test_a_domain_keeps_its_rule(conn: idb.Connection, run: Run) -> None:
    run("CREATE TABLE t (v positive)")
    with pytest.raises(idb.CheckViolationError):
        conn.insert("t", {"v": [1, -1]})
    assert run("SELECT v FROM t").height == 0


def test_a_tables_own_row_type(run: Run) -> None:
    run("CREATE TABLE t (id integer, gone text, name text)")
    run("ALTER TABLE t DROP COLUMN gone")
    run("INSERT INTO t VALUES (1, 'a')")
    frame = run("SELECT t AS v FROM t")
    assert frame.schema == {"v": pl.Struct({"id": pl.Int32, "name": pl.String})}
    assert frame.item() == {"id": 1, "name": "a"}


def test_an_anonymous_row_is_text(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT ROW(1, 'a b', NULL) AS v")
    assert frame.schema == {"v": pl.String}
    assert frame.item() == '(1,"a b",)'


@pytest.mark.parametrize("literal", ["'{{1,2},{3,4}}'::int[]", "ARRAY[[1]]"])
def test_a_matrix(conn: idb.Connection, literal: str) -> None:
    sql = f"SELECT {literal} AS odd"
    with pytest.raises(idb.DataConversionError, match="odd") as caught:
        conn.execute(sql)
    text = conn.execute(f"SELECT ({literal})::text AS t").item()
    assert conn.execute(sql, schema_overrides=suggested(caught.value)).item() == text


def test_lower_bounds_are_dropped(run: Run) -> None:
    assert run("SELECT '[5:7]={1,2,3}'::int[] AS v").item().to_list() == [1, 2, 3]


def test_long_arrays(run: Run) -> None:
    frame = run("SELECT array_agg(i) AS v, array_agg(repeat('x', i % 40)) AS s FROM generate_series(1, 100000) AS i")
    assert frame["v"].item().to_list() == list(range(1, 100_001))
    assert frame["s"].item().str.len_bytes().sum() == sum(at % 40 for at in range(1, 100_001))


def test_vectors(conn: idb.Connection, run: Run, referee: Referee) -> None:
    run("CREATE EXTENSION vector")
    run("CREATE TABLE t (id integer, v vector(3))")
    assert conn.schema("SELECT v FROM t") == {"v": pl.Array(pl.Float32, 3)}
    run("INSERT INTO t VALUES (0, '[1,-0.5,3e8]'), (1, NULL)")
    frame = run("SELECT v FROM t ORDER BY id")
    assert frame.schema == {"v": pl.Array(pl.Float32, 3)}
    assert frame["v"].to_list() == [[1.0, -0.5, 3e8], None]
    more = pl.DataFrame({"id": [2], "v": pl.Series([[0.25, 0, 1]], dtype=pl.Array(pl.Float32, 3))})
    assert conn.insert("t", more) == 1
    conn.insert("t", {"id": [3], "v": [[1.0, 2.0, 3.0]]})
    conn.execute("INSERT INTO t VALUES ($1, $2)", [4, [4.0, 5.0, 6.0]])
    conn.execute("INSERT INTO t VALUES ($1, $2)", [5, "[7,8,9]"])
    stored = referee.execute("SELECT v::text FROM t WHERE id > 1 ORDER BY id").fetchall()
    assert stored == [("[0.25,0,1]",), ("[1,2,3]",), ("[4,5,6]",), ("[7,8,9]",)]
    nearest = conn.execute("SELECT id FROM t ORDER BY v <-> $1 LIMIT 1", ["[1,2,3]"])
    assert nearest.item() == 3
    with pytest.raises(idb.IndustryDbError, match="3 dimensions"):
        conn.insert("t", {"id": [9], "v": [[1.0, 2.0]]})
    assert run("SELECT v FROM t").height == 6


def test_vectors_of_no_declared_length(run: Run) -> None:
    run("CREATE EXTENSION vector")
    frame = run("SELECT '[1,2]'::vector AS v")
    assert list(frame["v"].to_list()[0]) == [1.0, 2.0]


def test_a_type_in_another_schema(conn: idb.Connection, database: Database) -> None:
    conn.execute("CREATE SCHEMA elsewhere; CREATE TYPE elsewhere.\"Odd Name\" AS ENUM ('a', 'b')")
    conn.execute('CREATE TABLE t (v elsewhere."Odd Name", w elsewhere."Odd Name"[])')
    frame = pl.DataFrame({"v": ["b"], "w": [["a", "b"]]})
    assert conn.insert("t", frame) == 1
    with database.connect() as other:
        read = other.select("t")
    assert read.schema == {"v": pl.Enum(["a", "b"]), "w": pl.List(pl.Enum(["a", "b"]))}
    assert read.rows() == [("b", ["a", "b"])]


def test_a_parameter_of_an_enums_own_type(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT $1::mood AS a, $2::mood[] AS b, $3::price AS c", ["ok", ["sad"], "(1,EUR)"])
    assert frame.row(0) == ("ok", ["sad"], {"Amount": Decimal("1.00"), "currency": "EUR"})


def test_a_row_without_attributes(conn: idb.Connection, run: Run) -> None:
    run("CREATE TYPE nothing AS ()")
    sql = "SELECT ROW()::nothing AS v FROM generate_series(1, 2) UNION ALL SELECT NULL"
    assert (
        conn.schema(sql)
        == run(sql).schema
        == run(f"{sql} LIMIT 0").schema
        == pl.Schema({"v": pl.Struct({"": pl.Null})})
    )
    assert [batch["v"].is_null().to_list() for batch in conn.execute_batches(sql, batch_size=2)] == [
        [False] * 2,
        [True],
    ]
