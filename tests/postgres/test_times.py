"""Dates and times at their ends: BC, infinity, 24:00, year 294276, months; and the session's time zone."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends.base import Database
from tests.conformance.types import Run
from tests.hints import suggested
from tests.postgres.conftest import Referee

BEYOND = [
    ("DATE", "infinity", "infinity"),
    ("DATE", "-infinity", "-infinity"),
    ("TIME", "24:00:00", "24:00:00"),
    ("TIMESTAMP", "infinity", "infinity"),
    ("TIMESTAMP", "-infinity", "-infinity"),
    ("TIMESTAMP", "294276-12-31 23:59:59.999999", "294276-12-31 23:59:59.999999"),
    ("TIMESTAMP", "294247-01-10 04:00:54.775808", "294247-01-10 04:00:54.775808"),
    ("TIMESTAMPTZ", "infinity", "infinity"),
    ("TIMESTAMPTZ", "294276-12-31 23:59:59.999999+00", "294276-12-31 23:59:59.999999"),
    ("INTERVAL", "1 month", "P1M"),
    ("INTERVAL", "-1 year 2 days", "P-1Y2D"),
    ("INTERVAL", "1 month -30 days", "P1M-30D"),
    ("INTERVAL", "2147483647 days", "P2147483647D"),
    ("INTERVAL", "-106751992 days", "P-106751992D"),
]


@pytest.mark.parametrize(("declared", "value", "text"), BEYOND)
def test_what_polars_cannot_hold(conn: idb.Connection, run: Run, declared: str, value: str, text: str) -> None:
    run(f"CREATE TABLE t (id integer, odd {declared})")
    run(f"INSERT INTO t VALUES (0, NULL), (1, '{value}')")
    sql = "SELECT id, odd FROM t ORDER BY id"
    with pytest.raises(idb.DataConversionError, match="odd") as caught:
        run(sql)
    assert caught.value.column_name == "odd"
    assert "row 1" in caught.value.message or "row 2" in caught.value.message
    shown = run(f"SELECT '{value}'::{declared}::text AS t").item()
    assert text in str(caught.value) or shown in str(caught.value), "names the value"
    overridden = conn.execute(sql, schema_overrides=suggested(caught.value))["odd"].to_list()
    assert overridden[0] is None
    assert overridden[1].startswith(text)
    with conn.execute_batches(sql, batch_size=1) as batches, pytest.raises(idb.DataConversionError):
        list(batches)
    assert run("SELECT 1 AS a").item() == 1


@pytest.mark.parametrize("name", ["date", "timestamp", "timestamptz", "interval"])
def test_in_an_array_it_is_an_error_as_well(run: Run, name: str) -> None:
    value = "1 month" if name == "interval" else "infinity"
    with pytest.raises(idb.DataConversionError, match="odd"):
        run(f"SELECT ARRAY['{value}'::{name}] AS odd")


DATES = ["4713-01-01 BC", "0044-03-15 BC", "0001-12-31 BC", "9999-12-31", "10000-01-01", "5874897-12-31"]


def test_dates_beyond_pythons(run: Run, conn: idb.Connection) -> None:
    literals = ", ".join(f"('{literal}'::date)" for literal in DATES)
    frame = run(f"SELECT v, v - '1970-01-01'::date AS days FROM (VALUES {literals}) AS t (v)")
    assert frame["v"].to_physical().to_list() == frame["days"].to_list()
    conn.insert("d", frame, mode="create")
    assert conn.execute("SELECT count(*) AS n FROM d WHERE v - '1970-01-01'::date = days").item() == len(DATES)
    texts = conn.execute("SELECT v, v::text AS t FROM d", schema_overrides={"v": pl.String})
    assert texts["v"].to_list() == texts["t"].to_list()


@pytest.mark.parametrize(
    "literal",
    ["4713-01-01 00:00:00 BC", "0044-03-15 12:30:00.000001 BC", "10000-01-01 00:00:00", "294247-01-10 04:00:54.775807"],
)
@pytest.mark.parametrize("declared", ["timestamp", "timestamptz"])
def test_timestamps_beyond_pythons(run: Run, conn: idb.Connection, literal: str, declared: str) -> None:
    sql = f"SELECT '{literal}'::{declared} AS v, '{literal}'::timestamp - '1970-01-01'::timestamp AS since"
    frame = run(f"SELECT v, (extract(epoch FROM since) * 1000000)::bigint AS n FROM ({sql}) AS t")
    assert frame["v"].to_physical().item() == frame["n"].item()
    conn.insert("t", frame, mode="create")
    assert conn.execute(f"SELECT v = '{literal}'::{declared} AS same FROM t").item() is True


def test_the_session_is_in_utc(conn: idb.Connection, database: Database) -> None:
    assert conn.execute("SHOW timezone").item() == "UTC"
    with database.connect(timezone="Europe/Berlin") as berlin:
        assert berlin.execute("SHOW timezone").item() == "Europe/Berlin"
        instant = berlin.execute("SELECT '2024-07-01 12:00'::timestamptz AS v")
    assert instant.schema == {"v": pl.Datetime("us", "UTC")}
    assert instant.item() == dt.datetime(2024, 7, 1, 10, tzinfo=dt.UTC)


def test_the_environment_names_the_zone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGTZ", "Asia/Tokyo")
    with database.connect() as conn:
        assert conn.execute("SHOW timezone").item() == "Asia/Tokyo"
    with database.connect(timezone="Europe/Berlin") as conn:
        assert conn.execute("SHOW timezone").item() == "Europe/Berlin"


def test_a_zone_that_is_set_later(conn: idb.Connection) -> None:
    before = conn.execute("SELECT now() AS v, '2024-07-01 12:00+00'::timestamptz AS w")
    conn.execute("SET TIME ZONE 'America/New_York'")
    after = conn.execute("SELECT '2024-07-01 12:00+00'::timestamptz AS w")
    assert after["w"].item() == before["w"].item()
    assert after.schema["w"] == pl.Datetime("us", "UTC")


def test_intervals_keep_every_microsecond(run: Run, referee: Referee) -> None:
    sql = "SELECT make_interval(days => i, secs => i * 0.000001) AS v FROM generate_series(-3, 3) AS i"
    theirs = [value for (value,) in referee.execute(sql, binary=True)]
    assert run(sql)["v"].to_list() == theirs


def test_date_arithmetic_and_truncation(run: Run) -> None:
    frame = run(
        "SELECT date '2024-03-01' - date '2024-02-01' AS n, date_trunc('hour', timestamp '2024-02-29 12:34') AS h"
    )
    assert frame.row(0) == (29, dt.datetime(2024, 2, 29, 12))


def test_an_instant_beside_a_type_in_text(database: Database) -> None:
    expected = [dt.datetime(1800, 1, 1, tzinfo=dt.UTC), dt.datetime(2024, 1, 1, 0, 0, 0, 500_000, dt.UTC), None]
    sql = """
        SELECT t, 'a'::tsquery AS q FROM (VALUES
        (1, timestamptz '1800-01-01 00:00Z'), (2, '2024-01-01 00:00:00.5Z'), (3, NULL)) AS v (id, t) ORDER BY id
    """
    for zone in ("Asia/Tokyo", "America/Los_Angeles", "UTC"):
        with database.connect(timezone=zone) as conn:
            assert conn.execute(sql)["t"].to_list() == expected, zone
