"""Queries: FROM, SELECT, GROUP BY, ORDER BY, UNION, WITH."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from tests.tds.engine import tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import ExpressionBinder, Scope, ScopeColumn, Variables, matches, ordered
from tests.tds.engine.bound import Bound, BoundQuery, Result, converted
from tests.tds.engine.catalog import Object, invalid_object
from tests.tds.engine.functions.table import FUNCTIONS
from tests.tds.errors import Refused, SqlError
from tests.tds.types import LOBS, SqlType


class Objects(Variables, Protocol):
    """What the binder asks a session."""

    def resolve(self, parts: tree.Parts) -> Object | None:
        """A table or view; None if there is none."""
        ...

    def system_view(self, parts: tree.Parts) -> Object | None:
        """A catalog view, filled with what is there now."""
        ...

    def referencing(self, parts: tree.Parts, name: str | None, kind: str | None) -> Object | None:
        """What `sys.dm_sql_referencing_entities` gives; None if the database of its own name is not there."""
        ...

    def evaluate(self, expr: tree.Expr, type_: SqlType | None = None) -> tuple[Any, SqlType]:
        """An expression's value and type, without a table."""
        ...

    def parse_view(self, view: Object) -> tree.Query:
        """The query of a view."""
        ...

    def parse_expression(self, text: str) -> tree.Expr:
        """An expression of a definition."""
        ...

    def description_refused(self, table: Object) -> SqlError | None:
        """Whether a table may not be described without running anything: temporary ones."""
        ...


@dataclass(slots=True)
class RecursiveCte:
    """A CTE inside its own recursive part."""

    columns: list[Result]
    name: str
    uses: int = 0


Ctes = dict[str, "tree.Cte | RecursiveCte"]
OLD_VIEWS = frozenset(
    ["syscolumns", "syscomments", "sysconstraints", "sysdatabases", "sysfiles", "sysforeignkeys", "sysindexes", "syslogins",
     "sysobjects", "sysprocesses", "sysreferences", "systypes", "sysusers"]
)  # fmt: skip
"""The system tables of SQL Server 2000, which are views today."""


class Binder(ExpressionBinder):
    """Binds whole queries."""

    functions = FUNCTIONS

    def __init__(self, session: Objects) -> None:
        """`session` knows the objects."""
        super().__init__(session)
        self.session = session
        self.ctes: list[Ctes] = []
        self.bases: list[tuple[tuple[str, ...], Object, str]] = []
        """The stored tables in FROM: what they are called, what they are, and their name in SQLite's SQL."""
        self.used: set[int] = set()
        """The objects that were named."""

    # Queries

    def query(self, query: tree.Query, parent: Scope | None) -> BoundQuery:
        """A query with its CTEs and its order."""
        scope: Ctes = {}
        self.ctes.append(scope)
        depth = self.recursions if query.recursions == 100 else query.recursions
        outer, self.recursions = self.recursions, depth
        try:
            for cte in query.ctes:
                if cte.name.casefold() in scope:
                    raise SqlError(
                        239, f"Duplicate common table expression name '{cte.name}' was specified.", ends="batch"
                    )
                scope[cte.name.casefold()] = cte
            return self.body(query.body, query, parent)
        finally:
            self.ctes.pop()
            self.recursions = outer

    recursions = 100

    def body(self, body: tree.Body, query: tree.Query | None, parent: Scope | None) -> BoundQuery:
        """What a query is made of; `query` has its order."""
        if isinstance(body, tree.Select):
            return self.select(body, query, parent)
        if isinstance(body, tree.Values):
            bound = self.values(body, parent)
        else:
            assert isinstance(body, tree.SetOperation)
            bound = self.set_operation(body, parent)
        if query is None or not (query.order or query.offset):
            return bound
        alias = self.alias()
        scope = Scope(parent=parent)
        for at, column in enumerate(bound.columns, 1):
            scope.columns.append(ScopeColumn((), column.name, f"{alias}.c{at}", column.type, column.nullable))
        terms = [self.order_term(item, scope, scope.columns) for item in query.order]
        columns = ", ".join(f"{alias}.c{at}" for at in range(1, len(bound.columns) + 1))
        sql = f"SELECT {columns} FROM ({bound.sql}) AS {alias} ORDER BY {', '.join(terms)}{self.limits(query, None)}"
        return BoundQuery(sql, bound.columns)

    def values(self, body: tree.Values, parent: Scope | None) -> BoundQuery:
        """VALUES: each column has the type that all rows share."""
        scope = Scope(parent=parent)
        rows = [[self.value(item, scope) for item in row] for row in body.rows]
        if len({len(row) for row in rows}) != 1:
            text = "All the rows in a VALUES clause must have the same number of expressions."
            raise SqlError(10709, text, ends="batch")
        types = [rules.common([row[at].type for row in rows]) for at in range(len(rows[0]))]
        parts = [
            ", ".join(
                f"{self.as_type(item, type_)} AS c{at}"
                for at, (item, type_) in enumerate(zip(row, types, strict=True), 1)
            )
            for row in rows
        ]
        columns = [Result("", type_, any(row[at].nullable for row in rows)) for at, type_ in enumerate(types)]
        if len(rows) == 1:
            return BoundQuery(f"SELECT {parts[0]}", columns, single=True)
        alias = self.alias()
        lines = ", ".join(
            "(" + ", ".join(self.as_type(item, type_) for item, type_ in zip(row, types, strict=True)) + ")"
            for row in rows
        )
        names = ", ".join(f"{alias}.column{at} AS c{at}" for at in range(1, len(types) + 1))
        return BoundQuery(f"SELECT {names} FROM (VALUES {lines}) AS {alias}", columns)

    def set_operation(self, body: tree.SetOperation, parent: Scope | None) -> BoundQuery:
        """UNION and its like: types become common ones, texts compare by their collation."""
        left, right = self.body(body.left, None, parent), self.body(body.right, None, parent)
        if len(left.columns) != len(right.columns):
            text = (
                "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of "
                "expressions in their target lists."
            )
            raise SqlError(205, text, ends="batch")
        columns = [
            Result(a.name, rules.common([a.type, b.type]), a.nullable or b.nullable)
            for a, b in zip(left.columns, right.columns, strict=True)
        ]
        collate = body.operator != "UNION ALL"
        parts = [self.recast(side, columns, collate=collate) for side in (left, right)]
        return BoundQuery(f"{parts[0]} {body.operator} {parts[1]}", columns)

    def recast(self, bound: BoundQuery, columns: list[Result], *, collate: bool) -> str:
        """A query's SQL with its columns as other types."""
        alias = self.alias()
        items: list[str] = []
        for at, (source, target) in enumerate(zip(bound.columns, columns, strict=True), 1):
            rules.check_implicit(source.type, target.type)
            sql = converted(Bound(f"{alias}.c{at}", source.type), target.type)
            items.append(f"{ordered(sql, target.type) if collate else sql} AS c{at}")
        return f"SELECT {', '.join(items)} FROM ({bound.sql}) AS {alias}"

    # SELECT

    def select(self, select: tree.Select, query: tree.Query | None, parent: Scope | None) -> BoundQuery:
        """SELECT with its ORDER BY."""
        scope = Scope(parent=parent)
        source = self.source(select.source, scope) if select.source is not None else ""
        where = self.where(select.where, scope) if select.where is not None else ""
        grouping = ""
        if select.group is not None:
            terms = [self.value(term, scope) for term in select.group]
            if any(term.constant for term in terms):
                text = "Each GROUP BY expression must contain at least one column that is not an outer reference."
                raise SqlError(164, text, 15, ends="batch")
            scope.groups = {term.sql for term in terms}
            grouping = " GROUP BY " + ", ".join(ordered(term.sql, term.type) for term in terms)
        items = self.items(select.items, scope)
        having = ""
        if select.having is not None:
            having = f" HAVING {self.condition(select.having, scope)}"
        if (scope.aggregates or having) and scope.groups is None:
            scope.groups = set()
            items = self.items(select.items, scope)
            if having:
                grouping = " GROUP BY NULL" if not scope.aggregates else ""
        columns = [Result(item.name, item.type or rules.INT, item.nullable, item.column, item.table) for item in items]
        order = self.order(query, select, scope, items)
        limits = self.limits(query, select.top)
        names = [
            f"{ordered(item.sql, item.type) if select.distinct else item.sql} AS c{at}"
            for at, item in enumerate(items, 1)
        ]
        if select.distinct:
            for item in items:
                if item.type is not None and item.type.name in {*LOBS, "xml", "geometry", "geography"}:
                    text = (
                        f"The data type {item.type.name} cannot be selected as DISTINCT because it is not comparable."
                    )
                    raise SqlError(421, text, ends="batch")
        sql = (
            f"SELECT {'DISTINCT ' if select.distinct else ''}{', '.join(names)}"
            f"{' FROM ' + source if source else ''}{where}{grouping}{having}{order}{limits}"
        )
        single = (scope.groups == set() and not grouping) or (not source and not where)
        single = single or (isinstance(select.top, tree.Literal) and select.top.value in {0, 1})
        return BoundQuery(sql, columns, single=single)

    def where(self, condition: tree.Expr, scope: Scope) -> str:
        """WHERE.

        Raises:
            SqlError: 147 for an aggregate, 4108 for a windowed function.
        """
        sql = f" WHERE {self.condition(condition, scope)}"
        if scope.aggregates:
            text = "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference."
            raise SqlError(147, text, 15, ends="batch")
        if scope.windows:
            text = "Windowed functions can only appear in the SELECT or ORDER BY clauses."
            raise SqlError(4108, text, 15, ends="batch")
        return sql

    def items(self, items: list[tree.Item], scope: Scope) -> list[Bound]:
        """The terms of SELECT, `*` spread out."""
        found: list[Bound] = []
        for item in items:
            if isinstance(item.expression, tree.Star):
                found += self.star(item.expression.table, scope)
                continue
            bound = self.value(item.expression, scope)
            if bound.unknown:
                raise SqlError(
                    11502, f"The type for parameter '{bound.unknown}' cannot be deduced from the query.", ends="batch"
                )
            bound.name = item.alias or (bound.name if isinstance(item.expression, tree.Name) else "")
            found.append(bound)
        return found

    def star(self, table: tree.Parts, scope: Scope) -> list[Bound]:
        """`*`, `t.*`."""
        columns = [column for column in scope.columns if not table or matches(column.sources, table)]
        if not columns:
            if table:
                text = f"The column prefix '{'.'.join(table)}' does not match with a table name or alias name used in the query."
                raise SqlError(107, text, 15, ends="batch")
            raise SqlError(263, "Must specify table to select from.", ends="batch")
        if scope.groups is not None:
            for column in columns:
                self.value(tree.Name((*column.sources[-1:], column.name)), scope)
        return [Bound(c.sql, c.type, c.nullable, name=c.name, column=c.column, table=c.table) for c in columns]

    def order(self, query: tree.Query | None, select: tree.Select, scope: Scope, items: list[Bound]) -> str:
        """ORDER BY: positions, aliases, expressions."""
        if query is None or not query.order:
            return ""
        outputs = [ScopeColumn((), item.name, item.sql, item.type or rules.INT, item.nullable) for item in items]
        terms = [self.order_term(item, scope, outputs, distinct=select.distinct) for item in query.order]
        return f" ORDER BY {', '.join(terms)}"

    def order_term(
        self, item: tree.OrderItem, scope: Scope, outputs: list[ScopeColumn], *, distinct: bool = False
    ) -> str:
        """One term."""
        direction = " DESC" if item.descending else ""
        expression = item.expression
        if isinstance(expression, tree.Literal):
            if expression.type is None or expression.type.name != "int":
                raise SqlError(
                    408, "A constant expression was encountered in the ORDER BY list, position 1.", ends="batch"
                )
            if not 1 <= expression.value <= len(outputs):
                text = f"The ORDER BY position number {expression.value} is out of range of the number of items in the select list."
                raise SqlError(108, text, 15, ends="batch")
            return self.sorted(outputs, outputs[expression.value - 1]) + direction
        if isinstance(expression, tree.Name) and len(expression.parts) == 1:
            folded = expression.parts[0].casefold()
            named = [output for output in outputs if output.name.casefold() == folded]
            if len({output.sql for output in named}) > 1:
                raise SqlError(209, f"Ambiguous column name '{expression.parts[0]}'.", ends="batch")
            if named:
                return self.sorted(outputs, named[0]) + direction
        bound = self.value(expression, scope)
        if distinct and bound.sql not in {output.sql for output in outputs}:
            text = "ORDER BY items must appear in the select list if SELECT DISTINCT is specified."
            raise SqlError(145, text, 15, ends="batch")
        if bound.type is not None and bound.type.name in {*LOBS, "xml", "geometry", "geography"}:
            text = f"The {bound.type.name} data type cannot be compared or sorted, except when using IS NULL or LIKE operator."
            raise SqlError(306, text, 16, 2, ends="batch")
        return ordered(bound.sql, bound.type) + direction

    @staticmethod
    def sorted(outputs: list[ScopeColumn], column: ScopeColumn) -> str:
        """A column of the result as a term of ORDER BY: its position."""
        if column.type.name in {*LOBS, "xml", "geometry", "geography"}:
            text = f"The {column.type.name} data type cannot be compared or sorted, except when using IS NULL or LIKE operator."
            raise SqlError(306, text, 16, 2, ends="batch")
        position = next(at for at, known in enumerate(outputs, 1) if known is column)
        return ordered(str(position), column.type).strip("()")

    def limits(self, query: tree.Query | None, top: tree.Expr | None) -> str:
        """TOP, or OFFSET and FETCH."""
        scope = Scope()
        if top is not None:
            if query is not None and query.offset is not None:
                text = "A TOP can not be used in the same query or sub-query as a OFFSET."
                raise SqlError(10741, text, 15, 2, ends="batch")
            return f" LIMIT toprows({self.as_type(self.value(top, scope), rules.BIGINT)})"
        if query is None or query.offset is None:
            return ""
        offset = self.as_type(self.value(query.offset, scope), rules.BIGINT)
        fetch = "-1"
        if query.fetch is not None:
            fetch = f"fetchrows({self.as_type(self.value(query.fetch, scope), rules.BIGINT)})"
        return f" LIMIT {fetch} OFFSET offsetrows({offset})"

    # FROM

    def source(self, source: tree.Source, scope: Scope) -> str:
        """A source, whose columns go into the scope."""
        if isinstance(source, tree.Join):
            return self.join(source, scope)
        if isinstance(source, tree.Derived):
            bound = self.query(source.query, scope.parent)
            return self.derived(bound, (source.alias,), source.columns, scope)
        if isinstance(source, tree.Function):
            return self.table_function(source, scope)
        assert isinstance(source, tree.Table)
        return self.table(source, scope)

    def add_source(self, sources: tuple[str, ...], scope: Scope) -> None:
        """Two sources may not have one name."""
        folded = tuple(part.casefold() for part in sources)
        if folded in scope.sources:
            text = (
                f'The objects "{sources[-1]}" and "{sources[-1]}" in the FROM clause have the same exposed names. '
                "Use correlation names to distinguish them."
            )
            raise SqlError(1013, text, ends="batch")
        scope.sources.append(folded)

    def derived(self, bound: BoundQuery, sources: tuple[str, ...], names: list[str], scope: Scope) -> str:
        """A query in FROM."""
        self.add_source(sources, scope)
        if names and len(names) != len(bound.columns):
            number, more = (8158, "more") if len(bound.columns) > len(names) else (8159, "fewer")
            text = f"'{sources[-1]}' has {more} columns than were specified in the column list."
            raise SqlError(number, text, ends="batch")
        alias = self.alias()
        seen: set[str] = set()
        for at, column in enumerate(bound.columns, 1):
            name = names[at - 1] if names else column.name
            if not name:
                raise SqlError(
                    8155, f"No column name was specified for column {at} of '{sources[-1]}'.", 16, 2, ends="batch"
                )
            if name.casefold() in seen:
                text = f"The column '{name}' was specified multiple times for '{sources[-1]}'."
                raise SqlError(8156, text, ends="batch")
            seen.add(name.casefold())
            scope.columns.append(
                ScopeColumn(sources, name, f"{alias}.c{at}", column.type, column.nullable, column.column, column.table)
            )
        return f"({bound.sql}) AS {alias}"

    def table(self, source: tree.Table, scope: Scope) -> str:
        """A table, view, CTE or catalog view."""
        parts = source.parts
        if len(parts) == 1:
            for level in range(len(self.ctes) - 1, -1, -1):
                cte = self.ctes[level].get(parts[0].casefold())
                if cte is not None:
                    return self.cte(cte, level, source, scope)
        found = self.session.resolve(parts)
        if found is None:
            found = self.session.system_view(parts)
        if found is None and (parts[-1].casefold() in OLD_VIEWS or (len(parts) > 1 and parts[-2].casefold() == "sys")):
            raise Refused(f"the view {'.'.join(parts)}")
        if found is None or found.kind not in {"U", "V"}:
            raise invalid_object(parts)
        refusal = self.session.description_refused(found)
        if refusal is not None:
            raise refusal
        self.used.add(found.id)
        sources = (source.alias,) if source.alias else self.qualified(found)
        if found.kind == "V":
            view = self.session.parse_view(found)
            ctes, self.ctes = self.ctes, []
            try:
                bound = self.query(view, None)
            finally:
                self.ctes = ctes
            names = [column.name for column in found.columns]
            bound.columns = bound.columns[: len(names)]
            return self.derived(bound, sources, names, scope)
        self.add_source(sources, scope)
        return self.base_table(found, sources, scope)

    def qualified(self, item: Object) -> tuple[str, ...]:
        """What a table without an alias is called."""
        return (item.name,) if item.temporary else (item.database, item.schema, item.name)

    def base_table(self, table: Object, sources: tuple[str, ...], scope: Scope, alias: str = "") -> str:
        """A stored table; computed columns are expressions over the others."""
        alias = alias or self.alias()
        self.bases.append((sources, table, alias))
        own = Scope()
        for column in table.columns:
            if column.stored:
                own.columns.append(
                    ScopeColumn(
                        sources, column.name, f"{alias}.c{column.id}", column.type, column.nullable, column, table
                    )
                )
        for column in table.columns:
            if column.stored:
                scope.columns.append(next(known for known in own.columns if known.column is column))
            else:
                bound = self.value(self.session.parse_expression(column.computed), own)
                sql = converted(bound, column.type)
                scope.columns.append(
                    ScopeColumn(sources, column.name, sql, column.type, column.nullable, column, table)
                )
        return f"{table.storage} AS {alias}"

    def join(self, join: tree.Join, scope: Scope) -> str:
        """Two sources; outer joins make columns nullable."""
        left = self.source(join.left, scope)
        middle = len(scope.columns)
        right = self.source(join.right, scope)
        if isinstance(join.right, tree.Join):
            right = f"({right})"
        condition = f" ON {self.condition(join.condition, scope)}" if join.condition is not None else ""
        for at, column in enumerate(scope.columns):
            if join.kind == "FULL" or (join.kind == "LEFT" and at >= middle) or (join.kind == "RIGHT" and at < middle):
                column.nullable = True
        return f"{left} {join.kind} JOIN {right}{condition}"

    def table_function(self, source: tree.Function, scope: Scope) -> str:
        """GENERATE_SERIES and `sys.dm_sql_referencing_entities`; STRING_SPLIT and others are refused."""
        name = source.parts[-1].upper()
        if name == "DM_SQL_REFERENCING_ENTITIES" and len(source.arguments) == 2:
            wide = SqlType("nvarchar", 517)
            values = [self.session.evaluate(argument, wide)[0] for argument in source.arguments]
            made = self.session.referencing(source.parts, *values)
            if made is None:
                raise invalid_object(source.parts)
            sources = (source.alias or source.parts[-1],)
            self.add_source(sources, scope)
            return self.base_table(made, sources, scope)
        if name != "GENERATE_SERIES" or len(source.arguments) not in {2, 3}:
            raise Refused(f"the table function {'.'.join(source.parts)}")
        arguments = [self.value(argument, scope.parent or Scope()) for argument in source.arguments]
        type_ = rules.common([argument.type for argument in arguments])
        if type_.name not in {"tinyint", "smallint", "int", "bigint"}:
            raise Refused(f"GENERATE_SERIES of {type_}")
        first, last = (self.as_type(argument, type_) for argument in arguments[:2])
        series, alias = self.alias("g"), self.alias()
        step = (
            self.as_type(arguments[2], type_)
            if len(arguments) > 2
            else f"(CASE WHEN {first} <= {last} THEN 1 ELSE -1 END)"
        )
        inside = f"CASE WHEN {step} > 0 THEN {{0}} <= {last} ELSE {{0}} >= {last} END"
        sql = (
            f"(WITH RECURSIVE {series}(value) AS (SELECT {first} WHERE {inside.format(first)} UNION ALL "
            f"SELECT value + {step} FROM {series} WHERE {inside.format(f'value + {step}')}) SELECT value FROM {series})"
        )
        sources = (source.alias or source.parts[-1],)
        self.add_source(sources, scope)
        scope.columns.append(ScopeColumn(sources, "value", f"{alias}.value", type_, nullable=True))
        return f"{sql} AS {alias}"

    # WITH

    def cte(self, cte: tree.Cte | RecursiveCte, level: int, source: tree.Table, scope: Scope) -> str:
        """A reference to a CTE."""
        sources = (source.alias or source.parts[0],)
        if isinstance(cte, RecursiveCte):
            cte.uses += 1
            self.add_source(sources, scope)
            alias = self.alias()
            for at, column in enumerate(cte.columns, 1):
                scope.columns.append(ScopeColumn(sources, column.name, f"{alias}.c{at}", column.type, nullable=True))
            self.recursive_alias = alias
            return f"{cte.name} AS {alias}"
        outer = self.ctes
        self.ctes = [
            *outer[:level],
            {name: known for name, known in outer[level].items() if name != cte.name.casefold()},
        ]
        try:
            body = cte.query.body
            if isinstance(body, tree.SetOperation) and mentions(body.right, cte.name):
                bound = self.recursive(cte, body)
            else:
                bound = self.query(cte.query, None)
        finally:
            self.ctes = outer
        return self.derived(bound, sources, cte.columns, scope)

    recursive_alias = ""

    def recursive(self, cte: tree.Cte, body: tree.SetOperation) -> BoundQuery:
        """A recursive CTE: the anchor gives the types, the depth is counted."""
        if body.operator != "UNION ALL":
            text = f"Recursive common table expression '{cte.name}' does not contain a top-level UNION ALL operator."
            raise SqlError(252, text, ends="batch")
        anchor = self.body(body.left, None, None)
        columns = [
            Result(cte.columns[at] if cte.columns else column.name, column.type, nullable=True)
            for at, column in enumerate(anchor.columns)
        ]
        name = self.alias("r")
        self.ctes.append({cte.name.casefold(): RecursiveCte(columns, name)})
        if not isinstance(body.right, tree.Select):
            raise Refused("a recursive CTE with several recursive parts")
        try:
            part = self.select(body.right, None, None)
        finally:
            self.ctes.pop()
        for column, other in zip(columns, part.columns, strict=True):
            if column.type != other.type:
                text = (
                    "Types don't match between the anchor and the recursive part in column "
                    f'"{column.name}" of recursive query "{cte.name}".'
                )
                raise SqlError(240, text, ends="batch")
        names = ", ".join(f"c{at}" for at in range(1, len(columns) + 1))
        level = f"deeper({self.recursive_alias}.depth + 1, {self.recursions})" if self.recursions else "0"
        first = (
            anchor.sql.replace("SELECT ", "SELECT 0 AS depth, ", 1)
            if isinstance(body.left, tree.Select) and not body.left.distinct
            else f"SELECT 0, * FROM ({anchor.sql})"
        )
        then = part.sql.replace("SELECT ", f"SELECT {level} AS depth, ", 1)
        sql = f"WITH RECURSIVE {name}(depth, {names}) AS ({first} UNION ALL {then}) SELECT {names} FROM {name}"
        return BoundQuery(sql, columns)


def mentions(body: tree.Body, name: str) -> bool:
    """Whether FROM has a name."""
    if isinstance(body, tree.SetOperation):
        return mentions(body.left, name) or mentions(body.right, name)
    return isinstance(body, tree.Select) and body.source is not None and _in_source(body.source, name.casefold())


def _in_source(source: tree.Source, name: str) -> bool:
    if isinstance(source, tree.Join):
        return _in_source(source.left, name) or _in_source(source.right, name)
    if isinstance(source, tree.Derived):
        return mentions(source.query.body, name)
    return isinstance(source, tree.Table) and len(source.parts) == 1 and source.parts[0].casefold() == name


def columns_of(query: BoundQuery) -> list[tuple[str, SqlType]]:
    """Names and types."""
    return [(column.name, column.type) for column in query.columns]
