"""Texts, in UTF-16 units as SQL Server counts, and binaries."""

from __future__ import annotations

import functools
import re
from typing import Any

from tests.tds import pages
from tests.tds.engine import convert
from tests.tds.engine.bound import TYPES
from tests.tds.engine.storage import load
from tests.tds.errors import SqlError
from tests.tds.types import BYTES, NARROW, WIDE, SqlType, Variant


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-16-le")
    except UnicodeDecodeError:
        raise SqlError(50000, "The TDS test server refuses: half a surrogate pair.", ends="batch") from None


def _slice(text: str, start: int, end: int) -> str:
    return text[start:end] if text.isascii() else _text(_units(text)[2 * start : 2 * end])


def length_of(text: str) -> int:
    return len(text) if text.isascii() else len(_units(text)) // 2


def tsub(text: str, start: int, count: int) -> str:
    """SUBSTRING."""
    if count < 0:
        raise SqlError(537, "Invalid length parameter passed to the LEFT or SUBSTRING function.", 16, 3)
    return _slice(text, max(start - 1, 0), max(start - 1 + count, 0))


def bsub(data: bytes, start: int, count: int) -> bytes:
    """SUBSTRING of a binary."""
    return data[max(start - 1, 0) : max(start - 1 + count, 0)]


def tleft(text: str, count: int) -> str:
    """LEFT."""
    return tsub(text, 1, count)


def tright(text: str, count: int) -> str:
    """RIGHT."""
    if count < 0:
        raise SqlError(536, "Invalid length parameter passed to the right function.", 16, 4)
    length = length_of(text)
    return _slice(text, max(length - count, 0), length)


def trep(text: str, count: int, type_: int) -> str | None:
    """REPLICATE."""
    return None if count < 0 else convert.fitted(text * count, TYPES[type_])


def tfind(sought: str, text: str, start: int) -> int:
    """CHARINDEX."""
    at = text.casefold().find(sought.casefold(), max(start - 1, 0)) if sought else -1
    return length_of(text[:at]) + 1 if at >= 0 else 0


def treplace(text: str, old: str, new: str) -> str:
    """REPLACE, where case does not count."""
    return re.sub(re.escape(old), lambda _: new, text, flags=re.IGNORECASE) if old else text


def tquote(text: str, quote: str) -> str | None:
    """QUOTENAME."""
    pairs = {"[": "[]", "]": "[]", '"': '""', "'": "''", "(": "()", "<": "<>", "{": "{}", "`": "``"}
    if len(text) > 128 or quote not in pairs:
        return None
    first, last = pairs[quote][0], pairs[quote][1]
    return first + text.replace(last, last * 2) + last


def tstuff(text: str, start: int, count: int, new: str) -> str | None:
    """STUFF."""
    if not 1 <= start <= len(text) or count < 0:
        return None
    return text[: start - 1] + new + text[start - 1 + count :]


def chr_(code: int | None) -> str | None:
    """CHAR."""
    if code is None or not 0 <= code <= 255:
        return None
    return bytes((code,)).decode("cp1252", "replace")


def nchr(code: int | None) -> str | None:
    """NCHAR."""
    return None if code is None or not 0 <= code <= 0xFFFF or 0xD800 <= code < 0xE000 else chr(code)


def bytelen(value: Any, number: int) -> int | None:
    """DATALENGTH."""
    if value is None:
        return None
    type_ = TYPES[number]
    if type_.name == "sql_variant":
        inner: Variant = load(value, type_)
        return _data_length(inner.value, inner.type)
    return _data_length(value, type_)


def _data_length(value: Any, type_: SqlType) -> int:
    if type_.name in WIDE:
        return len(_units(value))
    if type_.name in NARROW:
        return len(pages.encode(value, type_.collation))
    return len(value) if type_.name in BYTES else type_.max_length


@functools.lru_cache(512)
def _pattern(pattern: str, escape: str | None) -> re.Pattern[str]:
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        character = pattern[at]
        if escape and character == escape and at + 1 < len(pattern):
            at += 1
            parts.append(re.escape(pattern[at]))
        elif character == "%":
            parts.append(".*")
        elif character == "_":
            parts.append(".")
        elif character == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            inside = pattern[at + 1 : end]
            negated = inside.startswith("^")
            inside = inside[1:] if negated else inside
            escaped = re.sub(r"([\\\[\]^&~|])", r"\\\1", inside)
            parts.append(f"[{'^' if negated else ''}{escaped}]" if inside else "(?!)")
            at = end
        else:
            parts.append(re.escape(character))
        at += 1
    return re.compile("".join(parts), re.IGNORECASE | re.DOTALL)


def lk(text: str | None, pattern: str | None, escape: str | None, unicode: int) -> int | None:
    """LIKE: spaces at the end of the pattern count, those of the text only where one of them is Unicode ("LIKE")."""
    if text is None or pattern is None:
        return None
    compiled = _pattern(pattern, escape)
    return 1 if compiled.fullmatch(text) or (not unicode and compiled.fullmatch(text.rstrip(" "))) else 0


@functools.lru_cache(65_536)
def _folded(text: str) -> str:
    return text.rstrip(" ").casefold()


def compare_texts(a: str, b: str) -> int:
    """SQL_Latin1_General_CP1_CI_AS, as far as equality goes: no case, no spaces at the end."""
    if a == b:
        return 0
    left, right = _folded(a), _folded(b)
    return (left > right) - (left < right)
