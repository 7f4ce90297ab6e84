"""Types of the contributed extensions, and XML, which the system's server has."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl
import pytest

import industrydb as idb
from tests.postgres.databases import Pool
from tests.postgres.servers import Cluster, Installation

pytestmark = pytest.mark.backend("postgres system")


@pytest.fixture(scope="module")
def server(debian: Installation) -> Iterator[Cluster]:
    """The system's PostgreSQL."""
    cluster = Cluster(debian)
    yield cluster
    cluster.stop()


@pytest.fixture(scope="module")
def databases(server: Cluster) -> Iterator[Pool]:
    """Its databases."""
    pool = Pool(server.admin, "postgres")
    yield pool
    pool.close()


@pytest.fixture
def conn(server: Cluster, databases: Pool) -> Iterator[idb.Connection]:
    """A fresh database with the extensions."""
    with databases.fresh() as name, server.config(name).connect() as connection:
        connection.execute(
            ";".join(f"CREATE EXTENSION {name}" for name in ("citext", "hstore", "ltree", "cube", "isn"))
        )
        yield connection


VALUES = [
    ("citext", "Żółw", "Żółw"),
    ("hstore", '"a"=>"1", "b"=>NULL', '"a"=>"1", "b"=>NULL'),
    ("ltree", "Top.Science", "Top.Science"),
    ("cube", "(1,2),(3,4)", "(1, 2),(3, 4)"),
    ("isbn", "978-0-393-04002-9", "0-393-04002-X"),
    ("xml", '<a b="1">ü</a>', '<a b="1">ü</a>'),
    ("xml", "text", "text"),
    ("xml", "<a/><b/>", "<a/><b/>"),
]


@pytest.mark.parametrize(("declared", "literal", "text"), VALUES)
def test_they_are_text(conn: idb.Connection, declared: str, literal: str, text: str) -> None:
    conn.execute(f"CREATE TABLE t (id integer, v {declared})")
    assert conn.schema("SELECT v FROM t") == {"v": pl.String}
    conn.execute(f"INSERT INTO t VALUES (0, $q${literal}$q$), (1, NULL)")
    frame = conn.execute("SELECT v, v::text AS t FROM t ORDER BY id")
    assert frame.schema == {"v": pl.String, "t": pl.String}
    assert frame["v"].to_list() == frame["t"].to_list() == [text, None]


@pytest.mark.parametrize(("declared", "literal", "text"), VALUES)
def test_they_are_written_as_text(conn: idb.Connection, declared: str, literal: str, text: str) -> None:
    conn.execute(f"CREATE TABLE t (id integer, v {declared})")
    conn.execute("INSERT INTO t VALUES ($1, $2)", [0, literal])
    assert conn.insert("t", {"id": [1, 2], "v": [literal, None]}) == 2
    assert conn.execute("SELECT v::text AS v FROM t ORDER BY id")["v"].to_list() == [text, text, None]


def test_an_array_of_them(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT ARRAY['Ä'::citext, NULL] AS v")
    assert frame.schema == {"v": pl.List(pl.String)}
    assert frame["v"].to_list() == [["Ä", None]]


def test_citext_compares_without_case(conn: idb.Connection) -> None:
    conn.execute("CREATE TABLE t (id integer, v citext UNIQUE)")
    conn.insert("t", {"id": [1], "v": ["Ada"]})
    assert conn.select("t", ["id"], {"v": "aDA"})["id"].to_list() == [1]
    with pytest.raises(idb.UniqueViolationError):
        conn.insert("t", {"id": [2], "v": ["ADA"]})
