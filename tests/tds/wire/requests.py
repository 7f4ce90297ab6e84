"""The requests of a client: SQL batches, RPCs, transactions, bulk loads ([MS-TDS] 2.2.6)."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.tds.types import FIXED, LOBS, NARROW, SqlType, read_type_info, read_value
from tests.tds.wire.buffer import Reader

PROCEDURES = {
    1: "sp_cursor",
    2: "sp_cursoropen",
    3: "sp_cursorprepare",
    4: "sp_cursorexecute",
    5: "sp_cursorprepexec",
    6: "sp_cursorunprepare",
    7: "sp_cursorfetch",
    8: "sp_cursoroption",
    9: "sp_cursorclose",
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    14: "sp_prepexecrpc",
    15: "sp_unprepare",
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an RPC."""

    name: str
    type: SqlType
    value: Any
    output: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """An RPC."""

    procedure: str
    parameters: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class BulkColumn:
    """A column of a bulk load."""

    name: str
    type: SqlType
    fixed: bool


def skip_headers(data: bytes) -> Reader:
    """What follows ALL_HEADERS.

    Raises:
        ValueError: if their length is impossible.
    """
    if len(data) < 4:
        raise ValueError("a request without headers")
    total = struct.unpack_from("<I", data)[0]
    if not 4 <= total <= len(data):
        raise ValueError(f"headers of {total} bytes")
    return Reader(data, total)


def batch(data: bytes) -> str:
    """The SQL of a batch."""
    reader = skip_headers(data)
    return reader.take(reader.left).decode("utf-16-le", "surrogatepass")


def calls(data: bytes) -> list[Call]:
    """The RPCs of a request.

    Raises:
        ValueError: if it cannot be read, or has what this server does not know: encrypted or table-valued parameters.
    """
    reader = skip_headers(data)
    found: list[Call] = []
    while reader.left:
        length = reader.u16()
        if length == 0xFFFF:
            number = reader.u16()
            if number not in PROCEDURES:
                raise ValueError(f"no procedure has the number {number}")
            name = PROCEDURES[number]
        else:
            name = reader.text(length)
        reader.u16()  # options: recompile, no metadata
        found.append(Call(name, tuple(_parameters(reader))))
    return found


def _parameters(reader: Reader) -> Iterator[Parameter]:
    while reader.left:
        if reader.data[reader.at] in {0x80, 0xFF}:  # the next RPC of the request
            reader.u8()
            return
        if reader.data[reader.at] == 0xFE:
            raise ValueError("an RPC with NoExec")
        name = reader.b_varchar()
        status = reader.u8()
        if status & 0x08:
            raise ValueError("an encrypted parameter")
        if reader.data[reader.at] == 0xF3:
            raise ValueError("a table-valued parameter")
        fixed = _is_fixed(reader.data[reader.at])
        type_ = read_type_info(reader)
        value = None if reader.data[reader.at - 1] == 0x1F and fixed else read_value(type_, reader, fixed=fixed)
        yield Parameter(name, type_, value, output=bool(status & 1), default=bool(status & 2))


def _is_fixed(code: int) -> bool:
    return code == 0x1F or any(code == known for known, _ in FIXED.values())


def bulk_rows(data: bytes, collations: Sequence[str] = ()) -> tuple[list[BulkColumn], Iterator[list[Any]]]:
    """The columns and rows of a bulk load.

    Args:
        data: the message.
        collations: of the columns as INSERT BULK has them; what COLMETADATA says of them is not looked at, as little as
            SQL Server does.

    Raises:
        ValueError: if they cannot be read.
    """
    reader = Reader(data)
    if reader.u8() != 0x81:
        raise ValueError("a bulk load without COLMETADATA")
    columns: list[BulkColumn] = []
    for at in range(reader.u16()):
        reader.u32()
        reader.u16()
        fixed = _is_fixed(reader.data[reader.at])
        type_ = read_type_info(reader)
        if type_.name in LOBS:
            reader.us_varchar()
        if type_.name in NARROW and at < len(collations):
            type_ = replace(type_, collation=collations[at])
        columns.append(BulkColumn(reader.b_varchar(), type_, fixed))
    return columns, _bulk_rows(reader, columns)


def _bulk_rows(reader: Reader, columns: list[BulkColumn]) -> Iterator[list[Any]]:
    while reader.left:
        token = reader.u8()
        if token == 0xD1:
            yield [read_value(column.type, reader, fixed=column.fixed) for column in columns]
        elif token == 0xD2:
            bits = reader.take((len(columns) + 7) // 8)
            yield [
                None if bits[at // 8] >> at % 8 & 1 else read_value(column.type, reader, fixed=column.fixed)
                for at, column in enumerate(columns)
            ]
        elif token == 0xFD:
            return
        else:
            raise ValueError(f"a bulk load with the token 0x{token:02x}")
