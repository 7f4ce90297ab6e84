"""Python programs that a test runs beside itself, to signal them, kill them, or let them die."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from types import TracebackType
from typing import Self


class Child:
    """A Python process that runs `code` with `arguments` in `sys.argv[1:]`; it ends with the `with` block."""

    def __init__(self, code: str, *arguments: object) -> None:
        """Starts it."""
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-c", textwrap.dedent(code), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        """Nothing to do: it runs already."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Ends it if it still runs."""
        self.process.kill()
        self.process.communicate()

    def line(self) -> str:
        """The next line that it prints; what it wrote to stderr, as an error, if it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            raise AssertionError(f"the process ended: {self.process.stderr.read()}")
        return line.strip()

    def go(self) -> None:
        """Sends it an empty line."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def finish(self, seconds: float = 30) -> str:
        """Waits until it ends well, and gives the rest of what it printed."""
        out, err = self.process.communicate(timeout=seconds)
        assert self.process.returncode == 0, f"exit status {self.process.returncode}\n{err}\n{out}"
        return out.strip()


def run(code: str, *arguments: object, seconds: float = 60) -> str:
    """Runs `code` to its end and gives what it printed."""
    with Child(code, *arguments) as child:
        return child.finish(seconds)
