"""Rows that conflict where SQL Server's rules are its own: NULL is like NULL, and any index may be unique."""

from __future__ import annotations

from typing import Any

import pytest

import industrydb as idb

pytestmark = pytest.mark.backend("mssql")

NULLS: dict[str, list[Any]] = {"code": [None, None, "a"], "n": [1, 2, 3]}


def test_nulls_are_the_same_in_a_unique_constraint(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (code varchar(10) NULL UNIQUE, n int)")
    assert ms.insert("t", NULLS, on_conflict="ignore") == 2
    assert ms.insert("t", NULLS, on_conflict="ignore") == 0
    assert ms.select("t", order_by="n").rows() == [(None, 1), ("a", 3)]
    one: dict[str, list[Any]] = {"code": [None], "n": [7]}
    assert ms.insert("t", one, on_conflict="update", conflict_columns=["code"]) == 1
    assert ms.select("t", order_by="n").rows() == [("a", 3), (None, 7)]
    with pytest.raises(idb.UniqueViolationError):
        ms.insert("t", NULLS, on_conflict="update", conflict_columns=["code"])


def test_what_is_not_unique_is_no_key(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (code varchar(10) NULL, n int)")
    for on_conflict in ("ignore", "update"):
        with pytest.raises(idb.QueryExecutionError, match=r"no unique constraint on \(code\)"):
            ms.insert("t", NULLS, on_conflict=on_conflict, conflict_columns=["code"])
    assert ms.select("t").height == 0


def test_an_index_may_be_unique(ms: idb.Connection) -> None:
    ms.execute("CREATE TABLE t (id int IDENTITY PRIMARY KEY, a int NOT NULL, b int NOT NULL)")
    ms.execute("CREATE UNIQUE INDEX ab ON t (a, b)")
    assert ms.insert("t", {"B": [1, 2, 1], "a": [1, 1, 1]}, on_conflict="ignore") == 2
    assert sorted(ms.select("t", ["a", "b"]).rows()) == [(1, 1), (1, 2)]


def test_bytes_in_a_key(ms: idb.Connection) -> None:
    rows: dict[str, list[Any]] = {"k": [b"a", b"b"], "n": [1, 2]}
    assert ms.insert("t", rows, mode="create_append", on_conflict="update", conflict_columns=["k"]) == 2
    assert ms.insert("t", rows, mode="create_append", on_conflict="update", conflict_columns=["k"]) == 2
    assert ms.select("t").height == 2
