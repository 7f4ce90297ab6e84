"""`python -m benches sqlite`: see README.md beside this file."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benches.backends import BACKENDS
from benches.harness import Plan, run
from benches.model import Backend, Work
from benches.native import BuildError
from benches.report import as_json, as_text


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benches", description="industrydb, its peers and the limits.")
    parser.add_argument("backend", choices=list(BACKENDS))
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the table (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contender (default: %(default)s)")
    parser.add_argument(
        "--slow-rounds",
        type=int,
        metavar="ROUNDS",
        help="runs of contenders that take more than three times the limit's time (default: all rounds)",
    )
    parser.add_argument(
        "--only",
        action="append",
        type=Work,
        choices=list(Work),
        metavar="WORK",
        help=f"one of {', '.join(Work)}; may be repeated",
    )
    parser.add_argument("--runner", action="append", metavar="NAME", help="only this runner; may be repeated")
    parser.add_argument("--keys", type=int, default=2_000, help="look-ups of the work `row` (default: %(default)s)")
    parser.add_argument("--no-check", action="store_true", help="do not compare the data")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(tempfile.gettempdir()) / "industrydb-benches",
        help="where the table and the limits are kept (default: %(default)s)",
    )
    parser.add_argument(
        "--uri",
        help="a server to use instead of the harness' own, which the limits can log in to without a password"
        f" (default: ${', $'.join(b.server_variable for b in BACKENDS.values() if b.server_variable)})",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every figure to FILE")
    arguments = parser.parse_args(argv)
    if arguments.rows < 1 or arguments.rounds < 1 or arguments.keys < 1:
        parser.error("--rows, --rounds and --keys are at least 1")
    variable = BACKENDS[arguments.backend].server_variable
    if variable is None and arguments.uri is not None:
        parser.error(f"{arguments.backend} has no server")
    if variable is not None and arguments.uri is None:
        arguments.uri = os.environ.get(variable)
    names = [runner.name for runner in BACKENDS[arguments.backend].runners]
    for name in arguments.runner or ():
        if name not in names:
            parser.error(f"no runner {name!r}: choose from {', '.join(map(repr, names))}")
    return arguments


def main(argv: Sequence[str] | None = None) -> int:
    """Measures, prints the report, and returns the exit status: 1 if nothing could be built or run."""
    arguments = _arguments(argv)
    backend = BACKENDS[arguments.backend]

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that a server of ours does not stay behind
    try:
        return _measure(backend, arguments, say)
    except BuildError as error:
        say(str(error))
        return 1
    finally:
        backend.close()


def _measure(backend: Backend, arguments: argparse.Namespace, say: Callable[[str], None]) -> int:
    target = backend.prepare(arguments.cache, arguments.rows, arguments.uri)
    plan = Plan(
        works=arguments.only or list(Work),
        rounds=arguments.rounds,
        slow_rounds=arguments.slow_rounds or arguments.rounds,
        runners=[r for r in backend.runners if not arguments.runner or r.name in arguments.runner],
        keys=arguments.keys,
        check=not arguments.no_check,
    )
    try:
        notes = list(backend.discrepancies())
    except ImportError as error:
        notes = [f"industrydb is not installed ({error}): its peers are measured alone"]
    results = run(backend, target, plan, say)
    print(as_text(backend, target, results, notes))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(as_json(backend, target, results, notes), indent=2) + "\n")
    return 0 if results.outcomes else 1


if __name__ == "__main__":
    sys.exit(main())
