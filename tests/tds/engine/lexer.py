"""T-SQL's tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from tests.tds.errors import SqlError

RESERVED = frozenset(
    [
        "ADD",
        "ALL",
        "ALTER",
        "AND",
        "ANY",
        "AS",
        "ASC",
        "AUTHORIZATION",
        "BACKUP",
        "BEGIN",
        "BETWEEN",
        "BREAK",
        "BROWSE",
        "BULK",
        "BY",
        "CASCADE",
        "CASE",
        "CHECK",
        "CHECKPOINT",
        "CLOSE",
        "CLUSTERED",
        "COALESCE",
        "COLLATE",
        "COLUMN",
        "COMMIT",
        "COMPUTE",
        "CONSTRAINT",
        "CONTAINS",
        "CONTAINSTABLE",
        "CONTINUE",
        "CONVERT",
        "CREATE",
        "CROSS",
        "CURRENT",
        "CURRENT_DATE",
        "CURRENT_TIME",
        "CURRENT_TIMESTAMP",
        "CURRENT_USER",
        "CURSOR",
        "DATABASE",
        "DBCC",
        "DEALLOCATE",
        "DECLARE",
        "DEFAULT",
        "DELETE",
        "DENY",
        "DESC",
        "DISK",
        "DISTINCT",
        "DISTRIBUTED",
        "DOUBLE",
        "DROP",
        "DUMP",
        "ELSE",
        "END",
        "ERRLVL",
        "ESCAPE",
        "EXCEPT",
        "EXEC",
        "EXECUTE",
        "EXISTS",
        "EXIT",
        "EXTERNAL",
        "FETCH",
        "FILE",
        "FILLFACTOR",
        "FOR",
        "FOREIGN",
        "FREETEXT",
        "FREETEXTTABLE",
        "FROM",
        "FULL",
        "FUNCTION",
        "GOTO",
        "GRANT",
        "GROUP",
        "HAVING",
        "HOLDLOCK",
        "IDENTITY",
        "IDENTITYCOL",
        "IDENTITY_INSERT",
        "IF",
        "IN",
        "INDEX",
        "INNER",
        "INSERT",
        "INTERSECT",
        "INTO",
        "IS",
        "JOIN",
        "KEY",
        "KILL",
        "LEFT",
        "LIKE",
        "LINENO",
        "LOAD",
        "MERGE",
        "NATIONAL",
        "NOCHECK",
        "NONCLUSTERED",
        "NOT",
        "NULL",
        "NULLIF",
        "OF",
        "OFF",
        "OFFSETS",
        "ON",
        "OPEN",
        "OPENDATASOURCE",
        "OPENQUERY",
        "OPENROWSET",
        "OPENXML",
        "OPTION",
        "OR",
        "ORDER",
        "OUTER",
        "OVER",
        "PERCENT",
        "PIVOT",
        "PLAN",
        "PRIMARY",
        "PRINT",
        "PROC",
        "PROCEDURE",
        "PUBLIC",
        "RAISERROR",
        "READ",
        "READTEXT",
        "RECONFIGURE",
        "REFERENCES",
        "REPLICATION",
        "RESTORE",
        "RESTRICT",
        "RETURN",
        "REVERT",
        "REVOKE",
        "RIGHT",
        "ROLLBACK",
        "ROWCOUNT",
        "ROWGUIDCOL",
        "RULE",
        "SAVE",
        "SCHEMA",
        "SECURITYAUDIT",
        "SELECT",
        "SESSION_USER",
        "SET",
        "SETUSER",
        "SHUTDOWN",
        "SOME",
        "STATISTICS",
        "SYSTEM_USER",
        "TABLE",
        "TABLESAMPLE",
        "TEXTSIZE",
        "THEN",
        "TO",
        "TOP",
        "TRAN",
        "TRANSACTION",
        "TRIGGER",
        "TRUNCATE",
        "TRY_CONVERT",
        "TSEQUAL",
        "UNION",
        "UNIQUE",
        "UNPIVOT",
        "UPDATE",
        "UPDATETEXT",
        "USE",
        "USER",
        "VALUES",
        "VARYING",
        "VIEW",
        "WAITFOR",
        "WHEN",
        "WHERE",
        "WHILE",
        "WITH",
        "WITHIN",
        "WRITETEXT",
    ]
)
"""Words that are no name without quotes (Transact-SQL, "Reserved keywords")."""


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    QUOTED = "quoted name"
    VARIABLE = "variable"
    TEXT = "text"
    WIDE_TEXT = "N'text'"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    MONEY = "money"
    BINARY = "binary"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One of them."""

    kind: Kind
    text: str
    """The name without quotes, the text's value, or what stands there."""
    start: int
    end: int
    line: int

    @property
    def upper(self) -> str:
        """A word in upper case; nothing for what is no word."""
        return self.text.upper() if self.kind is Kind.WORD else ""

    @property
    def reserved(self) -> bool:
        """Whether it is a reserved word."""
        return self.kind is Kind.WORD and self.text.upper() in RESERVED


_TOKEN = re.compile(
    r"""(?P<space>[\s\u00a0\ufeff]+|--[^\n]*)
    |(?P<comment>/\*)
    |(?P<wide>[Nn]')
    |(?P<string>')
    |(?P<bracket>\[)
    |(?P<quote>")
    |(?P<binary>0[xX][0-9a-fA-F]*)
    |(?P<money>[$£€]\d+(?:\.\d*)?)
    |(?P<float>(?:\d+\.?\d*|\.\d+)[eE][+-]?\d*)
    |(?P<decimal>\d+\.\d*|\.\d+)
    |(?P<integer>\d+)
    |(?P<variable>@@?[\w@$#]*)
    |(?P<word>[^\W\d][\w@$#]*|\#[\w@$#]+)
    |(?P<symbol><=|>=|<>|!=|!<|!>|\+=|-=|\*=|/=|%=|&=|\|=|\^=|::|[-+*/%&|^~=<>(),.;:{}])
    """,
    re.VERBOSE,
)
_CLOSING = {"wide": "'", "string": "'", "bracket": "]", "quote": '"'}


def _comment_end(sql: str, at: int, line: int) -> int:
    """Where a comment ends; they nest."""
    depth = 0
    while at < len(sql):
        if sql.startswith("/*", at):
            depth += 1
            at += 2
        elif sql.startswith("*/", at):
            depth -= 1
            at += 2
            if not depth:
                return at
        else:
            at += 1
    raise SqlError(113, "Missing end comment mark '*/'.", 15, line=line, ends="batch")


def _quoted(sql: str, at: int, closing: str, line: int) -> tuple[str, int]:
    """What stands between quotes that are doubled inside, and where it ends."""
    parts: list[str] = []
    start = at
    while True:
        end = sql.find(closing, at)
        if end < 0:
            text = sql[start:][:128]
            raise SqlError(
                105, f"Unclosed quotation mark after the character string '{text}'.", 15, line=line, ends="batch"
            )
        parts.append(sql[at:end])
        at = end + 1
        if not sql.startswith(closing, at):
            return "".join(parts), at
        parts.append(closing)
        at += 1


_KINDS = {
    "wide": Kind.WIDE_TEXT,
    "string": Kind.TEXT,
    "bracket": Kind.QUOTED,
    "quote": Kind.QUOTED,
    "binary": Kind.BINARY,
    "money": Kind.MONEY,
    "float": Kind.FLOAT,
    "decimal": Kind.DECIMAL,
    "integer": Kind.INTEGER,
    "variable": Kind.VARIABLE,
    "word": Kind.WORD,
    "symbol": Kind.SYMBOL,
}


NAMELESS = (
    "An object or column name is missing or empty. For SELECT INTO statements, verify each column has a name. For "
    'other statements, look for empty alias names. Aliases defined as "" or [] are not allowed. Change the alias to a '
    "valid name."
)


def tokenize(sql: str) -> list[Token]:
    """The tokens of a batch, `END` last.

    Raises:
        SqlError: 102, 105, 113 or 1038.
    """
    tokens: list[Token] = []
    at, line = 0, 1
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise SqlError(102, f"Incorrect syntax near '{sql[at]}'.", 15, line=line, ends="batch")
        group = match.lastgroup or ""
        end = match.end()
        if group == "comment":
            end = _comment_end(sql, at, line)
        elif group in _CLOSING:
            text, end = _quoted(sql, end, _CLOSING[group], line)
            if not text and _KINDS[group] is Kind.QUOTED:
                raise SqlError(1038, NAMELESS, 15, 4, line=line, ends="batch")
            tokens.append(Token(_KINDS[group], text, at, end, line))
        elif group != "space":
            tokens.append(Token(_KINDS[group], match.group(), at, end, line))
        line += sql.count("\n", at, end)
        at = end
    tokens.append(Token(Kind.END, "", len(sql), len(sql), line))
    return tokens
