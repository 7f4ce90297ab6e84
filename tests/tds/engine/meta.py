"""What the catalog says about types, and result sets that the server itself makes."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tests.tds import pages
from tests.tds.types import DECIMALS, FIXED, NULLABLE, OTHERS, TEXTS, SqlType
from tests.tds.wire import tokens
from tests.tds.wire.tokens import Column

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

COLLATION_NAME = pages.SERVER.name
TYPE_IDS = {
    "image": 34, "text": 35, "uniqueidentifier": 36, "date": 40, "time": 41, "datetime2": 42, "datetimeoffset": 43,
    "tinyint": 48, "smallint": 52, "int": 56, "smalldatetime": 58, "real": 59, "money": 60, "datetime": 61, "float": 62,
    "sql_variant": 98, "ntext": 99, "bit": 104, "decimal": 106, "numeric": 108, "smallmoney": 122, "bigint": 127,
    "hierarchyid": 240, "geometry": 240, "geography": 240, "varbinary": 165, "varchar": 167, "binary": 173, "char": 175,
    "timestamp": 189, "nvarchar": 231, "nchar": 239, "xml": 241,
}  # fmt: skip
USER_TYPE_IDS = {**TYPE_IDS, "hierarchyid": 128, "geometry": 129, "geography": 130}

_PRECISION = {
    "bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19, "real": 24, "float": 53, "money": 19, "smallmoney": 10,
    "date": 10, "datetime": 23, "smalldatetime": 16,
}  # fmt: skip
_SCALE = {"money": 4, "smallmoney": 4, "datetime": 3}


def precision_scale(type_: SqlType) -> tuple[int, int]:
    """As `sys.columns` has them."""
    if type_.name in DECIMALS:
        return type_.precision, type_.scale
    shown = type_.scale + 1 if type_.scale else 0
    if type_.name in {"time", "datetime2", "datetimeoffset"}:
        return {"time": 8, "datetime2": 19, "datetimeoffset": 26}[type_.name] + shown, type_.scale
    return _PRECISION.get(type_.name, 0), _SCALE.get(type_.name, 0)


def collation(type_: SqlType) -> str | None:
    """The collation of a text type."""
    return pages.of(type_.collation).name if type_.name in TEXTS - {"xml"} else None


def tds_type(type_: SqlType) -> tuple[int, int]:
    """The code on the wire and the length there."""
    name = type_.name
    if name in FIXED:
        return NULLABLE[name], FIXED[name][1]
    length = {"text": 2147483647, "image": 2147483647, "ntext": 2147483646, "xml": 8100, "sql_variant": 8009}.get(name)
    size = type_.max_length
    return OTHERS[name], length if length is not None else 65535 if size == -1 else size


def send(session: Session, columns: Sequence[tuple[str, SqlType]], rows: Sequence[Sequence[Any]]) -> None:
    """A result set of the server's own."""
    described = [Column(name, type_, computed=True) for name, type_ in columns]
    session.out.columns(described)
    session.finish(tokens.COMMAND_SELECT, session.out.rows(described, rows))
