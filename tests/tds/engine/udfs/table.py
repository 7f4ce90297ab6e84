"""All functions by name. A T-SQL error inside one is kept for the session to find."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false
# A table of functions of different arguments: SQLite knows how many each one takes.
from __future__ import annotations

import math
import sqlite3
import uuid
from collections.abc import Callable
from typing import Any, Protocol

from tests.tds.engine import convert
from tests.tds.engine.storage import load, store
from tests.tds.engine.udfs.common import strict
from tests.tds.engine.udfs.conversions import cv, cv3, f4, f8, ranged, tcv
from tests.tds.engine.udfs.dates import compare_offsets, dtadd, dtdiff, dtfrom, dtpart, now
from tests.tds.engine.udfs.exact import POINT, ExactAverage, ExactSum, ddiv, dmod, dneg, exact, mdiv, money, pack
from tests.tds.engine.udfs.numbers import fdiv, guarded, idiv, imod, nround, number
from tests.tds.engine.udfs.texts import (
    bsub,
    bytelen,
    chr_,
    compare_texts,
    length_of,
    lk,
    nchr,
    tfind,
    tleft,
    tquote,
    trep,
    treplace,
    tright,
    tstuff,
    tsub,
)
from tests.tds.errors import SqlError
from tests.tds.types import SqlType, Variant


class Holder(Protocol):
    """Where an error goes, and who answers for the session."""

    error: SqlError | None

    def answer(self, name: str, *arguments: Any) -> Any:
        """The value of a function of the session."""
        ...


class One:
    """The value of a query that may give one row."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.count, self.value = 0, None

    def step(self, value: Any) -> None:
        """A row."""
        self.count += 1
        self.value = value

    def finalize(self) -> Any:
        """The value.

        Raises:
            SqlError: 512.
        """
        if self.count > 1:
            raise SqlError(
                512,
                "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, "
                ">= or when the subquery is used as an expression.",
            )
        return self.value


def vprop(value: bytes, name: str) -> Any:
    """SQL_VARIANT_PROPERTY."""
    variant_type = SqlType("sql_variant")
    variant: Variant = load(value, variant_type)
    type_ = variant.type
    folded = name.casefold()
    if folded == "basetype":
        return store(Variant(SqlType("nvarchar", 128), type_.name), variant_type)
    number = {
        "precision": type_.precision or len(str(variant.value)),
        "scale": type_.scale,
        "maxlength": type_.max_length,
    }.get(folded)
    return None if number is None else store(Variant(SqlType("int"), number), variant_type)


def deeper(depth: int, limit: int) -> int:
    """530: a recursion that goes too deep."""
    if depth > limit:
        text = (
            f"The statement terminated. The maximum recursion {limit} has been exhausted before statement completion."
        )
        raise SqlError(530, text)
    return depth


def toprows(count: int | None) -> int:
    """TOP."""
    if count is not None and count < 0:
        raise SqlError(127, "A TOP N or FETCH rowcount value may not be negative.", 15)
    if count is None:
        raise SqlError(
            1060, "The number of rows provided for a TOP or FETCH clauses row count parameter must be an integer.", 15
        )
    return count


def fetchrows(count: int | None) -> int:
    """FETCH."""
    if count is None or count < 1:
        raise SqlError(10744, "The number of rows provided for a FETCH clause must be greater then zero.", 15)
    return count


def offsetrows(count: int | None) -> int:
    """OFFSET."""
    if count is None or count < 0:
        raise SqlError(10742, "The offset specified in a OFFSET clause may not be negative.", 15)
    return count


PLAIN: dict[str, tuple[int, Callable[..., Any]]] = {
    "cv": (3, cv),
    "cv3": (4, cv3),
    "tcv": (4, tcv),
    "i1": (1, ranged("tinyint", 0, 255)),
    "i2": (1, ranged("smallint", -(2**15), 2**15 - 1)),
    "i4": (1, ranged("int", -(2**31), 2**31 - 1)),
    "i8": (1, ranged("bigint", -(2**63), 2**63 - 1)),
    "m8": (1, ranged("money", -(2**63), 2**63 - 1)),
    "m4": (1, ranged("smallmoney", -(2**31), 2**31 - 1)),
    "f8": (1, f8),
    "f4": (1, f4),
    "idiv": (2, idiv),
    "imod": (2, imod),
    "fdiv": (2, fdiv),
    "dadd": (3, exact(lambda a, b, result: pack(a + b, 1, result))),
    "dsub": (3, exact(lambda a, b, result: pack(a - b, 1, result))),
    "dmul": (3, exact(lambda a, b, result: pack(a * b, POINT, result))),
    "ddiv": (3, exact(ddiv)),
    "dmod": (3, exact(dmod)),
    "dneg": (1, dneg),
    "madd": (3, money(lambda a, b: a + b)),
    "msub": (3, money(lambda a, b: a - b)),
    "mmul": (3, money(lambda a, b: convert.rescale(a * b, 8, 4))),
    "mdiv": (3, money(mdiv)),
    "mmod": (3, money(lambda a, b: imod(a, b) or 0)),
    "bcat": (2, strict(lambda a, b: a + b)),
    "tlen": (1, strict(lambda text: length_of(text.rstrip(" ")))),
    "bytelen": (2, bytelen),
    "tsub": (3, strict(tsub)),
    "bsub": (3, strict(bsub)),
    "tleft": (2, strict(tleft)),
    "tright": (2, strict(tright)),
    "tupper": (1, strict(str.upper)),
    "tlower": (1, strict(str.lower)),
    "tltrim": (1, strict(lambda text: text.lstrip(" "))),
    "trtrim": (1, strict(lambda text: text.rstrip(" "))),
    "ttrim": (1, strict(lambda text: text.strip(" "))),
    "trev": (1, strict(lambda text: text[::-1])),
    "treplace": (3, strict(treplace)),
    "trep": (3, strict(trep)),
    "tfind": (3, strict(tfind)),
    "tquote": (2, strict(tquote)),
    "tstuff": (4, strict(tstuff)),
    "chr": (1, chr_),
    "nchr": (1, nchr),
    "tascii": (1, strict(lambda text: text[:1].encode("cp1252", "replace")[0] if text else None)),
    "tunicode": (1, strict(lambda text: ord(text[0]) if text else None)),
    "lk": (4, lk),
    "nabs": (2, number(lambda digits, _: abs(digits), abs)),
    "nsign": (2, number(lambda digits, unit: (digits > 0) * unit - (digits < 0) * unit, lambda x: (x > 0) - (x < 0))),
    "nfloor": (2, number(lambda digits, unit: digits // unit * unit, math.floor)),
    "nceiling": (2, number(lambda digits, unit: -(-digits // unit) * unit, math.ceil)),
    "nround": (4, strict(nround)),
    "fsqrt": (1, guarded(math.sqrt)),
    "fexp": (1, guarded(math.exp)),
    "flog": (1, guarded(math.log)),
    "fpower": (2, guarded(math.pow)),
    "dtadd": (4, strict(dtadd)),
    "dtdiff": (5, strict(dtdiff)),
    "dtpart": (3, strict(dtpart)),
    "dtfrom": (3, strict(dtfrom)),
    "vprop": (2, strict(vprop)),
    "deeper": (2, deeper),
    "toprows": (1, toprows),
    "fetchrows": (1, fetchrows),
    "offsetrows": (1, offsetrows),
}


def register(db: sqlite3.Connection, holder: Holder) -> None:
    """Adds them to a connection."""

    def safe(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            try:
                return function(*arguments)
            except SqlError as error:
                holder.error = error
                raise

        return call

    def safe_class(kind: type[Any]) -> type[Any]:
        names = [name for name in ("step", "finalize", "value", "inverse") if callable(getattr(kind, name, None))]
        return type(kind.__name__, (kind,), {name: safe(getattr(kind, name)) for name in names})

    for name, (count, function) in PLAIN.items():
        db.create_function(name, count, safe(function), deterministic=True)
    db.create_function("newid", 0, lambda: store(uuid.uuid4().bytes_le, SqlType("uniqueidentifier")))
    db.create_function("now", 1, now)
    # What the session answers is the same for all rows of a statement.
    db.create_function("session", -1, safe(holder.answer), deterministic=True)
    db.create_aggregate("one", 1, safe_class(One))
    db.create_window_function("dsum", 2, safe_class(ExactSum))
    db.create_window_function("davg", 2, safe_class(ExactAverage))
    db.create_collation("TSQL", compare_texts)
    db.create_collation("TSQLOFFSET", compare_offsets)
