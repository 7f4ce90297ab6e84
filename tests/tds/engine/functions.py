"""Built-in functions: what each becomes in SQLite's SQL, and its type."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Callable, Mapping

from tests.tds.engine import tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import NUMBERS, ExpressionBinder, Function, Scope, checked, ordered
from tests.tds.engine.bound import Bound, converted, type_number
from tests.tds.engine.typing_rules import BIGINT, BIT, FLOAT, INT, SYSNAME
from tests.tds.errors import Refused, SqlError
from tests.tds.types import BYTES, DECIMALS, FLOATS, MAX, MONEYS, TEXTS, WIDE, SqlType

WIDE_MAX = SqlType("nvarchar", MAX)
BINARY_MAX = SqlType("varbinary", MAX)
GUID = SqlType("uniqueidentifier")
DATETIME = SqlType("datetime")


def arguments(
    binder: ExpressionBinder, call: tree.Call, scope: Scope, low: int, high: int | None = None
) -> list[Bound]:
    """The arguments of a function, so many of them.

    Raises:
        SqlError: 174 or 189.
    """
    if not low <= len(call.arguments) <= (high or low):
        name = call.name.lower()
        if high is None:
            raise SqlError(174, f"The {name} function requires {low} argument(s).", 15, ends="batch")
        raise SqlError(189, f"The {name} function requires {low} to {high} arguments.", 15, ends="batch")
    return [binder.value(argument, scope) for argument in call.arguments]


def text(binder: ExpressionBinder, bound: Bound) -> tuple[str, SqlType]:
    """An argument as a text, and its type; numbers become varchar."""
    bound = binder.infer(bound, SqlType("nvarchar", 4000))
    type_ = bound.type
    if type_ is not None and type_.name in TEXTS:
        return bound.sql, type_
    target = SqlType("varchar", 8000) if type_ is None or type_.name not in BYTES else SqlType("varchar", type_.length)
    return binder.as_type(bound, target), target


def varying(type_: SqlType, length: int | None = None) -> SqlType:
    """nchar as nvarchar, char as varchar."""
    name = "nvarchar" if type_.name in WIDE else "varchar"
    if type_.length == MAX or type_.name in {"text", "ntext"}:
        return SqlType(name, MAX, collation=type_.collation)
    limit = 4000 if name == "nvarchar" else 8000
    return SqlType(name, min(length if length is not None else type_.length, limit), collation=type_.collation)


def fixed(sql: str, type_: SqlType, *, nullable: bool = True) -> Function:
    """A function without arguments."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        arguments(binder, call, scope, 0)
        return Bound(sql, type_, nullable)

    return function


def of_texts(name: str, count: int, result: Callable[[SqlType], SqlType] = varying) -> Function:
    """A function of texts."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        found = [text(binder, argument) for argument in arguments(binder, call, scope, count)]
        return Bound(f"{name}({', '.join(sql for sql, _ in found)})", result(found[0][1]))

    return function


# Aggregates


def aggregate(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """COUNT, COUNT_BIG, SUM, AVG, MIN, MAX, STRING_AGG and what follows OVER."""
    if scope.in_aggregate:
        text_ = "Cannot perform an aggregate function on an expression containing an aggregate or a subquery."
        raise SqlError(130, text_, 15, ends="batch")
    windowed = call.over is not None
    if not windowed:
        scope.aggregates = True
    scope.in_aggregate = not windowed or scope.in_aggregate
    try:
        bound = _aggregate(binder, call, scope)
    finally:
        scope.in_aggregate = False
    if call.over is not None:
        if "{over}" not in bound.sql:
            bound.sql += "{over}"
        bound.sql = bound.sql.replace("{over}", over(binder, call.over, scope))
    else:
        bound.sql = bound.sql.replace("{over}", "")
    bound.column = None
    return bound


def _aggregate(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    name = call.name
    distinct = "DISTINCT " if call.distinct else ""
    if name in {"COUNT", "COUNT_BIG"}:
        type_ = BIGINT if name == "COUNT_BIG" else INT
        if call.arguments and isinstance(call.arguments[0], tree.Star):
            return Bound("COUNT(*){over}", type_)
        (argument,) = arguments(binder, call, scope, 1)
        return Bound(f"COUNT({distinct}{ordered(argument.sql, argument.type)}){{over}}", type_)
    if name == "STRING_AGG":
        return string_agg(binder, call, scope)
    (argument,) = arguments(binder, call, scope, 1)
    return _of_values(argument, name, distinct)


def _of_values(argument: Bound, name: str, distinct: str) -> Bound:
    """MIN, MAX, SUM, AVG."""
    type_ = argument.type
    if type_ is None:
        raise SqlError(8117, f"Operand data type NULL is invalid for {name.lower()} operator.", ends="batch")
    if name in {"MIN", "MAX"}:
        if type_.name in {"bit", "text", "ntext", "image", "xml", "sql_variant"}:
            raise SqlError(
                8117, f"Operand data type {type_.name} is invalid for {name.lower()} operator.", ends="batch"
            )
        return Bound(f"{name}({ordered(argument.sql, type_)}){{over}}", type_)
    if type_.name not in NUMBERS or type_.name == "bit":
        raise SqlError(8117, f"Operand data type {type_.name} is invalid for {name.lower()} operator.", ends="batch")
    if type_.name in DECIMALS:
        scale = max(type_.scale, 6) if name == "AVG" else type_.scale
        result = SqlType(type_.name, precision=38, scale=scale)
        function = "davg" if name == "AVG" else "dsum"
        return Bound(
            f"{function}({distinct}{argument.sql}, {type_number(result)}){{over}}"
            if not distinct
            else _refuse_distinct(name),
            result,
        )
    if type_.name in FLOATS:
        return Bound(f"{'AVG' if name == 'AVG' else 'SUM'}({distinct}{argument.sql}){{over}}", FLOAT)
    result = SqlType("money") if type_.name in MONEYS else BIGINT if type_.name == "bigint" else INT
    if name == "AVG":
        return Bound(f"(SUM({distinct}{argument.sql}){{over}} / COUNT({distinct}{argument.sql}){{over}})", result)
    return Bound(checked(f"SUM({distinct}{argument.sql}){{over}}", result), result)


def _refuse_distinct(name: str) -> str:
    raise Refused(f"{name}(DISTINCT) of exact numbers")


def string_agg(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """STRING_AGG: SQLite's group_concat over rows in order."""
    found = arguments(binder, call, scope, 2)
    value, separator = (text(binder, argument) for argument in found)
    if call.over is not None or call.within:
        raise Refused("STRING_AGG with an order")
    is_text = found[0].type is not None and found[0].type.name in TEXTS
    type_ = value[1] if is_text else SqlType("nvarchar", 4000)
    length = MAX if type_.length == MAX else 4000 if type_.name in WIDE else 8000
    return Bound(f"group_concat({value[0]}, {separator[0]})", varying(type_, length) if length > 0 else varying(type_))


def over(binder: ExpressionBinder, window: tree.Over, scope: Scope) -> str:
    """OVER (...)."""
    scope.windows = True
    parts: list[str] = []
    if window.partition:
        terms = [binder.value(term, scope) for term in window.partition]
        parts.append("PARTITION BY " + ", ".join(ordered(term.sql, term.type) for term in terms))
    if window.order:
        terms = [binder.value(item.expression, scope) for item in window.order]
        if any(term.constant and term.type is not None and term.type.name == "int" for term in terms):
            text_ = "Windowed functions, aggregates and NEXT VALUE FOR functions do not support integer indices as ORDER BY clause expressions."
            raise SqlError(5308, text_, ends="batch")
        directions = [" DESC" if item.descending else "" for item in window.order]
        parts.append(
            "ORDER BY "
            + ", ".join(ordered(term.sql, term.type) + way for term, way in zip(terms, directions, strict=True))
        )
    if window.frame:
        parts.append(window.frame)
    return f" OVER ({' '.join(parts)})"


def ranking(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """ROW_NUMBER, RANK, DENSE_RANK, NTILE."""
    if call.over is None or not call.over.order:
        raise SqlError(4112, f"The function '{call.name}' must have an OVER clause with ORDER BY.", 15, ends="batch")
    inner = ", ".join(binder.integer(item) for item in arguments(binder, call, scope, 0, 1))
    return Bound(f"{call.name}({inner}){over(binder, call.over, scope)}", BIGINT)


def neighbour(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """LAG, LEAD, FIRST_VALUE, LAST_VALUE."""
    if call.over is None or not call.over.order:
        raise SqlError(4112, f"The function '{call.name}' must have an OVER clause with ORDER BY.", 15, ends="batch")
    found = arguments(binder, call, scope, 1, 3)
    type_ = found[0].type or INT
    rest = [binder.integer(found[1])] if len(found) > 1 else []
    if len(found) > 2:
        rest.append(binder.as_type(found[2], type_))
    return Bound(f"{call.name}({', '.join([found[0].sql, *rest])}){over(binder, call.over, scope)}", type_)


# Values that may be NULL


def isnull(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """ISNULL: the first one's type."""
    first, second = arguments(binder, call, scope, 2)
    type_ = first.type or second.type or INT
    return Bound(f"ifnull({binder.as_type(first, type_)}, {binder.as_type(second, type_)})", type_, second.nullable)


def coalesce(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """COALESCE: the common type."""
    found = [binder.value(argument, scope) for argument in call.arguments]
    if all(item.type is None for item in found):
        raise SqlError(
            4127,
            "At least one of the arguments to COALESCE must be an expression that is not the NULL constant.",
            ends="batch",
        )
    type_ = rules.common([item.type for item in found])
    found = [binder.infer(item, type_) for item in found]
    nullable = all(item.nullable for item in found)
    if len(found) == 1:
        return found[0]
    return Bound(f"coalesce({', '.join(binder.as_type(item, type_) for item in found)})", type_, nullable)


def nullif(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """NULLIF."""
    first, second = arguments(binder, call, scope, 2)
    if first.type is None:
        raise SqlError(
            4151,
            "The type of the first argument to NULLIF cannot be the NULL constant because the type of the first argument has to be known.",
            ends="batch",
        )
    return Bound(f"(CASE WHEN {binder.compare('=', first, second)} THEN NULL ELSE {first.sql} END)", first.type)


# Texts


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


# Numbers


def same_number(name: str) -> Function:
    """ABS, FLOOR, CEILING, SIGN: the type of the argument, of a decimal without its scale for the middle two."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        (value,) = arguments(binder, call, scope, 1)
        type_ = value.type or INT
        if type_.name not in NUMBERS:
            type_ = FLOAT
        if type_.name in {"tinyint", "smallint", "bit"}:
            type_ = INT
        if type_.name == "real":
            type_ = FLOAT
        sql = binder.as_type(value, type_)
        result = type_
        if type_.name in DECIMALS and name in {"floor", "ceiling"}:
            result = SqlType(type_.name, precision=type_.precision)
        return Bound(f"n{name}({sql}, {type_number(type_)})", result)

    return function


def round_(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """ROUND."""
    found = arguments(binder, call, scope, 2, 3)
    type_ = found[0].type or INT
    if type_.name not in NUMBERS or type_.name == "real":
        type_ = FLOAT
    if type_.name in {"tinyint", "smallint", "bit"}:
        type_ = INT
    cut = binder.integer(found[2]) if len(found) > 2 else "0"
    return Bound(
        f"nround({binder.as_type(found[0], type_)}, {binder.integer(found[1])}, {cut}, {type_number(type_)})", type_
    )


def floating(name: str, count: int = 1) -> Function:
    """SQRT, EXP, LOG, POWER of floats."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        if name == "log" and len(call.arguments) == 2:
            raise Refused("LOG with a base")
        found = arguments(binder, call, scope, count)
        first = found[0].type
        sql = f"f{name}({', '.join(binder.as_type(item, FLOAT) for item in found)})"
        if name == "power" and first is not None and first.name in NUMBERS and first.name not in FLOATS:
            if first.name in DECIMALS or first.name in MONEYS:
                raise Refused("POWER of an exact number")
            type_ = BIGINT if first.name == "bigint" else INT
            return Bound(f"cv({sql}, {type_number(FLOAT)}, {type_number(type_)})", type_)
        return Bound(sql, FLOAT)

    return function


# Dates

PART_NAMES = {
    "year": "year", "yy": "year", "yyyy": "year", "quarter": "quarter", "qq": "quarter", "q": "quarter", "month": "month",
    "mm": "month", "m": "month", "dayofyear": "dayofyear", "dy": "dayofyear", "y": "dayofyear", "day": "day", "dd": "day",
    "d": "day", "weekday": "weekday", "dw": "weekday", "hour": "hour", "hh": "hour", "minute": "minute", "mi": "minute",
    "n": "minute", "second": "second", "ss": "second", "s": "second", "millisecond": "millisecond", "ms": "millisecond",
    "microsecond": "microsecond", "mcs": "microsecond", "nanosecond": "nanosecond", "ns": "nanosecond", "week": "week",
    "wk": "week", "ww": "week",
}  # fmt: skip


CLOCK_PARTS = {"hour", "minute", "second", "millisecond", "microsecond", "nanosecond"}


def check_part(part: str, function: str, type_: SqlType, others: set[str]) -> None:
    """Whether a type has a part of a date or time; `others` are those that the function does not take of it.

    Raises:
        SqlError: 9810.
    """
    wrong = {"date": CLOCK_PARTS, "time": set(PART_NAMES.values()) - CLOCK_PARTS}
    if part in wrong.get(type_.name, others):
        text_ = f"The datepart {part} is not supported by date function {function} for data type {type_.name}."
        raise SqlError(9810, text_, ends="batch")


def part_of(call: tree.Call) -> str:
    """The first argument of DATEADD and its like.

    Raises:
        SqlError: 155.
    """
    first = call.arguments[0]
    word = first.value if isinstance(first, tree.Literal) else ""
    if word in {"iso_week", "isowk", "isoww", "tzoffset", "tz"}:
        raise Refused(f"the datepart {word}")
    if word not in PART_NAMES:
        raise SqlError(155, f"'{word}' is not a recognized {call.name.lower()} option.", 15, ends="batch")
    return PART_NAMES[word]


def as_date(binder: ExpressionBinder, bound: Bound) -> tuple[str, SqlType]:
    """An argument as a date or time; texts become datetimeoffset, datetime in DATEADD."""
    type_ = bound.type
    if type_ is not None and type_.name in {"date", "time", "datetime", "smalldatetime", "datetime2", "datetimeoffset"}:
        return bound.sql, type_
    target = DATETIME
    return binder.as_type(bound, target), target


def dateadd(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEADD."""
    part = part_of(call)
    count, value = (binder.value(argument, scope) for argument in call.arguments[1:])
    sql, type_ = as_date(binder, value)
    fine = {"microsecond", "nanosecond"} if type_.name.endswith("datetime") else set[str]()
    check_part(part, "dateadd", type_, fine)
    return Bound(f"dtadd('{part}', {binder.integer(count)}, {sql}, {type_number(type_)})", type_)


def datediff(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEDIFF, DATEDIFF_BIG."""
    part = part_of(call)
    first, last = (as_date(binder, binder.value(argument, scope)) for argument in call.arguments[1:])
    type_ = BIGINT if call.name == "DATEDIFF_BIG" else INT
    sql = f"dtdiff('{part}', {first[0]}, {type_number(first[1])}, {last[0]}, {type_number(last[1])})"
    return Bound(checked(sql, type_), type_)


def datepart(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEPART, YEAR, MONTH, DAY."""
    if call.name == "DATEPART":
        part, argument = part_of(call), call.arguments[1]
    else:
        part, argument = call.name.lower(), call.arguments[0]
    sql, type_ = as_date(binder, binder.value(argument, scope))
    check_part(part, call.name.lower(), type_, set())
    return Bound(f"dtpart('{part}', {sql}, {type_number(type_)})", INT)


def date_parts(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DATEFROMPARTS."""
    found = [binder.integer(item) for item in arguments(binder, call, scope, 3)]
    return Bound(f"dtfrom({', '.join(found)})", SqlType("date"))


# The session and its objects


def session(name: str, type_: SqlType, low: int = 0, high: int | None = None) -> Function:
    """A function that the session answers; texts are its arguments."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        found = arguments(binder, call, scope, low, high)
        items = [item.sql for item in found]
        return Bound(f"session({', '.join([repr(name), *items])})", type_)

    return function


def variant_property(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """SQL_VARIANT_PROPERTY: only BaseType, Precision, Scale and MaxLength; a sql_variant itself, which is sysname or int."""
    value, name = arguments(binder, call, scope, 2)
    if value.type is None:
        return Bound("NULL", SqlType("sql_variant"))
    variant = converted(value, SqlType("sql_variant"))
    return Bound(f"vprop({variant}, {text(binder, name)[0]})", SqlType("sql_variant"))


def newid(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """NEWID."""
    arguments(binder, call, scope, 0)
    return Bound("newid()", GUID, nullable=False)


def default_(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DEFAULT where no default can be."""
    raise SqlError(156, "Incorrect syntax near the keyword 'DEFAULT'.", 15, ends="batch")


SMALL = SqlType("sql_variant")
FUNCTIONS: Mapping[str, Function] = {
    **dict.fromkeys(("COUNT", "COUNT_BIG", "SUM", "AVG", "MIN", "MAX", "STRING_AGG"), aggregate),
    **dict.fromkeys(("ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE"), ranking),
    **dict.fromkeys(("LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"), neighbour),
    "ISNULL": isnull,
    "COALESCE": coalesce,
    "NULLIF": nullif,
    "DEFAULT": default_,
    "LEN": length,
    "DATALENGTH": datalength,
    "SUBSTRING": substring,
    "LEFT": side("tleft"),
    "RIGHT": side("tright"),
    "UPPER": of_texts("tupper", 1),
    "LOWER": of_texts("tlower", 1),
    "LTRIM": of_texts("tltrim", 1),
    "RTRIM": of_texts("trtrim", 1),
    "TRIM": of_texts("ttrim", 1),
    "REVERSE": of_texts("trev", 1),
    "REPLACE": of_texts("treplace", 3, lambda type_: varying(type_, 8000)),
    "REPLICATE": replicate,
    "SPACE": space,
    "CONCAT": concat,
    "CHARINDEX": charindex,
    "STUFF": stuff,
    "CHAR": character(wide=False),
    "NCHAR": character(wide=True),
    "ASCII": code("tascii"),
    "UNICODE": code("tunicode"),
    "QUOTENAME": quotename,
    "ABS": same_number("abs"),
    "FLOOR": same_number("floor"),
    "CEILING": same_number("ceiling"),
    "SIGN": same_number("sign"),
    "ROUND": round_,
    "SQRT": floating("sqrt"),
    "EXP": floating("exp"),
    "LOG": floating("log"),
    "POWER": floating("power", 2),
    "DATEADD": dateadd,
    "DATEDIFF": datediff,
    "DATEDIFF_BIG": datediff,
    "DATEPART": datepart,
    "YEAR": datepart,
    "MONTH": datepart,
    "DAY": datepart,
    "DATEFROMPARTS": date_parts,
    "GETDATE": fixed("now('datetime')", DATETIME, nullable=False),
    "CURRENT_TIMESTAMP": fixed("now('datetime')", DATETIME, nullable=False),
    "GETUTCDATE": fixed("now('datetime')", DATETIME, nullable=False),
    "SYSDATETIME": fixed("now('datetime2')", SqlType("datetime2", scale=7), nullable=False),
    "SYSUTCDATETIME": fixed("now('datetime2')", SqlType("datetime2", scale=7), nullable=False),
    "SYSDATETIMEOFFSET": fixed("now('datetimeoffset')", SqlType("datetimeoffset", scale=7), nullable=False),
    "NEWID": newid,
    "NEWSEQUENTIALID": newid,
    "SQL_VARIANT_PROPERTY": variant_property,
    "DB_NAME": session("DB_NAME", SYSNAME, 0, 1),
    "DB_ID": session("DB_ID", SqlType("smallint"), 0, 1),
    "SCHEMA_NAME": session("SCHEMA_NAME", SYSNAME, 0, 1),
    "SCHEMA_ID": session("SCHEMA_ID", INT, 0, 1),
    "OBJECT_ID": session("OBJECT_ID", INT, 1, 2),
    "OBJECT_NAME": session("OBJECT_NAME", SYSNAME, 1, 2),
    "OBJECT_SCHEMA_NAME": session("OBJECT_SCHEMA_NAME", SYSNAME, 1, 2),
    "OBJECT_DEFINITION": session("OBJECT_DEFINITION", WIDE_MAX, 1),
    "OBJECTPROPERTY": session("OBJECTPROPERTY", INT, 2),
    "COLUMNPROPERTY": session("COLUMNPROPERTY", INT, 3),
    "COL_LENGTH": session("COL_LENGTH", SqlType("smallint"), 2),
    "COL_NAME": session("COL_NAME", SYSNAME, 2),
    "TYPE_NAME": session("TYPE_NAME", SYSNAME, 1),
    "TYPE_ID": session("TYPE_ID", INT, 1),
    "INDEX_COL": session("INDEX_COL", SYSNAME, 3),
    "SERVERPROPERTY": session("SERVERPROPERTY", SqlType("sql_variant"), 1),
    "DATABASEPROPERTYEX": session("DATABASEPROPERTYEX", SqlType("sql_variant"), 2),
    "COLLATIONPROPERTY": session("COLLATIONPROPERTY", SqlType("sql_variant"), 2),
    "SUSER_SNAME": session("USER", SYSNAME, 0, 1),
    "SUSER_NAME": session("USER", SYSNAME, 0, 1),
    "ORIGINAL_LOGIN": session("USER", SYSNAME),
    "SYSTEM_USER": session("USER", SYSNAME),
    "USER_NAME": session("USER_NAME", SYSNAME, 0, 1),
    "USER": session("USER_NAME", SYSNAME),
    "CURRENT_USER": session("USER_NAME", SYSNAME),
    "SESSION_USER": session("USER_NAME", SYSNAME),
    "HOST_NAME": session("HOST_NAME", SYSNAME),
    "APP_NAME": session("APP_NAME", SYSNAME),
    "HAS_DBACCESS": session("HAS_DBACCESS", INT, 1),
    "IS_SRVROLEMEMBER": session("IS_MEMBER", INT, 1, 2),
    "IS_MEMBER": session("IS_MEMBER", INT, 1),
    "SCOPE_IDENTITY": session("SCOPE_IDENTITY", SqlType("numeric", precision=38)),
    "IDENT_CURRENT": session("IDENT_CURRENT", SqlType("numeric", precision=38), 1),
    "IDENT_SEED": session("IDENT_SEED", SqlType("numeric", precision=38), 1),
    "IDENT_INCR": session("IDENT_INCR", SqlType("numeric", precision=38), 1),
    "XACT_STATE": session("XACT_STATE", SqlType("smallint")),
    "ERROR_NUMBER": session("ERROR_NUMBER", INT),
    "ERROR_SEVERITY": session("ERROR_SEVERITY", INT),
    "ERROR_STATE": session("ERROR_STATE", INT),
    "ERROR_LINE": session("ERROR_LINE", INT),
    "ERROR_MESSAGE": session("ERROR_MESSAGE", SqlType("nvarchar", 4000)),
    "ERROR_PROCEDURE": session("ERROR_PROCEDURE", SYSNAME),
    "ROWCOUNT_BIG": session("@@ROWCOUNT", BIGINT),
    "@@ROWCOUNT": session("@@ROWCOUNT", INT),
    "@@ERROR": session("@@ERROR", INT),
    "@@TRANCOUNT": session("@@TRANCOUNT", INT),
    "@@SPID": session("@@SPID", SqlType("smallint")),
    "@@IDENTITY": session("@@IDENTITY", SqlType("numeric", precision=38)),
    "@@VERSION": session("@@VERSION", SqlType("nvarchar", 300)),
    "@@SERVERNAME": session("@@SERVERNAME", SYSNAME),
    "@@SERVICENAME": session("@@SERVICENAME", SYSNAME),
    "@@LANGUAGE": session("@@LANGUAGE", SYSNAME),
    "@@LOCK_TIMEOUT": session("@@LOCK_TIMEOUT", INT),
    "@@TEXTSIZE": session("@@TEXTSIZE", INT),
    "@@NESTLEVEL": session("@@NESTLEVEL", INT),
    "@@OPTIONS": session("@@OPTIONS", INT),
    "@@MAX_PRECISION": fixed("38", SqlType("tinyint")),
    "@@DATEFIRST": fixed("7", SqlType("tinyint")),
    "@@PROCID": fixed("0", INT),
    "@@FETCH_STATUS": fixed("-1", INT),
    "@@MICROSOFTVERSION": fixed("268439561", INT),
}
"""By name; the variables of the server are functions, too."""

__all__ = ["BIT", "FUNCTIONS"]
