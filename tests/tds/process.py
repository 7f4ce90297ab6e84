"""The server in a process of its own, for clients that hold the GIL while they wait for it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tests.tds.server import Certificate, Encryption

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and who may log in."""

    host: str
    port: int
    user: str
    password: str
    database: str = "test"


def from_uri(uri: str) -> Address:
    """The server that a URI names: `mssql://user:password@host:port/database`."""
    parts = urlsplit(uri)
    return Address(
        parts.hostname or "localhost",
        parts.port or 1433,
        unquote(parts.username or "sa"),
        unquote(parts.password or ""),
        unquote(parts.path.lstrip("/")) or "master",
    )


@contextlib.contextmanager
def running(
    encryption: Encryption = "unsupported", certificate: Certificate | None = None, *, access_token: str | None = None
) -> Generator[Address]:
    """A server; its end is an error if it made a mistake."""
    command = [sys.executable, "-m", "tests.tds", "--encryption", encryption]
    if certificate is not None:
        command += ["--certificate", certificate.chain, "--key", certificate.key]
    if access_token is not None:
        command += ["--access-token", access_token]
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise AssertionError(f"the server did not start: {process.communicate()[1]}")
        yield Address(**json.loads(line))
    finally:
        try:
            # A word, and not only the end of the pipe: whoever has a copy of this end would keep it open.
            _, errors = process.communicate("end\n", timeout=30)
        except subprocess.TimeoutExpired:
            # Nothing is left behind, even by a server that does not end.
            process.kill()
            process.communicate()
            raise
    if process.returncode:
        raise AssertionError(f"the server failed: {errors}")
