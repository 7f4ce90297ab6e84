"""`execute` and `schema`: every kind of statement runs, exactly once, and gives a frame."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Ids, Run


def affected(frame: pl.DataFrame) -> int:
    """What a statement without a result set says."""
    assert frame.schema == {"rows_affected": pl.Int64}
    assert frame.height == 1
    return int(frame.item())


@pytest.mark.usefixtures("people")
def test_a_query_gives_its_rows(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT id, name FROM people ORDER BY id")
    assert frame.schema == {"id": pl.Int64, "name": pl.String}
    assert frame.rows() == [(1, "Ada"), (2, "Grace"), (3, "Edsger"), (4, None)]


@pytest.mark.usefixtures("people")
def test_no_rows_keep_the_schema(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT id, name FROM people WHERE id < 0")
    assert frame.schema == {"id": pl.Int64, "name": pl.String}
    assert frame.height == 0


def test_many_rows(backend: Backend, conn: idb.Connection) -> None:
    frame = conn.execute(f"SELECT i FROM {backend.rows(200_000)} AS s ORDER BY i")
    assert frame["i"].to_list() == list(range(1, 200_001))


@pytest.mark.usefixtures("people")
def test_a_statement_without_a_result_set(run: Run) -> None:
    assert affected(run("CREATE TABLE u (id {bigint})")) == 0
    assert affected(run("INSERT INTO u (id) SELECT id FROM people")) == 4
    assert affected(run("UPDATE people SET age = 1 WHERE team = 'red'")) == 2
    assert affected(run("DELETE FROM people WHERE id = 1")) == 1
    assert affected(run("DELETE FROM people WHERE id = 1")) == 0
    assert affected(run("DROP TABLE u")) == 0


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS one;",
        "SELECT 1 AS one ; \n ;; ",
        "\n\t SELECT 1 AS one \n",
        "-- first\nSELECT 1 AS one",
        "/* first ; */ SELECT 1 AS one /* last */",
        "SELECT 1 AS one -- last",
        "SELECT 1 AS one; -- last ; and then",
        "SELECT /* ' */ 1 AS one -- it's ?",
    ],
)
def test_semicolons_and_comments(conn: idb.Connection, text: str) -> None:
    assert conn.execute(text).rows(named=True) == [{"one": 1}]
    assert conn.schema(text).names() == ["one"]
    with conn.execute_batches(text) as batches:
        assert [frame.rows() for frame in batches] == [[(1,)]]


def test_a_cte(conn: idb.Connection) -> None:
    assert conn.execute("WITH a AS (SELECT 1 AS x) SELECT x + 1 AS y FROM a").item() == 2


def test_a_recursive_cte(run: Run) -> None:
    sql = "{recursive} n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) AS s FROM n"
    assert run(sql).item() == 15


@pytest.mark.usefixtures("t")
def test_a_cte_that_writes(conn: idb.Connection, ids: Ids) -> None:
    assert affected(conn.execute("WITH a AS (SELECT 1 AS x) INSERT INTO t (id) SELECT x FROM a")) == 1
    assert ids() == [1]


@pytest.mark.usefixtures("people")
def test_a_view(conn: idb.Connection) -> None:
    conn.execute("CREATE VIEW reds AS SELECT id, name FROM people WHERE team = 'red'")
    frame = conn.execute("SELECT * FROM reds ORDER BY id")
    assert frame.schema == {"id": pl.Int64, "name": pl.String}
    assert frame.rows() == [(1, "Ada"), (2, "Grace")]


def test_a_temporary_table(backend: Backend, run: Run, database: Database) -> None:
    run("{create_temp} (id {bigint})")
    run("INSERT INTO {temp} VALUES (1)")
    assert run("SELECT id FROM {temp}").item() == 1
    with database.connect() as other, pytest.raises(idb.QueryExecutionError):
        other.execute(backend.sql("SELECT id FROM {temp}"))


@pytest.mark.usefixtures("t")
def test_returning(run: Run, ids: Ids) -> None:
    for statement in ("insert", "update", "delete"):
        frame = run("{" + statement + "_returning_id}")
        assert frame.schema == {"id": pl.Int64}
        assert frame["id"].to_list() == [7]
        assert ids() == ([] if statement == "delete" else [7])


@pytest.mark.usefixtures("t")
def test_returning_without_rows(run: Run) -> None:
    frame = run("{delete_returning_id}")
    assert frame.schema == {"id": pl.Int64}
    assert frame.height == 0


@pytest.mark.cases("statements")
@pytest.mark.usefixtures("t")
def test_other_statements_with_a_result_set(conn: idb.Connection, case: str) -> None:
    frame = conn.execute(case)
    assert frame.height > 0
    assert frame.columns != ["rows_affected"]


@pytest.mark.usefixtures("people")
def test_duplicate_names_are_numbered(conn: idb.Connection) -> None:
    sql = "SELECT a.id, b.id, c.id, a.name FROM people a, people b, people c WHERE a.id = 1 AND b.id = 2 AND c.id = 3"
    frame = conn.execute(sql)
    assert frame.rows(named=True) == [{"id": 1, "id_1": 2, "id_2": 3, "name": "Ada"}]
    assert conn.schema(sql) == frame.schema


def test_a_numbered_name_that_is_taken(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT 1 AS a, 2 AS a_1, 3 AS a")
    assert len(set(frame.columns)) == 3
    assert frame.row(0) == (1, 2, 3)
    assert frame.columns[:2] == ["a", "a_1"]


def test_no_columns_more_than_the_server_takes(conn: idb.Connection) -> None:
    names = [f"c{at}" for at in range(500)]
    frame = conn.execute("SELECT " + ", ".join(f"{at} AS {name}" for at, name in enumerate(names)))
    assert frame.columns == names
    assert frame.row(0) == tuple(range(500))


def test_a_script_runs_every_statement(run: Run, ids: Ids) -> None:
    frame = run(
        """
        CREATE TABLE t (id {bigint}); -- a comment; with a semicolon
        INSERT INTO t VALUES (1);
        INSERT INTO t VALUES (2), (3);
        """,
    )
    assert frame.columns == ["rows_affected"]
    assert ids() == [1, 2, 3]


def test_a_script_gives_its_last_result_set(run: Run, ids: Ids) -> None:
    frame = run("CREATE TABLE t (id {bigint}); SELECT 1 AS a; INSERT INTO t VALUES (5); SELECT id AS b FROM t;")
    assert frame.rows(named=True) == [{"b": 5}]
    frame = run("SELECT 1 AS a; INSERT INTO t VALUES (6)")
    assert frame.rows(named=True) == [{"a": 1}]
    assert ids() == [5, 6]


@pytest.mark.usefixtures("t")
def test_a_script_commits_each_statement(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("INSERT INTO t (id) VALUES (1); INSERT INTO missing VALUES (1); INSERT INTO t (id) VALUES (2)")
    assert ids() == [1]


@pytest.mark.usefixtures("t")
def test_a_script_in_a_transaction(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(ZeroDivisionError), conn.transaction():
        conn.execute("INSERT INTO t (id) VALUES (1); INSERT INTO t (id) VALUES (2)")
        raise ZeroDivisionError
    assert ids() == []


@pytest.mark.usefixtures("t")
def test_a_script_takes_no_parameters(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(idb.QueryExecutionError):
        conn.execute("INSERT INTO t (id) VALUES (?); INSERT INTO t (id) VALUES (?)", [1, 2])
    assert ids() == []


def test_batches_of_a_script_with_two_result_sets(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError), conn.execute_batches("SELECT 1 AS a; SELECT 2 AS a") as batches:
        list(batches)
    assert conn.execute("SELECT 3 AS a").item() == 3


@pytest.mark.usefixtures("t")
def test_each_verb_runs_a_statement_once(backend: Backend, conn: idb.Connection, run: Run, ids: Ids) -> None:
    insert = backend.sql("{insert_returning_id}")
    conn.execute(insert)
    assert ids() == [7], "a second run would break the primary key"
    conn.execute("DELETE FROM t")
    with conn.execute_batches(insert) as batches:
        assert pl.concat(batches)["id"].to_list() == [7]
    assert ids() == [7]
    conn.execute("DELETE FROM t")
    assert conn.execute_many("INSERT INTO t (id) VALUES (?)", [[7]]) == 1
    assert ids() == [7]


def test_a_syntax_error(backend: Backend, conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="(?i)selec") as caught:
        conn.execute("SELEC 1")
    assert caught.value.code == backend.syntax_code
    assert caught.value.backend == backend.name
    assert conn.execute("SELECT 1").height == 1


def test_a_missing_table(backend: Backend, conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="missing") as caught:
        conn.execute("SELECT * FROM missing")
    assert caught.value.code == backend.missing_table_code


def test_an_error_in_the_middle_of_a_result_raises(conn: idb.Connection, run: Run) -> None:
    run("CREATE TABLE u (id {bigint}, v {text})")
    conn.insert("u", pl.DataFrame({"id": range(10_000), "v": ["1"] * 9_999 + ["x"]}))
    overrides = {"v": pl.Int64}
    with pytest.raises(idb.DataConversionError) as caught:
        conn.execute("SELECT v FROM u ORDER BY id", schema_overrides=overrides)
    assert "9999" in str(caught.value) or "10000" in str(caught.value), "names the row"
    seen = 0
    batches = conn.execute_batches("SELECT v FROM u ORDER BY id", schema_overrides=overrides, batch_size=1000)
    with batches, pytest.raises(idb.DataConversionError):
        for frame in batches:
            seen += frame.height
    assert seen == 9_000
    assert conn.execute("SELECT count(*) AS n FROM u").item() == 10_000


@pytest.mark.parametrize("sql", [None, 1, b"SELECT 1", ["SELECT 1"]], ids=repr)
def test_sql_is_text(conn: idb.Connection, sql: Any) -> None:
    with pytest.raises(TypeError):
        conn.execute(sql)


def test_sql_with_a_nul(conn: idb.Connection) -> None:
    with pytest.raises((idb.QueryExecutionError, ValueError)):
        conn.execute("SELECT 1 AS a\0, 2 AS b")
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.usefixtures("t")
def test_schema_does_not_run_the_query(backend: Backend, conn: idb.Connection, ids: Ids) -> None:
    assert conn.schema(backend.sql("{insert_returning_id}")) == {"id": pl.Int64}
    assert ids() == []
    assert isinstance(conn.schema("SELECT id FROM t"), pl.Schema)


@pytest.mark.usefixtures("t")
def test_schema_takes_parameters(conn: idb.Connection) -> None:
    expected = {"id": pl.Int64, "name": pl.String}
    assert conn.schema("SELECT id, name FROM t WHERE id = ?", [1]) == expected
    assert conn.schema("SELECT id, name FROM t WHERE id = :id", {"id": 1}) == expected


@pytest.mark.usefixtures("t")
def test_schema_without_a_result_set_is_empty(conn: idb.Connection, ids: Ids) -> None:
    assert conn.schema("INSERT INTO t (id) VALUES (1)") == {}
    assert ids() == []


def test_schema_of_bad_sql(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError):
        conn.schema("SELECT * FROM missing")


@pytest.mark.usefixtures("people")
def test_a_frame_is_the_users_own(conn: idb.Connection) -> None:
    first = conn.execute("SELECT id, name FROM people ORDER BY id")
    second = conn.execute("SELECT name, id FROM people ORDER BY id DESC")
    conn.close()
    assert first["name"].to_list() == second["name"].to_list()[::-1]
    assert first.join(second, on="id").height == 4
