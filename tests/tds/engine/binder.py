"""Expressions: from the parser's tree to SQLite's SQL with types."""

# ruff: noqa: C901, E501, PLR0911, PLR0912 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from tests.tds import pages
from tests.tds.engine import tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.bound import Bound, BoundQuery, converted, type_number, typed_literal
from tests.tds.engine.storage import number_to_bytes
from tests.tds.engine.typing_rules import BIGINT, INT
from tests.tds.errors import Refused, SqlError
from tests.tds.types import BYTES, DECIMALS, FLOATS, INTEGERS, MONEYS, TEXTS, WIDE, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.catalog import Column, Object

NUMBERS = INTEGERS | FLOATS | DECIMALS | MONEYS
TEXT_ORDER = "COLLATE TSQL"
"""The collation of texts: SQL_Latin1_General_CP1_CI_AS, and others without case as far as this server goes."""
BINARY_ORDER = "COLLATE RTRIM"
"""That of a collation that compares code points: SQLite's own, which leaves spaces at the end out as SQL Server does."""
OFFSET_ORDER = "COLLATE TSQLOFFSET"


NOT_HERE = frozenset(
    [
        "APPROX_COUNT_DISTINCT",
        "BINARY_CHECKSUM",
        "CHECKSUM",
        "CHECKSUM_AGG",
        "CHOOSE",
        "COMPRESS",
        "CONCAT_WS",
        "CUME_DIST",
        "DATENAME",
        "DATETRUNC",
        "DATE_BUCKET",
        "DATETIME2FROMPARTS",
        "DATETIMEFROMPARTS",
        "DATETIMEOFFSETFROMPARTS",
        "DECOMPRESS",
        "DIFFERENCE",
        "EOMONTH",
        "FORMAT",
        "FORMATMESSAGE",
        "GREATEST",
        "GROUPING",
        "HASHBYTES",
        "ISDATE",
        "ISJSON",
        "ISNUMERIC",
        "JSON_ARRAY",
        "JSON_MODIFY",
        "JSON_OBJECT",
        "JSON_QUERY",
        "JSON_VALUE",
        "LEAST",
        "PARSE",
        "PATINDEX",
        "PERCENT_RANK",
        "PERCENTILE_CONT",
        "PERCENTILE_DISC",
        "RAND",
        "SOUNDEX",
        "STDEV",
        "STDEVP",
        "STR",
        "STRING_ESCAPE",
        "SWITCHOFFSET",
        "TIMEFROMPARTS",
        "TODATETIMEOFFSET",
        "TRANSLATE",
        "TRY_PARSE",
        "VAR",
        "VARP",
        "ACOS",
        "ASIN",
        "ATAN",
        "ATN2",
        "COS",
        "COT",
        "DEGREES",
        "LOG10",
        "PI",
        "RADIANS",
        "SIN",
        "SQUARE",
        "TAN",
    ]
)
"""Functions that SQL Server has and this server lacks."""


def ordered(sql: str, type_: SqlType | None) -> str:
    """A value as something to compare, group and sort by."""
    if type_ is not None and type_.name in TEXTS:
        return f"({sql} {BINARY_ORDER if pages.of(type_.collation).binary else TEXT_ORDER})"
    if type_ is not None and type_.name == "datetimeoffset":
        return f"({sql} {OFFSET_ORDER})"
    return sql


@dataclass(slots=True)
class ScopeColumn:
    """A column that a name may mean."""

    sources: tuple[str, ...]
    """The alias, or the parts of the table's name."""
    name: str
    sql: str
    type: SqlType
    nullable: bool
    column: Column | None = None
    table: Object | None = None


@dataclass(slots=True)
class Scope:
    """The columns of FROM, and those of the query around it."""

    columns: list[ScopeColumn] = field(default_factory=list[ScopeColumn])
    sources: list[tuple[str, ...]] = field(default_factory=list[tuple[str, ...]])
    parent: Scope | None = None
    groups: set[str] | None = None
    """The SQL of what the query groups by; None if it does not."""
    in_aggregate: bool = False
    aggregates: bool = False
    windows: bool = False
    outer_used: bool = False

    def find(self, parts: tree.Parts) -> ScopeColumn | None:
        """The column that a name means here.

        Raises:
            SqlError: 209 if it means several.
        """
        last = parts[len(parts) - 1]
        name = last.casefold()
        found = [column for column in self.columns if column.name.casefold() == name]
        if len(parts) > 1:
            found = [column for column in found if matches(column.sources, parts[:-1])]
        if len(found) > 1:
            raise SqlError(209, f"Ambiguous column name '{last}'.", ends="batch")
        return found[0] if found else None


def matches(source: tuple[str, ...], wanted: tree.Parts) -> bool:
    """Whether a source is the one that a name's qualifier means."""
    folded = tuple(part.casefold() for part in source)
    return folded[len(folded) - len(wanted) :] == tuple(part.casefold() for part in wanted)


class Variables(Protocol):
    """What the binder asks a session."""

    def variable_type(self, name: str) -> SqlType | None:
        """The type of a variable; None for a parameter whose type is looked for.

        Raises:
            SqlError: 137 if there is none.
        """
        ...


Function = Callable[["ExpressionBinder", tree.Call, Scope], Bound]


class ExpressionBinder:
    """Binds expressions; the class above it binds queries."""

    functions: Mapping[str, Function] = {}

    def __init__(self, variables: Variables) -> None:
        """`variables` knows the session's."""
        self.variables = variables
        self.aliases = 0
        self.inferred: dict[str, SqlType] = {}
        """The types found for parameters that had none."""

    def alias(self, prefix: str = "a") -> str:
        """A new name in SQLite's SQL."""
        self.aliases += 1
        return f"{prefix}{self.aliases}"

    def query(self, query: tree.Query, parent: Scope | None) -> BoundQuery:
        """A query; the class above knows how."""
        raise NotImplementedError

    # Types

    def infer(self, bound: Bound, target: SqlType) -> Bound:
        """Gives a parameter without a type the one that its surroundings ask for."""
        if bound.unknown:
            self.inferred.setdefault(bound.unknown, target)
            return Bound(bound.sql, target)
        return bound

    def as_type(self, bound: Bound, target: SqlType) -> str:
        """The SQL of a value where another type is due, by an implicit conversion."""
        bound = self.infer(bound, target)
        if bound.type is not None:
            rules.check_implicit(bound.type, target)
        return converted(bound, target)

    def integer(self, bound: Bound) -> str:
        """A value as a whole number."""
        return self.as_type(bound, BIGINT if bound.type is not None and bound.type.name == "bigint" else INT)

    # Values

    def value(self, expr: tree.Expr, scope: Scope) -> Bound:
        """An expression.

        Raises:
            SqlError: for names that mean nothing, types that do not go together, columns that are not grouped by.
        """
        if scope.groups is not None and not scope.in_aggregate and not isinstance(expr, (tree.Literal, tree.Variable)):
            groups, scope.groups = scope.groups, None
            used = scope.aggregates
            try:
                whole = self.dispatch(expr, scope)
            finally:
                scope.groups = groups
                scope.aggregates = used
            if whole.sql in groups:
                return whole
            if isinstance(expr, tree.Name) and any(column.sql == whole.sql for column in scope.columns):
                raise not_grouped(expr, scope)
        return self.dispatch(expr, scope)

    def dispatch(self, expr: tree.Expr, scope: Scope) -> Bound:
        """By what it is."""
        match expr:
            case tree.Literal(value, type_):
                if type_ is None:
                    return Bound("NULL", None, constant=True)
                return Bound(typed_literal(value, type_), type_, nullable=False, constant=True)
            case tree.Name(parts):
                return self.column(parts, scope)
            case tree.Variable(name):
                return self.variable(name)
            case tree.Unary():
                return self.unary(expr, scope)
            case tree.Binary():
                return self.binary(expr, scope)
            case tree.Case():
                return self.case(expr, scope)
            case tree.Cast():
                return self.cast(expr, scope)
            case tree.Subquery(query):
                return self.subquery(query, scope)
            case tree.Collate(operand, collation):
                return collated(self.value(operand, scope), pages.declared(collation))
            case tree.Call(name):
                function = self.functions.get(name)
                if function is None and name in NOT_HERE:
                    raise Refused(f"the function {name}")
                if function is None:
                    raise SqlError(195, f"'{name}' is not a recognized built-in function name.", 15, 10, ends="batch")
                return function(self, expr, scope)
            case _:
                raise SqlError(102, "Incorrect syntax near '*'.", 15, ends="batch")

    def column(self, parts: tree.Parts, scope: Scope) -> Bound:
        """A name."""
        at: Scope | None = scope
        while at is not None:
            found = at.find(parts)
            if found is not None:
                if at is not scope:
                    scope.outer_used = True
                return Bound(
                    found.sql, found.type, found.nullable, name=found.name, column=found.column, table=found.table
                )
            at = at.parent
        at, known = scope, False
        while at is not None:
            known = known or any(matches(column.sources, parts[:-1]) for column in at.columns)
            at = at.parent
        if len(parts) > 1 and not known:
            text = f'The multi-part identifier "{".".join(parts)}" could not be bound.'
            raise SqlError(4104, text, ends="batch")
        raise SqlError(207, f"Invalid column name '{parts[len(parts) - 1]}'.", ends="batch")

    def variable(self, name: str) -> Bound:
        """@x, @@x."""
        if name.startswith("@@"):
            function = self.functions.get(name.upper())
            if function is None:
                raise SqlError(137, f'Must declare the scalar variable "{name}".', 15, 2, ends="batch")
            return function(self, tree.Call(name, []), Scope())
        type_ = self.variables.variable_type(name)
        key = f":v_{name[1:].casefold().encode('utf-8').hex()}"
        return Bound(key, type_, unknown="" if type_ else name.casefold())

    def unary(self, expr: tree.Unary, scope: Scope) -> Bound:
        """-x, ~x."""
        operand = self.value(expr.operand, scope)
        type_ = operand.type or INT
        if expr.operator == "~":
            if type_.name == "bit":
                return Bound(f"(1 - {operand.sql})", type_)
            if type_.name == "tinyint":
                return Bound(f"(255 - {operand.sql})", type_)
            if type_.name not in INTEGERS:
                raise SqlError(
                    403, f"Invalid operator for data type. Operator equals '~', type equals {type_.name}.", ends="batch"
                )
            return Bound(f"(~{operand.sql})", type_)
        if type_.name not in NUMBERS:
            shown = type_.name
            raise SqlError(
                403, f"Invalid operator for data type. Operator equals minus, type equals {shown}.", ends="batch"
            )
        if type_.name in DECIMALS:
            return Bound(f"dneg({operand.sql})", type_, operand.nullable)
        return Bound(checked(f"-{operand.sql}", type_), type_, operand.nullable)

    def binary(self, expr: tree.Binary, scope: Scope) -> Bound:
        """Arithmetic and concatenation."""
        left, right = self.value(expr.left, scope), self.value(expr.right, scope)
        if left.unknown and right.type is not None:
            left = self.infer(left, right.type)
        if right.unknown and left.type is not None:
            right = self.infer(right, left.type)
        operator = expr.operator
        if left.type is None and right.type is None:
            return Bound("NULL", INT)
        lt, rt = left.type or right.type, right.type or left.type
        assert lt is not None
        assert rt is not None
        if operator == "+" and ((lt.name in TEXTS and rt.name in TEXTS) or (lt.name in BYTES and rt.name in BYTES)):
            return join(left, right, lt, rt)
        dates = {"datetime", "smalldatetime"}
        if operator in {"+", "-"} and (lt.name in dates or rt.name in dates):
            raise Refused("arithmetic with datetime: write DATEADD")
        if lt.name in TEXTS and rt.name in TEXTS:
            raise rules.incompatible(operator, lt, rt)
        type_ = rules.common([lt, rt])
        if type_.name not in NUMBERS:
            if type_.name in TEXTS or type_.name in BYTES:
                raise rules.incompatible(operator, lt, rt)
            raise rules.clash(lt, rt)
        if operator in {"&", "|", "^"}:
            if type_.name not in INTEGERS:
                raise rules.incompatible(operator, lt, rt)
            a, b = self.as_type(left, type_), self.as_type(right, type_)
            return Bound(f"(({a} | {b}) - ({a} & {b}))" if operator == "^" else f"({a} {operator} {b})", type_)
        return self.arithmetic(operator, left, right, type_)

    def arithmetic(self, operator: str, left: Bound, right: Bound, type_: SqlType) -> Bound:
        """+ - * / % of numbers; `type_` is what both become."""
        if type_.name in DECIMALS:
            a, b = self.as_exact(left, right.type), self.as_exact(right, left.type)
            assert a.type is not None
            assert b.type is not None
            result = rules.arithmetic(operator, a.type, b.type)
            name = {"+": "dadd", "-": "dsub", "*": "dmul", "/": "ddiv", "%": "dmod"}[operator]
            return Bound(f"{name}({a.sql}, {b.sql}, {type_number(result)})", result)
        if type_.name == "bit":
            raise rules.incompatible(operator, SqlType("bit"), SqlType("bit"))
        a_sql, b_sql = self.as_type(left, type_), self.as_type(right, type_)
        if type_.name in MONEYS:
            name = {"+": "madd", "-": "msub", "*": "mmul", "/": "mdiv", "%": "mmod"}[operator]
            return Bound(f"{name}({a_sql}, {b_sql}, {type_number(type_)})", type_)
        if operator in {"/", "%"}:
            if type_.name in FLOATS and operator == "%":
                raise rules.incompatible("%", type_, type_)
            kind = "f" if type_.name in FLOATS else "i"
            sql = f"{kind}{'div' if operator == '/' else 'mod'}({a_sql}, {b_sql})"
            return Bound(checked(sql, type_) if type_.name in FLOATS else sql, type_)
        return Bound(checked(f"{a_sql} {operator} {b_sql}", type_), type_)

    def as_exact(self, bound: Bound, other: SqlType | None) -> Bound:
        """A number as a decimal; an integer constant has the digits that it shows, a text those of the other side."""
        if bound.type is None:
            return Bound(bound.sql, SqlType("numeric", precision=1))
        if bound.type.name in DECIMALS:
            return bound
        target = rules.exact(bound.type if bound.type.name in NUMBERS else other or INT)
        if bound.constant and bound.type.name == "int":
            digits = int(bound.sql.strip("()"))
            target = SqlType("numeric", precision=len(str(abs(digits))))
            return Bound(f"X'{number_to_bytes(digits, 0).hex()}'", target)
        return Bound(converted(bound, target), target)

    def case(self, expr: tree.Case, scope: Scope) -> Bound:
        """CASE."""
        results = [self.value(then, scope) for _, then in expr.whens]
        results.append(self.value(expr.otherwise, scope) if expr.otherwise is not None else Bound("NULL", None))
        if all(result.type is None for result in results):
            text = "At least one of the result expressions in a CASE specification must be an expression other than the NULL constant."
            raise SqlError(8133, text, ends="batch")
        type_ = rules.common([result.type for result in results])
        parts: list[str] = []
        for (when, _), result in zip(expr.whens, results, strict=False):
            condition = (
                self.condition(when, scope)
                if expr.operand is None
                else self.condition(tree.Compare("=", expr.operand, when), scope)
            )
            parts.append(f"WHEN {condition} THEN {self.as_type(result, type_)}")
        otherwise = self.as_type(results[-1], type_)
        nullable = any(result.nullable for result in results)
        return Bound(f"CASE {' '.join(parts)} ELSE {otherwise} END", type_, nullable)

    def cast(self, expr: tree.Cast, scope: Scope) -> Bound:
        """CAST, CONVERT, TRY_CAST, TRY_CONVERT."""
        operand = self.infer(self.value(expr.operand, scope), expr.type)
        target = expr.type
        if operand.type is None:
            return Bound("NULL", target)
        if target.name in TEXTS and operand.type.name in TEXTS:
            target = replace(target, collation=operand.type.collation)
        style = ""
        if expr.style is not None:
            style = self.integer(self.value(expr.style, scope))
        if expr.attempt:
            call = f"{operand.sql}, {type_number(operand.type)}, {type_number(target)}, {style or 'NULL'}"
            return Bound(f"tcv({call})", target)
        return Bound(converted(operand, target, style), target)

    def subquery(self, query: tree.Query, scope: Scope) -> Bound:
        """A query as a value: 512 if it gives more than a row."""
        bound = self.query(query, scope)
        if len(bound.columns) != 1:
            text = "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS."
            raise SqlError(116, text, ends="batch")
        type_ = bound.columns[0].type
        if bound.single:
            return Bound(f"({bound.sql})", type_)
        alias = self.alias()
        return Bound(f"(SELECT one({alias}.c1) FROM (SELECT * FROM ({bound.sql}) LIMIT 2) AS {alias})", type_)

    # Conditions

    def condition(self, expr: tree.Expr, scope: Scope) -> str:
        """A condition."""
        match expr:
            case tree.Logic(operator, left, right):
                return f"({self.condition(left, scope)} {operator} {self.condition(right, scope)})"
            case tree.Not(operand):
                return f"(NOT {self.condition(operand, scope)})"
            case tree.Compare(operator, left, right):
                return self.compare(operator, self.value(left, scope), self.value(right, scope))
            case tree.IsNull(operand, negated):
                return f"({self.value(operand, scope).sql} IS {'NOT ' if negated else ''}NULL)"
            case tree.Between(operand, low, high, negated):
                value = self.value(operand, scope)
                both = (
                    f"({self.compare('>=', value, self.value(low, scope))} AND "
                    f"{self.compare('<=', value, self.value(high, scope))})"
                )
                return f"(NOT {both})" if negated else both
            case tree.In():
                return self.member(expr, scope)
            case tree.Like():
                return self.like(expr, scope)
            case tree.Exists(query):
                return f"(EXISTS ({self.query(query, scope).sql}))"
            case _:
                text = (
                    "An expression of non-boolean type specified in a context where a condition is expected, near ')'."
                )
                raise SqlError(4145, text, 15, ends="batch")

    def compare(self, operator: str, left: Bound, right: Bound) -> str:
        """A comparison of two values of any types."""
        if left.unknown and right.type is not None:
            left = self.infer(left, right.type)
        if right.unknown and left.type is not None:
            right = self.infer(right, left.type)
        lt, rt = left.type, right.type
        if lt is None or rt is None:
            return f"({left.sql} {operator} {right.sql})"
        for type_ in (lt, rt):
            if type_.name in {"text", "ntext", "image", "xml", "geometry", "geography"}:
                raise rules.incompatible(operator, lt, rt)
            if type_.name == "sql_variant":
                raise Refused("comparisons of sql_variant")
        if lt.name in TEXTS and rt.name in TEXTS:
            return f"({ordered(left.sql, compared(operator, left, right))} {operator} {right.sql})"
        if lt.name in BYTES and rt.name in BYTES:
            return f"({left.sql} {operator} {right.sql})"
        type_ = rules.common([lt, rt])
        if type_.name in DECIMALS:  # all of them compare as they are stored
            a, b = self.as_exact(left, rt).sql, self.as_exact(right, lt).sql
            for side in (left, right):
                if side.type is not None and side.type.name not in NUMBERS:
                    rules.check_implicit(side.type, type_)
            a = converted(left, type_) if lt.name not in NUMBERS else a
            b = converted(right, type_) if rt.name not in NUMBERS else b
            return f"({a} {operator} {b})"
        a, b = self.as_type(left, type_), self.as_type(right, type_)
        return f"({ordered(a, type_)} {operator} {b})"

    def member(self, expr: tree.In, scope: Scope) -> str:
        """IN."""
        operand = self.value(expr.operand, scope)
        negation = "NOT " if expr.negated else ""
        if isinstance(expr.items, tree.Query):
            bound = self.query(expr.items, scope)
            if len(bound.columns) != 1:
                text = "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS."
                raise SqlError(116, text, ends="batch")
            inner = bound.columns[0].type
            type_ = rules.common([operand.type, inner])
            alias = self.alias()
            item = self.as_type(Bound(f"{alias}.c1", inner), type_)
            left = ordered(self.as_type(operand, type_), type_)
            return f"({left} {negation}IN (SELECT {item} FROM ({bound.sql}) AS {alias}))"
        items = [self.value(item, scope) for item in expr.items]
        types = [operand.type, *(item.type for item in items)]
        if operand.type is not None:
            items = [self.infer(item, operand.type) for item in items]
        type_ = rules.common(types)
        left = ordered(self.as_type(operand, type_), type_)
        return f"({left} {negation}IN ({', '.join(self.as_type(item, type_) for item in items)}))"

    def like(self, expr: tree.Like, scope: Scope) -> str:
        """LIKE."""
        wide = SqlType("nvarchar", -1)
        operand, pattern = self.value(expr.operand, scope), self.value(expr.pattern, scope)
        escape = "NULL" if expr.escape is None else self.as_type(self.value(expr.escape, scope), wide)
        unicode = any(bound.type is not None and bound.type.name in WIDE for bound in (operand, pattern))
        sql = f"lk({self.as_type(operand, wide)}, {self.as_type(pattern, wide)}, {escape}, {int(unicode)})"
        return f"(NOT {sql})" if expr.negated else sql


def collated(bound: Bound, collation: str) -> Bound:
    """An expression with COLLATE: narrow text changes its code page.

    Raises:
        SqlError: 447 for what has no collation.
    """
    if bound.type is None:
        return bound
    if bound.type.name not in {"char", "varchar", "nchar", "nvarchar", "sysname"}:
        text = f"Expression type {bound.type.name} is invalid for COLLATE clause."
        raise SqlError(447, text, 16, 0, ends="batch")
    type_ = replace(bound.type, collation=collation)
    return Bound(converted(bound, type_), type_, bound.nullable, explicit=True)


def compared(operator: str, left: Bound, right: Bound) -> SqlType | None:
    """The side whose collation a comparison goes by: that of COLLATE before that of a column, before a constant's
    ("Collation precedence").

    Raises:
        SqlError: 468 if both have their own.
    """
    lt, rt = left.type, right.type
    if lt is None or rt is None or lt.collation == rt.collation:
        return lt

    def rank(bound: Bound) -> int:
        return 2 if bound.explicit else 0 if bound.constant or bound.sql.startswith(":v_") else 1

    if rank(left) == rank(right):
        names = " and ".join(f'"{pages.of(type_.collation).name}"' for type_ in (lt, rt))
        words = {"=": "equal to", "<>": "not equal to", "<": "less than", ">": "greater than"}
        what = words.get(operator, operator)
        raise SqlError(468, f"Cannot resolve the collation conflict between {names} in the {what} operation.", 16, 9)
    return lt if rank(left) > rank(right) else rt


def checked(sql: str, type_: SqlType) -> str:
    """A result that has to fit its type."""
    return f"{ {'tinyint': 'i1', 'smallint': 'i2', 'int': 'i4', 'bigint': 'i8', 'real': 'f4', 'float': 'f8', 'money': 'm8', 'smallmoney': 'm4'}[type_.name] }({sql})"


def join(left: Bound, right: Bound, lt: SqlType, rt: SqlType) -> Bound:
    """Concatenation."""
    type_ = rules.joined(lt, rt)
    if type_.name == "varbinary":
        return Bound(f"bcat({left.sql}, {right.sql})", type_)
    sql = f"({left.sql} || {right.sql})"
    if lt.length + rt.length > type_.length > 0:
        sql = f"cv({sql}, {type_number(SqlType(type_.name, -1))}, {type_number(type_)})"
    return Bound(sql, type_, left.nullable or right.nullable)


def not_grouped(name: tree.Name, scope: Scope) -> SqlError:
    """8120."""
    found = scope.find(name.parts)
    shown = ".".join((*(found.sources[-1:] if found else ()), name.parts[-1]))
    return SqlError(
        8120,
        f"Column '{shown}' is invalid in the select list because it is not contained in either an aggregate "
        "function or the GROUP BY clause.",
        ends="batch",
    )
