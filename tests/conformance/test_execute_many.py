"""`execute_many`: one statement over many rows of parameters, all of them or none."""

from __future__ import annotations

from typing import Any

import pytest

import industrydb as idb
from tests.conformance.types import Ids

INSERT = "INSERT INTO t (id, name) VALUES (?, ?)"


@pytest.mark.usefixtures("t")
def test_rows_of_sequences(conn: idb.Connection) -> None:
    assert conn.execute_many(INSERT, [[1, "a"], (2, None)]) == 2
    assert conn.select("t", order_by="id").rows() == [(1, "a"), (2, None)]


@pytest.mark.usefixtures("t")
def test_rows_of_mappings(conn: idb.Connection) -> None:
    rows: list[dict[str, Any]] = [{"id": 1, "name": "a"}, {"name": "b", "id": 2}]
    assert conn.execute_many("INSERT INTO t (id, name) VALUES (:id, :name)", rows) == 2
    assert conn.select("t", order_by="id").rows() == [(1, "a"), (2, "b")]


@pytest.mark.usefixtures("t")
def test_no_rows(conn: idb.Connection) -> None:
    assert conn.execute_many(INSERT, []) == 0


@pytest.mark.usefixtures("t")
def test_many_rows(conn: idb.Connection, ids: Ids) -> None:
    assert conn.execute_many(INSERT, [[at, str(at)] for at in range(5_000)]) == 5_000
    assert ids() == list(range(5_000))


@pytest.mark.usefixtures("people")
def test_it_counts_the_rows_affected(conn: idb.Connection) -> None:
    assert conn.execute_many("UPDATE people SET age = ? WHERE team = ?", [[1, "red"], [2, "blue"], [3, "none"]]) == 4
    assert conn.execute_many("DELETE FROM people WHERE id > ?", [[2], [0]]) == 4


@pytest.mark.usefixtures("t")
def test_a_failure_undoes_all_rows(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(idb.UniqueViolationError):
        conn.execute_many(INSERT, [[1, "a"], [2, "b"], [1, "c"]])
    assert ids() == []
    assert not conn.in_transaction


@pytest.mark.usefixtures("t")
def test_a_failure_in_a_transaction_leaves_what_came_before(conn: idb.Connection, ids: Ids) -> None:
    with conn.transaction():
        conn.execute_many(INSERT, [[1, "a"]])
        with pytest.raises(idb.UniqueViolationError):
            conn.execute_many(INSERT, [[2, "b"], [1, "c"]])
        assert conn.in_transaction
    assert ids() == [1]


@pytest.mark.usefixtures("t")
def test_an_unknown_value_undoes_all_rows(conn: idb.Connection, ids: Ids) -> None:
    rows: Any = [[1, "a"], [2, 1j]]
    with pytest.raises(TypeError, match="complex"):
        conn.execute_many(INSERT, rows)
    assert ids() == []


@pytest.mark.parametrize("rows", [None, 1, "ab", [1], ["ab"]], ids=repr)
@pytest.mark.usefixtures("t")
def test_rows_are_a_list_of_parameters(conn: idb.Connection, rows: Any) -> None:
    with pytest.raises(TypeError):
        conn.execute_many("INSERT INTO t (id, name) VALUES (?, ?)", rows)
