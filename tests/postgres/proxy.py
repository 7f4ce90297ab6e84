"""A TCP proxy in front of a server that can be told to stall, cut, reset, or send something else."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal, Self

Action = Literal["stall", "cut", "reset", "half", "garbage", "zeros", "flip"]

RESETS = struct.pack("ii", 1, 0)
"""SO_LINGER that turns a close into a reset."""


class Proxy:
    """Passes on what both sides send until it is armed; ends with the `with` block.

    Armed, it counts the bytes that come from one side and does its action once `after` of them have passed.
    """

    def __init__(self, upstream: Callable[[], socket.socket]) -> None:
        """`upstream` makes a connection to the server."""
        self.upstream = upstream
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.action: Action | None = None
        self.side = "server"
        self.left = 0
        self.random = random.Random(0)
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.sockets: list[socket.socket] = []
        self.closed = False
        self.happened = threading.Event()

    def __enter__(self) -> Self:
        """Starts to listen."""
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes all connections."""
        self.close()

    def close(self) -> None:
        """Closes all connections, and takes no further ones."""
        self.released.set()
        with self.lock:
            self.closed = True
            for each in [self.listener, *self.sockets]:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def arm(self, action: Action, after: int = 0, side: Literal["server", "client"] = "server", seed: int = 0) -> None:
        """What to do once that many further bytes have come from that side."""
        with self.lock:
            self.action, self.left, self.side, self.random = action, after, side, random.Random(seed)
            self.happened.clear()

    def disarm(self) -> None:
        """Passes on everything again, on new connections."""
        with self.lock:
            self.action = None

    def accept(self) -> None:
        """Serves one client after the other, each with two threads."""
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                if self.keep(client):
                    server = self.upstream()
                    if self.keep(server):
                        for source, target, side in ((client, server, "client"), (server, client, "server")):
                            threading.Thread(target=self.pump, args=(source, target, side), daemon=True).start()

    def keep(self, each: socket.socket) -> bool:
        """Remembers a socket, to close it at the end; closes it at once if that has come."""
        with self.lock:
            if self.closed:
                each.close()
            else:
                self.sockets.append(each)
            return not self.closed

    def pump(self, source: socket.socket, target: socket.socket, side: str) -> None:
        """Passes on one direction."""
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                passed, action = self.judge(data, side)
                if passed:
                    target.sendall(passed)
                if action is not None:
                    self.happened.set()
                    self.act(action, data[len(passed) :], source, target)
                    if action not in {"flip", "garbage", "zeros"}:
                        return
            target.shutdown(socket.SHUT_WR)

    def judge(self, data: bytes, side: str) -> tuple[bytes, Action | None]:
        """How much of it passes, and what happens then."""
        with self.lock:
            if self.action is None or side != self.side:
                return data, None
            if len(data) <= self.left:
                self.left -= len(data)
                return data, None
            passed, action = data[: self.left], self.action
            self.left = 0
            if action in {"flip", "garbage", "zeros", "half"}:
                self.action = None if action != "flip" else action
                self.left = self.random.randrange(1, 4_000) if action == "flip" else 0
            return passed, action

    def act(self, action: Action, rest: bytes, source: socket.socket, target: socket.socket) -> None:
        """Does it, with what had come beyond the limit."""
        match action:
            case "stall":
                self.released.wait()
            case "half":
                # Says that nothing more will come, and takes nothing more, but is still there.
                with contextlib.suppress(OSError):
                    target.shutdown(socket.SHUT_RDWR)
                    source.shutdown(socket.SHUT_WR)
                self.released.wait()
            case "cut":
                for each in (target, source):
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RDWR)
                    each.close()  # what still comes is answered with a reset, as by a process that has ended
            case "reset":
                for each in (target, source):
                    each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESETS)
                    # A thread that waits in recv would keep the socket open; this wakes it and sends nothing.
                    with contextlib.suppress(OSError):
                        each.shutdown(socket.SHUT_RD)
                    each.close()
            case "garbage":
                target.sendall(self.random.randbytes(max(len(rest), 1_000)))
            case "zeros":
                target.sendall(bytes(max(len(rest), 1_000)))
            case "flip":
                flipped = bytearray(rest)
                flipped[0] ^= 1 << self.random.randrange(8)
                target.sendall(flipped)
