"""SQL Server's types: what a type is, its TYPE_INFO and the bytes of its values, both ways ([MS-TDS] 2.2.5.4 to 2.2.5.6).

A value is kept as a plain Python object, the same one from the wire to the engine:

| type | value |
|---|---|
| bit, tinyint, smallint, int, bigint | int |
| real, float | float |
| decimal, numeric, money, smallmoney | int: the digits without the point (money has four behind it) |
| char, varchar, nchar, nvarchar, text, ntext, xml | str |
| binary, varbinary, image, timestamp, hierarchyid, geometry, geography | bytes |
| uniqueidentifier | 16 bytes in the order of the wire |
| date | days since 0001-01-01 |
| time | 100 ns since midnight |
| datetime2 | 100 ns since 0001-01-01 |
| datetimeoffset | (100 ns since 0001-01-01 in UTC, minutes of offset) |
| datetime | 1/300 s since 1900-01-01 |
| smalldatetime | minutes since 1900-01-01 |
| sql_variant | `Variant` |
| any | None is NULL |
"""

# ruff: noqa: C901, E501, PLR0911, PLR0912 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.tds import pages
from tests.tds.wire.buffer import Reader

MAX = -1
"""The length of a type declared with `(max)`."""

COLLATION = pages.SERVER.wire
"""SQL_Latin1_General_CP1_CI_AS."""

FIXED = {
    "bit": (0x32, 1),
    "tinyint": (0x30, 1),
    "smallint": (0x34, 2),
    "int": (0x38, 4),
    "bigint": (0x7F, 8),
    "real": (0x3B, 4),
    "float": (0x3E, 8),
    "money": (0x3C, 8),
    "smallmoney": (0x7A, 4),
    "datetime": (0x3D, 8),
    "smalldatetime": (0x3A, 4),
}
"""The code of a column that holds no NULL, and how many bytes it has."""

NULLABLE = {
    "bit": 0x68,
    "tinyint": 0x26,
    "smallint": 0x26,
    "int": 0x26,
    "bigint": 0x26,
    "real": 0x6D,
    "float": 0x6D,
    "money": 0x6E,
    "smallmoney": 0x6E,
    "datetime": 0x6F,
    "smalldatetime": 0x6F,
}
"""The same where it may hold NULL: a byte of length comes first."""

OTHERS = {
    "uniqueidentifier": 0x24,
    "date": 0x28,
    "time": 0x29,
    "datetime2": 0x2A,
    "datetimeoffset": 0x2B,
    "decimal": 0x6A,
    "numeric": 0x6C,
    "varbinary": 0xA5,
    "varchar": 0xA7,
    "binary": 0xAD,
    "timestamp": 0xAD,
    "char": 0xAF,
    "nvarchar": 0xE7,
    "sysname": 0xE7,
    "nchar": 0xEF,
    "text": 0x23,
    "ntext": 0x63,
    "image": 0x22,
    "xml": 0xF1,
    "hierarchyid": 0xF0,
    "geometry": 0xF0,
    "geography": 0xF0,
    "sql_variant": 0x62,
}

WIDE = frozenset({"nchar", "nvarchar", "sysname", "ntext", "xml"})
NARROW = frozenset({"char", "varchar", "text"})
TEXTS = WIDE | NARROW
BYTES = frozenset({"binary", "varbinary", "image", "timestamp"})
UDTS = frozenset({"hierarchyid", "geometry", "geography"})
DECIMALS = frozenset({"decimal", "numeric"})
MONEYS = frozenset({"money", "smallmoney"})
INTEGERS = frozenset({"bit", "tinyint", "smallint", "int", "bigint"})
FLOATS = frozenset({"real", "float"})
LOBS = frozenset({"text", "ntext", "image"})
SCALED_TIMES = frozenset({"time", "datetime2", "datetimeoffset"})


@dataclass(frozen=True, slots=True)
class SqlType:
    """A type as a column has it."""

    name: str
    length: int = 0
    """Characters of a wide text type, bytes of other texts and binaries, `MAX` for `(max)`; else 0."""
    precision: int = 0
    """Of decimal and numeric."""
    scale: int = 0
    """Of decimal, numeric and the types with fractions of a second."""
    collation: str = ""
    """Of texts, if it is not the server's own."""

    def __str__(self) -> str:
        """As T-SQL spells it."""
        if self.name in DECIMALS:
            return f"{self.name}({self.precision},{self.scale})"
        if self.name in SCALED_TIMES:
            return f"{self.name}({self.scale})"
        if self.name in {"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"}:
            return f"{self.name}({'max' if self.length == MAX else self.length})"
        return self.name

    @property
    def max_length(self) -> int:
        """Bytes, as `sys.columns` has it."""
        return byte_length(self)


@dataclass(frozen=True, slots=True)
class Variant:
    """A value in a sql_variant column."""

    type: SqlType
    value: Any


def ten(power: int) -> int:
    """A power of ten, which is not negative."""
    return int(10**power)


def decimal_size(precision: int) -> int:
    """Bytes of a decimal: a sign and 4, 8, 12 or 16 of digits."""
    return 5 if precision <= 9 else 9 if precision <= 19 else 13 if precision <= 28 else 17


def time_size(scale: int) -> int:
    """Bytes of the time of day."""
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


def byte_length(type_: SqlType) -> int:
    """Bytes that a value has at most, -1 for (max): `max_length` of the catalog."""
    name = type_.name
    if name in FIXED:
        return FIXED[name][1]
    if name in DECIMALS:
        return decimal_size(type_.precision)
    if name in {"nchar", "nvarchar"}:
        return MAX if type_.length == MAX else type_.length * 2
    if name in {"char", "varchar", "binary", "varbinary"}:
        return type_.length
    if name in SCALED_TIMES:
        return time_size(type_.scale) + {"time": 0, "datetime2": 3, "datetimeoffset": 5}[name]
    return {
        "date": 3,
        "uniqueidentifier": 16,
        "timestamp": 8,
        "sysname": 256,
        "text": 16,
        "ntext": 16,
        "image": 16,
        "xml": MAX,
        "sql_variant": 8016,
        "hierarchyid": 892,
        "geometry": MAX,
        "geography": MAX,
    }[name]


def is_max(type_: SqlType) -> bool:
    """Whether values go in chunks (PLP)."""
    return type_.length == MAX or type_.name == "xml" or type_.name in UDTS


# TYPE_INFO


def type_info(type_: SqlType, *, nullable: bool = True, table: tuple[str, ...] = ()) -> bytes:
    """TYPE_INFO of a column; text, ntext and image name their table behind it (`table` has its parts)."""
    name = type_.name
    if name in FIXED:
        code, size = FIXED[name]
        return bytes((NULLABLE[name], size)) if nullable else bytes((code,))
    code = OTHERS[name]
    if name == "date":
        return bytes((code,))
    if name in SCALED_TIMES:
        return bytes((code, type_.scale))
    if name in DECIMALS:
        return bytes((code, decimal_size(type_.precision), type_.precision, type_.scale))
    if name == "uniqueidentifier":
        return bytes((code, 16))
    if name == "sql_variant":
        return bytes((code,)) + struct.pack("<I", 8009)
    if name == "xml":
        return bytes((code, 0))
    if name in UDTS:
        return bytes((code,)) + udt_info(name)
    if name in LOBS:
        limit = 0x7FFFFFFE if name == "ntext" else 0x7FFFFFFF
        collation = b"" if name == "image" else pages.of(type_.collation).wire
        return bytes((code,)) + struct.pack("<I", limit) + collation + table_name(table)
    size = byte_length(type_)
    limit = 0xFFFF if size == MAX else max(size, 1)
    return bytes((code,)) + struct.pack("<H", limit) + (pages.of(type_.collation).wire if name in TEXTS else b"")


def udt_info(name: str) -> bytes:
    """What follows the code of a CLR type: its size, database, schema, name and assembly."""
    size = 892 if name == "hierarchyid" else 0xFFFF
    assembly = (
        f"Microsoft.SqlServer.Types.Sql{ {'hierarchyid': 'HierarchyId'}.get(name, name.title()) }, "
        "Microsoft.SqlServer.Types, Version=11.0.0.0, Culture=neutral, PublicKeyToken=89845dcd8080cc91"
    )
    parts = b"".join(bytes((len(part),)) + part.encode("utf-16-le") for part in ("master", "sys", name))
    return struct.pack("<H", size) + parts + struct.pack("<H", len(assembly)) + assembly.encode("utf-16-le")


def table_name(parts: tuple[str, ...]) -> bytes:
    """The name of a table, part by part."""
    return bytes((len(parts),)) + b"".join(struct.pack("<H", len(part)) + part.encode("utf-16-le") for part in parts)


def read_type_info(data: Reader) -> SqlType:
    """TYPE_INFO of a parameter or of a column that is loaded in bulk.

    Raises:
        ValueError: for a code that no type of TDS 7.4 has.
    """
    code = data.u8()
    for name, (fixed, _) in FIXED.items():
        if code == fixed:
            return SqlType(name)
    if code == 0x1F:
        return SqlType("int")  # NULLTYPE: an int that is NULL
    if code in NULLABLE.values():
        size = data.u8()
        for name, nullable in NULLABLE.items():
            if nullable == code and FIXED[name][1] == size:
                return SqlType(name)
        raise ValueError(f"type 0x{code:02x} has no size {size}")
    if code in {0x25, 0x2D, 0x27, 0x2F}:  # VARBINARY, BINARY, VARCHAR, CHAR of TDS before 7.0
        raise ValueError(f"type 0x{code:02x} is older than TDS 7.0")
    name = next((name for name, known in OTHERS.items() if known == code), "")
    if not name:
        raise ValueError(f"no type has the code 0x{code:02x}")
    return _read_rest(name, data)


def _read_rest(name: str, data: Reader) -> SqlType:
    if name == "date":
        return SqlType(name)
    if name in SCALED_TIMES:
        return SqlType(name, scale=data.u8())
    if name in DECIMALS:
        data.u8()
        return SqlType(name, precision=data.u8(), scale=data.u8())
    if name == "uniqueidentifier":
        data.u8()
        return SqlType(name)
    if name == "sql_variant":
        data.u32()
        return SqlType(name)
    if name == "xml":
        if data.u8():
            for read in (data.b_varchar, data.b_varchar, data.us_varchar):  # a schema collection is read over
                read()
        return SqlType(name)
    if name in UDTS:
        data.b_varchar()
        data.b_varchar()
        return SqlType(data.b_varchar())
    if name in LOBS:
        data.u32()
        if name != "image":
            data.take(5)
        return SqlType(name)
    size = data.u16()
    if name in TEXTS:
        data.take(5)
    length = MAX if size == 0xFFFF else size // 2 if name in {"nchar", "nvarchar"} else size
    return SqlType(name, length=length)


# Values: Python to bytes

Encode = Callable[[Any], bytes]

EPOCH_1900 = 693_595
"""Days from 0001-01-01 to 1900-01-01."""
TICKS_PER_DAY = 864_000_000_000
UNITS_PER_DAY = 25_920_000
"""1/300 seconds in a day."""

_INT_FORMATS = {"bit": "<B", "tinyint": "<B", "smallint": "<h", "int": "<i", "bigint": "<q"}


def _money(value: int) -> bytes:
    unsigned = value & 0xFFFF_FFFF_FFFF_FFFF
    return struct.pack("<II", unsigned >> 32, unsigned & 0xFFFF_FFFF)


def _datetime(value: int) -> bytes:
    days, units = divmod(value, UNITS_PER_DAY)
    return struct.pack("<iI", days, units)


def _smalldatetime(value: int) -> bytes:
    return struct.pack("<HH", *divmod(value, 1440))


def raw_encoder(type_: SqlType) -> Encode:
    """The bytes of a value that is not NULL, without its length."""
    name, scale = type_.name, type_.scale
    if name in _INT_FORMATS:
        return struct.Struct(_INT_FORMATS[name]).pack
    if name in FLOATS:
        return struct.Struct("<f" if name == "real" else "<d").pack
    if name == "money":
        return _money
    if name == "smallmoney":
        return struct.Struct("<i").pack
    if name == "datetime":
        return _datetime
    if name == "smalldatetime":
        return _smalldatetime
    if name in DECIMALS:
        digits = decimal_size(type_.precision) - 1
        return lambda value: (b"\1" if value >= 0 else b"\0") + abs(value).to_bytes(digits, "little")
    if name == "date":
        return lambda value: value.to_bytes(3, "little")
    if name in SCALED_TIMES:
        size, unit = time_size(scale), ten(7 - scale)
        if name == "time":
            return lambda value: (value // unit).to_bytes(size, "little")
        if name == "datetime2":

            def datetime2(value: int) -> bytes:
                days, ticks = divmod(value, TICKS_PER_DAY)
                return (ticks // unit).to_bytes(size, "little") + days.to_bytes(3, "little")

            return datetime2

        def datetimeoffset(value: tuple[int, int]) -> bytes:
            days, ticks = divmod(value[0], TICKS_PER_DAY)
            tail = days.to_bytes(3, "little") + struct.pack("<h", value[1])
            return (ticks // unit).to_bytes(size, "little") + tail

        return datetimeoffset
    if name in WIDE:
        return lambda value: value.encode("utf-16-le", "surrogatepass")
    if name in NARROW:
        return lambda value: pages.encode(value, type_.collation)
    return bytes


def _variant(value: Variant) -> bytes:
    type_ = value.type
    name = type_.name
    base = OTHERS[name] if name in OTHERS else FIXED[name][0]
    if name in DECIMALS:
        properties = bytes((type_.precision, type_.scale))
    elif name in SCALED_TIMES:
        properties = bytes((type_.scale,))
    elif name in TEXTS:
        properties = pages.of(type_.collation).wire + struct.pack("<H", byte_length(type_))
    elif name in BYTES:
        properties = struct.pack("<H", byte_length(type_))
    else:
        properties = b""
    body = bytes((base, len(properties))) + properties + raw_encoder(type_)(value.value)
    return struct.pack("<I", len(body)) + body


_PLP_NULL = b"\xff" * 8
_TEXT_POINTER = bytes((16,)) + b"dummy textptr\0\0\0" + b"dummyTS\0"


def encoder(type_: SqlType, *, nullable: bool = True) -> Encode:
    """The bytes of a value in a row, with its length, NULL among them."""
    name = type_.name
    raw = raw_encoder(type_)
    if name in FIXED:
        if not nullable:
            return raw
        size = bytes((FIXED[name][1],))
        return lambda value: b"\0" if value is None else size + raw(value)
    if name == "sql_variant":
        return lambda value: b"\0\0\0\0" if value is None else _variant(value)
    if name in LOBS:

        def lob(value: Any) -> bytes:
            if value is None:
                return b"\0"
            data = raw(value)
            return _TEXT_POINTER + struct.pack("<I", len(data)) + data

        return lob
    if is_max(type_):

        def plp(value: Any) -> bytes:
            if value is None:
                return _PLP_NULL
            data = raw(value)
            chunk = struct.pack("<I", len(data)) + data if data else b""
            return struct.pack("<Q", len(data)) + chunk + b"\0\0\0\0"

        return plp
    if name in TEXTS or name in BYTES:
        pack = struct.Struct("<H").pack

        def sized(value: Any) -> bytes:
            if value is None:
                return b"\xff\xff"
            data = raw(value)
            return pack(len(data)) + data

        return sized

    def short(value: Any) -> bytes:
        if value is None:
            return b"\0"
        data = raw(value)
        return bytes((len(data),)) + data

    return short


# Values: bytes to Python


def read_raw(type_: SqlType, data: bytes) -> Any:
    """A value from its bytes alone.

    Raises:
        ValueError: if they are none of the type's.
    """
    name = type_.name
    if name in _INT_FORMATS:
        return struct.unpack(_INT_FORMATS[name], data)[0]
    if name in FLOATS:
        return struct.unpack("<f" if len(data) == 4 else "<d", data)[0]
    if name in MONEYS:
        if len(data) == 4:
            return struct.unpack("<i", data)[0]
        high, low = struct.unpack("<iI", data)
        return (high << 32) | low
    if name == "datetime":
        days, units = struct.unpack("<iI", data)
        return days * UNITS_PER_DAY + units
    if name == "smalldatetime":
        days, minutes = struct.unpack("<HH", data)
        return days * 1440 + minutes
    if name in DECIMALS:
        digits = int.from_bytes(data[1:], "little")
        return digits if data[0] else -digits
    if name == "date":
        return int.from_bytes(data, "little")
    if name in SCALED_TIMES:
        size, unit = time_size(type_.scale), ten(7 - type_.scale)
        ticks = int.from_bytes(data[:size], "little") * unit
        if name == "time":
            return ticks
        ticks += int.from_bytes(data[size : size + 3], "little") * TICKS_PER_DAY
        return ticks if name == "datetime2" else (ticks, struct.unpack("<h", data[size + 3 :])[0])
    if name in WIDE:
        text = data.decode("utf-16-le", "surrogatepass")
        return text.removeprefix("\ufeff") if name == "xml" else text
    if name in NARROW:
        return pages.decode(data, type_.collation)
    return bytes(data)


def _read_plp(data: Reader) -> bytes | None:
    total = data.u64()
    if total == 0xFFFF_FFFF_FFFF_FFFF:
        return None
    chunks: list[bytes] = []
    while size := data.u32():
        chunks.append(data.take(size))
    whole = b"".join(chunks)
    if total not in {0xFFFF_FFFF_FFFF_FFFE, len(whole)}:
        raise ValueError(f"a value of {total} bytes has {len(whole)}")
    return whole


def _read_variant(data: Reader) -> Variant | None:
    total = data.u32()
    if not total:
        return None
    code, properties = data.u8(), data.u8()
    known = Reader(data.take(properties))
    body = data.take(total - 2 - properties)
    name = next((n for n, (fixed, _) in FIXED.items() if fixed == code), "")
    name = name or next((n for n, other in OTHERS.items() if other == code), "")
    if name in DECIMALS:
        type_ = SqlType(name, precision=known.u8(), scale=known.u8())
    elif name in SCALED_TIMES:
        type_ = SqlType(name, scale=known.u8())
    elif name in TEXTS:
        known.take(5)
        size = known.u16()
        type_ = SqlType(name, length=size // 2 if name in WIDE else size)
    elif name in BYTES:
        type_ = SqlType(name, length=known.u16())
    elif name:
        type_ = SqlType(name)
    else:
        raise ValueError(f"no sql_variant holds the type 0x{code:02x}")
    return Variant(type_, read_raw(type_, body))


def read_value(type_: SqlType, data: Reader, *, fixed: bool = False) -> Any:
    """A value of a row or parameter, its length first.

    Args:
        type_: as its TYPE_INFO said.
        data: where it is read from.
        fixed: whether it has no length (`FIXED` types of columns without NULL).
    """
    name = type_.name
    if fixed:
        return read_raw(type_, data.take(FIXED[name][1]))
    if name == "sql_variant":
        return _read_variant(data)
    body: bytes | None
    if name in LOBS:
        pointer = data.u8()
        if not pointer:
            return None
        data.take(pointer + 8)
        body = data.take(data.u32())
    elif is_max(type_):
        body = _read_plp(data)
    elif name in TEXTS or name in BYTES:
        size = data.u16()
        body = None if size == 0xFFFF else data.take(size)
    else:
        size = data.u8()
        body = data.take(size) if size else None
    return None if body is None else read_raw(type_, body)
