"""Runs every contender in a fresh process, round by round, and collects what came out."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.model import Backend, Finding, Job, Outcome, Results, RunError, Runner, Target, Work
from benches.worker import encode

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 900
"""Seconds after which a process counts as stuck."""

_SLOW = 3
"""How many times the limit's time a contender takes that counts as slow."""

_IMPORT = """
import time
import polars
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""


@dataclass(frozen=True)
class Plan:
    """What a run consists of."""

    works: Sequence[Work]
    rounds: int
    slow_rounds: int
    runners: Sequence[Runner]
    keys: int
    check: bool


@dataclass(frozen=True)
class _Contender:
    name: str
    run: Callable[[Job], Outcome]


def _python(*arguments: str) -> str:
    try:
        done = subprocess.run(
            [sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=_ROOT, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise RunError(f"no end after {_PATIENCE} s") from error
    if done.returncode != 0:
        raise RunError(_last_words(done.stderr) or f"exit code {done.returncode}")
    return done.stdout


def _last_words(stderr: str) -> str:
    """The message of the exception that ended a process: what follows the indented frames of its traceback."""
    lines = stderr.strip().splitlines()
    after_frames = 1 + max((i for i, line in enumerate(lines) if line.startswith(" ")), default=-1)
    return " ".join(lines[after_frames:])


def _outcome(fields: dict[str, Any]) -> Outcome:
    findings = fields.pop("findings")
    return Outcome(**fields, findings=None if findings is None else [Finding(**finding) for finding in findings])


def _in_worker(job: Job) -> Outcome:
    return _outcome(json.loads(_python("-m", "benches.worker", encode(job)).splitlines()[-1]))


def import_time(module: str) -> Outcome:
    """The seconds that `import module` takes in a process that has imported Polars and nothing else."""
    return Outcome(seconds=float(_python("-c", _IMPORT.format(module=module))), rows=0)


def _import_of(runner: Runner) -> Callable[[Job], Outcome]:
    return lambda _: import_time(runner.modules[0])


def _contenders(backend: Backend, plan: Plan, work: Work) -> Sequence[_Contender]:
    def limit(name: str) -> _Contender:
        return _Contender(name, lambda job: backend.limit(name, job))

    def runner(chosen: Runner) -> _Contender:
        return _Contender(chosen.name, _in_worker if work is not Work.IMPORT else _import_of(chosen))

    limits = [limit(name) for name in backend.limits[work]]
    return limits + [runner(chosen) for chosen in plan.runners if work in chosen.works]


def _turns(contenders: Sequence[_Contender], rounds: int) -> Iterator[tuple[int, _Contender]]:
    """Everybody once a round, in each beginning with another one."""
    for turn in range(rounds):
        start = turn % len(contenders) if contenders else 0
        for contender in [*contenders[start:], *contenders[:start]]:
            yield turn, contender


def _is_slow(results: Results, work: Work, name: str, limits: Sequence[str]) -> bool:
    """Whether more rounds would tell nothing of a contender: its best run is far from the limit's."""
    limit = next((results.outcomes[work, limit] for limit in limits if (work, limit) in results.outcomes), None)
    own = results.outcomes.get((work, name))
    if limit is None or own is None:
        return False
    return min(outcome.seconds for outcome in own) > _SLOW * min(outcome.seconds for outcome in limit)


def run(backend: Backend, target: Target, plan: Plan, say: Callable[[str], None]) -> Results:
    """Measures `plan` on `target`. A contender that fails is noted and left out from then on; `say` gets the news.

    Within a round everybody takes a turn, and each round starts with another one: what the machine does meanwhile
    hits all alike. Who is slow is left out after the plan's slow rounds, so that the others can have many. The data is
    checked in the first round, after the clock has stopped.
    """
    results = Results()
    for work in [work for work in plan.works if work in backend.limits]:
        contenders = _contenders(backend, plan, work)
        with backend.apart() if work.apart else nullcontext():
            for turn, contender in _turns(contenders, 1 if work.once else plan.rounds):
                if (work, contender.name) in results.failures:
                    continue
                if turn >= plan.slow_rounds and _is_slow(results, work, contender.name, backend.limits[work]):
                    continue
                job = Job(contender.name, work, target, check=plan.check and turn == 0, keys=plan.keys)
                try:
                    outcome = contender.run(job)
                except (RunError, ValueError) as error:
                    results.failures[work, contender.name] = str(error)
                    say(f"{work}: {contender.name}: {error}")
                else:
                    results.add(work, contender.name, outcome)
                    say(f"{work} {turn + 1}: {contender.name}: {outcome.seconds:.6f} s")
    return results
