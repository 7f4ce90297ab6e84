"""What DESIGN §5 asks for, line by line, and how to tell from the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from benches.model import Goal, Outcome, Results, Verdict, Work

OURS = "industrydb"
_MB = 1_000_000
_BATCH_ROWS = 65_536
"""Rows of a batch, unless the caller says otherwise."""
_NOT_MEASURED = Verdict("not measured", None)


def _within_limit(work: Work, limit: str, factor: float) -> Callable[[Results], Verdict]:
    """Our best time is at most `factor` times the limit's best time."""

    def judge(results: Results) -> Verdict:
        ours, base = results.best(work, OURS), results.best(work, limit)
        if ours is None or base is None:
            return _NOT_MEASURED
        return Verdict(f"{ours / base:.2f} × limit", ours <= factor * base)

    return judge


def _faster_than(work: Work, peer: str, factor: float) -> Callable[[Results], Verdict]:
    """The peer's best time is at least `factor` times ours."""

    def judge(results: Results) -> Verdict:
        ours, theirs = results.best(work, OURS), results.best(work, peer)
        if ours is None or theirs is None:
            return _NOT_MEASURED
        return Verdict(f"{theirs / ours:.2f} × faster", theirs >= factor * ours)

    return judge


def result_bytes(results: Results) -> int | None:
    """The size of the result itself: the arrays that the read limit filled."""
    for (work, _), outcomes in results.outcomes.items():
        if work is Work.READ:
            for outcome in outcomes:
                if outcome.result_bytes is not None:
                    return outcome.result_bytes
    return None


def _first_of(work: Work, peers: Sequence[str]) -> Callable[[Results], Verdict]:
    """Our best time is shorter than that of each of these."""

    def judge(results: Results) -> Verdict:
        ours = results.best(work, OURS)
        times = {peer: time for peer in peers if (time := results.best(work, peer)) is not None}
        if ours is None or not times:
            return _NOT_MEASURED
        best = min(times, key=times.__getitem__)
        return Verdict(f"next is {best}: {times[best] / ours:.2f} ×", ours < times[best])

    return judge


def _peak(factor: float, allowance: int) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        ours, size = results.peak(Work.READ, OURS), result_bytes(results)
        if ours is None or size is None:
            return _NOT_MEASURED
        return Verdict(
            f"{ours / _MB:.0f} MB for {size / _MB:.0f} MB: {ours / size:.2f} ×", ours <= factor * size + allowance
        )

    return judge


def _flat_stream(allowance: int, batches: int, rest: int) -> Callable[[Results], Verdict]:
    """Memory that does not depend on how many rows there are.

    Two things tell, and neither alone would do. A reader that keeps what it gave rises by half of the result while the
    second half of the rows comes: `allowance` is far below that, and above what an allocator that fragments may still
    take. A reader that fetches everything before its first batch does not rise at all any more: its peak is the whole
    result, so the peak may be no more than `batches` batches (one that is filled, one on its way, one with the
    consumer, one for buffers that grow) and `rest` for pages of the file and the library itself.

    The first half is not judged by its rise: buffers, caches and the allocator's pools fill then, once, whatever the
    number of rows.
    """

    def growth(outcome: Outcome) -> int:
        return outcome.growth_bytes or 0

    def judge(results: Results) -> Verdict:
        outcomes, size = results.of(Work.BATCHES, OURS), result_bytes(results)
        if not outcomes or size is None:
            return _NOT_MEASURED
        most = max(map(growth, outcomes))
        peak = results.peak(Work.BATCHES, OURS) or 0
        limit = batches * size * _BATCH_ROWS // max(_BATCH_ROWS, outcomes[0].rows) + rest
        said = f"peak {peak / _MB:.0f} MB of {limit / _MB:.0f} MB, rose by {most / _MB:.1f} MB"
        return Verdict(said, most <= allowance and peak <= limit)

    return judge


def _flat(work: Work, allowance: int) -> Callable[[Results], Verdict]:
    """Neither our memory nor the server's for us rises by more than `allowance` bytes in the second half."""

    def judge(results: Results) -> Verdict:
        outcomes = results.of(work, OURS)
        if not outcomes:
            return _NOT_MEASURED
        most = max(outcome.growth_bytes or 0 for outcome in outcomes)
        peak = results.peak(work, OURS) or 0
        words = f"peak {peak / _MB:.0f} MB, rose by {most / _MB:.1f} MB"
        for outcome in outcomes:
            if outcome.server_bytes is not None and outcome.server_growth_bytes is not None:
                words += (
                    f"; server {outcome.server_bytes / _MB:.1f} MB, rose by {outcome.server_growth_bytes / _MB:.1f} MB"
                )
                most = max(most, outcome.server_growth_bytes)
        return Verdict(words, most <= allowance)

    return judge


def _import(seconds: float) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        ours = results.best(Work.IMPORT, OURS)
        return _NOT_MEASURED if ours is None else Verdict(f"{ours * 1000:.1f} ms", ours <= seconds)

    return judge


def shared_goals() -> Sequence[Goal]:
    """Those that do not depend on the database."""
    return (
        Goal("peak memory above import", "≤ 1.3 × the result + 32 MB", _peak(1.3, 32 * _MB)),
        Goal(
            "peak memory of execute_batches",
            "flat: ≤ 4 batches + 32 MB, ≤ 8 MB more after half",
            _flat_stream(8 * _MB, 4, 32 * _MB),
        ),
        Goal("import industrydb over polars", "≤ 30 ms", _import(0.030)),
    )


def sqlite_goals() -> Sequence[Goal]:
    """The SQLite rows of the table."""
    return (
        Goal("SQLite read → DataFrame", "≤ 1.1 × limit", _within_limit(Work.READ, "C fill", 1.1)),
        Goal("SQLite read, against ADBC", "≥ 1.2 × faster", _faster_than(Work.READ, "ADBC", 1.2)),
        Goal("SQLite read, against connectorx", "≥ 1.2 × faster", _faster_than(Work.READ, "connectorx", 1.2)),
        Goal("SQLite bulk insert", "≤ 1.4 × limit", _within_limit(Work.INSERT, "C insert", 1.4)),
        Goal("SQLite one row by key", "no slower than sqlite3 → DataFrame", _faster_than(Work.ROW, "sqlite3", 1.0)),
        *shared_goals(),
    )


def postgres_goals(one_connection: Sequence[str], parallel: str) -> Sequence[Goal]:
    """The PostgreSQL rows of the table.

    `one_connection` are the peers that read on one connection, `parallel` is the one that scans a table on several.
    """
    flat = "flat: ≤ 8 MB more after the first half, here and in the server"
    return (
        Goal("PostgreSQL read → DataFrame", "≤ 1.15 × limit", _within_limit(Work.READ, "C drain", 1.15)),
        Goal("PostgreSQL read with parameters", "≤ 1.15 × limit", _within_limit(Work.PARAMETERS, "C drain", 1.15)),
        Goal("PostgreSQL read on one connection", "first among all peers", _first_of(Work.READ, one_connection)),
        Goal("PostgreSQL read, against ADBC", "≥ 1.4 × faster", _faster_than(Work.READ, "ADBC", 1.4)),
        Goal("PostgreSQL read, against connectorx", "≥ 1.4 × faster", _faster_than(Work.READ, "connectorx", 1.4)),
        Goal("PostgreSQL read of a table, parallel", f"ahead of {parallel}", _faster_than(Work.READ, parallel, 1.0)),
        Goal("PostgreSQL bulk insert", "≤ 1.2 × limit", _within_limit(Work.INSERT, "psql \\copy", 1.2)),
        Goal("PostgreSQL one row by key", "≤ 2.2 × limit", _within_limit(Work.ROW, "C row", 2.2)),
        Goal("memory of 100,000 look-ups", flat, _flat(Work.QUERIES, 8 * _MB)),
        Goal("memory of 10,000 distinct statements", flat, _flat(Work.STATEMENTS, 8 * _MB)),
        *shared_goals(),
    )


def mssql_goals() -> Sequence[Goal]:
    """The SQL Server row of the table, and the inserts that are measured beside it."""
    arrow = "mssql-python arrow()"
    return (
        Goal("SQL Server read → DataFrame", "≤ 1.25 × limit", _within_limit(Work.READ, "tiberius", 1.25)),
        Goal("SQL Server read, against connectorx", "≥ 1.4 × faster", _faster_than(Work.READ, "connectorx", 1.4)),
        Goal("SQL Server read, against pymssql", "≥ 4 × faster", _faster_than(Work.READ, "pymssql", 4.0)),
        Goal("SQL Server read, against mssql-python", "for the record", _distance(Work.READ, arrow)),
        Goal("SQL Server read, against the socket's drain", "for the record", _distance(Work.READ, "C drain")),
        Goal("SQL Server bulk insert", "ahead of all peers", _first_of(Work.INSERT, [arrow, "pymssql"])),
        *shared_goals(),
    )


def _distance(work: Work, other: str) -> Callable[[Results], Verdict]:
    """Our best time in times of the other's, which is nothing to reach."""

    def judge(results: Results) -> Verdict:
        ours, base = results.best(work, OURS), results.best(work, other)
        if ours is None or base is None:
            return _NOT_MEASURED
        return Verdict(f"{ours / base:.2f} × its time", None)

    return judge
