"""`insert`: what each mode does to the table, and what each `on_conflict` does to a key that is there."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database
from tests.conformance.types import Ids, Run

NEW = pl.DataFrame({"id": [2, 3], "name": ["new", "three"]})
TWICE = pl.DataFrame({"id": [5, 5], "name": ["a", "b"]})
OLD_ROWS = [(1, "one"), (2, "two")]


@pytest.fixture
def two(conn: idb.Connection, t: str) -> str:
    """`t` with the keys 1 and 2."""
    assert conn.insert(t, pl.DataFrame(OLD_ROWS, schema=["id", "name"], orient="row")) == 2
    return t


def rows(conn: idb.Connection, table: str = "t") -> list[tuple[Any, ...]]:
    """Everything in it."""
    return conn.select(table, order_by="id").rows()


def test_append(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, {"id": [3], "name": ["three"]}) == 1
    assert rows(conn) == [*OLD_ROWS, (3, "three")]


def test_append_needs_the_table(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.insert("missing", NEW)
    assert conn.tables().height == 0


def test_create(conn: idb.Connection) -> None:
    assert conn.insert("t", NEW, mode="create") == 2
    assert rows(conn) == NEW.rows()
    assert conn.select("t").schema == NEW.schema


def test_create_refuses_a_table_that_exists(conn: idb.Connection, two: str) -> None:
    with pytest.raises(idb.QueryExecutionError, match=r"\bt\b"):
        conn.insert(two, NEW, mode="create")
    assert rows(conn) == OLD_ROWS


def test_create_append(conn: idb.Connection) -> None:
    assert conn.insert("t", NEW, mode="create_append") == 2
    assert conn.insert("t", NEW, mode="create_append") == 2
    assert conn.select("t").height == 4


def test_replace_swaps_the_table(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, {"id": ["x"], "extra": [0.5]}, mode="replace") == 1
    assert conn.select(two).rows(named=True) == [{"id": "x", "extra": 0.5}]
    assert conn.select(two).schema == {"id": pl.String, "extra": pl.Float64}


def test_replace_leaves_nothing_else_behind(conn: idb.Connection, two: str) -> None:
    conn.insert(two, NEW, mode="replace")
    conn.insert(two, NEW, mode="replace")
    assert conn.tables()["name"].to_list() == ["t"]


def test_replace_without_a_table_creates_it(conn: idb.Connection) -> None:
    assert conn.insert("t", NEW, mode="replace") == 2
    assert rows(conn) == NEW.rows()


def test_replace_speaks_of_the_table_that_it_replaces(conn: idb.Connection, two: str) -> None:
    with pytest.raises(idb.QueryExecutionError, match=r"\bt has no primary key") as caught:
        conn.insert(two, NEW, mode="replace", on_conflict="update")
    assert caught.value.table_name == "t"
    assert rows(conn) == OLD_ROWS


def test_replace_that_fails_keeps_the_old_table(backend: Backend, conn: idb.Connection, two: str) -> None:
    odd = backend.refused_columns[0].series
    bad = pl.DataFrame({"id": range(odd.len()), "odd": odd})
    with pytest.raises(idb.DataConversionError):
        conn.insert(two, bad, mode="replace")
    assert rows(conn) == OLD_ROWS
    assert conn.tables()["name"].to_list() == ["t"]


def test_replace_is_refused_where_a_view_depends_on_the_table(conn: idb.Connection, two: str) -> None:
    conn.execute("CREATE VIEW looks AS SELECT id FROM t")
    with pytest.raises(idb.QueryExecutionError, match="looks"):
        conn.insert(two, NEW, mode="replace")
    assert rows(conn) == OLD_ROWS
    assert conn.select("looks").height == 2


def test_replace_is_refused_where_a_foreign_key_depends_on_the_table(run: Run, conn: idb.Connection, two: str) -> None:
    run("CREATE TABLE child (id {bigint}, t {bigint} REFERENCES t (id))")
    run("INSERT INTO child VALUES (1, 1)")
    with pytest.raises(idb.QueryExecutionError, match="child"):
        conn.insert(two, NEW, mode="replace")
    assert rows(conn) == OLD_ROWS
    assert conn.select("child").height == 1


def test_replace_in_a_transaction_rolls_back(conn: idb.Connection, two: str) -> None:
    with pytest.raises(ZeroDivisionError), conn.transaction():
        conn.insert(two, NEW, mode="replace")
        assert rows(conn) == NEW.rows()
        raise ZeroDivisionError
    assert rows(conn) == OLD_ROWS


def test_overwrite_keeps_the_table(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, NEW, mode="overwrite") == 2
    assert rows(conn) == NEW.rows()
    with pytest.raises(idb.UniqueViolationError):
        conn.insert(two, NEW)


def test_overwrite_that_fails_keeps_the_old_rows(conn: idb.Connection, two: str) -> None:
    with pytest.raises(idb.UniqueViolationError):
        conn.insert(two, TWICE, mode="overwrite")
    assert rows(conn) == OLD_ROWS


def test_overwrite_keeps_views(conn: idb.Connection, two: str) -> None:
    conn.execute("CREATE VIEW looks AS SELECT id FROM t")
    conn.insert(two, NEW, mode="overwrite")
    assert sorted(conn.select("looks")["id"]) == [2, 3]


def test_overwrite_with_nothing(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, NEW.clear(), mode="overwrite") == 0
    assert rows(conn) == []


def test_others_see_one_whole_state(database: Database, conn: idb.Connection, two: str) -> None:
    with database.connect() as other:
        assert rows(other) == OLD_ROWS
        conn.insert(two, NEW, mode="replace")
        assert rows(other) == NEW.rows()
        conn.insert(two, TWICE, mode="overwrite")
        assert rows(other) == TWICE.rows()


def test_a_conflict_is_an_error(conn: idb.Connection, two: str) -> None:
    with pytest.raises(idb.UniqueViolationError):
        conn.insert(two, NEW)
    assert rows(conn) == OLD_ROWS


def test_a_conflict_is_ignored(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, NEW, on_conflict="ignore") == 1
    assert rows(conn) == [*OLD_ROWS, (3, "three")]
    assert conn.insert(two, NEW, on_conflict="ignore") == 0


def test_a_conflict_in_any_key_is_ignored(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint} NOT NULL PRIMARY KEY, code {key} NOT NULL UNIQUE, a {bigint})")
    conn.insert("u", {"id": [1], "code": ["one"], "a": [0]})
    frame = pl.DataFrame(
        {"id": [1, 2, 3, 3, 4, 5], "code": ["x", "one", "c", "d", "d", "e"], "a": [1, 2, 3, 4, 5, 6]},
    )
    # The row of 4 stays: the one with its code was left out itself.
    assert conn.insert("u", frame, on_conflict="ignore") == 3
    assert conn.select("u", ["id", "code"], order_by="id").rows() == [(1, "one"), (3, "c"), (4, "d"), (5, "e")]


def test_a_conflict_in_a_key_that_the_data_lacks(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint} DEFAULT 7 UNIQUE, code {key} NOT NULL UNIQUE)")
    assert conn.insert("u", {"code": ["a", "a"]}, on_conflict="ignore") == 1
    assert conn.select("u").rows() == [(7, "a")]


def test_rows_without_a_constraint_do_not_conflict(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint}, code {key})")
    assert conn.insert("u", {"id": [1, 1, None, None], "code": ["a"] * 4}, on_conflict="ignore") == 4


def test_a_conflict_updates(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, NEW, on_conflict="update", conflict_columns=["id"]) == 2
    assert rows(conn) == [(1, "one"), (2, "new"), (3, "three")]


def test_an_upsert_goes_by_the_primary_key(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, NEW, on_conflict="update") == 2
    assert rows(conn) == [(1, "one"), (2, "new"), (3, "three")]


def test_an_upsert_without_a_key(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint}, name {text})")
    with pytest.raises(idb.QueryExecutionError, match="conflict_columns|primary key"):
        conn.insert("u", NEW, on_conflict="update")
    assert conn.select("u").height == 0


def test_an_upsert_on_columns_without_a_constraint(conn: idb.Connection, two: str) -> None:
    with pytest.raises(idb.IndustryDbError):
        conn.insert(two, NEW, on_conflict="update", conflict_columns=["name"])
    assert rows(conn) == OLD_ROWS


def test_an_upsert_on_an_unknown_column(conn: idb.Connection, two: str) -> None:
    with pytest.raises((idb.IndustryDbError, ValueError), match="missing"):
        conn.insert(two, NEW, on_conflict="update", conflict_columns=["missing"])
    assert rows(conn) == OLD_ROWS


def test_an_upsert_on_several_columns(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (a {bigint} NOT NULL, b {bigint} NOT NULL, v {text}, PRIMARY KEY (a, b))")
    conn.insert("u", {"a": [1, 1], "b": [1, 2], "v": ["x", "x"]})
    frame = pl.DataFrame({"v": ["y", "y"], "b": [2, 3], "a": [1, 1]})
    assert conn.insert("u", frame, on_conflict="update", conflict_columns=["a", "b"]) == 2
    assert conn.select("u", order_by=["a", "b"]).rows() == [(1, 1, "x"), (1, 2, "y"), (1, 3, "y")]


def test_an_upsert_leaves_other_columns_alone(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint} NOT NULL PRIMARY KEY, a {text}, b {text})")
    run("INSERT INTO u VALUES (1, 'a', 'b')")
    assert conn.insert("u", {"id": [1], "a": ["new"]}, on_conflict="update") == 1
    assert conn.select("u").rows() == [(1, "new", "b")]


def test_an_upsert_of_keys_alone(conn: idb.Connection, two: str) -> None:
    conn.insert(two, {"id": [1, 9]}, on_conflict="update")
    assert rows(conn) == [*OLD_ROWS, (9, None)]


def test_an_upsert_of_nothing(conn: idb.Connection, two: str) -> None:
    assert conn.insert(two, NEW.clear(), on_conflict="update") == 0
    assert rows(conn) == OLD_ROWS


def test_a_key_twice_in_an_upsert(conn: idb.Connection, two: str) -> None:
    with pytest.raises(idb.UniqueViolationError):
        conn.insert(two, TWICE, on_conflict="update")
    assert rows(conn) == OLD_ROWS


def test_an_upsert_leaves_no_staging_table(conn: idb.Connection, two: str) -> None:
    conn.insert(two, NEW, on_conflict="update")
    with pytest.raises(idb.UniqueViolationError):
        conn.insert(two, TWICE, on_conflict="update")
    assert conn.tables()["name"].to_list() == ["t"]
    assert not conn.in_transaction


def test_an_upsert_that_breaks_another_key(run: Run, conn: idb.Connection) -> None:
    run("CREATE TABLE u (id {bigint} NOT NULL PRIMARY KEY, mail {key} UNIQUE)")
    run("INSERT INTO u VALUES (1, 'a'), (2, 'b')")
    with pytest.raises(idb.UniqueViolationError):
        conn.insert("u", {"id": [2], "mail": ["a"]}, on_conflict="update")
    assert conn.select("u", order_by="id").rows() == [(1, "a"), (2, "b")]


@pytest.mark.parametrize("on_conflict", ["error", "ignore", "update"])
@pytest.mark.parametrize(
    ("frame", "exception"),
    [
        ({"id": [1, 2], "must": [5, None]}, idb.NotNullViolationError),
        ({"id": [1, 2], "must": [5, -1]}, idb.CheckViolationError),
    ],
    ids=["not-null", "check"],
)
def test_other_constraints_hold_whatever_on_conflict(
    run: Run,
    conn: idb.Connection,
    frame: Any,
    exception: type[idb.IndustryDbError],
    on_conflict: Any,
) -> None:
    run("CREATE TABLE u (id {bigint} NOT NULL PRIMARY KEY, must {bigint} NOT NULL CHECK (must > 0))")
    with pytest.raises(exception):
        conn.insert("u", frame, on_conflict=on_conflict)
    assert conn.select("u").height == 0


@pytest.mark.parametrize("on_conflict", ["error", "ignore", "update"])
@pytest.mark.usefixtures("two")
def test_foreign_keys_hold_whatever_on_conflict(run: Run, conn: idb.Connection, on_conflict: Any) -> None:
    run("CREATE TABLE u (id {bigint} NOT NULL PRIMARY KEY, t {bigint} REFERENCES t (id))")
    with pytest.raises(idb.ForeignKeyViolationError):
        conn.insert("u", {"id": [1, 2], "t": [1, 99]}, on_conflict=on_conflict)
    assert conn.select("u").height == 0


@pytest.mark.parametrize("mode", ["create_append", "append"])
@pytest.mark.parametrize(("on_conflict", "count"), [("ignore", 1), ("update", 2)])
def test_appending_modes_know_conflicts(
    conn: idb.Connection,
    two: str,
    ids: Ids,
    mode: Any,
    on_conflict: Any,
    count: int,
) -> None:
    assert conn.insert(two, NEW, mode=mode, on_conflict=on_conflict) == count
    assert ids() == [1, 2, 3]


@pytest.mark.parametrize("on_conflict", ["error", "update"])
def test_overwrite_finds_a_key_twice(conn: idb.Connection, two: str, on_conflict: Any) -> None:
    with pytest.raises(idb.UniqueViolationError):
        conn.insert(two, TWICE, mode="overwrite", on_conflict=on_conflict)
    assert rows(conn) == OLD_ROWS


def test_overwrite_may_ignore_a_key_twice(conn: idb.Connection, two: str, ids: Ids) -> None:
    assert conn.insert(two, TWICE, mode="overwrite", on_conflict="ignore") == 1
    assert ids() == [5]


@pytest.mark.parametrize("option", [{"mode": "upsert"}, {"mode": ""}, {"on_conflict": "replace"}, {"on_conflict": ""}])
def test_unknown_words(conn: idb.Connection, two: str, option: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="append|ignore"):
        conn.insert(two, NEW, **option)
    assert rows(conn) == OLD_ROWS


def test_a_failed_insert_in_a_transaction_undoes_only_itself(conn: idb.Connection, two: str, ids: Ids) -> None:
    with conn.transaction():
        conn.insert(two, {"id": [3], "name": ["x"]})
        with pytest.raises(idb.UniqueViolationError):
            conn.insert(two, {"id": [4, 1], "name": ["x", "x"]})
        assert conn.in_transaction
        conn.insert(two, {"id": [5], "name": ["x"]})
    assert ids() == [1, 2, 3, 5]
