"""Constants: their values and types."""

from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.lexer import Kind, Token
from tests.tds.errors import SqlError
from tests.tds.types import MAX, SqlType

LITERALS = frozenset({Kind.TEXT, Kind.WIDE_TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY, Kind.BINARY})


def literal(token: Token) -> tree.Literal:
    """A constant with its type: 1 is int, 2147483648 numeric(10,0), 1.5 numeric(2,1), 1e0 float, 'a' varchar(1)."""
    text = token.text
    if token.kind is Kind.TEXT:
        return tree.Literal(text, SqlType("varchar", max(len(text), 1) if len(text) <= 8000 else MAX))
    if token.kind is Kind.WIDE_TEXT:
        units = len(text.encode("utf-16-le", "surrogatepass")) // 2
        return tree.Literal(text, SqlType("nvarchar", max(units, 1) if units <= 4000 else MAX))
    if token.kind is Kind.BINARY:
        digits = text[2:]
        value = bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
        return tree.Literal(value, SqlType("varbinary", max(len(value), 1) if len(value) <= 8000 else MAX))
    if token.kind is Kind.FLOAT:
        return tree.Literal(float(text if text[-1].isdigit() else text.rstrip("+-") + "0"), SqlType("float"))
    if token.kind is Kind.MONEY:
        whole, _, fraction = text[1:].partition(".")
        return tree.Literal(int(whole + fraction[:4].ljust(4, "0")), SqlType("money"))
    return tree.Literal(*number(text, token))


def number(text: str, token: Token) -> tuple[int, SqlType]:
    """An exact number and its type."""
    whole, _, fraction = text.partition(".")
    digits = int(whole + fraction or "0")
    if token.kind is Kind.INTEGER and digits < 2**31:
        return digits, SqlType("int")
    precision = max(len((whole + fraction).lstrip("0")), len(fraction), 1)
    if whole.lstrip("0") == "" and fraction:
        precision = max(precision, len(fraction))
    if precision > 38:
        raise SqlError(
            1007,
            f"The number '{text}' is out of the range for numeric representation (maximum precision 38).",
            15,
            line=token.line,
            ends="batch",
        )
    return digits, SqlType("numeric", precision=precision, scale=len(fraction))


def negated(operand: tree.Literal) -> tree.Literal:
    """A constant with a minus before it: -2147483648 is still an int only as a numeric is cast to it."""
    if not isinstance(operand.value, (int, float)):
        return tree.Literal(operand.value, operand.type)
    return tree.Literal(-operand.value, operand.type)
