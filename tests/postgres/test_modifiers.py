"""What a domain, a row type or an array declares of its values holds for them as a column's own type does."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

import industrydb as idb
from tests.conformance.types import Run

SETUP = """
    CREATE DOMAIN second AS timestamp(0);
    CREATE DOMAIN instant AS timestamptz(0);
    CREATE DOMAIN clock AS time(0);
    CREATE DOMAIN clocks AS time(0)[];
    CREATE DOMAIN nested AS second;
    CREATE DOMAIN hours AS interval(0);
    CREATE DOMAIN code AS varchar(3);
    CREATE DOMAIN padded AS char(3);
    CREATE DOMAIN label AS name;
    CREATE DOMAIN price AS numeric(5, 2);
    CREATE DOMAIN document AS json;
    CREATE TYPE event AS (at timestamp(0), code varchar(3), price numeric(5, 2));
    CREATE TYPE outer_event AS (event event, by code)
"""

MOMENT = dt.datetime(2024, 2, 29, 12, 0)
LATER = MOMENT + dt.timedelta(milliseconds=600)
EVENT = {"at": MOMENT, "code": "abc", "price": Decimal("1.50")}

REFUSED = [
    ("second", LATER),
    ("second[]", [LATER]),
    ("nested", LATER),
    ("instant", LATER.replace(tzinfo=dt.UTC)),
    ("clock", LATER.time()),
    ("clock[]", [LATER.time()]),
    ("clocks", [LATER.time()]),
    ("time(0)[]", [LATER.time()]),
    ("hours", dt.timedelta(milliseconds=600)),
    ("code", "abc   "),
    ("code", "abcd"),
    ("code[]", ["abc "]),
    ("varchar(3)[]", ["abc "]),
    ("padded", "abcd"),
    ("label", "x" * 64),
    ("price", Decimal("1.505")),
    ("event", {**EVENT, "at": LATER}),
    ("event", {**EVENT, "code": "abc "}),
    ("event", {**EVENT, "price": Decimal("1.505")}),
    ("event[]", [{**EVENT, "at": LATER}]),
    ("outer_event", {"event": {**EVENT, "at": LATER}, "by": "abc"}),
    ("outer_event", {"event": EVENT, "by": "abc "}),
    # Text that the server parses would be rounded there.
    ("timetz(0)", "12:00:00.6+02"),
    ("timestamp(0)[]", "{2024-02-29 12:00:00.6}"),
    ("numeric(5, 2)[]", "{1.505}"),
    ("event", "(2024-02-29 12:00:00.6,abc,1.50)"),
    ("clocks", "{12:00:00.6}"),
]


@pytest.mark.parametrize(("declared", "value"), REFUSED, ids=str)
def test_what_the_server_would_round_or_cut_is_refused(
    conn: idb.Connection, run: Run, declared: str, value: object
) -> None:
    run(f"{SETUP}; CREATE TABLE t (v {declared})")
    with pytest.raises(idb.DataConversionError, match="v"):
        conn.insert("t", {"v": [value]})
    assert conn.select("t").height == 0


STORED: list[tuple[str, Any, str]] = [
    ("second", MOMENT, "2024-02-29 12:00:00"),
    ("nested", MOMENT, "2024-02-29 12:00:00"),
    ("second[]", [MOMENT, None], '{"2024-02-29 12:00:00",NULL}'),
    ("clock", MOMENT.time(), "12:00:00"),
    ("clocks", [MOMENT.time()], "{12:00:00}"),
    ("hours", dt.timedelta(hours=30), "30:00:00"),
    ("code", "abc", "abc"),
    ("padded", "abc   ", "abc"),
    ("label", "x" * 63, "x" * 63),
    ("price", Decimal("1.50"), "1.50"),
    ("document", '{"a":  1}', '{"a":  1}'),
    ("document", {"a": 1}, '{"a":1}'),
    ("event", EVENT, '("2024-02-29 12:00:00",abc,1.50)'),
    ("outer_event", {"event": EVENT, "by": "abc"}, '("(""2024-02-29 12:00:00"",abc,1.50)",abc)'),
    ("timetz", "12:00:00.6+02", "12:00:00.6+02"),
    ("timestamp[]", "{2024-02-29 12:00:00.6}", '{"2024-02-29 12:00:00.6"}'),
    ("integer[]", "{1,2}", "{1,2}"),
]


@pytest.mark.parametrize(("declared", "value", "text"), STORED, ids=str)
def test_what_fits_is_stored(conn: idb.Connection, run: Run, declared: str, value: object, text: str) -> None:
    run(f"{SETUP}; CREATE TABLE t (v {declared})")
    assert conn.insert("t", {"v": [value]}) == 1
    stored = run("SELECT v::text AS v FROM t").item()
    assert str(stored).replace(" ", "") == text.replace(" ", "")
