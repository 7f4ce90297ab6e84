"""A SQL Server for the harness: the project's TDS test server in a process of its own, with a recording to send."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benches.native import BuildError

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Address:
    """Where the server is and who may log in; it has no TLS."""

    host: str
    port: int
    user: str
    password: str
    database: str = "test"

    @property
    def uri(self) -> str:
        """As industrydb takes it. The server made up the password for itself: letters, digits, - and _."""
        return f"mssql://{self.user}:{self.password}@{self.host}:{self.port}/{self.database}?encrypt=false"

    @property
    def arguments(self) -> list[str]:
        """As the limits take it."""
        return [self.host, str(self.port), self.user, self.password, self.database]


class TdsServer:
    """Runs from `start` to `stop`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self, recording: Path, swallowed: str, rows: int) -> Address:
        """Starts it: `SELECT * FROM bench` gives the recording, bulk loads of the table `swallowed` are put aside.

        Raises `BuildError` if it does not start.
        """
        command = [sys.executable, "-m", "tests.tds", "--recording", str(recording)]
        command += ["--swallow", swallowed, "--rows", str(rows)]
        self._process = subprocess.Popen(
            command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise BuildError(f"the TDS test server did not start: {self._process.communicate()[1]}")
        return Address(**json.loads(line))

    def stop(self) -> None:
        """Stops it, if it runs."""
        if self._process is not None:
            self._process.communicate(timeout=30)
            self._process = None
