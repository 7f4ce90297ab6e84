"""The parser's lower half: tokens, names, types and expressions."""

# ruff: noqa: C901, E501, PLR0911, PLR0912 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from tests.tds.engine import tree
from tests.tds.engine.lexer import Kind, Token, tokenize
from tests.tds.engine.tree import Expr, Query
from tests.tds.errors import Refused, SqlError
from tests.tds.types import MAX, SqlType

COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">=", "!<", "!>"})
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
NILADIC = frozenset({"CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER"})
CALLABLE = frozenset({"LEFT", "RIGHT", "COALESCE", "NULLIF", "IDENTITY"})
"""Reserved words that are functions."""


class ExpressionParser(ABC):
    """Reads tokens from front to back."""

    def __init__(self, sql: str) -> None:
        """`sql` is a whole batch."""
        self.sql = sql
        self.tokens = tokenize(sql)
        self.index = 0

    @abstractmethod
    def query(self) -> Query:
        """A query; the next parser up knows how."""

    def inner_query(self) -> Query:
        """A query inside another one, whose rows have no order of their own.

        Raises:
            SqlError: 1033.
        """
        line = self.token.line
        query = self.query()
        limited = query.offset is not None or (isinstance(query.body, tree.Select) and query.body.top is not None)
        if query.order and not limited:
            text = (
                "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table "
                "expressions, unless TOP, OFFSET or FOR XML is also specified."
            )
            raise SqlError(1033, text, 15, line=line, ends="batch")
        return query

    # Tokens

    @property
    def token(self) -> Token:
        """The next one."""
        return self.tokens[self.index]

    def peek(self, ahead: int) -> Token:
        """One further on."""
        return self.tokens[min(self.index + ahead, len(self.tokens) - 1)]

    def advance(self) -> Token:
        """Takes the next one."""
        token = self.tokens[self.index]
        if token.kind is not Kind.END:
            self.index += 1
        return token

    def unexpected(self, token: Token | None = None) -> SqlError:
        """The error that the next token makes: 156 for a keyword, 102 for anything else."""
        token = token or self.token
        if token.kind is Kind.END and self.tokens[:-1]:
            token = self.tokens[-2]
        if token.reserved:
            text, number = f"Incorrect syntax near the keyword '{token.text}'.", 156
        else:
            text, number = f"Incorrect syntax near '{token.text}'.", 102
        return SqlError(number, text, 15, line=token.line, ends="batch")

    def at(self, *words: str) -> bool:
        """Whether the next token is one of these words."""
        return self.token.upper in words

    def take(self, word: str) -> bool:
        """Takes this word if it comes next."""
        if self.token.upper == word:
            self.index += 1
            return True
        return False

    def expect(self, word: str) -> None:
        """Takes this word, which has to come."""
        if not self.take(word):
            raise self.unexpected()

    def one_of(self, *words: str) -> str:
        """Takes one of these words."""
        if not self.at(*words):
            raise self.unexpected()
        return self.advance().upper

    def at_symbol(self, symbol: str) -> bool:
        """Whether this symbol comes next."""
        return self.token.kind is Kind.SYMBOL and self.token.text == symbol

    def take_symbol(self, symbol: str) -> bool:
        """Takes this symbol if it comes next."""
        if self.at_symbol(symbol):
            self.index += 1
            return True
        return False

    def symbol(self, symbol: str) -> None:
        """Takes this symbol, which has to come."""
        if not self.take_symbol(symbol):
            raise self.unexpected()

    # Names and types

    def name(self) -> str:
        """One name."""
        token = self.token
        if token.kind is Kind.QUOTED or (token.kind is Kind.WORD and not token.reserved):
            if not token.text:
                raise SqlError(1038, "An object or column name is missing or empty.", 15, line=token.line, ends="batch")
            if len(token.text) > 128:
                raise SqlError(
                    103,
                    f"The identifier that starts with '{token.text[:128]}' is too long. Maximum length is 128.",
                    15,
                    line=token.line,
                    ends="batch",
                )
            self.index += 1
            return token.text
        raise self.unexpected()

    def parts(self) -> tree.Parts:
        """A name of up to four parts; `db..t` leaves one out."""
        found = [self.name()]
        while self.take_symbol("."):
            found.append("" if self.at_symbol(".") else self.name())
        if len(found) > 3:
            raise Refused("names of another server")
        return tuple(found)

    def names_in_parentheses(self) -> list[str]:
        """(a, b, c)."""
        self.symbol("(")
        found = [self.name()]
        while self.take_symbol(","):
            found.append(self.name())
        self.symbol(")")
        return found

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

    # Conditions

    def condition(self) -> Expr:
        """OR, AND, NOT and predicates."""
        left = self.conjunction()
        while self.take("OR"):
            left = tree.Logic("OR", left, self.conjunction())
        return left

    def conjunction(self) -> Expr:
        """AND."""
        left = self.negation()
        while self.take("AND"):
            left = tree.Logic("AND", left, self.negation())
        return left

    def negation(self) -> Expr:
        """NOT."""
        if self.take("NOT"):
            return tree.Not(self.negation())
        return self.predicate()

    def predicate(self) -> Expr:
        """A comparison, or conditions in parentheses."""
        if self.take("EXISTS"):
            self.symbol("(")
            query = self.inner_query()
            self.symbol(")")
            return tree.Exists(query)
        if self.at_symbol("(") and not self.at_subquery():
            start = self.index
            self.advance()
            try:
                inner = self.condition()
                self.symbol(")")
            except SqlError:
                self.index = start
            else:
                if not self.continues_an_expression():
                    return inner
                self.index = start
        left = self.expression()
        if self.token.kind is Kind.SYMBOL and self.token.text in COMPARISONS:
            operator = {"!=": "<>", "!<": ">=", "!>": "<="}.get(self.token.text, self.token.text)
            self.advance()
            if self.at("ALL", "ANY", "SOME"):
                raise Refused("ALL, ANY and SOME")
            return tree.Compare(operator, left, self.expression())
        if self.take("IS"):
            negated = self.take("NOT")
            if self.at("DISTINCT"):
                raise Refused("IS DISTINCT FROM")
            self.expect("NULL")
            return tree.IsNull(left, negated)
        negated = self.take("NOT")
        if self.take("IN"):
            self.symbol("(")
            items: list[Expr] | Query
            items = self.inner_query() if self.at("SELECT", "WITH") else self.expressions()
            self.symbol(")")
            return tree.In(left, items, negated)
        if self.take("LIKE"):
            pattern = self.expression()
            escape = self.expression() if self.take("ESCAPE") else None
            return tree.Like(left, pattern, escape, negated)
        if self.take("BETWEEN"):
            low = self.expression()
            self.expect("AND")
            return tree.Between(left, low, self.expression(), negated)
        raise self.not_a_condition()

    def not_a_condition(self) -> SqlError:
        """4145: a value stands where a condition is due."""
        token = self.token if self.token.kind is not Kind.END else self.peek(-1)
        text = f"An expression of non-boolean type specified in a context where a condition is expected, near '{token.text}'."
        return SqlError(4145, text, 15, line=token.line, ends="batch")

    def at_subquery(self) -> bool:
        """Whether a query in parentheses comes next."""
        ahead = 0
        while self.peek(ahead).text == "(" and self.peek(ahead).kind is Kind.SYMBOL:
            ahead += 1
        return self.peek(ahead).upper in {"SELECT", "WITH"}

    def continues_an_expression(self) -> bool:
        """Whether what was taken for a condition in parentheses is a value, going by what follows."""
        token = self.token
        if token.kind is Kind.SYMBOL:
            return token.text in COMPARISONS or token.text in {"+", "-", "*", "/", "%", "&", "|", "^"}
        return token.upper in {"IS", "IN", "LIKE", "BETWEEN", "COLLATE"}

    # Values

    def expressions(self) -> list[Expr]:
        """a, b, c."""
        found = [self.expression()]
        while self.take_symbol(","):
            found.append(self.expression())
        return found

    def order_items(self) -> list[tree.OrderItem]:
        """a DESC, b."""
        found: list[tree.OrderItem] = []
        while True:
            expression = self.expression()
            descending = self.take("DESC")
            if not descending:
                self.take("ASC")
            found.append(tree.OrderItem(expression, descending))
            if not self.take_symbol(","):
                return found

    def expression(self) -> Expr:
        """+ - & ^ | bind weaker than * / %."""
        left = self.term()
        while self.token.kind is Kind.SYMBOL and self.token.text in {"+", "-", "&", "^", "|"}:
            operator = self.advance().text
            left = tree.Binary(operator, left, self.term())
        return left

    def term(self) -> Expr:
        """* / %."""
        left = self.unary()
        while self.token.kind is Kind.SYMBOL and self.token.text in {"*", "/", "%"}:
            operator = self.advance().text
            left = tree.Binary(operator, left, self.unary())
        return left

    def unary(self) -> Expr:
        """- + ~; a minus before a number belongs to the number."""
        if self.token.kind is Kind.SYMBOL and self.token.text in {"-", "+", "~"}:
            operator = self.advance().text
            operand = self.unary()
            if operator == "-" and isinstance(operand, tree.Literal) and operand.type is not None:
                return negated(operand)
            return operand if operator == "+" else tree.Unary(operator, operand)
        value = self.primary()
        while self.at("COLLATE"):
            self.advance()
            value = tree.Collate(value, self.name())
        if self.at("AT") and self.peek(1).upper == "TIME":
            raise Refused("AT TIME ZONE")
        return value

    def primary(self) -> Expr:
        """A constant, a name, a function, a query or an expression in parentheses."""
        token = self.token
        if token.kind in LITERALS:
            return literal(self.advance())
        if token.kind is Kind.VARIABLE:
            return tree.Variable(self.advance().text)
        if self.at_symbol("("):
            if self.at_subquery():
                self.advance()
                query = self.inner_query()
                self.symbol(")")
                return tree.Subquery(query)
            self.advance()
            value = self.expression()
            self.symbol(")")
            return value
        if token.kind is Kind.SYMBOL and token.text == "{":
            raise Refused("ODBC escapes in braces")
        word = token.upper
        if word == "NULL":
            self.advance()
            return tree.Literal(None, None)
        if word == "CASE":
            return self.case()
        if word in {"CAST", "TRY_CAST", "CONVERT", "TRY_CONVERT"} and self.peek(1).text == "(":
            return self.cast()
        if word in NILADIC:
            self.advance()
            return tree.Call(word, [])
        if word in CALLABLE and self.peek(1).text == "(":
            self.advance()
            return self.call(word)
        if token.kind is Kind.QUOTED or (token.kind is Kind.WORD and not token.reserved):
            return self.named()
        raise self.unexpected()

    def named(self) -> Expr:
        """A column, t.* or a function."""
        parts = [self.name()]
        while self.take_symbol("."):
            if self.take_symbol("*"):
                return tree.Star(tuple(parts))
            parts.append("" if self.at_symbol(".") else self.name())
        if self.at_symbol("::"):
            raise Refused("methods of CLR types")
        if self.at_symbol("("):
            if len(parts) > 1:
                raise Refused(f"the function {'.'.join(parts)}")
            return self.call(parts[0].upper())
        return tree.Name(tuple(parts))

    def call(self, name: str) -> Expr:
        """A function's arguments, and OVER."""
        self.symbol("(")
        distinct = self.take("DISTINCT")
        self.take("ALL")
        arguments: list[Expr] = []
        if name in {"DATEADD", "DATEDIFF", "DATEDIFF_BIG", "DATEPART", "DATENAME"}:
            arguments.append(tree.Literal(self.name().lower(), SqlType("varchar", 20)))
            self.symbol(",")
            arguments += self.expressions()
        elif name == "IIF":
            condition = self.condition()
            self.symbol(",")
            then, otherwise = self.pair()
            self.symbol(")")
            return tree.Case(None, [(condition, then)], otherwise)
        elif self.take_symbol("*"):
            arguments.append(tree.Star(()))
        elif not self.at_symbol(")"):
            arguments = self.expressions()
            if name == "TRIM" and self.at("FROM"):
                raise Refused("TRIM with FROM")
            if name in {"PARSE", "TRY_PARSE"} and self.at("AS"):
                raise Refused(f"the function {name}")
        self.symbol(")")
        call = tree.Call(name, arguments, distinct)
        if self.take("WITHIN"):
            self.expect("GROUP")
            self.symbol("(")
            self.expect("ORDER")
            self.expect("BY")
            call.within = self.order_items()
            self.symbol(")")
        if self.take("OVER"):
            call.over = self.over()
        return call

    def pair(self) -> tuple[Expr, Expr]:
        """a, b."""
        first = self.expression()
        self.symbol(",")
        return first, self.expression()

    def over(self) -> tree.Over:
        """OVER (...)."""
        self.symbol("(")
        partition: list[Expr] = []
        order: list[tree.OrderItem] = []
        if self.take("PARTITION"):
            self.expect("BY")
            partition = self.expressions()
        if self.take("ORDER"):
            self.expect("BY")
            order = self.order_items()
        frame: list[str] = []
        if self.at("ROWS", "RANGE"):
            while not self.at_symbol(")"):
                word = self.advance()
                if word.upper not in FRAME and word.kind is not Kind.INTEGER:
                    raise self.unexpected(word)
                frame.append(word.text.upper())
        self.symbol(")")
        return tree.Over(partition, order, " ".join(frame))

    def case(self) -> Expr:
        """CASE x WHEN ... and CASE WHEN ..."""
        self.expect("CASE")
        operand = None if self.at("WHEN") else self.expression()
        whens: list[tuple[Expr, Expr]] = []
        while self.take("WHEN"):
            condition = self.condition() if operand is None else self.expression()
            self.expect("THEN")
            whens.append((condition, self.expression()))
        if not whens:
            raise self.unexpected()
        otherwise = self.expression() if self.take("ELSE") else None
        self.expect("END")
        return tree.Case(operand, whens, otherwise)

    def cast_type(self) -> SqlType:
        """The type of CAST.

        Raises:
            SqlError: 243 for one that there is not.
        """
        name = self.token.text
        try:
            return self.type()
        except SqlError as error:
            if error.number != 2715:
                raise
            text = f"Type {name} is not a defined system type."
            raise SqlError(243, text, line=error.line, ends="batch") from None

    def cast(self) -> Expr:
        """CAST(x AS t), CONVERT(t, x, style)."""
        word = self.advance().upper
        self.symbol("(")
        style = None
        if word.endswith("CAST"):
            operand = self.expression()
            self.expect("AS")
            type_ = self.cast_type()
        else:
            type_ = self.cast_type()
            self.symbol(",")
            operand = self.expression()
            if self.take_symbol(","):
                style = self.expression()
        self.symbol(")")
        if type_.name in SIZED and not type_.length:
            type_ = SqlType(type_.name, 30)
        return tree.Cast(operand, type_, word.startswith("TRY"), style)


LITERALS = frozenset({Kind.TEXT, Kind.WIDE_TEXT, Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT, Kind.MONEY, Kind.BINARY})
FRAME = frozenset(["ROWS", "RANGE", "BETWEEN", "AND", "UNBOUNDED", "PRECEDING", "FOLLOWING", "CURRENT", "ROW"])


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


def same_words(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether names are equal where case does not count."""
    return [word.lower() for word in left] == [word.lower() for word in right]


__all__ = ["ExpressionParser", "literal", "negated", "same_words"]
