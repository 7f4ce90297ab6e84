"""Functions of texts and binaries."""

from __future__ import annotations

from collections.abc import Callable

from tests.tds.engine import tree
from tests.tds.engine.binder import ExpressionBinder, Function, Scope
from tests.tds.engine.bound import Bound, converted, type_number
from tests.tds.engine.functions.arguments import arguments, text, varying
from tests.tds.engine.typing_rules import BIGINT, INT
from tests.tds.errors import Refused, SqlError
from tests.tds.types import BYTES, MAX, TEXTS, WIDE, SqlType


def of_texts(name: str, count: int, result: Callable[[SqlType], SqlType] = varying) -> Function:
    """A function of texts."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        found = [text(binder, argument) for argument in arguments(binder, call, scope, count)]
        return Bound(f"{name}({', '.join(sql for sql, _ in found)})", result(found[0][1]))

    return function


def length(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """LEN: without spaces at the end, in UTF-16 units."""
    (argument,) = arguments(binder, call, scope, 1)
    if argument.type is not None and argument.type.name in {"text", "ntext", "image", "xml"}:
        raise SqlError(
            8116, f"Argument data type {argument.type.name} is invalid for argument 1 of len function.", ends="batch"
        )
    big = argument.type is not None and argument.type.length == MAX
    if argument.type is not None and argument.type.name in BYTES:
        return Bound(f"length({argument.sql})", BIGINT if big else INT)
    return Bound(f"tlen({text(binder, argument)[0]})", BIGINT if big else INT)


def datalength(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATALENGTH: bytes."""
    (argument,) = arguments(binder, call, scope, 1)
    if argument.type is None:
        return Bound("NULL", INT)
    big = argument.type.length == MAX or argument.type.name == "xml"
    return Bound(f"bytelen({argument.sql}, {type_number(argument.type)})", BIGINT if big else INT)


def substring(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """SUBSTRING of a text or binary."""
    value, start, count = arguments(binder, call, scope, 3)
    tail = f"{binder.integer(start)}, {binder.integer(count)}"
    if value.type is not None and value.type.name in BYTES:
        return Bound(f"bsub({value.sql}, {tail})", SqlType("varbinary", value.type.length))
    sql, type_ = text(binder, value)
    return Bound(f"tsub({sql}, {tail})", varying(type_))


def side(name: str) -> Function:
    """LEFT, RIGHT."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        value, count = arguments(binder, call, scope, 2)
        sql, type_ = text(binder, value)
        return Bound(f"{name}({sql}, {binder.integer(count)})", varying(type_))

    return function


def replicate(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """REPLICATE: 8000 bytes, more for (max)."""
    value, count = arguments(binder, call, scope, 2)
    sql, type_ = text(binder, value)
    result = varying(type_, 8000) if type_.length != MAX else varying(type_)
    return Bound(f"trep({sql}, {binder.integer(count)}, {type_number(result)})", result)


def space(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """SPACE."""
    (count,) = arguments(binder, call, scope, 1)
    result = SqlType("varchar", 8000)
    return Bound(f"trep(' ', {binder.integer(count)}, {type_number(result)})", result)


def concat(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """CONCAT: NULL is empty."""
    found = [binder.value(argument, scope) for argument in call.arguments]
    if len(found) < 2:
        raise SqlError(189, "The concat function requires 2 to 254 arguments.", 15, ends="batch")
    parts: list[str] = []
    total, wide = 0, False
    for item in found:
        item = binder.infer(item, SqlType("nvarchar", 4000))  # noqa: PLW2901
        if item.type is not None and item.type.name not in TEXTS:
            type_ = SqlType("varchar", 60 if item.type.name not in BYTES else max(item.type.length, 1))
            parts.append(f"ifnull({converted(item, type_)}, '')")
        else:
            type_ = item.type or SqlType("varchar", 1)
            parts.append(f"ifnull({item.sql}, '')")
        if type_.collation:
            raise Refused("CONCAT of another collation")
        wide |= type_.name in WIDE
        total = MAX if MAX in {total, type_.length} else total + type_.length
    name = "nvarchar" if wide else "varchar"
    result = SqlType(name, MAX if total == MAX else min(total, 4000 if wide else 8000))
    return Bound(f"({' || '.join(parts)})", result, nullable=False)


def charindex(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """CHARINDEX."""
    found = arguments(binder, call, scope, 2, 3)
    sought, inside = text(binder, found[0])[0], text(binder, found[1])
    start = binder.integer(found[2]) if len(found) > 2 else "1"
    return Bound(f"tfind({sought}, {inside[0]}, {start})", BIGINT if inside[1].length == MAX else INT)


def character(wide: bool) -> Function:  # noqa: FBT001 - a table's column
    """CHAR, NCHAR."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        (code,) = arguments(binder, call, scope, 1)
        return Bound(f"{'nchr' if wide else 'chr'}({binder.integer(code)})", SqlType("nchar" if wide else "char", 1))

    return function


def code(name: str) -> Function:
    """ASCII, UNICODE."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        (value,) = arguments(binder, call, scope, 1)
        return Bound(f"{name}({text(binder, value)[0]})", INT)

    return function


def quotename(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """QUOTENAME."""
    found = arguments(binder, call, scope, 1, 2)
    quote = text(binder, found[1])[0] if len(found) > 1 else "'['"
    return Bound(f"tquote({text(binder, found[0])[0]}, {quote})", SqlType("nvarchar", 258))


def stuff(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """STUFF."""
    value, start, count, new = arguments(binder, call, scope, 4)
    sql, type_ = text(binder, value)
    return Bound(
        f"tstuff({sql}, {binder.integer(start)}, {binder.integer(count)}, {text(binder, new)[0]})", varying(type_, 8000)
    )
