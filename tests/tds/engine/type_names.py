"""The parser of types: their names, and what stands in parentheses behind them."""

# ruff: noqa: C901, PLR0911, PLR0912 - a case for each type
from __future__ import annotations

from tests.tds.engine.lexer import Kind, Token
from tests.tds.engine.reader import Reader
from tests.tds.errors import Refused, SqlError
from tests.tds.types import MAX, SqlType

SYNONYMS = {
    "INTEGER": "int",
    "DEC": "decimal",
    "CHARACTER": "char",
    "ROWVERSION": "timestamp",
    "BINARY": "binary",
}
SIZED = frozenset({"char", "varchar", "nchar", "nvarchar", "binary", "varbinary"})
PLAIN = frozenset(
    [
        "bit",
        "tinyint",
        "smallint",
        "int",
        "bigint",
        "real",
        "money",
        "smallmoney",
        "datetime",
        "smalldatetime",
        "date",
        "uniqueidentifier",
        "text",
        "ntext",
        "image",
        "xml",
        "sql_variant",
        "timestamp",
        "hierarchyid",
        "geometry",
        "geography",
    ]
)


class TypeParser(Reader):
    """Reads types."""

    def type(self) -> SqlType:
        """A type with what stands in parentheses behind it."""
        token = self.token
        if token.upper == "NATIONAL":
            raise Refused("NATIONAL CHARACTER: write nchar")
        if token.upper == "DOUBLE":
            self.advance()
            self.expect("PRECISION")
            return SqlType("float")
        name = SYNONYMS.get(token.upper, token.text.lower()) if token.kind is Kind.WORD else token.text.lower()
        if token.kind not in {Kind.WORD, Kind.QUOTED}:
            raise self.unexpected()
        self.advance()
        if name == "sys" and self.take_symbol("."):
            return self.type()
        if name == "char" and self.take("VARYING"):
            name = "varchar"
        if name in PLAIN:
            return SqlType(name)
        arguments = self.type_arguments()
        if name in SIZED:
            return self.sized(name, arguments, token)
        if name in {"decimal", "numeric"}:
            precision = arguments[0] if arguments else 18
            scale = arguments[1] if len(arguments) > 1 else 0
            if not 1 <= precision <= 38:
                raise SqlError(
                    2750 if precision > 38 else 1001,
                    f"Column or parameter #1: Specified column precision {precision} "
                    "is greater than the maximum precision of 38.",
                    line=token.line,
                    ends="batch",
                )
            if scale > precision:
                raise SqlError(
                    192, "The scale must be less than or equal to the precision.", 15, line=token.line, ends="batch"
                )
            return SqlType(name, precision=precision, scale=scale)
        if name in {"time", "datetime2", "datetimeoffset"}:
            scale = arguments[0] if arguments else 7
            if scale > 7:
                raise SqlError(
                    1002, f"Line {token.line}: Specified scale {scale} is invalid.", line=token.line, ends="batch"
                )
            return SqlType(name, scale=scale)
        if name == "float":
            return SqlType("real" if arguments and arguments[0] <= 24 else "float")
        if name == "sysname":
            return SqlType("nvarchar", 128)
        raise SqlError(
            2715,
            f"Column, parameter, or variable #1: Cannot find data type {token.text}.",
            line=token.line,
            ends="batch",
        )

    def type_arguments(self) -> list[int]:
        """(10, 2), (max) or nothing."""
        found: list[int] = []
        if self.take_symbol("("):
            while True:
                token = self.advance()
                if token.upper == "MAX":
                    found.append(MAX)
                elif token.kind is Kind.INTEGER:
                    found.append(int(token.text))
                else:
                    raise self.unexpected(token)
                if not self.take_symbol(","):
                    break
            self.symbol(")")
        return found

    def sized(self, name: str, arguments: list[int], token: Token) -> SqlType:
        """A text or binary type; without a length it has 1 (30 in CAST, which the caller knows)."""
        length = arguments[0] if arguments else 0
        limit = 4000 if name[0] == "n" else 8000
        if length > limit or (length == MAX and name in {"char", "nchar", "binary"}):
            raise SqlError(
                131,
                f"The size ({length}) given to the type '{name}' exceeds the maximum allowed for any data type "
                f"({limit}).",
                15,
                line=token.line,
                ends="batch",
            )
        if arguments and not length:
            raise SqlError(
                1001,
                f"Line {token.line}: Length or precision specification 0 is invalid.",
                15,
                line=token.line,
                ends="batch",
            )
        return SqlType(name, length)
