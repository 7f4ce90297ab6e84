"""`update` and `delete`: they say how many rows, and never mean all rows by accident."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

import industrydb as idb
from tests.conformance.test_select import CONDITIONS
from tests.conformance.types import Ids, Run

REAL_CONDITIONS = [condition for condition in CONDITIONS if condition[0]]


@pytest.mark.parametrize(("where", "params", "expected"), REAL_CONDITIONS, ids=lambda value: repr(value)[:60])
@pytest.mark.usefixtures("people")
def test_update_where(conn: idb.Connection, where: Any, params: Any, expected: list[int]) -> None:
    assert conn.update("people", {"team": "green", "age": None}, where, params) == len(expected)
    assert conn.select("people", ["id"], {"team": "green", "age": None}, order_by="id")["id"].to_list() == expected


@pytest.mark.parametrize(("where", "params", "expected"), REAL_CONDITIONS, ids=lambda value: repr(value)[:60])
@pytest.mark.usefixtures("people")
def test_delete_where(conn: idb.Connection, ids: Ids, where: Any, params: Any, expected: list[int]) -> None:
    assert conn.delete("people", where, params) == len(expected)
    assert ids("people") == [at for at in (1, 2, 3, 4) if at not in expected]


@pytest.mark.usefixtures("people")
def test_true_means_all_rows(conn: idb.Connection) -> None:
    assert conn.update("people", {"age": 1}, True) == 4
    assert conn.delete("people", True) == 4
    assert conn.delete("people", True) == 0


@pytest.mark.parametrize("where", [None, {}, False, "", "  "], ids=repr)
@pytest.mark.usefixtures("people")
def test_no_condition_is_an_error(conn: idb.Connection, ids: Ids, where: Any) -> None:
    with pytest.raises(ValueError, match="True"):
        conn.update("people", {"age": 1}, where)
    with pytest.raises(ValueError, match="True"):
        conn.delete("people", where)
    assert ids("people") == [1, 2, 3, 4]
    assert conn.select("people", where={"age": 1}).height == 0


@pytest.mark.usefixtures("people")
def test_no_values_is_an_error(conn: idb.Connection) -> None:
    with pytest.raises(ValueError):
        conn.update("people", {}, True)


def test_values_of_every_kind(conn: idb.Connection, run: Run) -> None:
    run("CREATE TABLE k (id {bigint}, a {text}, b {double}, c {date}, d {timestamp}, e {blob}, f {boolean})")
    run("INSERT INTO k (id) VALUES (1)")
    values: dict[str, Any] = {
        "a": "it's ?",
        "b": 0.5,
        "c": dt.date(2024, 2, 29),
        "d": dt.datetime(2024, 2, 29, 1, 2, 3, 4),
        "e": b"\0\xff",
        "f": True,
    }
    assert conn.update("k", values, {"id": 1}) == 1
    assert conn.select("k").row(0, named=True) == {"id": 1, **values}
    assert conn.select("k", where=values).height == 1


@pytest.mark.usefixtures("people")
def test_an_update_with_text_and_parameters(conn: idb.Connection) -> None:
    assert conn.update("people", {"name": "X", "age": 9}, "id > ? AND id < ?", [1, 4]) == 2
    assert conn.update("people", {"name": "Y"}, "id = :name", {"name": 1}) == 1
    assert conn.select("people", ["name"], order_by="id")["name"].to_list() == ["Y", "X", "X", None]


@pytest.mark.usefixtures("people")
def test_an_unknown_column(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.update("people", {"missing": 1}, True)
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.delete("people", {"missing": 1})


def test_an_unknown_table(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.update("missing", {"a": 1}, True)
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.delete("missing", True)


@pytest.mark.usefixtures("people")
def test_they_are_part_of_a_transaction(conn: idb.Connection, ids: Ids) -> None:
    with pytest.raises(ZeroDivisionError), conn.transaction():
        conn.update("people", {"age": 0}, True)
        conn.delete("people", {"id": [1, 2]})
        raise ZeroDivisionError
    assert ids("people") == [1, 2, 3, 4]
    assert conn.select("people", where={"age": 0}).height == 0
