"""A socket with TLS in the two ways that TDS has it.

In TDS 7.x the handshake travels inside PRELOGIN packets; what follows are bare TLS records, for the login alone or for
the whole session. In TDS 8.0 ("strict") TLS comes first, with `tds/8.0` by ALPN.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable

from tests.tds.wire.packets import EOM, Assembler, Kind, packet

CHUNK = 1 << 16
ALPN = "tds/8.0"


def context(certificate: str, key: str, *, strict: bool) -> ssl.SSLContext:
    """The server's side of TLS: up to 1.2 inside TDS, as SQL Server has it, 1.2 and later outside."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if strict:
        made.set_alpn_protocols([ALPN])
    else:
        made.maximum_version = ssl.TLSVersion.TLSv1_2
    return made


class Transport:
    """Bytes to and from the client. One thread may read while another one writes."""

    def __init__(self, sock: socket.socket) -> None:
        """Begins without TLS."""
        self.socket = sock
        self.tls: ssl.SSLObject | None = None
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._engine = threading.Lock()
        self._sending = threading.Lock()
        self._ending = threading.Lock()
        self._closed = False

    def peek(self) -> int:
        """The first byte that the client sent, which stays to be read; -1 at the end."""
        first = self.socket.recv(1, socket.MSG_PEEK)
        return first[0] if first else -1

    def receive(self) -> bytes:
        """What has come, at least a byte; nothing at the end."""
        while self.tls is not None:
            with self._engine:
                try:
                    return self.tls.read(CHUNK)
                except ssl.SSLWantReadError:
                    pass
            raw = self.socket.recv(CHUNK)
            if not raw:
                return b""
            with self._engine:
                self._incoming.write(raw)
        return self.socket.recv(CHUNK)

    def send(self, data: bytes | memoryview) -> None:
        """Sends all of it."""
        with self._sending:
            if self.tls is not None:
                with self._engine:
                    self.tls.write(data)
                    data = self._outgoing.read()
            self.socket.sendall(data)

    def _shake_hands(
        self, tls: ssl.SSLContext, wrap: Callable[[bytes], bytes], unwrap: Callable[[bytes], bytes]
    ) -> None:
        """A handshake whose bytes are wrapped in something, or not.

        Raises:
            ssl.SSLError: if it fails.
            ConnectionError: if the client goes away.
        """
        wrapped = tls.wrap_bio(self._incoming, self._outgoing, server_side=True)
        while True:
            try:
                wrapped.do_handshake()
            except ssl.SSLWantReadError:
                finished = False
            else:
                finished = True
            if self._outgoing.pending:
                self.socket.sendall(wrap(self._outgoing.read()))
            if finished:
                break
            raw = self.socket.recv(CHUNK)
            if not raw:
                raise ConnectionError("the client left in the handshake")
            self._incoming.write(unwrap(raw))
        self.tls = wrapped

    def start_tls_inside(self, tls: ssl.SSLContext) -> None:
        """A handshake inside PRELOGIN packets.

        Raises:
            ssl.SSLError: if it fails.
            ConnectionError: if the client goes away.
        """
        assembler = Assembler()
        self._shake_hands(
            tls,
            lambda data: packet(Kind.PRELOGIN, EOM, data, 0),
            lambda raw: b"".join(message.data for message in assembler.feed(raw)),
        )

    def start_tls_first(self, tls: ssl.SSLContext) -> None:
        """A handshake as the very first thing.

        Raises:
            ssl.SSLError: if it fails.
            ConnectionError: if the client goes away.
        """
        self._shake_hands(tls, lambda data: data, lambda raw: raw)

    def stop_tls(self) -> None:
        """What follows is plain: TLS was for the login alone."""
        self.tls = None

    def cut(self) -> None:
        """Ends the connection, for any thread that waits for bytes as well.

        The descriptor stays: were it closed here, the next connection might get its number while a thread is on its
        way into a call for this one.
        """
        with self._ending:
            if not self._closed:
                with contextlib.suppress(OSError):
                    self.socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Gives the descriptor back, once no other thread reads or writes."""
        self.cut()
        with self._ending:
            self._closed = True
            self.socket.close()
