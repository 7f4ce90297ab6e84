"""The server: a listening socket, a thread for each connection, and how a test starts and stops it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import ssl
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.tds import replay, tls
from tests.tds.connection import Connection
from tests.tds.engine.instance import Instance
from tests.tds.engine.session import Session
from tests.tds.faults import Faults
from tests.tds.replay import Recording
from tests.tds.response import Response
from tests.tds.wire.login7 import Login

Encryption = Literal["unsupported", "login", "required", "strict"]
SECONDS_TO_END = 10
"""For all threads together, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files with the server's certificate and its key."""

    chain: str
    key: str


@dataclass(slots=True)
class Swallowed:
    """Bulk loads of a table that are taken off the socket and not looked at."""

    rows: int
    """What the client is told."""
    data: list[bytes] = field(default_factory=list[bytes])
    """The last one, packet by packet."""
    queries: set[str] = field(default_factory=set[str])
    """What asks for it."""
    loads: int = 0


@dataclass
class Server:
    """A TDS server on a free port of the loopback interface, from `with` to its end.

    Args:
        encryption: `unsupported`: no TLS at all; `login`: the login is encrypted, and all of it where the client wants
            that; `required`: all of it always; `strict`: TLS first (TDS 8.0), nothing else is accepted.
        certificate: for all but `unsupported`. A client that opens with TLS gets TDS 8.0 in all of these.
        user: who may log in.
        password: with which password.
        access_token: which logs in as that user, in place of name and password.
        databases: that exist beside master and tempdb; the first is the user's default one.
        port: 0 for a free one.
    """

    encryption: Encryption = "unsupported"
    certificate: Certificate | None = None
    user: str = "sa"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    access_token: str | None = field(default=None, repr=False)
    databases: tuple[str, ...] = ("test",)
    host: str = "127.0.0.1"
    port: int = 0
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        """Checks what goes together."""
        if self.encryption != "unsupported" and self.certificate is None:
            raise ValueError(f"encryption={self.encryption!r} needs a certificate")
        self._stack = contextlib.ExitStack()
        self._connections: dict[int, Connection] = {}
        self.failures: list[str] = []
        """Tracebacks of its own mistakes: the end of `with` raises them."""
        self.replays: dict[str, replay.Recording] = {}
        self.swallowed: dict[str, Swallowed] = {}
        self._lock = threading.Lock()
        self._next_spid = 51

    def __enter__(self) -> Self:
        """Starts it."""
        directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="tds-")))
        self.instance = Instance(directory, self.databases)
        self._stack.callback(self.instance.close)
        self._listener = socket.create_server((self.host, self.port))
        self.port = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="tds-accept", daemon=True)
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops it, with all connections; a thread that does not end is a failure, with where it is."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        # Before the connections are counted: there are no more after that.
        self._accepting.join(SECONDS_TO_END)
        connections = self.connections()
        for connection in connections:
            connection.close()
        self.faults.release()
        deadline = time.monotonic() + SECONDS_TO_END
        for connection in connections:
            connection.join(max(0, deadline - time.monotonic()))
            if (place := connection.place()) is not None:
                self.failures.append(f"{connection.name} does not end:\n{place}")
        self._stack.close()
        if self.failures and error is None:
            raise AssertionError("the TDS test server failed:\n" + "\n".join(self.failures))

    def run(self, sql: str) -> None:
        """Runs a batch without a client, in the first database.

        Raises:
            AssertionError: if it fails.
        """
        inside = Inside(self)
        session = Session(self.instance, inside, self.databases[0])
        response = Response(lambda _: None, 4096)
        try:
            session.begin_response(response)
            session.batch(sql)
            session.settle()
        finally:
            session.close()
        if response.failed:
            raise AssertionError(f"the batch failed: {sql}")

    def replay(self, table: str, recording: replay.Recording) -> None:
        """Answers queries for all of a table from a recording.

        The engine gets the table, without rows, if its columns are known; else it is for a client to create.
        """
        if recording.columns:
            self.run(replay.definition(table, recording.columns))
        self.replays |= dict.fromkeys(replay.queries(table, [column.name for column in recording.columns]), recording)

    def swallow(self, table: str, rows: int) -> Swallowed:
        """Takes what bulk loads bring for a table as it is, and says that so many rows came.

        Nothing of it gets into the table; a query for all of the table gets the last load's own bytes back, so that any
        client can tell what they were.
        """
        self.swallowed[table] = Swallowed(rows)
        return self.swallowed[table]

    def recording(self, sql: str) -> Recording | None:
        """What answers a query instead of the engine."""
        if not self.replays and not self.swallowed:
            return None
        wanted = replay.normal(sql)
        for swallowed in self.swallowed.values():
            if wanted in swallowed.queries:
                return replay.returned(swallowed.data, swallowed.rows)
        return self.replays.get(wanted)

    def context(self, *, strict: bool) -> ssl.SSLContext | None:
        """Its side of TLS, if it has one."""
        if self.certificate is None:
            return None
        return tls.context(self.certificate.chain, self.certificate.key, strict=strict)

    def connections(self) -> list[Connection]:
        """Those that are open."""
        with self._lock:
            return list(self._connections.values())

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                spid = self._next_spid
                self._next_spid += 1
                connection = Connection(self, sock, spid)
                self._connections[spid] = connection
            connection.start()

    def forget(self, spid: int) -> None:
        """A connection ended."""
        with self._lock:
            self._connections.pop(spid, None)


@dataclass(slots=True)
class Inside:
    """The client of a batch that the server runs by itself."""

    server: Server
    spid: int = 50
    packet_size: int = 4096
    encrypted: bool = False
    login: Login | None = None
    session: Session | None = None

    def stopped(self) -> bool:
        """Nobody stops it."""
        return False

    def drop_bulk(self, *, drop: bool) -> None:
        """It loads nothing."""
