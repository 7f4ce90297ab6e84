"""LOGIN7 ([MS-TDS] 2.2.6.4): who wants in, to which database, with which packet size and features."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_HEAD = struct.Struct("<IIIIIIBBBBiI")
_FIELDS = (
    "host",
    "user",
    "password",
    "application",
    "server",
    "extension",
    "library",
    "language",
    "database",
)
FEATURES_END = 0xFF
FEDERATED = 0x02
SECURITY_TOKEN = 0x01
"""The feature of logins without a password, and its kind with a token of somebody else's ([MS-TDS] 2.2.6.4)."""


@dataclass(slots=True)
class Login:
    """What a client says about itself."""

    version: int
    packet_size: int
    integrated: bool
    read_only: bool
    host: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    application: str = ""
    server: str = ""
    library: str = ""
    language: str = ""
    database: str = ""
    attach: str = ""
    new_password: str = field(default="", repr=False)
    features: dict[int, bytes] = field(default_factory=dict[int, bytes])

    @property
    def token(self) -> str | None:
        """The access token that comes in place of a password.

        Raises:
            ValueError: if it is not what it says.
        """
        data = self.features.get(FEDERATED)
        if data is None or data[0] >> 1 != SECURITY_TOKEN:
            return None
        (length,) = struct.unpack_from("<I", data, 1)
        if len(data) < 5 + length:
            raise ValueError("an access token that is cut off")
        return data[5 : 5 + length].decode("utf-16-le")


def _clear(data: bytes) -> str:
    """A password: each byte's halves are swapped after an XOR with 0xA5."""
    return bytes(((byte ^ 0xA5) << 4 | (byte ^ 0xA5) >> 4) & 0xFF for byte in data).decode("utf-16-le")


def _features(data: bytes, at: int) -> dict[int, bytes]:
    features: dict[int, bytes] = {}
    while data[at] != FEATURES_END:
        length = struct.unpack_from("<I", data, at + 1)[0]
        features[data[at]] = data[at + 5 : at + 5 + length]
        at += 5 + length
    return features


def parse(data: bytes) -> Login:
    """The message.

    Raises:
        ValueError: if its length is not what it says.
    """
    if len(data) < _HEAD.size or struct.unpack_from("<I", data)[0] != len(data):
        raise ValueError("a LOGIN7 whose length is not what it says")
    _, version, size, _, _, _, flags1, flags2, type_flags, flags3, _, _ = _HEAD.unpack_from(data)
    del flags1
    login = Login(version, size, bool(flags2 & 0x80), bool(type_flags & 0x20))
    at = _HEAD.size
    for name in _FIELDS:
        offset, length = struct.unpack_from("<HH", data, at)
        at += 4
        if name == "extension":
            if flags3 & 0x10 and length:
                login.features = _features(data, struct.unpack_from("<I", data, offset)[0])
            continue
        raw = data[offset : offset + 2 * length]
        setattr(login, name, _clear(raw) if name == "password" else raw.decode("utf-16-le"))
    return login
