"""Collations: the code page that each has for narrow text, and its five bytes on the wire ([MS-TDS] 2.2.5.1.2).

Code pages are Windows' own: what a table leaves open is a control character, and a character that it lacks becomes one
that looks alike, else a question mark (Unicode's tables of Windows' best fit). Of the former, this server knows the few
that are listed here; it refuses to guess others.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.tds.errors import Refused

IGNORING_CASE, BINARY2 = 0x00D00000, 0x02000000
"""No case, no width, no kind of kana; by code point."""


@dataclass(frozen=True, slots=True)
class Collation:
    """A collation."""

    name: str
    page: int
    info: int
    sort: int = 0

    @property
    def wire(self) -> bytes:
        """As TYPE_INFO has it."""
        return struct.pack("<IB", self.info, self.sort)

    @property
    def codec(self) -> str:
        """Python's name of the code page."""
        return f"cp{self.page}"

    @property
    def binary(self) -> bool:
        """Whether it compares code points."""
        return bool(self.info & BINARY2)


SERVER = Collation("SQL_Latin1_General_CP1_CI_AS", 1252, IGNORING_CASE | 0x0409, 52)
"""The one of the server and all its databases."""
COLLATIONS = (
    SERVER,
    Collation("Latin1_General_CI_AS", 1252, IGNORING_CASE | 0x0409),
    Collation("Latin1_General_BIN2", 1252, BINARY2 | 0x0409),
    Collation("Cyrillic_General_CI_AS", 1251, IGNORING_CASE | 0x0419),
    Collation("Greek_CI_AS", 1253, IGNORING_CASE | 0x0408),
    Collation("Japanese_CI_AS", 932, IGNORING_CASE | 0x0411),
    Collation("Chinese_PRC_CI_AS", 936, IGNORING_CASE | 0x0804),
    Collation("SQL_Latin1_General_CP437_CI_AS", 437, IGNORING_CASE | 0x0409, 32),
    Collation("SQL_Latin1_General_CP850_CI_AS", 850, IGNORING_CASE | 0x0409, 42),
)
_BY_NAME = {collation.name.casefold(): collation for collation in COLLATIONS}

_WITH_GAPS = frozenset({1251, 1252, 1253})
"""The code pages of one byte a character that leave some bytes open."""
_CHINESE, _EURO = 936, b"\x80"
"""The code page in which Windows has a character that Python's has not."""
_LOOK_ALIKE = {1252: {"Ł": "L", "ł": "l"}, 932: {"¥": "\\"}}
_OTHERS_LOOK_ALIKE = ((0xA0, 0x250), (0x370, 0x400), (0x2000, 0x2600), (0xFF00, 0xFF60))
"""Where a code page may have a character that looks alike."""


def known(name: str) -> Collation | None:
    """A collation by its name; "" is the server's."""
    return _BY_NAME.get(name.casefold()) if name else SERVER


def of(name: str) -> Collation:
    """A collation that a type has."""
    found = known(name)
    assert found is not None
    return found


def declared(name: str) -> str:
    """What a type of the collation that a statement names has: "" for the server's own.

    Raises:
        Refused: for one that this server does not have.
    """
    if name.casefold() == "database_default":
        return ""
    found = known(name)
    if found is None:
        raise Refused(f"the collation {name}")
    return "" if found is SERVER else found.name


def decode(data: bytes, name: str) -> str:
    """Bytes of a narrow type."""
    page = of(name)
    if page.page == _CHINESE and b"\x80" in data:
        return _with_euros(data)
    try:
        return data.decode(page.codec)
    except UnicodeDecodeError:
        if page.page not in _WITH_GAPS:
            raise Refused(f"bytes that are none of {page.codec}") from None
        return "".join(_character(byte, page) for byte in data)


def _with_euros(data: bytes) -> str:
    """The code page 936, in which a character of its own, not the second half of another, is a euro."""
    found: list[str] = []
    at = 0
    while at < len(data):
        size = 2 if data[at] > _EURO[0] else 1
        part = data[at : at + size]
        found.append("€" if part == _EURO else part.decode("cp936"))
        at += size
    return "".join(found)


def _character(byte: int, page: Collation) -> str:
    """A byte that the table leaves open is a control character."""
    try:
        return bytes((byte,)).decode(page.codec)
    except UnicodeDecodeError:
        return chr(byte)


def encode(text: str, name: str) -> bytes:
    """The bytes of a text that the code page has (`narrow` makes one of any text)."""
    page = of(name)
    try:
        return text.encode(page.codec)
    except UnicodeEncodeError:
        return b"".join(_bytes(character, page) for character in text)


def _bytes(character: str, page: Collation) -> bytes:
    try:
        return character.encode(page.codec)
    except UnicodeEncodeError:
        if page.page in _WITH_GAPS and "\x80" <= character <= "\x9f" and _character(ord(character), page) == character:
            return bytes((ord(character),))
        if page.page == _CHINESE and character == "€":
            return _EURO
        raise


def narrow(text: str, name: str) -> str:
    """A text as the code page has it."""
    try:
        encode(text, name)
    except UnicodeEncodeError:
        return "".join(_narrowed(character, name) for character in text)
    return text


def _narrowed(character: str, name: str) -> str:
    try:
        encode(character, name)
    except UnicodeEncodeError:
        page = of(name).page
        alike = _LOOK_ALIKE.get(page, {}).get(character)
        if alike is not None:
            return alike
        low = 0x100 if page == 1252 else 0xA0
        if ord(character) >= low and any(first <= ord(character) < end for first, end in _OTHERS_LOOK_ALIKE):
            raise Refused(f"the best fit of U+{ord(character):04X} in code page {page}") from None
        return "??" if character > "\uffff" else "?"
    return character
