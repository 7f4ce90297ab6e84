"""One job in one fresh process: reads the job as JSON from its argument, prints the outcome as JSON."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from time import perf_counter, process_time
from typing import Any

from benches import memory
from benches.backends import BACKENDS
from benches.compare import compare
from benches.keys import look_ups
from benches.model import Job, Outcome, Runner, Target, Work

_WARM_UP = 50
"""Look-ups before the measured ones: statement caches, lazy initialisation."""


class _Stopwatch:
    """Runs from its making to `stop`: seconds on the clock, and of the CPU for all threads of this process."""

    def __init__(self) -> None:
        self._cpu = process_time()
        self.start = perf_counter()

    def stop(self) -> None:
        self.seconds = perf_counter() - self.start
        self.cpu_seconds = process_time() - self._cpu


def _read(runner: Runner, job: Job) -> Outcome:
    read = runner.read if job.work is Work.READ else runner.read_filtered
    memory.reset_peak()
    before = memory.resident()
    watch = _Stopwatch()
    result = read(job.target)
    watch.stop()
    peak = memory.peak() - before
    frame = runner.to_polars(result)
    outcome = Outcome(watch.seconds, frame.height, cpu_seconds=watch.cpu_seconds, peak_bytes=peak)
    if job.check:
        truth = job.target.load_truth()
        if "id" in frame.columns and not frame["id"].is_sorted():
            frame = frame.sort("id")  # partitions and threads may give the rows in another order
        outcome = replace(outcome, findings=compare(frame, truth, lambda name: truth.schema[name]))
    return outcome


def _insert(runner: Runner, job: Job) -> Outcome:
    backend = BACKENDS[job.target.backend]
    truth = job.target.load_truth()
    vacant = backend.vacant(job.target)
    memory.reset_peak()
    before = memory.resident()
    watch = _Stopwatch()
    runner.insert(vacant, truth)
    watch.stop()
    peak = memory.peak() - before
    outcome = Outcome(watch.seconds, truth.height, cpu_seconds=watch.cpu_seconds, peak_bytes=peak)
    if job.check:
        outcome = replace(outcome, findings=backend.check_stored(vacant, truth))
    backend.discard(vacant)
    return outcome


def _row(runner: Runner, job: Job) -> Outcome:
    keys = [int(key) for key in look_ups(job)]
    times: list[float] = []
    with runner.lookup(job.target) as look_up:
        for key in keys[:_WARM_UP]:
            result = look_up(key)
        watch = _Stopwatch()
        for key in keys:
            start = perf_counter()
            result = look_up(key)
            stop = perf_counter()
            times.append(stop - start)
            if stop - watch.start > job.budget:
                break
        watch.stop()
        frame = runner.to_polars(result)
    if frame.height != 1 or int(frame["id"][0]) != key:
        raise ValueError(f"looking up {key} gave {frame}")
    return Outcome(statistics.median(times), len(times), cpu_seconds=watch.cpu_seconds / len(times))


def _batches(runner: Runner, job: Job) -> Outcome:
    memory.reset_peak()
    before = memory.resident()
    rows = 0
    first_half = 0
    watch = _Stopwatch()
    for height in runner.batches(job.target):
        rows += height
        if not first_half and rows >= job.target.rows / 2:
            first_half = memory.peak()
    watch.stop()
    if rows != job.target.rows:
        raise ValueError(f"{rows} rows instead of {job.target.rows}")
    peak = memory.peak()
    return Outcome(
        watch.seconds,
        rows,
        cpu_seconds=watch.cpu_seconds,
        peak_bytes=peak - before,
        growth_bytes=peak - first_half,
    )


def _queries(runner: Runner, job: Job) -> Outcome:
    keys = [int(key) for key in look_ups(job)]
    with runner.lookup(job.target) as look_up:
        return _steady(job, job.queries, lambda number: look_up(keys[number % len(keys)]))


def _statements(runner: Runner, job: Job) -> Outcome:
    target = job.target
    keys = [int(key) for key in look_ups(job)]
    with runner.session(target) as run:

        def one(number: int) -> Any:
            key = keys[number % len(keys)]
            return run(target.distinct(runner.place(1, key), number), *runner.bound(key))

        return _steady(job, job.statements, one)


def _steady(job: Job, count: int, one: Callable[[int], Any]) -> Outcome:
    """The same kind of call over and over: the memory of both ends, and what the second half adds to it."""
    backend = BACKENDS[job.target.backend]
    one(0)
    server_before = backend.server_memory(job.target)
    memory.reset_peak()
    before = memory.resident()
    watch = _Stopwatch()
    for number in range(count // 2):
        one(number)
    half, server_half = memory.peak(), backend.server_memory(job.target)
    for number in range(count // 2, count):
        one(number)
    watch.stop()
    peak, server_after = memory.peak(), backend.server_memory(job.target)
    outcome = Outcome(
        watch.seconds, count, cpu_seconds=watch.cpu_seconds, peak_bytes=peak - before, growth_bytes=peak - half
    )
    if server_before is None or server_half is None or server_after is None:
        return outcome
    return replace(outcome, server_bytes=server_after - server_before, server_growth_bytes=server_after - server_half)


_WORKS: dict[Work, Callable[[Runner, Job], Outcome]] = {
    Work.READ: _read,
    Work.PARAMETERS: _read,
    Work.INSERT: _insert,
    Work.ROW: _row,
    Work.BATCHES: _batches,
    Work.QUERIES: _queries,
    Work.STATEMENTS: _statements,
}
"""All but the import, which needs a process without the harness's own imports: `harness.import_time`."""


def perform(job: Job) -> Outcome:
    """Runs the job in this process. Raises whatever the runner raises."""
    runner = next(runner for runner in BACKENDS[job.target.backend].runners if runner.name == job.runner)
    runner.ready()
    return _WORKS[job.work](runner, job)


def encode(job: Job) -> str:
    """A job as the worker's argument."""
    return json.dumps(asdict(job))


def _decode(text: str) -> Job:
    fields = json.loads(text)
    return Job(**{**fields, "work": Work(fields["work"]), "target": Target(**fields["target"])})


if __name__ == "__main__":
    print(json.dumps(asdict(perform(_decode(sys.argv[1])))))
