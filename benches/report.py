"""Results as tables of Markdown and as JSON."""

from __future__ import annotations

import os
import platform
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from benches.goals import result_bytes
from benches.model import Backend, Finding, Outcome, Results, Target, Work

_UNITS: dict[Work, tuple[str, float]] = {
    Work.READ: ("s", 1),
    Work.PARAMETERS: ("s", 1),
    Work.INSERT: ("s", 1),
    Work.BATCHES: ("s", 1),
    Work.ROW: ("µs", 1e6),
    Work.QUERIES: ("s", 1),
    Work.STATEMENTS: ("s", 1),
    Work.IMPORT: ("ms", 1e3),
}
_MEMORY: dict[str, Callable[[Outcome], int | None]] = {
    "peak MB": lambda outcome: outcome.peak_bytes,
    "rose by MB": lambda outcome: outcome.growth_bytes,
    "server MB": lambda outcome: outcome.server_bytes,
    "server rose by MB": lambda outcome: outcome.server_growth_bytes,
}
"""Columns that stand where somebody has a figure for them: the most of a contender's runs."""


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up; all but the first are aligned to the right."""
    cells = [list(header), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]

    def line(row: Sequence[str]) -> str:
        first, *rest = (
            cell.ljust(w) if i == 0 else cell.rjust(w) for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        return f"| {' | '.join([first, *rest])} |"

    rule = f"|{'|'.join('-' * (w + 2) if i == 0 else '-' * (w + 1) + ':' for i, w in enumerate(widths))}|"
    return "\n".join([line(cells[0]), rule, *map(line, cells[1:])])


def _megabytes(size: int | None) -> str:
    return "" if size is None else str(round(size / 1e6))


def _most(outcomes: Sequence[Outcome], field: Callable[[Outcome], int | None]) -> int | None:
    return max((size for size in map(field, outcomes) if size is not None), default=None)


def _median(outcomes: Sequence[Outcome]) -> float:
    return statistics.median(outcome.seconds for outcome in outcomes)


def _work_table(backend: Backend, results: Results, work: Work) -> str:
    unit, scale = _UNITS[work]
    measured = {name: outcomes for (of, name), outcomes in results.outcomes.items() if of is work}
    base = next((measured[name] for name in backend.limits[work] if name in measured), None)
    memory = {
        head: field for head, field in _MEMORY.items() if any(_most(o, field) is not None for o in measured.values())
    }
    rows = []
    for name, outcomes in sorted(measured.items(), key=lambda item: min(o.seconds for o in item[1])):
        best, median = min(o.seconds for o in outcomes), _median(outcomes)
        ratios = ["", ""]
        if base is not None:
            ratios = [f"{best / min(o.seconds for o in base):.2f}", f"{median / _median(base):.2f}"]
        cpu = min((o.cpu_seconds for o in outcomes if o.cpu_seconds is not None), default=None)
        spent = "" if cpu is None else f"{cpu * scale:.3f}"
        sizes = [_megabytes(_most(outcomes, field)) for field in memory.values()]
        rows.append([name, f"{best * scale:.3f}", f"{median * scale:.3f}", *ratios, spent, *sizes, str(len(outcomes))])
    header = ["", f"min {unit}", f"median {unit}", "min × limit", "median × limit", f"CPU {unit}", *memory, "runs"]
    lines = [f"### {work.heading}", "", _table(header, rows)]
    lines += [f"\n{name}: not measured: {why}" for (of, name), why in results.failures.items() if of is work]
    return "\n".join(lines)


def _short(dtype: str) -> str:
    """`Decimal(precision=12, scale=2)` as `Decimal(12, 2)`."""
    return re.sub(r"\w+=", "", dtype)


def _describe(findings: Sequence[Finding]) -> str:
    """The findings in one line: `price, balance: Float64 instead of Decimal(12, 2); 3 cells wrong in note`."""
    kinds: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.got != finding.expected:
            kinds.setdefault((finding.got, finding.expected), []).append(finding.column)
    parts = [
        f"{', '.join(columns)}: {_short(got)} instead of {_short(expected)}"
        for (got, expected), columns in kinds.items()
    ]
    parts += [f"{finding.wrong:,} cells wrong in {finding.column}" for finding in findings if finding.wrong]
    parts += [f"{finding.column} cannot be compared" for finding in findings if finding.wrong is None]
    return "; ".join(parts) or "as declared, every cell right"


def _check_lines(results: Results) -> Iterator[str]:
    """One line for all who agree on what they did to the data."""
    alike: dict[tuple[Work, str], list[str]] = {}
    for (work, name), outcomes in results.outcomes.items():
        for outcome in outcomes:
            if outcome.findings is not None:
                alike.setdefault((work, _describe(outcome.findings)), []).append(name)
    for (work, description), names in alike.items():
        yield f"- {work}, {' and '.join(names)}: {description}"


def _goal_table(backend: Backend, results: Results) -> str:
    words = {True: "met", False: "NOT MET", None: "–"}
    rows = []
    for goal in backend.goals:
        verdict = goal.judge(results)
        rows.append([goal.title, goal.reach, verdict.measured, words[verdict.met]])
    return _table(["goal", "reach", "measured (min)", ""], rows)


def machine(backend: Backend) -> dict[str, Any]:
    """What the figures were measured on."""
    versions = {}
    for package in ("industrydb", "polars", *backend.packages):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return {
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": versions,
    }


def as_text(backend: Backend, target: Target, results: Results, notes: Sequence[str]) -> str:
    """The whole report for a reader."""
    facts = machine(backend)
    versions = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    size = result_bytes(results)
    parts = [
        f"## {backend.name}: {target.rows:,} rows × 16 columns"
        + (f", {_megabytes(size)} MB as arrays" if size is not None else ""),
        f"{facts['cpus']} CPUs, load {facts['load']:.2f}, {facts['system']}, Python {facts['python']}; {versions}",
    ]
    parts += [f"- {note}" for note in notes]
    works = dict.fromkeys(work for work, _ in [*results.outcomes, *results.failures])
    parts += [_work_table(backend, results, work) for work in works]
    if checks := list(_check_lines(results)):
        parts.append("### What arrives, what is stored\n\n" + "\n".join(checks))
    parts.append("### Goals\n\n" + _goal_table(backend, results))
    return "\n\n".join(parts)


def as_json(backend: Backend, target: Target, results: Results, notes: Sequence[str]) -> dict[str, Any]:
    """Everything that was measured, for a program."""
    return {
        "backend": backend.name,
        "rows": target.rows,
        "machine": machine(backend),
        "notes": list(notes),
        "outcomes": [
            {"work": work, "runner": name, **asdict(outcome)}
            for (work, name), outcomes in results.outcomes.items()
            for outcome in outcomes
        ],
        "failures": [{"work": work, "runner": name, "why": why} for (work, name), why in results.failures.items()],
        "goals": [{"goal": goal.title, "reach": goal.reach, **asdict(goal.judge(results))} for goal in backend.goals],
    }
