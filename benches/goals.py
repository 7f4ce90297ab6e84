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


def _peak(factor: float, allowance: int) -> Callable[[Results], Verdict]:
    def judge(results: Results) -> Verdict:
        ours, size = results.peak(Work.READ, OURS), result_bytes(results)
        if ours is None or size is None:
            return _NOT_MEASURED
        return Verdict(
            f"{ours / _MB:.0f} MB for {size / _MB:.0f} MB: {ours / size:.2f} ×", ours <= factor * size + allowance
        )

    return judge


def _flat(allowance: int, batches: int, rest: int) -> Callable[[Results], Verdict]:
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
            _flat(8 * _MB, 4, 32 * _MB),
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
