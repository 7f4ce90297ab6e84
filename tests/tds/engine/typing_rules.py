"""The type of a result: precedence, and the precision and scale of exact numbers (Transact-SQL reference)."""

from __future__ import annotations

from collections.abc import Sequence

from tests.tds.errors import Refused, SqlError
from tests.tds.types import BYTES, DECIMALS, FLOATS, INTEGERS, MAX, MONEYS, TEXTS, WIDE, SqlType

PRECEDENCE = [
    "hierarchyid",
    "geography",
    "geometry",
    "sql_variant",
    "xml",
    "datetimeoffset",
    "datetime2",
    "datetime",
    "smalldatetime",
    "date",
    "time",
    "float",
    "real",
    "decimal",
    "numeric",
    "money",
    "smallmoney",
    "bigint",
    "int",
    "smallint",
    "tinyint",
    "bit",
    "ntext",
    "text",
    "image",
    "timestamp",
    "uniqueidentifier",
    "nvarchar",
    "nchar",
    "varchar",
    "char",
    "varbinary",
    "binary",
]
"""From the highest to the lowest ("Data type precedence")."""
RANK = {name: at for at, name in enumerate(PRECEDENCE)}

DIGITS = {"bit": 1, "tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
INT, BIGINT, FLOAT, BIT = SqlType("int"), SqlType("bigint"), SqlType("float"), SqlType("bit")
SYSNAME = SqlType("nvarchar", 128)


def exact(type_: SqlType) -> SqlType:
    """An integer or money as a decimal."""
    if type_.name in DECIMALS:
        return type_
    if type_.name in DIGITS:
        return SqlType("numeric", precision=DIGITS[type_.name])
    return SqlType("numeric", precision=19 if type_.name == "money" else 10, scale=4)


def arithmetic(operator: str, left: SqlType, right: SqlType) -> SqlType:
    """The type of `decimal operator decimal` ("Precision, scale, and length")."""
    p1, s1, p2, s2 = left.precision, left.scale, right.precision, right.scale
    name = "decimal" if "decimal" in {left.name, right.name} else "numeric"
    if operator in {"+", "-"}:
        whole, scale = max(p1 - s1, p2 - s2), max(s1, s2)
        precision = scale + whole + 1
        if precision > 38:
            precision, scale = 38, min(scale, max(38 - whole, 0)) if whole < 38 else 0
        return SqlType(name, precision=precision, scale=scale)
    if operator == "%":
        scale = max(s1, s2)
        return SqlType(name, precision=min(min(p1 - s1, p2 - s2) + scale, 38), scale=scale)
    if operator == "*":
        precision, scale = p1 + p2 + 1, s1 + s2
    else:
        scale = max(6, s1 + p2 + 1)
        precision = p1 - s1 + s2 + scale
    if precision > 38:
        whole = precision - scale
        scale = min(scale, 38 - whole) if whole < 32 else min(scale, 6)
        precision = 38
    return SqlType(name, precision=precision, scale=scale)


def common(types: Sequence[SqlType | None]) -> SqlType:
    """The type that all of them become, of CASE, UNION, IN, comparisons; int for nothing but NULLs."""
    known = [type_ for type_ in types if type_ is not None]
    if not known:
        return INT
    best = min(known, key=lambda type_: RANK[type_.name])
    if best.name in DECIMALS:
        numbers = [
            exact(type_) for type_ in known if type_.name in DECIMALS or type_.name in DIGITS or type_.name in MONEYS
        ]
        scale = max(type_.scale for type_ in numbers)
        whole = max(type_.precision - type_.scale for type_ in numbers)
        if scale + whole > 38:
            scale = max(38 - whole, 0)
        return SqlType(best.name, precision=min(scale + whole, 38), scale=scale)
    if best.name in {"time", "datetime2", "datetimeoffset"}:
        return SqlType(best.name, scale=max(type_.scale for type_ in known))
    if best.name in TEXTS or best.name in BYTES:
        return _longest(best, [type_ for type_ in known if type_.name in TEXTS or type_.name in BYTES])
    return best


def _longest(best: SqlType, known: Sequence[SqlType]) -> SqlType:
    if best.name in {"text", "ntext", "image", "timestamp"}:
        return best
    if any(type_.length == MAX or type_.name in {"text", "ntext", "image"} for type_ in known):
        name = {"nchar": "nvarchar", "char": "varchar", "binary": "varbinary"}.get(best.name, best.name)
        return SqlType(name, MAX, collation=shared(known))
    collation = shared(known)
    limit = 4000 if best.name in WIDE else 8000
    length = min(max(type_.length for type_ in known), limit)
    same = all(type_.length == best.length and type_.name == best.name for type_ in known)
    name = (
        best.name if same else {"nchar": "nvarchar", "char": "varchar", "binary": "varbinary"}.get(best.name, best.name)
    )
    return SqlType(name, length, collation=collation)


def shared(types: Sequence[SqlType]) -> str:
    """The collation of texts that become one.

    Raises:
        Refused: if they have several; a constant would give way, a column would be error 468.
    """
    found = {type_.collation for type_ in types if type_.name in TEXTS}
    if len(found) > 1:
        raise Refused("texts of several collations in one expression")
    return next(iter(found), "")


def joined(left: SqlType, right: SqlType) -> SqlType:
    """The type of text + text, or binary + binary."""
    wide = left.name in WIDE or right.name in WIDE
    binary = left.name in BYTES and right.name in BYTES
    name = "varbinary" if binary else "nvarchar" if wide else "varchar"
    if MAX in {left.length, right.length}:
        return SqlType(name, MAX, collation=shared([left, right]))
    return SqlType(name, min(left.length + right.length, 4000 if wide else 8000), collation=shared([left, right]))


def incompatible(operator: str, left: SqlType, right: SqlType) -> SqlError:
    """402."""
    words = {
        "=": "equal to", "<>": "not equal to", "<": "less than", ">": "greater than", "<=": "less than or equal to",
        ">=": "greater than or equal to", "+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo",
        "&": "'&'", "|": "'|'", "^": "'^'",
    }  # fmt: skip
    text = f"The data types {left.name} and {right.name} are incompatible in the {words[operator]} operator."
    return SqlError(402, text, ends="batch")


def clash(left: SqlType, right: SqlType) -> SqlError:
    """206: no implicit conversion."""
    return SqlError(206, f"Operand type clash: {left.name} is incompatible with {right.name}", 16, 2, ends="batch")


def check_implicit(source: SqlType, target: SqlType) -> None:
    """Whether a value may become another type without CAST.

    Raises:
        SqlError: 206 or 257 if not.
    """
    a, b = source.name, target.name
    numbers = INTEGERS | FLOATS | DECIMALS | MONEYS
    dates = {"date", "time", "datetime2", "datetimeoffset"}
    if b in {a, "sql_variant"}:
        return
    explicit = SqlError(
        257,
        f"Implicit conversion from data type {a} to {b} is not allowed. Use the CONVERT function to run this query.",
        16,
        3,
        ends="batch",
    )
    if a == "sql_variant":
        raise explicit
    if b in BYTES and a in TEXTS:
        raise explicit
    if (a in dates and b in numbers) or (a in numbers and b in dates):
        raise clash(source, target)
    if (a == "uniqueidentifier" and b in numbers | dates) or (b == "uniqueidentifier" and a in numbers | dates):
        raise clash(source, target)
    if {a, b} == {"date", "time"}:
        raise clash(source, target)
    if a == "xml" and b != "xml":
        raise explicit
    if a in {"hierarchyid", "geometry", "geography"} or (
        b in {"hierarchyid", "geometry", "geography"} and a not in BYTES
    ):
        raise clash(source, target)
