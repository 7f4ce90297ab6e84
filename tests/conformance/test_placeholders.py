"""Placeholders: `?` with a sequence, `:name` with a mapping, and the server's own style."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

import industrydb as idb
from tests.conformance.backends.base import Placeholders
from tests.conformance.types import Ids

ROW = "SELECT id, name FROM t WHERE id = "


@pytest.mark.cases("placeholders")
def test_the_servers_own_style(conn: idb.Connection, case: Placeholders) -> None:
    assert conn.execute(case.sql, case.params).row(0) == case.row


@pytest.mark.parametrize(
    ("marks", "params"),
    [
        ("?, ?", [1, "a"]),
        ("?, ?", (1, "a")),
        (":id, :name", {"id": 1, "name": "a"}),
        (":id, :name", MappingProxyType({"id": 1, "name": "a"})),
    ],
    ids=["list", "tuple", "dict", "mapping"],
)
def test_sequences_and_mappings(conn: idb.Connection, t: str, marks: str, params: Any) -> None:
    conn.execute(f"INSERT INTO t (id, name) VALUES ({marks})", params)
    assert conn.select(t).rows() == [(1, "a")]


@pytest.mark.usefixtures("people")
def test_a_name_may_be_used_twice(conn: idb.Connection) -> None:
    frame = conn.execute("SELECT id FROM people WHERE age > :age AND age < :age + 40", {"age": 40})
    assert frame["id"].to_list() == [3]


NOT_PLACEHOLDERS = [
    "SELECT '?' AS a, {} AS b",
    "SELECT ':x' AS a, {} AS b",
    "SELECT 'it''s ? :x' AS a, {} AS b",
    "SELECT '?' AS a, -- ? and :x\n {} AS b",
    "SELECT '?' AS a, /* ? :x */ {} AS b",
    "SELECT '?' AS \"a?:x\", {} AS b",
    "SELECT '\\' AS a, {} AS b -- '?",
]


@pytest.mark.parametrize("sql", NOT_PLACEHOLDERS)
@pytest.mark.usefixtures("t")
def test_text_comments_and_names_are_left_alone(conn: idb.Connection, sql: str) -> None:
    conn.execute("INSERT INTO t (id) VALUES (5)")
    literal = sql.split("'", 1)[1].rsplit("' AS", 1)[0].replace("''", "'")
    for mark, params in (("?", [5]), (":b", {"b": 5})):
        statement = sql.format(f"(SELECT id FROM t WHERE id = {mark})")
        assert conn.execute(statement, params).row(0) == (literal, 5)


MISMATCHES = [
    pytest.param("INSERT INTO t (id, name) VALUES (?, ?)", [1], "2", id="too-few"),
    pytest.param("INSERT INTO t (id, name) VALUES (?, ?)", [], "1", id="none"),
    pytest.param("INSERT INTO t (id, name) VALUES (?, ?)", None, "1", id="not-given"),
    pytest.param("INSERT INTO t (id, name) VALUES (?, ?)", [1, "a", "b"], "3", id="too-many"),
    pytest.param("INSERT INTO t (id) VALUES (1)", [1], "1", id="no-placeholder"),
    pytest.param("INSERT INTO t (id) VALUES (1)", {"extra": 1}, "extra", id="no-placeholder-of-the-name"),
    pytest.param("INSERT INTO t (id, name) VALUES (:id, :name)", {"id": 1}, "name", id="name-missing"),
    pytest.param("INSERT INTO t (id, name) VALUES (:id, :name)", {}, "id", id="names-missing"),
    pytest.param("INSERT INTO t (id) VALUES (:id)", {"id": 1, "nmae": "a"}, "nmae", id="name-unknown"),
    pytest.param("INSERT INTO t (id) VALUES (?)", {"id": 1}, "mapping|position|name", id="mapping-for-positions"),
    pytest.param("INSERT INTO t (id, name) VALUES (:id, ?)", {"id": 1}, r"\?", id="mixed"),
]


@pytest.mark.parametrize(("sql", "params", "named"), MISMATCHES)
@pytest.mark.usefixtures("t")
def test_a_mismatch_names_the_placeholder_and_sends_nothing(
    conn: idb.Connection, ids: Ids, sql: str, params: Any, named: str
) -> None:
    with pytest.raises(idb.QueryExecutionError, match=named):
        conn.execute(sql, params)
    assert ids() == []
    assert not conn.in_transaction


@pytest.mark.usefixtures("t")
def test_a_mismatch_is_found_by_every_verb(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(idb.QueryExecutionError, match="2"):
        conn.execute_many("INSERT INTO t (id, name) VALUES (?, ?)", [[1, "a"], [2]])
    with pytest.raises(idb.QueryExecutionError, match="name"):
        conn.execute_many("INSERT INTO t (id, name) VALUES (:id, :name)", [{"id": 1, "name": "a"}, {"id": 2}])
    with pytest.raises(idb.QueryExecutionError), conn.execute_batches(f"{ROW}?", []) as batches:
        list(batches)
    with pytest.raises(idb.QueryExecutionError):
        conn.schema(f"{ROW}?", [1, 2])
    with pytest.raises(idb.QueryExecutionError):
        conn.select("t", where="id = ?", params=[])
    with pytest.raises(idb.QueryExecutionError):
        conn.delete("t", "id = ?", [1, 2])
    assert ids() == []


@pytest.mark.parametrize("params", ["ab", b"ab", 1, 0.5, {1, 2}], ids=repr)
def test_parameters_are_a_sequence_or_a_mapping(conn: idb.Connection, params: Any) -> None:
    with pytest.raises(TypeError):
        conn.execute("SELECT ?, ?", params)


@pytest.mark.usefixtures("t")
def test_a_parameter_never_becomes_sql(conn: idb.Connection, ids: Ids) -> None:
    attack = "x'); DROP TABLE t; --"
    conn.execute("INSERT INTO t (id, name) VALUES (1, ?)", [attack])
    assert conn.execute(f"{ROW}1").row(0) == (1, attack)
    conn.execute("UPDATE t SET name = :name", {"name": ":id ? '"})
    assert conn.select("t", where={"name": ":id ? '"}).height == 1
    assert ids() == [1]
