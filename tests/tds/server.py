"""The server: a listening socket, a thread for each connection, and how a test starts and stops it."""

from __future__ import annotations

import contextlib
import secrets
import socket
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tests.tds import tls
from tests.tds.connection import Connection
from tests.tds.engine.instance import Instance
from tests.tds.faults import Faults

Encryption = Literal["unsupported", "login", "required", "strict"]


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files with the server's certificate and its key."""

    chain: str
    key: str


@dataclass
class Server:
    """A TDS server on a free port of the loopback interface, from `with` to its end.

    Args:
        encryption: `unsupported`: no TLS at all; `login`: the login is encrypted, and all of it where the client wants
            that; `required`: all of it always; `strict`: TLS first (TDS 8.0), nothing else is accepted.
        certificate: for all but `unsupported`. A client that opens with TLS gets TDS 8.0 in all of these.
        user: who may log in.
        password: with which password.
        databases: that exist beside master and tempdb; the first is the user's default one.
        port: 0 for a free one.
    """

    encryption: Encryption = "unsupported"
    certificate: Certificate | None = None
    user: str = "sa"
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    databases: tuple[str, ...] = ("test",)
    host: str = "127.0.0.1"
    port: int = 0
    faults: Faults = field(default_factory=Faults)
    rows_per_replay: int = 1_000_000

    def __post_init__(self) -> None:
        """Checks what goes together."""
        if self.encryption != "unsupported" and self.certificate is None:
            raise ValueError(f"encryption={self.encryption!r} needs a certificate")
        self._stack = contextlib.ExitStack()
        self._connections: dict[int, Connection] = {}
        self.failures: list[str] = []
        """Tracebacks of its own mistakes: the end of `with` raises them."""
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
        """Stops it, with all connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.faults.release()
        with self._lock:
            connections = list(self._connections.values())
        for connection in connections:
            connection.close()
        self._accepting.join(10)
        for connection in connections:
            connection.join(10)
        self._stack.close()
        if self.failures and error is None:
            raise AssertionError("the TDS test server failed:\n" + "\n".join(self.failures))

    def context(self, *, strict: bool) -> tls.ssl.SSLContext | None:
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
