"""The example applications, run as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import industrydb as idb
from tests.conformance.backends import postgres

EXAMPLES = Path(__file__).parents[1] / "examples"

pytestmark = pytest.mark.backend("sqlite")


def run(script: str, *arguments: str | Path, returncode: int = 0) -> str:
    command = [sys.executable, "-W", "error", str(EXAMPLES / script), *map(str, arguments)]
    outcome = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert outcome.returncode == returncode, outcome.stdout + outcome.stderr
    return outcome.stdout + outcome.stderr


def order(number: int, **fields: object) -> dict[str, object]:
    return {
        "id": number,
        "customer": "Ada",
        "placed_at": "2026-03-01T09:30:00+01:00",
        "currency": "EUR",
        "total": "19.90",
    } | fields


def write(file: Path, *lines: object) -> Path:
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return file


def assert_quickstart(uri: str, code: str) -> None:
    """It runs there, says what it has done, and has done it."""
    output = run("quickstart.py", uri)
    assert "What came back equals what went in: 336,776 flights." in output
    assert f"UniqueViolationError [{code}]" in output
    with idb.connect(uri) as conn:
        assert conn.execute("SELECT count(*) FROM flights").item() == 336_776
        assert conn.select("planes", where={"manufacturer": "AIRBUS"}).height == 736
        assert conn.select("airlines", where={"carrier": "ZZ"}).is_empty()
        assert conn.execute("SELECT sum(flights), sum(cancelled) FROM monthly").row(0) == (336_776, 8_255)


def test_quickstart_keeps_every_flight(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'flights.db'}"
    assert_quickstart(uri, "SQLITE_CONSTRAINT_PRIMARYKEY")
    assert "--replace" in run("quickstart.py", uri, returncode=1)


@pytest.mark.backend("postgres")
@pytest.mark.skipif("postgres" not in idb.backends(), reason="the build does not contain it")
def test_quickstart_runs_unchanged_on_postgresql(tmp_path: Path) -> None:
    newest = postgres.BACKENDS[-1]
    reason = newest.unavailable()
    if reason is not None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with newest.database(tmp_path) as database:
        assert_quickstart(database.uri, "23505")


def test_order_book_takes_the_last_of_each_order_and_says_what_it_refuses(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'orders.db'}"
    first = write(tmp_path / "first.jsonl", order(1), order(2, total="0.10"), order(3, total="a lot"), [4])
    second = write(tmp_path / "second.jsonl", order(2, total="0.20"), order(5, placed_at="2026-03-01T09:30:00"))
    output = run("order_book.py", uri, first, second, first)
    assert "first.jsonl: 2 stored, 2 rejected" in output
    assert "second.jsonl: 1 stored, 1 rejected" in output
    with idb.connect(uri) as conn:
        assert conn.select("orders", ["id", "total"], order_by="id").rows() == [
            (1, Decimal("19.90")),
            (2, Decimal("0.10")),
        ]
        assert conn.select("rejected", order_by=["file", "line"]).rows() == [
            ("first.jsonl", 3, "total is not an amount of money"),
            ("first.jsonl", 4, "not a JSON object"),
            ("second.jsonl", 2, "placed_at has no time zone"),
        ]


def test_order_book_stores_nothing_of_a_file_that_breaks_a_rule(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'orders.db'}"
    output = run("order_book.py", uri, write(tmp_path / "bad.jsonl", order(1), order(2, currency="Euro")))
    assert "bad.jsonl: refused, nothing of it is stored" in output
    with idb.connect(uri) as conn:
        assert conn.select("orders").is_empty()
