"""The tokens of a response ([MS-TDS] 2.2.7)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.tds.types import COLLATION, LOBS, SqlType, encoder, type_info

DONE, DONE_PROC, DONE_IN_PROC = 0xFD, 0xFE, 0xFF
MORE, ERROR, IN_TRANSACTION, COUNT, ATTENTION = 0x01, 0x02, 0x04, 0x10, 0x20
"""The status of a DONE token."""

LONGEST_MESSAGE = 2047
"""Characters of a message, as RAISERROR cuts them off."""

ENV_DATABASE, ENV_LANGUAGE, ENV_PACKET_SIZE, ENV_COLLATION = 1, 2, 4, 7
ENV_BEGIN, ENV_COMMIT, ENV_ROLLBACK, ENV_RESET, ENV_ROUTING = 8, 9, 10, 18, 20

COMMAND_SELECT, COMMAND_INSERT, COMMAND_DELETE, COMMAND_UPDATE = 0xC1, 0xC3, 0xC4, 0xC5


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a result."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    computed: bool = False
    """Whether an expression gives it, not a column of a table."""
    table: tuple[str, ...] = ()

    @property
    def flags(self) -> int:
        """The flags of COLMETADATA; a column of a table may be writable, nobody knows until it is tried."""
        flags = 0x01 if self.nullable else 0
        if self.type.name == "xml":
            flags |= 0x02
        if self.identity:
            return flags | 0x10
        if self.type.name == "timestamp":
            return flags
        return flags | (0x20 if self.computed else 0x08)


def b_varchar(text: str) -> bytes:
    """A text with its length in a byte."""
    data = text.encode("utf-16-le", "surrogatepass")
    return bytes((len(data) // 2,)) + data


def us_varchar(text: str) -> bytes:
    """A text with its length in two bytes."""
    data = text.encode("utf-16-le", "surrogatepass")
    return struct.pack("<H", len(data) // 2) + data


def _sized(token: int, body: bytes) -> bytes:
    return bytes((token,)) + struct.pack("<H", len(body)) + body


def column_metadata(columns: Sequence[Column]) -> bytes:
    """COLMETADATA."""
    parts = [b"\x81", struct.pack("<H", len(columns))]
    for column in columns:
        user_type = 0x50 if column.type.name == "timestamp" else 0
        info = type_info(column.type, nullable=column.nullable, table=column.table or ("",))
        if column.type.name in LOBS and not column.table:
            info = type_info(column.type, nullable=column.nullable, table=("dbo", "t"))
        parts += [struct.pack("<IH", user_type, column.flags), info, b_varchar(column.name)]
    return b"".join(parts)


def row_encoder(columns: Sequence[Column]) -> Callable[[Sequence[Any]], bytes]:
    """What makes a ROW token of a row's values."""
    encoders = [encoder(column.type, nullable=column.nullable) for column in columns]

    def row(values: Sequence[Any]) -> bytes:
        return b"\xd1" + b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)])

    return row


def compressing_row_encoder(columns: Sequence[Column]) -> Callable[[Sequence[Any]], bytes]:
    """As `row_encoder`, but a row with NULLs is an NBCROW token, which has a bit for each column in their place."""
    encoders = [encoder(column.type, nullable=column.nullable) for column in columns]
    whole = row_encoder(columns)
    size = (len(columns) + 7) // 8

    def row(values: Sequence[Any]) -> bytes:
        nulls = 0
        for at, value in enumerate(values):
            if value is None:
                nulls |= 1 << at
        if not nulls:
            return whole(values)
        present = [encode(value) for encode, value in zip(encoders, values, strict=True) if value is not None]
        return b"\xd2" + nulls.to_bytes(size, "little") + b"".join(present)

    return row


def done(token: int, status: int, command: int = 0, rows: int = 0) -> bytes:
    """DONE, DONEPROC or DONEINPROC."""
    return struct.pack("<BHHQ", token, status, command, rows)


def message(number: int, state: int, level: int, text: str, server: str, procedure: str, line: int) -> bytes:
    """ERROR, or INFO for a level of 10 or less."""
    body = (
        struct.pack("<IBB", number, state, level)
        + us_varchar(text[:LONGEST_MESSAGE])
        + b_varchar(server)
        + b_varchar(procedure)
    )
    return _sized(0xAB if level <= 10 else 0xAA, body + struct.pack("<I", line))


def environment(kind: int, new: str | bytes, old: str | bytes = b"") -> bytes:
    """ENVCHANGE: texts for names and sizes, bytes for collations and transactions."""
    body = bytes((kind,))
    for value in (new, old):
        body += b_varchar(value) if isinstance(value, str) else bytes((len(value),)) + value
    return _sized(0xE3, body)


def collation_change() -> bytes:
    """ENVCHANGE of the collation that a login gets."""
    return environment(ENV_COLLATION, COLLATION)


def routing(host: str, port: int) -> bytes:
    """ENVCHANGE that sends the client to another server."""
    value = b"\0" + struct.pack("<H", port) + us_varchar(host)
    return _sized(0xE3, bytes((ENV_ROUTING,)) + struct.pack("<H", len(value)) + value + b"\0\0")


def login_acknowledged(version: int, program: str, build: tuple[int, int, int]) -> bytes:
    """LOGINACK."""
    major, minor, number = build
    body = b"\1" + struct.pack(">I", version) + b_varchar(program) + struct.pack(">BBH", major, minor, number)
    return _sized(0xAD, body)


def features_acknowledged(*, federated: bool = False) -> bytes:
    """FEATUREEXTACK of a server that has none of them, or that took an access token without a nonce."""
    return b"\xae" + (b"\x02\0\0\0\0" if federated else b"") + b"\xff"


def return_status(value: int) -> bytes:
    """RETURNSTATUS."""
    return b"\x79" + struct.pack("<i", value)


def return_value(ordinal: int, name: str, type_: SqlType, value: Any) -> bytes:
    """RETURNVALUE: a parameter that goes out."""
    head = b"\xac" + struct.pack("<H", ordinal) + b_varchar(name) + b"\x01" + struct.pack("<IH", 0, 1)
    return head + type_info(type_) + encoder(type_)(value)


def order(columns: Sequence[int]) -> bytes:
    """ORDER: the columns, from 1, that the rows are sorted by."""
    return _sized(0xA9, b"".join(struct.pack("<H", column) for column in columns))
