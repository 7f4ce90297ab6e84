"""Conversations with the test server that are recorded once, and played back with mistakes in them.

A playback needs no engine: whatever the client says, the next answer of the recording follows. So a run makes some
hundred connections a second, each with another mistake.
"""

from __future__ import annotations

import contextlib
import random
import selectors
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.tds.wire.packets import EOM, HEADER, Assembler, Kind, packet

PIECE = 1 << 16
LONGEST_WAIT = 20.0
"""Seconds that a playback waits for its client: nobody is left behind by a test that failed."""
SILENCE = 0.05
"""Seconds after which it hangs up on a client that waits for the rest of an answer with a mistake."""
EDGES = (
    b"\0",
    b"\1",
    b"\x7f",
    b"\x80",
    b"\xfe",
    b"\xff",
    b"\0\0\0\0",
    b"\xff\xff",
    b"\xff\xff\xff\xff",
    b"\xfe" + b"\xff" * 7,
)
TOKENS = bytes(
    (
        0x79,
        0x81,
        0x88,
        0xA4,
        0xA5,
        0xA9,
        0xAA,
        0xAB,
        0xAC,
        0xAD,
        0xAE,
        0xD1,
        0xD2,
        0xD3,
        0xE3,
        0xE4,
        0xED,
        0xEE,
        0xFD,
        0xFE,
        0xFF,
    )
)
"""Every token that a server may send ([MS-TDS] 2.2.7)."""


def record(upstream: tuple[str, int], converse: Callable[[int], object]) -> list[bytes]:
    """What the server at `upstream` answers to each message, without the packets' headers.

    Args:
        converse: talks to the server through the port that it is given.
    """
    answers: list[bytearray] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_pass_on, args=(listener, upstream, answers))
        thread.start()
        try:
            converse(listener.getsockname()[1])
        finally:
            thread.join()
    return [b"".join(message.data for message in Assembler().feed(bytes(answer))) for answer in answers]


def _pass_on(listener: socket.socket, upstream: tuple[str, int], answers: list[bytearray]) -> None:
    """One connection; a new answer begins with each message of the client's."""
    client, _ = listener.accept()
    asked = Assembler()
    with client, socket.create_connection(upstream) as server, selectors.DefaultSelector() as ready:
        ready.register(client, selectors.EVENT_READ, server)
        ready.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in ready.select():
                source = key.fileobj
                assert isinstance(source, socket.socket)
                data = source.recv(PIECE)
                if not data:
                    return
                if source is client:
                    answers.extend(bytearray() for _ in asked.feed(data))
                else:
                    answers[-1] += data
                key.data.sendall(data)


def framed(data: bytes, rng: random.Random) -> bytes:
    """An answer in packets of any size."""
    size = rng.choice([4096 - HEADER.size, rng.randint(1, 600), PIECE - 1 - HEADER.size])
    pieces = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
    last = len(pieces) - 1
    return b"".join(packet(Kind.RESPONSE, EOM if at == last else 0, piece, at + 1) for at, piece in enumerate(pieces))


def spoilt(data: bytes, rng: random.Random) -> bytes:
    """`data` with some mistakes."""
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        # Whatever begins a message decides how the rest of it is read.
        end = len(out) if rng.random() < 0.6 else min(len(out), 200)
        at = rng.randrange(end + 1)
        match rng.randrange(7):
            case 0 if at < len(out):
                out[at] ^= 1 << rng.randrange(8)
            case 1 if at < len(out):
                out[at] = rng.randrange(256)
            case 2:
                edge = rng.choice(EDGES)
                out[at : at + len(edge)] = edge
            case 3:
                out[at:at] = bytes((rng.choice(TOKENS),)) + rng.randbytes(rng.randint(0, 12))
            case 4:
                del out[at : at + rng.randint(1, 40)]
            case 5:
                out[at:at] = out[at : at + rng.randint(1, 60)]
            case _:
                del out[at:]
    return bytes(out)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Where a playback goes wrong, and how."""

    seed: int
    at: int
    """Which answer."""

    def answer(self, number: int, true: bytes) -> tuple[bytes, bool]:
        """What is sent instead of an answer, and whether the connection goes on."""
        rng = random.Random(self.seed)
        if number != self.at:
            return framed(true, rng), True
        match rng.randrange(6):
            case 0:
                whole = framed(true, rng)
                return whole[: rng.randrange(len(whole))], False
            case 1:
                return spoilt(framed(true, rng), rng), rng.random() < 0.5
            case _:
                return framed(spoilt(true, rng), rng), True


class Playback:
    """A port at which recordings are played; one client at a time."""

    def __init__(self) -> None:
        """Listens at once."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._turn: tuple[list[bytes], Mistake] = ([], Mistake(0, 0))

    def __enter__(self) -> Self:
        """Starts."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stops."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(LONGEST_WAIT)

    def arm(self, answers: list[bytes], mistake: Mistake) -> None:
        """What the next client hears."""
        self._turn = (answers, mistake)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(LONGEST_WAIT)
            # Whoever sees the mistake hangs up.
            with sock, contextlib.suppress(OSError, ValueError):
                self._answer(sock)

    def _answer(self, sock: socket.socket) -> None:
        answers, mistake = self._turn
        asked, number = Assembler(), 0
        while number < len(answers) and (data := sock.recv(PIECE)):
            for _ in asked.feed(data):
                if number == len(answers):
                    return
                answer, goes_on = mistake.answer(number, answers[number])
                sock.sendall(answer)
                if number >= mistake.at:
                    sock.settimeout(SILENCE)
                number += 1
                if not goes_on:
                    return
