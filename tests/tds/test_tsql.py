"""The statements and types of the other tests, as FreeTDS' own program prints them."""

from __future__ import annotations

import datetime as dt
import math
import os
import re
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.tds.clients import TSQL, Tls, tsql
from tests.tds.process import Address
from tests.tds.test_login import ENCRYPTED
from tests.tds.test_statements import SCRIPTS
from tests.tds.test_types import TYPES

pytestmark = pytest.mark.skipif(TSQL is None and not os.environ.get("CI"), reason="tsql of FreeTDS is not installed")

CLEAN = """
DECLARE @sql nvarchar(max) = N'';
SELECT @sql = @sql + line FROM (SELECT o.type AS kind, N'DROP ' +
CASE o.type WHEN 'V' THEN N'VIEW ' WHEN 'P' THEN N'PROCEDURE ' ELSE N'TABLE ' END + QUOTENAME(s.name) + N'.' +
QUOTENAME(o.name) + N'; ' AS line FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id
WHERE o.type IN ('U', 'V', 'P') AND o.is_ms_shipped = 0) AS found ORDER BY kind DESC;
EXEC sp_executesql @sql; DROP SCHEMA IF EXISTS extra
""".replace("\n", " ")
"""Drops all that a script made."""
UNPRINTED = {"sql_variant", "hierarchyid"}
"""Types that it shows nothing of."""
LONG = 200
"""More characters than this it prints, but nobody compares."""


def prints(cell: str, value: Any) -> bool:  # noqa: PLR0911 - a row of a table for each type
    """Whether it writes a value so: dates in words, without seconds."""
    match value:
        case None:
            return cell == "NULL"
        case bool():
            return cell == str(int(value))
        case float():
            # Of a real it writes six digits.
            return math.isclose(float(cell), value, rel_tol=1e-6)
        case Decimal():
            return Decimal(cell) == value
        case bytes():
            return cell.lower() == value.hex()
        case uuid.UUID():
            return cell.lower() == str(value)
        case dt.datetime() | dt.date():
            month = dt.date(2000, value.month, 1).strftime("%b")
            return re.match(rf"{month} +{value.day} +0*{value.year}\b", cell) is not None
        case dt.time():
            half = "AM" if value.hour < 12 else "PM"
            return cell.endswith(f" {(value.hour + 11) % 12 + 1:02}:{value.minute:02}{half}")
        case _:
            return cell == str(value)


def compare(lines: list[str], rows: list[tuple[Any, ...]], where: str) -> None:
    """Compares the last lines with rows."""
    found = [line.split("|") for line in lines[len(lines) - len(rows) :]]
    assert len(found) == len(rows), where
    for cells, row in zip(found, rows, strict=True):
        assert len(cells) == len(row), where
        for cell, value in zip(cells, row, strict=True):
            if not (isinstance(value, (str, bytes)) and len(value) > LONG):
                assert prints(cell, value), f"{where}: {cell!r} is not {value!r}"


@pytest.fixture(params=["plain", "login", "all"])
def run(
    request: pytest.FixtureRequest, servers: Callable[[Tls], Address], tmp_path: Path
) -> Callable[[list[str]], list[str]]:
    """Runs batches with one kind of encryption, in a database that may hold what other tests left."""
    tls: Tls = request.param
    where: Address = request.getfixturevalue("address" if tls == "plain" else "encrypted")
    assert servers(tls) is not None
    (encrypted,) = tsql(where, tls, [ENCRYPTED], tmp_path)
    assert encrypted == ("TRUE" if tls == "all" else "FALSE")
    return lambda batches: tsql(where, tls, batches, tmp_path)


def test_scripts(run: Callable[[list[str]], list[str]]) -> None:
    batches: list[str] = []
    for name, (statements, _) in SCRIPTS.items():
        batches += [f"SELECT N'>> {name}'", *statements, CLEAN]
    found = sections(run(batches))
    for name, (_, expected) in SCRIPTS.items():
        compare(found[name], expected, name)


def test_types(run: Callable[[list[str]], list[str]]) -> None:
    batches: list[str] = []
    for case in TYPES:
        batches += [f"SELECT N'>> {case.declared}'", f"CREATE TABLE v (id int NOT NULL, v {case.declared} NULL)"]
        batches += [f"INSERT INTO v VALUES ({at}, {literal})" for at, (literal, _) in enumerate(case.values)]
        batches += [f"INSERT INTO v VALUES ({len(case.values)}, NULL)", "SELECT v, 'x' FROM v ORDER BY id", CLEAN]
    found = sections(run(batches))
    for case in TYPES:
        if case.declared not in UNPRINTED:
            compare(found[case.declared], [*((value, "x") for _, value in case.values), (None, "x")], case.declared)


def sections(lines: list[str]) -> dict[str, list[str]]:
    """What was printed behind each heading."""
    found: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith(">> "):
            found[line[3:]] = []
        else:
            list(found.values())[-1].append(line)
    return found
