"""Runs the programs in C that give the limits."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benches.backends.arrow import load_columns
from benches.compare import compare
from benches.keys import look_ups
from benches.model import Job, Outcome, RunError, Work

Command = Sequence[str | Path]


def run_limit(command: Command) -> Outcome:
    """What the program says of itself. Raises `RunError` with its last words."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RunError(done.stderr.strip())
    answer: dict[str, Any] = json.loads(done.stdout)
    size = int(answer["bytes"]) if "bytes" in answer else None
    return Outcome(answer["seconds"], answer["rows"], cpu_seconds=answer["cpu_seconds"], result_bytes=size)


def run_fill(job: Job, command: Callable[[str], Command]) -> Outcome:
    """A program that fills arrays. Where the job asks for it, they are checked like anybody's result.

    `command` takes the directory in which the program leaves the arrays, "" for nowhere.
    """
    if not job.check or job.work is not Work.READ:
        return run_limit(command(""))
    with tempfile.TemporaryDirectory() as directory:
        outcome = run_limit(command(directory))
        frame = load_columns(Path(directory), outcome.rows)
    truth = job.target.load_truth()
    return replace(outcome, findings=compare(frame, truth, lambda name: truth.schema[name]))


def run_look_ups(job: Job, command: Callable[[str], Command]) -> Outcome:
    """A program that looks up the job's keys; `command` takes the file in which they are."""
    with tempfile.NamedTemporaryFile(suffix=".keys") as keys:
        look_ups(job).tofile(keys.name)
        return run_limit(command(keys.name))
