"""`select`: columns, every form of `where`, order, limit and offset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.conftest import PEOPLE

Where = str | Mapping[str, Any] | None

CONDITIONS: list[tuple[Where, Any, list[int]]] = [
    (None, None, [1, 2, 3, 4]),
    ({}, None, [1, 2, 3, 4]),
    ({"id": 2}, None, [2]),
    ({"id": 2, "team": "red"}, None, [2]),
    ({"id": 2, "team": "blue"}, None, []),
    ({"name": None}, None, [4]),
    ({"id": [1, 3]}, None, [1, 3]),
    ({"id": (1, 3)}, None, [1, 3]),
    ({"id": []}, None, []),
    ({"id": [], "team": "red"}, None, []),
    ({"name": ["Ada", None]}, None, [1, 4]),
    ({"name": [None]}, None, [4]),
    ({"id": [1, 4], "age": None}, None, [4]),
    ({"id": [1] * 10}, None, [1]),
    ("age > 40", None, [2, 3]),
    ("age > ?", [40], [2, 3]),
    ("age > :age AND team = :team", {"age": 40, "team": "red"}, [2]),
    ("age > 100 OR team = 'red'", None, [1, 2]),
    ("name = '?' OR id = ?", [1], [1]),
    ("id IN (?, ?)", (1, 2), [1, 2]),
    ("id = 1 -- all of them", None, [1]),
]


@pytest.mark.parametrize(("where", "params", "expected"), CONDITIONS, ids=lambda value: repr(value)[:60])
@pytest.mark.usefixtures("people")
def test_where(conn: idb.Connection, where: Where, params: Any, expected: list[int]) -> None:
    frame = conn.select("people", where=where, params=params, order_by="id")
    assert frame["id"].to_list() == expected
    assert frame.schema == PEOPLE.schema


@pytest.mark.usefixtures("people")
def test_a_condition_of_many_values(conn: idb.Connection) -> None:
    assert conn.select("people", where={"id": list(range(2, 500))}).height == 3


@pytest.mark.usefixtures("people")
def test_all_columns(conn: idb.Connection) -> None:
    assert conn.select("people", order_by="id").equals(PEOPLE)


@pytest.mark.usefixtures("people")
def test_some_columns_in_the_order_asked_for(conn: idb.Connection) -> None:
    assert conn.select("people", ["age", "id"], {"id": 1}).rows(named=True) == [{"age": 36, "id": 1}]


ORDERS: list[tuple[Any, list[int]]] = [
    ("id", [1, 2, 3, 4]),
    (("id", "desc"), [4, 3, 2, 1]),
    (("id", "asc"), [1, 2, 3, 4]),
    (["team", "id"], [3, 4, 1, 2]),
    (["team", ("id", "desc")], [4, 3, 2, 1]),
    ([("team", "desc"), ("id", "asc")], [1, 2, 3, 4]),
    ([("team", "DESC"), "id"], [1, 2, 3, 4]),
]


@pytest.mark.parametrize(("order_by", "expected"), ORDERS, ids=repr)
@pytest.mark.usefixtures("people")
def test_order_by(conn: idb.Connection, order_by: Any, expected: list[int]) -> None:
    assert conn.select("people", ["id"], order_by=order_by)["id"].to_list() == expected


@pytest.mark.parametrize("order_by", [("id", "sideways"), [("id", "asc; DROP TABLE people")]], ids=repr)
@pytest.mark.usefixtures("people")
def test_an_unknown_direction(conn: idb.Connection, order_by: Any) -> None:
    with pytest.raises(ValueError, match="asc"):
        conn.select("people", order_by=order_by)


@pytest.mark.parametrize(
    ("limit", "offset", "expected"),
    [(2, None, [1, 2]), (2, 1, [2, 3]), (None, 3, [4]), (0, None, []), (10, 10, []), (10, 0, [1, 2, 3, 4])],
)
@pytest.mark.usefixtures("people")
def test_limit_and_offset(conn: idb.Connection, limit: int | None, offset: int | None, expected: list[int]) -> None:
    frame = conn.select("people", ["id"], order_by="id", limit=limit, offset=offset)
    assert frame["id"].to_list() == expected
    assert frame.schema == {"id": pl.Int64}


@pytest.mark.parametrize(("limit", "offset"), [(-1, None), (None, -1), (1, -1)])
@pytest.mark.usefixtures("people")
def test_a_negative_limit_is_refused(conn: idb.Connection, limit: int | None, offset: int | None) -> None:
    with pytest.raises((ValueError, OverflowError)):
        conn.select("people", order_by="id", limit=limit, offset=offset)


@pytest.mark.parametrize("column", ["missing", 'id" FROM people --', "id, name", "*", ""])
@pytest.mark.usefixtures("people")
def test_an_unknown_column(conn: idb.Connection, column: str) -> None:
    with pytest.raises((idb.QueryExecutionError, ValueError)):
        conn.select("people", [column])
    with pytest.raises((idb.QueryExecutionError, ValueError)):
        conn.select("people", where={column: 1})
    with pytest.raises((idb.QueryExecutionError, ValueError)):
        conn.select("people", order_by=column)


def test_a_missing_table(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError, match="missing"):
        conn.select("missing")


@pytest.mark.usefixtures("people")
def test_overrides(conn: idb.Connection) -> None:
    frame = conn.select("people", ["id", "age"], {"id": 1}, schema_overrides={"age": pl.Int8, "id": pl.String})
    assert frame.schema == {"id": pl.String, "age": pl.Int8}
    assert frame.row(0) == ("1", 36)


@pytest.mark.usefixtures("people")
def test_a_view(conn: idb.Connection) -> None:
    conn.execute("CREATE VIEW reds AS SELECT * FROM people WHERE team = 'red'")
    assert conn.select("reds", ["id"], order_by="id")["id"].to_list() == [1, 2]


@pytest.mark.usefixtures("people")
def test_a_value_of_an_unknown_type(conn: idb.Connection) -> None:
    where: Any = {"id": 1j}
    with pytest.raises(TypeError, match="complex"):
        conn.select("people", where=where)


@pytest.mark.usefixtures("people")
def test_a_condition_is_text_or_a_mapping(conn: idb.Connection) -> None:
    where: Any = ["id"]
    with pytest.raises(TypeError):
        conn.select("people", where=where)
