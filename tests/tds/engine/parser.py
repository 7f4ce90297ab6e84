"""A recursive-descent parser: what tokens have in common, and queries."""

from __future__ import annotations

from tests.tds.engine import tree
from tests.tds.engine.expressions import ExpressionParser
from tests.tds.engine.lexer import Kind
from tests.tds.engine.tree import Query
from tests.tds.errors import Refused, SqlError

HINTS = frozenset(
    [
        "NOLOCK",
        "READUNCOMMITTED",
        "UPDLOCK",
        "HOLDLOCK",
        "SERIALIZABLE",
        "ROWLOCK",
        "PAGLOCK",
        "TABLOCK",
        "TABLOCKX",
        "XLOCK",
        "READPAST",
        "READCOMMITTED",
        "REPEATABLEREAD",
        "NOWAIT",
        "FORCESEEK",
    ]
)
"""Table hints: the whole database is one lock here, so all of them hold but these."""
REFUSED_HINTS = frozenset({"READPAST", "NOWAIT"})


class QueryParser(ExpressionParser):
    """SELECT and what is in it."""

    def query(self) -> Query:
        """A query with WITH and ORDER BY."""
        ctes = self.ctes() if self.at("WITH") else []
        return self.query_after(ctes)

    def ctes(self) -> list[tree.Cte]:
        """WITH a AS (...), b AS (...)."""
        self.expect("WITH")
        if self.at("XMLNAMESPACES"):
            raise Refused("WITH XMLNAMESPACES")
        found: list[tree.Cte] = []
        while True:
            name = self.name()
            columns = self.names_in_parentheses() if self.at_symbol("(") else []
            self.expect("AS")
            self.symbol("(")
            found.append(tree.Cte(name, columns, self.inner_query()))
            self.symbol(")")
            if not self.take_symbol(","):
                return found

    def query_after(self, ctes: list[tree.Cte]) -> Query:
        """A query whose WITH is read."""
        body = self.unions()
        order: list[tree.OrderItem] = []
        offset = fetch = None
        if self.take("ORDER"):
            self.expect("BY")
            order = self.order_items()
            if self.take("OFFSET"):
                offset = self.expression()
                self.one_of("ROW", "ROWS")
                if self.take("FETCH"):
                    self.one_of("NEXT", "FIRST")
                    fetch = self.expression()
                    self.one_of("ROW", "ROWS")
                    self.expect("ONLY")
        if self.at("FOR"):
            raise Refused("FOR XML, FOR JSON and FOR BROWSE")
        return Query(body, ctes, order, offset, fetch, self.options())

    def options(self) -> int:
        """OPTION (...): how deep recursion may go; the other hints change no result."""
        recursions = 100
        if self.take("OPTION"):
            self.symbol("(")
            while not self.take_symbol(")"):
                if self.take("MAXRECURSION"):
                    recursions = int(self.advance().text)
                elif self.token.kind is Kind.END:
                    raise self.unexpected()
                else:
                    self.advance()
        return recursions

    def unions(self) -> tree.Body:
        """UNION and EXCEPT, left to right; INTERSECT binds closer."""
        body = self.intersections()
        while self.at("UNION", "EXCEPT"):
            operator = self.advance().upper
            if operator == "UNION" and self.take("ALL"):
                operator = "UNION ALL"
            body = tree.SetOperation(operator, body, self.intersections())
        return body

    def intersections(self) -> tree.Body:
        """INTERSECT."""
        body = self.primary_body()
        while self.take("INTERSECT"):
            body = tree.SetOperation("INTERSECT", body, self.primary_body())
        return body

    def primary_body(self) -> tree.Body:
        """SELECT, VALUES or a query in parentheses."""
        if self.take_symbol("("):
            body = self.unions()
            self.symbol(")")
            return body
        if self.at("VALUES"):
            return self.values()
        return self.select()

    def values(self) -> tree.Values:
        """VALUES (...), (...)."""
        self.expect("VALUES")
        rows: list[list[tree.Expr]] = []
        while True:
            self.symbol("(")
            rows.append(self.expressions())
            self.symbol(")")
            if not self.take_symbol(","):
                return tree.Values(rows)

    def select(self) -> tree.Select:
        """SELECT up to HAVING."""
        self.expect("SELECT")
        select = tree.Select([])
        select.distinct = self.take("DISTINCT")
        self.take("ALL")
        select.top = self.top()
        select.identity = self.identity_item()
        while True:
            select.items.append(self.item())
            if not self.take_symbol(","):
                break
        select.into = self.into(select)
        if self.take("FROM"):
            select.source = self.sources()
        if self.take("WHERE"):
            select.where = self.condition()
        if self.take("GROUP"):
            self.expect("BY")
            if self.at("ROLLUP", "CUBE", "GROUPING"):
                raise Refused("ROLLUP, CUBE and GROUPING SETS")
            select.group = self.expressions()
        if self.take("HAVING"):
            select.having = self.condition()
        return select

    def into(self, select: tree.Select) -> tree.Parts:
        """INTO table, if it is there.

        Raises:
            SqlError: 177 for IDENTITY without it.
        """
        if self.take("INTO"):
            return self.parts()
        if select.identity is not None:
            text = "The IDENTITY function can only be used when the SELECT statement has an INTO clause."
            raise SqlError(177, text, 15, ends="batch")
        return ()

    def identity_item(self) -> tree.IdentityItem | None:
        """IDENTITY(type, seed, increment) AS name, which this server takes before all other columns alone."""
        if not self.at("IDENTITY") or self.peek(1).text != "(":
            return None
        self.advance()
        self.symbol("(")
        type_ = self.type()
        numbers: list[int] = []
        while self.take_symbol(","):
            sign = -1 if self.take_symbol("-") else 1
            token = self.advance()
            if token.kind is not Kind.INTEGER:
                raise self.unexpected(token)
            numbers.append(sign * int(token.text))
        self.symbol(")")
        self.expect("AS")
        seed, increment = numbers or (1, 1)
        item = tree.IdentityItem(self.alias(), type_, seed, increment)
        self.symbol(",")
        return item

    def top(self) -> tree.Expr | None:
        """TOP (n)."""
        if not self.take("TOP"):
            return None
        if self.take_symbol("("):
            top = self.expression()
            self.symbol(")")
        else:
            top = self.primary()
        if self.take("PERCENT"):
            raise Refused("TOP ... PERCENT")
        if self.at("WITH") and self.peek(1).upper == "TIES":
            raise Refused("TOP ... WITH TIES")
        return top

    def item(self) -> tree.Item:
        """One term of SELECT or OUTPUT, in each of its forms."""
        if self.token.kind is Kind.VARIABLE and self.peek(1).text == "=":
            variable = self.advance().text
            self.symbol("=")
            return tree.Item(self.expression(), variable=variable)
        if self.token.kind in {Kind.WORD, Kind.QUOTED} and not self.token.reserved and self.peek(1).text == "=":
            alias = self.name()
            self.symbol("=")
            return tree.Item(self.expression(), alias)
        if self.take_symbol("*"):
            return tree.Item(tree.Star(()))
        expression = self.expression()
        if self.take("AS"):
            return tree.Item(expression, self.alias())
        if self.token.kind in {Kind.QUOTED, Kind.TEXT, Kind.WIDE_TEXT} or (
            self.token.kind is Kind.WORD and not self.token.reserved and self.token.upper != "OFFSET"
        ):
            return tree.Item(expression, self.alias())
        return tree.Item(expression)

    def alias(self) -> str:
        """A name, which may be a text."""
        if self.token.kind in {Kind.TEXT, Kind.WIDE_TEXT}:
            return self.advance().text
        return self.name()

    def sources(self) -> tree.Source:
        """FROM: joins, and commas that stand for CROSS JOIN."""
        source = self.joins()
        while self.take_symbol(","):
            source = tree.Join("CROSS", source, self.joins(), None)
        return source

    def joins(self) -> tree.Source:
        """A source and what is joined to it."""
        source = self.source()
        while True:
            if self.take("CROSS"):
                if self.take("APPLY"):
                    raise Refused("CROSS APPLY")
                self.expect("JOIN")
                source = tree.Join("CROSS", source, self.source(), None)
                continue
            if self.at("OUTER"):
                raise Refused("OUTER APPLY")
            kind = self.join_kind()
            if not kind:
                return source
            right = self.source()
            if self.at("INNER", "LEFT", "RIGHT", "FULL", "JOIN"):  # a JOIN b JOIN c ON .. ON ..
                raise Refused("joins whose conditions come after all of them")
            self.expect("ON")
            source = tree.Join(kind, source, right, self.condition())

    def join_kind(self) -> str:
        """INNER, LEFT, RIGHT, FULL, or nothing if no join follows."""
        if self.at("PIVOT", "UNPIVOT"):
            raise Refused(self.token.upper)
        if self.take("JOIN"):
            return "INNER"
        for kind in ("INNER", "LEFT", "RIGHT", "FULL"):
            if self.at(kind):
                self.advance()
                if kind != "INNER":
                    self.take("OUTER")
                self.expect("JOIN")
                return kind
        return ""

    def source(self) -> tree.Source:
        """A table, a function, a query or joins in parentheses."""
        if self.take_symbol("("):
            if self.at("SELECT", "VALUES", "WITH") or self.at_symbol("("):
                query = self.inner_query()
                self.symbol(")")
                alias = self.source_alias()
                if not alias:
                    raise self.unexpected()
                columns = self.names_in_parentheses() if self.at_symbol("(") else []
                return tree.Derived(query, alias, columns)
            source = self.sources()
            self.symbol(")")
            return source
        if self.token.kind is Kind.VARIABLE:
            return tree.Table((self.advance().text,), self.source_alias())
        parts = self.parts()
        if self.take_symbol("("):
            arguments = [] if self.at_symbol(")") else self.expressions()
            self.symbol(")")
            return tree.Function(parts, arguments, self.source_alias())
        alias = self.source_alias()
        self.hints()
        if not alias:
            alias = self.source_alias()
        return tree.Table(parts, alias)

    def source_alias(self) -> str:
        """[AS] name, if there is one."""
        if self.take("AS"):
            return self.name()
        if self.token.kind is Kind.QUOTED or (self.token.kind is Kind.WORD and not self.token.reserved):
            return self.name()
        return ""

    def hints(self) -> None:
        """WITH (hints)."""
        if self.at("WITH") and self.peek(1).text == "(":
            self.advance()
            self.advance()
            while not self.take_symbol(")"):
                hint = self.advance()
                if hint.upper in REFUSED_HINTS:
                    raise Refused(f"the table hint {hint.upper}")
                if hint.upper not in HINTS:
                    raise self.unexpected(hint)
                self.take_symbol(",")
