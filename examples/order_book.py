"""A small nightly job: files of orders go in, a report comes out.

Usage:
    python examples/order_book.py DATABASE_URI FILE.jsonl...

Each line of a file is one order:

    {"id": 1, "customer": "Ada", "placed_at": "2026-03-01T09:30:00+01:00", "currency": "EUR", "total": "19.90"}

An order may arrive again, with other contents: the last one counts. Lines that are no order go into a table of their
own with the reason. A file is taken as a whole or not at all, so that the job can be started again at any time.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, cast

import polars as pl

import industrydb as idb

CREATE: Final = """
    CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY,
        customer TEXT NOT NULL,
        placed_at TIMESTAMPTZ NOT NULL,
        currency TEXT NOT NULL CHECK (length(currency) = 3),
        total DECIMAL(12, 2) NOT NULL CHECK (total >= 0)
    );
    CREATE TABLE IF NOT EXISTS rejected (
        file TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (file, line)
    );
"""

ORDERS: Final = pl.Schema(
    {
        "id": pl.Int64(),
        "customer": pl.String(),
        "placed_at": pl.Datetime("us", "UTC"),
        "currency": pl.String(),
        "total": pl.Decimal(12, 2),
    }
)
REJECTED: Final = pl.Schema({"file": pl.String(), "line": pl.Int64(), "reason": pl.String()})

CENT: Final = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Order:
    """One order, checked."""

    id: int
    customer: str
    placed_at: datetime
    currency: str
    total: Decimal

    @classmethod
    def parse(cls, line: str) -> Order:
        """Reads one line of a file.

        Raises:
            ValueError: It is no order; the message says why.
        """
        parsed: object = json.loads(line)
        if not isinstance(parsed, dict):
            raise ValueError("not a JSON object")  # noqa: TRY004 (the line is wrong, not an argument's type)
        fields = cast("dict[str, object]", parsed)
        try:
            placed_at = datetime.fromisoformat(str(fields["placed_at"]))
            total = Decimal(str(fields["total"]))
            cents = total.quantize(CENT)
            order = cls(
                id=int(str(fields["id"])),
                customer=str(fields["customer"]),
                placed_at=placed_at.astimezone(UTC),
                currency=str(fields["currency"]),
                total=cents,
            )
        except KeyError as error:
            raise ValueError(f"{error.args[0]} is missing") from error
        except InvalidOperation as error:
            raise ValueError("total is not an amount of money") from error
        if placed_at.tzinfo is None:
            raise ValueError("placed_at has no time zone")
        if cents != total:
            raise ValueError("total has a fraction of a cent")
        return order


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file."""

    stored: int
    rejected: int


def read(file: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The file's orders, each id once, and its rejected lines."""
    orders: dict[int, Order] = {}
    rejected: list[tuple[str, int, str]] = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            order = Order.parse(line)
        except ValueError as error:
            rejected.append((file.name, number, str(error)))
        else:
            orders[order.id] = order
    return (
        pl.DataFrame(list(orders.values()), schema=ORDERS),
        pl.DataFrame(rejected, schema=REJECTED, orient="row"),
    )


def ingest(conn: idb.Connection, file: Path) -> Outcome:
    """Stores one file, as a whole or not at all.

    Raises:
        ConstraintViolationError: The database has a rule that this program does not know.
    """
    orders, rejected = read(file)
    with conn.transaction():
        conn.delete("rejected", {"file": file.name})
        return Outcome(
            stored=conn.insert("orders", orders, on_conflict="update"),
            rejected=conn.insert("rejected", rejected),
        )


def report(conn: idb.Connection) -> pl.DataFrame:
    """Turnover by month and currency, exact to the cent."""
    orders = conn.select("orders", ["customer", "placed_at", "currency", "total"])
    return (
        orders.group_by(pl.col("placed_at").dt.truncate("1mo").dt.date().alias("month"), "currency")
        .agg(
            pl.len().alias("orders"),
            pl.col("customer").n_unique().alias("customers"),
            pl.col("total").sum().alias("turnover"),
        )
        .sort("month", "currency")
    )


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="Files of orders go in, a report comes out.")
    parser.add_argument("database", help="a URI, such as sqlite:///orders.db")
    parser.add_argument("files", nargs="+", type=Path, help="JSON lines, an order each")
    arguments = parser.parse_args()
    files: list[Path] = arguments.files
    with idb.connect(str(arguments.database)) as conn:
        conn.execute(CREATE)
        for file in files:
            try:
                outcome = ingest(conn, file)
            except idb.ConstraintViolationError as error:
                print(f"{file.name}: refused, nothing of it is stored: {error}")
            else:
                print(f"{file.name}: {outcome.stored} stored, {outcome.rejected} rejected")
        print(report(conn))


if __name__ == "__main__":
    main()
