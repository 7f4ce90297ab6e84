"""Conversions between T-SQL's types ("CAST and CONVERT" of the Transact-SQL reference), with the errors they have."""

# ruff: noqa: C901, E501, PLR0911 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

import math
import re
import struct
import uuid
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any
from xml.parsers import expat

from tests.tds import pages
from tests.tds.engine import times
from tests.tds.errors import Refused, SqlError
from tests.tds.types import (
    BYTES,
    DECIMALS,
    FLOATS,
    INTEGERS,
    MAX,
    MONEYS,
    NARROW,
    TEXTS,
    UDTS,
    WIDE,
    SqlType,
    Variant,
    ten,
)

LIMITS = {
    "bit": (0, 1),
    "tinyint": (0, 255),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
    "money": (-(2**63), 2**63 - 1),
    "smallmoney": (-(2**31), 2**31 - 1),
}
DATES = frozenset({"date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset"})
NUMBERS = INTEGERS | FLOATS | DECIMALS | MONEYS
WIDE_CONTEXT = Context(prec=400)

_INTEGER = re.compile(r"[+-]?\s*\d+")
_NUMBER = re.compile(r"[+-]?\s*(\d+\.?\d*|\.\d+)")
_FLOAT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?")


def scale_of(type_: SqlType) -> int:
    """Digits behind the point of an exact number."""
    return 4 if type_.name in MONEYS else type_.scale if type_.name in DECIMALS else 0


def rescale(value: int, source: int, target: int) -> int:
    """Digits at another scale, halves away from zero."""
    if target >= source:
        return value * ten(target - source)
    unit = ten(source - target)
    rounded = (abs(value) + unit // 2) // unit
    return rounded if value >= 0 else -rounded


def plain(value: int, scale: int) -> str:
    """An exact number as text."""
    digits = f"{abs(value):0{scale + 1}d}"
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else sign + digits


def convert(value: Any, source: SqlType, target: SqlType, style: int | None = None) -> Any:
    """A value that is not NULL as one of another type; texts are cut to the length of the target.

    Raises:
        SqlError: if it cannot be.
    """
    if target.name == "sql_variant":
        if source.collation:
            raise Refused("a sql_variant of another collation")
        return value if source.name == "sql_variant" else Variant(source, value)
    if source.name == "sql_variant":
        return convert(value.value, value.type, target, style)
    if (source.name in {"text", "ntext"} and target.name not in TEXTS | BYTES) or (
        target.name in {"text", "ntext"} and source.name not in TEXTS - {"xml"}
    ):
        raise clash(source, target)
    if target.name in TEXTS:
        return _to_text(value, source, target, style)
    if target.name in BYTES or target.name in UDTS:
        return _to_bytes(value, source, target, style)
    if target.name in DATES:
        return _to_date(value, source, target, style)
    if target.name == "uniqueidentifier":
        return _to_guid(value, source)
    return _to_number(value, source, target)


# Numbers


def overflow(source: SqlType, target: SqlType) -> SqlError:
    """8115."""
    shown = "expression" if source.name in NUMBERS - DECIMALS - FLOATS - MONEYS else source.name
    name = "numeric" if target.name in DECIMALS else target.name
    shown = "numeric" if shown in DECIMALS else shown
    return SqlError(8115, f"Arithmetic overflow error converting {shown} to data type {name}.", 16, 2)


def _to_number(value: Any, source: SqlType, target: SqlType) -> Any:
    if source.name in TEXTS:
        return _number_of_text(value, source, target)
    if source.name in BYTES:
        return _number_of_bytes(value, target)
    if source.name in {"datetime", "smalldatetime"} and target.name not in DECIMALS | MONEYS:
        raise Refused(f"a number out of {source.name}")
    if source.name not in NUMBERS:
        raise clash(source, target)
    if target.name == "bit":
        return 1 if value else 0
    if target.name in FLOATS:
        number = value if source.name in FLOATS else _float(value, scale_of(source))
        return _float_fits(number, target, source)
    if target.name in INTEGERS:
        if source.name in FLOATS:
            whole = math.trunc(value) if math.isfinite(value) else 2**70
            check_float(value, whole, target)
        elif source.name in MONEYS:
            whole = rescale(value, 4, 0)
        else:
            scale = scale_of(source)
            whole = abs(value) // 10**scale * (1 if value >= 0 else -1)
        return _fits(whole, source, target)
    scale = scale_of(target)
    if source.name in FLOATS:
        exact = Decimal(repr(value) if source.name == "float" else f"{value:.7g}")
        digits = int(exact.scaleb(scale, WIDE_CONTEXT).quantize(Decimal(1), ROUND_HALF_UP, WIDE_CONTEXT))
    else:
        digits = rescale(value, scale_of(source), scale)
    return _exact_fits(digits, source, target)


def check_float(value: float, whole: int, target: SqlType) -> None:
    """Whether a float fits as a whole number, other than as a bigint.

    Raises:
        SqlError: 232.
    """
    low, high = LIMITS[target.name]
    if target.name not in {"bigint", "bit"} and not low <= whole <= high:
        state = {"tinyint": 1, "smallint": 2, "int": 3}[target.name]
        raise SqlError(232, f"Arithmetic overflow error for type {target.name}, value = {value:.6f}.", 16, state)


def _float(value: int, scale: int) -> float:
    return float(Decimal(value).scaleb(-scale, WIDE_CONTEXT)) if scale else float(value)


def _float_fits(number: float, target: SqlType, source: SqlType) -> float:
    if target.name == "real":
        try:
            return float(struct.unpack("<f", struct.pack("<f", number))[0])
        except OverflowError:
            raise overflow(source, target) from None
    return number


def _fits(whole: int, source: SqlType, target: SqlType) -> int:
    low, high = LIMITS[target.name]
    if low <= whole <= high:
        return whole
    if target.name in {"tinyint", "smallint"} and source.name in INTEGERS:
        raise SqlError(220, f"Arithmetic overflow error for data type {target.name}, value = {whole}.", 16, 2)
    raise overflow(source, target)


def _exact_fits(digits: int, source: SqlType, target: SqlType) -> int:
    if target.name in MONEYS:
        low, high = LIMITS[target.name]
        if not low <= digits <= high:
            raise overflow(source, target)
        return digits
    if abs(digits) >= 10**target.precision:
        raise SqlError(
            8115,
            f"Arithmetic overflow error converting {_shown(source)} to data type numeric.",
            16,
            8 if source.name in DECIMALS else 1,
        )
    return digits


def _shown(source: SqlType) -> str:
    return "numeric" if source.name in DECIMALS else source.name


def _number_of_text(value: str, source: SqlType, target: SqlType) -> Any:
    text = value.strip(" ")
    name = target.name
    if name in INTEGERS:
        return _integer_of_text(value, text, source, target)
    shown = "numeric" if name in DECIMALS else name
    wrong = SqlError(8114, f"Error converting data type {source.name} to {shown}.", 16, 5, ends="transaction")
    if name in FLOATS:
        if text and not _FLOAT.fullmatch(text):
            raise wrong
        number = float(re.sub("[dD]", "e", text)) if text else 0.0
        if math.isinf(number):
            raise wrong
        return _float_fits(number, target, source)
    if name in MONEYS:
        text = text.replace(",", "")
        text = re.sub(r"^([+-]?)[$£€]", r"\1", text)
        wrong = SqlError(
            235, "Cannot convert a char value to money. The char value has incorrect syntax.", ends="transaction"
        )
    if not _NUMBER.fullmatch(text) and not (name in MONEYS and not text):
        raise wrong
    try:
        exact = Decimal(text.replace(" ", "") or "0")
    except InvalidOperation:
        raise wrong from None
    digits = int(exact.scaleb(scale_of(target), WIDE_CONTEXT).quantize(Decimal(1), ROUND_HALF_UP, WIDE_CONTEXT))
    return _exact_fits(digits, source, target)


def _integer_of_text(value: str, text: str, source: SqlType, target: SqlType) -> int:
    name = target.name
    if name == "bit" and text.lower() in {"true", "false"}:
        return 1 if text.lower() == "true" else 0
    if text and not _INTEGER.fullmatch(text):
        if name == "bigint":
            raise SqlError(8114, f"Error converting data type {source.name} to bigint.", 16, 5, ends="transaction")
        raise SqlError(
            245,
            f"Conversion failed when converting the {source.name} value '{value}' to data type {name}.",
            ends="transaction",
        )
    whole = int(text.replace(" ", "") or "0")
    if name == "bit":
        return 1 if whole else 0
    low, high = LIMITS[name]
    if low <= whole <= high:
        return whole
    if name == "bigint":
        raise SqlError(8115, f"Arithmetic overflow error converting expression to data type {name}.", 16, 2)
    if name == "int":
        raise SqlError(
            248, f"The conversion of the {source.name} value '{value}' overflowed an int column.", ends="transaction"
        )
    short = {"tinyint": "INT1", "smallint": "INT2"}[name]
    raise SqlError(
        244,
        f"The conversion of the {source.name} value '{value}' overflowed an {short} column. Use a larger integer column.",
        16,
        2,
        ends="transaction",
    )


def _number_of_bytes(value: bytes, target: SqlType) -> Any:
    if target.name in FLOATS or target.name in DECIMALS:
        raise Refused(f"{target.name} out of binary")
    if target.name == "bit":
        return 1 if any(value) else 0
    size = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "money": 8, "smallmoney": 4}[target.name]
    return int.from_bytes(value[-size:].rjust(size, b"\0"), "big", signed=target.name != "tinyint")


def clash(source: SqlType, target: SqlType) -> SqlError:
    """529: not even an explicit conversion exists."""
    text = f"Explicit conversion from data type {source.name} to {target.name} is not allowed."
    return SqlError(529, text, 16, 2, ends="batch")


# Text


def _to_text(value: Any, source: SqlType, target: SqlType, style: int | None) -> str:
    text, cut = _as_text(value, source, target, style)
    if target.name in NARROW and (source.name not in NARROW or source.collation != target.collation):
        text = pages.narrow(text, target.collation)
    if target.name == "xml" and source.name != "xml":
        check_xml(text)
        if style not in {1, 3}:
            text = without_white_space(text)
    return fitted(text, target, cut=cut, source=source)


def _as_text(value: Any, source: SqlType, target: SqlType, style: int | None) -> tuple[str, bool]:
    """The text, and whether it may be cut."""
    name = source.name
    if name in TEXTS:
        return value, True
    if name in INTEGERS:
        return str(value), False
    if name in DECIMALS:
        return plain(value, source.scale), False
    if name in MONEYS:
        if style in {2, 126}:
            return plain(value, 4), False
        if style == 1:
            raise Refused("money with commas")
        return plain(rescale(value, 4, 2), 2), False
    if name in FLOATS:
        return float_text(value, name, style), False
    if name in DATES:
        return times.text_of(source, value, style), True
    if name == "uniqueidentifier":
        return str(uuid.UUID(bytes_le=value)).upper(), False
    if name in BYTES:
        if style in {1, 2}:
            return ("0x" if style == 1 else "") + value.hex().upper(), True
        if target.name in WIDE:
            return (value + b"\0" * (len(value) % 2)).decode("utf-16-le", "surrogatepass"), True
        return pages.decode(value, target.collation), True
    raise clash(source, target)


def float_text(value: float, name: str, style: int | None) -> str:
    """Six digits by default, eight in style 1, sixteen in style 2, as many as it takes in style 3."""
    digits = {None: 6, 0: 6, 1: 8, 2: 16 if name == "float" else 8, 3: 17 if name == "float" else 9}.get(style)
    if digits is None:
        raise SqlError(281, f"{style} is not a valid style number when converting from {name} to a character string.")
    if style in {1, 2, 3}:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa}e{exponent[0]}{int(exponent[1:]):03d}"
    text = f"{value:.{digits}g}"
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        return f"{mantissa}e{exponent[0]}{int(exponent[1:]):03d}"
    return text


def check_xml(xml: str) -> None:
    """Whether it is XML, or pieces of it; a declaration and its encoding are looked at elsewhere.

    Raises:
        Refused: where not, as the number of the error says what is wrong in it.
    """
    inside = re.sub(r"^\s*<\?xml\s[^>]*\?>", "", xml)
    if "<!DOCTYPE" in inside:
        raise Refused("XML with a DTD")
    try:
        expat.ParserCreate("utf-8").Parse(f"<x>{inside}</x>".encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        raise Refused(f"XML that is not well formed ({error})") from None


def without_white_space(xml: str) -> str:
    """XML without the white space that stands alone between two tags, or at an end: insignificant, if nobody says more.

    Raises:
        Refused: where comments, CDATA and the like may hide a tag.
    """
    if not re.search(r"(^|>)\s+(<|$)", xml):
        return xml
    if "<!" in xml or "<?" in xml or "xml:space" in xml:
        raise Refused("white space in XML with comments, CDATA or instructions")
    return re.sub(r"(^|>)\s+(?=<|$)", r"\1", xml)


def units(text: str, type_: SqlType) -> int:
    """How long a text is, counted as its type counts."""
    if type_.name in WIDE:
        return len(text) + sum(character > "\uffff" for character in text) if not text.isascii() else len(text)
    return len(text) if text.isascii() else len(pages.encode(text, type_.collation))


def fitted(text: str, target: SqlType, *, cut: bool = True, source: SqlType | None = None) -> str:
    """A text at the length of its type: cut, or filled with spaces."""
    if target.length <= 0:
        return text
    length = units(text, target)
    if length > target.length:
        if not cut:
            shown = source.name if source is not None else "expression"
            if shown in {"tinyint", "smallint", "int"} and target.name in NARROW:
                return "*"
            raise SqlError(8115, f"Arithmetic overflow error converting expression to data type {target.name}.", 16, 2)
        data = text.encode("utf-16-le", "surrogatepass")[: target.length * 2] if target.name in WIDE else b""
        text = data.decode("utf-16-le", "surrogatepass") if target.name in WIDE else text[: target.length]
        while target.name in NARROW and units(text, target) > target.length:
            text = text[:-1]
        length = units(text, target)
    if target.name in {"char", "nchar"}:
        text += " " * (target.length - length)
    return text


# Bytes, GUIDs, dates


def _to_bytes(value: Any, source: SqlType, target: SqlType, style: int | None) -> bytes:
    name = source.name
    data: bytes
    if name in BYTES or name in UDTS or name == "uniqueidentifier":
        data = value
    elif name in TEXTS:
        if style in {1, 2}:
            digits = value.removeprefix("0x") if style == 1 else value
            try:
                data = bytes.fromhex(digits)
            except ValueError:
                raise SqlError(
                    8114, f"Error converting data type {name} to {target.name}.", 16, 5, ends="transaction"
                ) from None
        else:
            data = value.encode("utf-16-le", "surrogatepass") if name in WIDE else pages.encode(value, source.collation)
    elif name in INTEGERS:
        size = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}[name]
        data = value.to_bytes(size, "big", signed=name not in {"bit", "tinyint"})
        if target.name in {"binary", "timestamp"} and target.length > 0:
            return data[-target.length :].rjust(target.length, b"\0")
        if target.length > 0:
            return data[-target.length :]
    else:
        raise Refused(f"{target.name} out of {name}")
    if target.name == "timestamp":
        return data[:8].ljust(8, b"\0")
    if target.length > 0:
        data = data[: target.length]
        if target.name == "binary":
            data = data.ljust(target.length, b"\0")
    return data


def _to_guid(value: Any, source: SqlType) -> bytes:
    if source.name == "uniqueidentifier":
        return bytes(value)
    if source.name in BYTES:
        return bytes(value[:16]).ljust(16, b"\0")
    if source.name in TEXTS:
        text = value[:38] if value[:1] == "{" else value[:36]
        try:
            if len(text.strip("{}")) != 36 or text.count("-") != 4:
                raise ValueError(text)  # noqa: TRY301 - it fails like any other text
            return uuid.UUID(text).bytes_le
        except ValueError:
            raise SqlError(
                8169,
                "Conversion failed when converting from a character string to uniqueidentifier.",
                16,
                2,
                ends="transaction",
            ) from None
    raise clash(source, SqlType("uniqueidentifier"))


def _to_date(value: Any, source: SqlType, target: SqlType, style: int | None) -> Any:
    if source.name in TEXTS:
        if style not in {None, 0, 20, 21, 25, 120, 121, 126, 127}:
            raise Refused(f"a date out of text in style {style}")
        return times.build(target, times.parse(value, target, source.name), source.name)
    if source.name not in DATES:
        raise Refused(f"{target.name} out of {source.name}")
    if {source.name, target.name} == {"date", "time"}:
        raise clash(source, target)
    return times.build(target, times.parts_of(source, value), source.name)


def is_longer(value: Any, target: SqlType) -> bool:
    """Whether a text or binary would lose something in the target; spaces and zeros at the end may go ("SET
    ANSI_WARNINGS")."""
    if target.length in {0, MAX} or value is None:
        return False
    if target.name in TEXTS and isinstance(value, str):
        return units(value.rstrip(" "), target) > target.length
    if target.name in BYTES and isinstance(value, bytes):
        return len(value.rstrip(b"\0")) > target.length
    return False
