"""PRELOGIN ([MS-TDS] 2.2.6.5): options, each with an offset and a length."""

from __future__ import annotations

import struct
from enum import IntEnum


class Option(IntEnum):
    """What an option is about."""

    VERSION = 0
    ENCRYPTION = 1
    INSTANCE = 2
    THREAD = 3
    MARS = 4
    TRACE = 5
    FEDERATED = 6
    NONCE = 7


class Encryption(IntEnum):
    """What a side wants or says about TLS."""

    OFF = 0
    ON = 1
    NOT_SUPPORTED = 2
    REQUIRED = 3


TERMINATOR = 0xFF


def parse(data: bytes) -> dict[int, bytes]:
    """The options of a message.

    Raises:
        ValueError: if it has no end, or an option lies outside.
    """
    options: dict[int, bytes] = {}
    at = 0
    while True:
        if at >= len(data):
            raise ValueError("a PRELOGIN without a terminator")
        if data[at] == TERMINATOR:
            return options
        if at + 5 > len(data):
            raise ValueError("a PRELOGIN that is cut off")
        token, offset, length = struct.unpack_from(">BHH", data, at)
        if offset + length > len(data):
            raise ValueError(f"option {token} lies outside the PRELOGIN")
        options[token] = data[offset : offset + length]
        at += 5


def build(options: dict[int, bytes]) -> bytes:
    """A message of these options."""
    head, body = b"", b""
    start = len(options) * 5 + 1
    for token, value in options.items():
        head += struct.pack(">BHH", token, start + len(body), len(value))
        body += value
    return head + bytes((TERMINATOR,)) + body
