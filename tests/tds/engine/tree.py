"""What the parser makes of T-SQL: expressions, queries and statements as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.tds.types import SqlType

Parts = tuple[str, ...]


class Expr:
    """An expression or a condition."""

    __slots__ = ()


@dataclass(slots=True)
class Literal(Expr):
    """A constant; its type is None for NULL."""

    value: Any
    type: SqlType | None


@dataclass(slots=True)
class Name(Expr):
    """A column, with the table's name before it or not."""

    parts: Parts


@dataclass(slots=True)
class Variable(Expr):
    """`@x`."""

    name: str


@dataclass(slots=True)
class Star(Expr):
    """`*` or `t.*`."""

    table: Parts


@dataclass(slots=True)
class Unary(Expr):
    """`-`, `+`, `~`."""

    operator: str
    operand: Expr


@dataclass(slots=True)
class Binary(Expr):
    """Arithmetic, bits, and `+` of texts."""

    operator: str
    left: Expr
    right: Expr


@dataclass(slots=True)
class Compare(Expr):
    """`=`, `<>`, `<` and so on."""

    operator: str
    left: Expr
    right: Expr


@dataclass(slots=True)
class Logic(Expr):
    """AND, OR."""

    operator: str
    left: Expr
    right: Expr


@dataclass(slots=True)
class Not(Expr):
    """NOT."""

    operand: Expr


@dataclass(slots=True)
class IsNull(Expr):
    """IS [NOT] NULL."""

    operand: Expr
    negated: bool


@dataclass(slots=True)
class In(Expr):
    """IN of a list or a query."""

    operand: Expr
    items: list[Expr] | Query
    negated: bool


@dataclass(slots=True)
class Like(Expr):
    """LIKE."""

    operand: Expr
    pattern: Expr
    escape: Expr | None
    negated: bool


@dataclass(slots=True)
class Between(Expr):
    """BETWEEN."""

    operand: Expr
    low: Expr
    high: Expr
    negated: bool


@dataclass(slots=True)
class Exists(Expr):
    """EXISTS."""

    query: Query


@dataclass(slots=True)
class Subquery(Expr):
    """A query as a value."""

    query: Query


@dataclass(slots=True)
class Case(Expr):
    """CASE in both forms."""

    operand: Expr | None
    whens: list[tuple[Expr, Expr]]
    otherwise: Expr | None


@dataclass(slots=True)
class Cast(Expr):
    """CAST, CONVERT and their TRY_ forms."""

    operand: Expr
    type: SqlType
    attempt: bool = False
    style: Expr | None = None


@dataclass(slots=True)
class Collate(Expr):
    """COLLATE."""

    operand: Expr
    collation: str


@dataclass(slots=True)
class Over:
    """OVER (...)."""

    partition: list[Expr]
    order: list[OrderItem]
    frame: str = ""


@dataclass(slots=True)
class Call(Expr):
    """A function."""

    name: str
    arguments: list[Expr]
    distinct: bool = False
    over: Over | None = None
    within: list[OrderItem] | None = None


@dataclass(slots=True)
class OrderItem:
    """One term of ORDER BY."""

    expression: Expr
    descending: bool = False


@dataclass(slots=True)
class Item:
    """One term of SELECT: an expression and its name, or `@variable = expression`."""

    expression: Expr
    alias: str = ""
    variable: str = ""


class Source:
    """Something in FROM."""

    __slots__ = ()


@dataclass(slots=True)
class Table(Source):
    """A table or view."""

    parts: Parts
    alias: str = ""


@dataclass(slots=True)
class Derived(Source):
    """A query in FROM."""

    query: Query
    alias: str
    columns: list[str]


@dataclass(slots=True)
class Function(Source):
    """A function that gives a table."""

    parts: Parts
    arguments: list[Expr]
    alias: str = ""


@dataclass(slots=True)
class Join(Source):
    """Two sources; `kind` is INNER, LEFT, RIGHT, FULL, CROSS, CROSS APPLY or OUTER APPLY."""

    kind: str
    left: Source
    right: Source
    condition: Expr | None


class Body:
    """What a query is made of."""

    __slots__ = ()


@dataclass(slots=True)
class Select(Body):
    """SELECT up to HAVING."""

    items: list[Item]
    distinct: bool = False
    top: Expr | None = None
    into: Parts = ()
    source: Source | None = None
    where: Expr | None = None
    group: list[Expr] | None = None
    having: Expr | None = None
    identity: IdentityItem | None = None


@dataclass(slots=True)
class IdentityItem:
    """IDENTITY(type, seed, increment) AS name: the first column of a table that SELECT INTO makes."""

    name: str
    type: SqlType
    seed: int
    increment: int


@dataclass(slots=True)
class Values(Body):
    """VALUES."""

    rows: list[list[Expr]]


@dataclass(slots=True)
class SetOperation(Body):
    """UNION [ALL], EXCEPT, INTERSECT."""

    operator: str
    left: Body
    right: Body


@dataclass(slots=True)
class Cte:
    """One of WITH."""

    name: str
    columns: list[str]
    query: Query


@dataclass(slots=True)
class Query:
    """A query with its CTEs and its order."""

    body: Body
    ctes: list[Cte]
    order: list[OrderItem]
    offset: Expr | None = None
    fetch: Expr | None = None
    recursions: int = 100


# Statements


@dataclass(slots=True)
class Statement:
    """What a batch is made of."""

    line: int


@dataclass(slots=True)
class SelectStatement(Statement):
    """A query that gives its rows, sets variables or makes a table."""

    query: Query


@dataclass(slots=True)
class Insert(Statement):
    """INSERT; no source means DEFAULT VALUES."""

    table: Parts
    columns: list[str]
    source: Query | Execute | None
    output: Output | None
    ctes: list[Cte]
    top: Expr | None = None


@dataclass(slots=True)
class Output:
    """OUTPUT, and the table that it goes into."""

    items: list[Item]
    into: Parts = ()
    columns: list[str] | None = None


@dataclass(slots=True)
class Update(Statement):
    """UPDATE."""

    table: Parts
    assignments: list[tuple[str, str, Expr]]
    """Variable, column, value: one of the first two, or both, is given."""
    source: Source | None
    where: Expr | None
    output: Output | None
    ctes: list[Cte]
    top: Expr | None = None


@dataclass(slots=True)
class Delete(Statement):
    """DELETE."""

    table: Parts
    source: Source | None
    where: Expr | None
    output: Output | None
    ctes: list[Cte]
    top: Expr | None = None


@dataclass(slots=True)
class ColumnDefinition:
    """A column of CREATE TABLE."""

    name: str
    type: SqlType | None
    nullable: bool | None = None
    default: str | None = None
    default_name: str = ""
    identity: tuple[int, int] | None = None
    computed: str | None = None
    persisted: bool = False
    collation: str = ""
    constraints: list[ConstraintDefinition] | None = None


@dataclass(slots=True)
class ConstraintDefinition:
    """A constraint: PRIMARY KEY, UNIQUE, FOREIGN KEY, CHECK or (in ALTER TABLE) DEFAULT."""

    kind: str
    name: str = ""
    columns: tuple[str, ...] = ()
    check: str = ""
    references: Parts = ()
    referenced: tuple[str, ...] = ()
    on_delete: str = "NO_ACTION"
    column: str = ""
    ignores_duplicates: bool = False


@dataclass(slots=True)
class CreateTable(Statement):
    """CREATE TABLE."""

    name: Parts
    columns: list[ColumnDefinition]
    constraints: list[ConstraintDefinition]


@dataclass(slots=True)
class AlterTable(Statement):
    """ALTER TABLE: ADD, DROP COLUMN, DROP CONSTRAINT, ALTER COLUMN."""

    name: Parts
    action: str
    columns: list[ColumnDefinition]
    constraints: list[ConstraintDefinition]
    names: list[str]


@dataclass(slots=True)
class CreateIndex(Statement):
    """CREATE INDEX."""

    name: str
    table: Parts
    columns: tuple[str, ...]
    unique: bool
    ignores_duplicates: bool = False


@dataclass(slots=True)
class CreateModule(Statement):
    """CREATE [OR ALTER] VIEW or PROCEDURE: the whole text is kept."""

    kind: str
    name: Parts
    text: str
    columns: list[str]
    query: Query | None
    parameters: list[ParameterDefinition]
    body: list[Statement]
    replace: bool
    bound: bool = False


@dataclass(slots=True)
class ParameterDefinition:
    """A parameter of a procedure or of `sp_executesql`."""

    name: str
    type: SqlType
    default: Expr | None = None
    output: bool = False


@dataclass(slots=True)
class Drop(Statement):
    """DROP of TABLE, VIEW, PROCEDURE, INDEX, SYNONYM, SCHEMA or DATABASE."""

    kind: str
    names: list[Parts]
    if_exists: bool


@dataclass(slots=True)
class CreateSchema(Statement):
    """CREATE SCHEMA."""

    name: str


@dataclass(slots=True)
class CreateSynonym(Statement):
    """CREATE SYNONYM: another name for an object that need not be there."""

    name: Parts
    base: Parts


@dataclass(slots=True)
class CreateDatabase(Statement):
    """CREATE DATABASE."""

    name: str


@dataclass(slots=True)
class AlterDatabase(Statement):
    """ALTER DATABASE ... SET, of options that change nothing here."""

    name: str
    options: list[str]


@dataclass(slots=True)
class Truncate(Statement):
    """TRUNCATE TABLE."""

    table: Parts


@dataclass(slots=True)
class Transaction(Statement):
    """BEGIN, COMMIT, ROLLBACK, SAVE."""

    verb: str
    name: str


@dataclass(slots=True)
class Declare(Statement):
    """DECLARE."""

    variables: list[tuple[str, SqlType, Expr | None]]


@dataclass(slots=True)
class DeclareTable(Statement):
    """DECLARE @t TABLE (...)."""

    name: str
    columns: list[ColumnDefinition]
    constraints: list[ConstraintDefinition]


@dataclass(slots=True)
class SetVariable(Statement):
    """SET @x = ..."""

    name: str
    value: Expr


@dataclass(slots=True)
class SetOption(Statement):
    """SET of an option."""

    option: str
    value: str
    table: Parts = ()


@dataclass(slots=True)
class If(Statement):
    """IF."""

    condition: Expr
    then: list[Statement]
    otherwise: list[Statement]


@dataclass(slots=True)
class While(Statement):
    """WHILE."""

    condition: Expr
    body: list[Statement]


@dataclass(slots=True)
class Block(Statement):
    """BEGIN ... END."""

    body: list[Statement]


@dataclass(slots=True)
class Try(Statement):
    """BEGIN TRY ... END TRY BEGIN CATCH ... END CATCH."""

    body: list[Statement]
    handler: list[Statement]


@dataclass(slots=True)
class Leave(Statement):
    """BREAK, CONTINUE, RETURN."""

    verb: str
    value: Expr | None = None


@dataclass(slots=True)
class Print(Statement):
    """PRINT."""

    value: Expr


@dataclass(slots=True)
class Raise(Statement):
    """RAISERROR."""

    message: Expr
    level: Expr
    state: Expr
    arguments: list[Expr]


@dataclass(slots=True)
class Throw(Statement):
    """THROW."""

    arguments: list[Expr]


@dataclass(slots=True)
class WaitFor(Statement):
    """WAITFOR DELAY."""

    delay: Expr


@dataclass(slots=True)
class Use(Statement):
    """USE."""

    database: str


@dataclass(slots=True)
class Argument:
    """An argument of EXEC."""

    name: str
    value: Expr | None
    """None for DEFAULT."""
    output: bool


@dataclass(slots=True)
class Execute(Statement):
    """EXEC of a procedure, or of a text (`procedure` is empty)."""

    procedure: Parts
    arguments: list[Argument]
    status: str = ""
    text: Expr | None = None


@dataclass(slots=True)
class InsertBulk(Statement):
    """INSERT BULK: what a bulk load goes into."""

    table: Parts
    columns: list[ColumnDefinition]
    options: list[str]
