"""The parser of expressions: conditions and values."""

# ruff: noqa: C901, E501, PLR0911 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

from abc import ABC, abstractmethod

from tests.tds.engine import tree
from tests.tds.engine.lexer import Kind
from tests.tds.engine.literals import LITERALS, literal, negated
from tests.tds.engine.tree import Expr, Query
from tests.tds.engine.type_names import SIZED, TypeParser
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType

COMPARISONS = frozenset({"=", "<>", "!=", "<", "<=", ">", ">=", "!<", "!>"})
NILADIC = frozenset({"CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER"})
CALLABLE = frozenset({"LEFT", "RIGHT", "COALESCE", "NULLIF", "IDENTITY"})
"""Reserved words that are functions."""
FRAME = frozenset(["ROWS", "RANGE", "BETWEEN", "AND", "UNBOUNDED", "PRECEDING", "FOLLOWING", "CURRENT", "ROW"])


class ExpressionParser(TypeParser, ABC):
    """Reads conditions and values."""

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
