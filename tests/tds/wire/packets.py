"""Packets ([MS-TDS] 2.2.3): a header of eight bytes, messages cut into pieces of the negotiated size."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from enum import IntEnum

HEADER = struct.Struct(">BBHHBB")
EOM = 0x01
IGNORE = 0x02
RESET_CONNECTION = 0x08
RESET_CONNECTION_KEEP_TRANSACTION = 0x10


class Kind(IntEnum):
    """What a message is."""

    BATCH = 0x01
    RPC = 0x03
    RESPONSE = 0x04
    ATTENTION = 0x06
    BULK = 0x07
    FEDERATED = 0x08
    TRANSACTION = 0x0E
    LOGIN7 = 0x10
    SSPI = 0x11
    PRELOGIN = 0x12


@dataclass(slots=True)
class Message:
    """A message, put together from its packets."""

    kind: int
    status: int
    data: bytes


@dataclass(slots=True)
class Assembler:
    """Puts messages together from bytes that come in pieces of any size."""

    buffer: bytearray = field(default_factory=bytearray)
    parts: list[bytes] = field(default_factory=list[bytes])
    status: int = 0
    drop_bulk: bool = False
    """Whether the data of bulk loads is put aside instead of becoming a message."""
    dropped: list[bytes] = field(default_factory=list[bytes])

    def feed(self, data: bytes) -> list[Message]:
        """The messages that these bytes complete.

        Raises:
            ValueError: if a header cannot be one.
        """
        self.buffer += data
        done: list[Message] = []
        at = 0
        while len(self.buffer) - at >= HEADER.size:
            kind, status, length, _, _, _ = HEADER.unpack_from(self.buffer, at)
            if length < HEADER.size:
                raise ValueError(f"a packet of {length} bytes")
            if len(self.buffer) - at < length:
                break
            parts = self.dropped if self.drop_bulk and kind == Kind.BULK else self.parts
            parts.append(bytes(self.buffer[at + HEADER.size : at + length]))
            self.status |= status
            at += length
            if status & EOM:
                done.append(Message(kind, self.status, b"".join(self.parts)))
                self.parts = []
                self.status = 0
        del self.buffer[:at]
        return done


def packet(kind: int, status: int, data: bytes, number: int, spid: int = 0) -> bytes:
    """One packet."""
    return HEADER.pack(kind, status, HEADER.size + len(data), spid, number & 0xFF, 0) + data
