"""Conditions as mappings: what was read of a column finds its row again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import industrydb as idb
from tests.tds.server import Server

pytestmark = pytest.mark.backend("mssql")

SECOND = datetime(2024, 5, 6, 7, 8, 9)
SHOWN = [SECOND + timedelta(milliseconds=millis) for millis in (0, 3, 7, 10, 13, 997)]


@pytest.fixture
def times(ms: idb.Connection) -> idb.Connection:
    """A row for each of SHOWN, whose ticks of 1/300 s are more than the server shows of them."""
    ms.execute("CREATE TABLE t (id int, d datetime, fine datetime2(3), v int)")
    ms.execute_many(
        "INSERT INTO t (id, d, fine) VALUES (?, ?, ?)", [[at, value, value] for at, value in enumerate(SHOWN)]
    )
    ms.execute("CREATE VIEW w AS SELECT id, d AS [D e] FROM t")
    return ms


def found(conn: idb.Connection, where: dict[str, Any], table: str = "t") -> list[int]:
    return conn.select(table, columns=["id"], where=where, order_by="id")["id"].to_list()


def test_a_datetime_finds_itself(times: idb.Connection) -> None:
    for at, value in enumerate(times.select("t", order_by="id")["d"]):
        assert value == SHOWN[at]
        assert found(times, {"d": value}) == [at]
        assert found(times, {"D": value.replace(tzinfo=UTC), "id": at}) == [at]
        assert found(times, {"d e": value}, "w") == [at]
        assert found(times, {"fine": value}) == [at]
    assert found(times, {"d": [*SHOWN[:3], None]}) == [0, 1, 2]
    assert times.update("t", {"v": 1}, {"d": SHOWN[1]}) == 1
    assert times.update("t", {"v": 2, "d": SHOWN[5]}, {"d": SHOWN[2], "v": None}) == 1
    assert times.delete("t", {"d": SHOWN[5], "v": 2}) == 1
    assert times.select("t").height == len(SHOWN) - 1


@pytest.mark.parametrize(
    "value",
    [
        SECOND + timedelta(milliseconds=4),
        SECOND + timedelta(milliseconds=2),
        SECOND + timedelta(microseconds=3_001),
        datetime(1600, 1, 1, 0, 0, 0, 3_000),
    ],
)
def test_what_a_datetime_does_not_hold_finds_nothing(times: idb.Connection, value: datetime) -> None:
    assert found(times, {"d": value}) == []
    assert found(times, {"d": [value, SHOWN[0]]}) == [0]
    assert times.delete("t", {"d": value}) == 0


def test_only_such_values_have_the_columns_looked_up(times: idb.Connection, server: Server) -> None:
    (connection,) = server.connections()
    for value, requests in ((SHOWN[3], 1), (SHOWN[4], 2), (SHOWN[4] + timedelta(microseconds=1), 1)):
        found(times, {"d": value})
        before = connection.served
        found(times, {"d": value})
        assert connection.served - before == requests


def test_a_table_that_is_not_there(times: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError) as caught:
        times.delete("nowhere", {"d": SHOWN[1]})
    assert caught.value.code == "208"
