"""All functions by name, among them those that the session answers."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Mapping

from tests.tds.engine import tree
from tests.tds.engine.binder import ExpressionBinder, Function, Scope
from tests.tds.engine.bound import Bound, converted
from tests.tds.engine.functions.aggregates import aggregate, neighbour, ranking
from tests.tds.engine.functions.arguments import arguments, fixed, text, varying
from tests.tds.engine.functions.dates import DATETIME, date_parts, dateadd, datediff, datepart
from tests.tds.engine.functions.nulls import coalesce, isnull, nullif
from tests.tds.engine.functions.numbers import floating, round_, same_number
from tests.tds.engine.functions.texts import (
    character,
    charindex,
    code,
    concat,
    datalength,
    length,
    of_texts,
    quotename,
    replicate,
    side,
    space,
    stuff,
    substring,
)
from tests.tds.engine.typing_rules import BIGINT, INT, SYSNAME
from tests.tds.errors import SqlError
from tests.tds.types import MAX, SqlType

WIDE_MAX = SqlType("nvarchar", MAX)
GUID = SqlType("uniqueidentifier")


def session(name: str, type_: SqlType, low: int = 0, high: int | None = None) -> Function:
    """A function that the session answers; texts are its arguments."""

    def function(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
        found = arguments(binder, call, scope, low, high)
        items = [item.sql for item in found]
        return Bound(f"session({', '.join([repr(name), *items])})", type_)

    return function


def variant_property(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """SQL_VARIANT_PROPERTY: only BaseType, Precision, Scale and MaxLength; a sql_variant itself, which is sysname or int."""
    value, name = arguments(binder, call, scope, 2)
    if value.type is None:
        return Bound("NULL", SqlType("sql_variant"))
    variant = converted(value, SqlType("sql_variant"))
    return Bound(f"vprop({variant}, {text(binder, name)[0]})", SqlType("sql_variant"))


def newid(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """NEWID."""
    arguments(binder, call, scope, 0)
    return Bound("newid()", GUID, nullable=False)


def default_(binder: ExpressionBinder, call: tree.Call, scope: Scope) -> Bound:
    """DEFAULT where no default can be."""
    raise SqlError(156, "Incorrect syntax near the keyword 'DEFAULT'.", 15, ends="batch")


FUNCTIONS: Mapping[str, Function] = {
    **dict.fromkeys(("COUNT", "COUNT_BIG", "SUM", "AVG", "MIN", "MAX", "STRING_AGG"), aggregate),
    **dict.fromkeys(("ROW_NUMBER", "RANK", "DENSE_RANK", "NTILE"), ranking),
    **dict.fromkeys(("LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"), neighbour),
    "ISNULL": isnull,
    "COALESCE": coalesce,
    "NULLIF": nullif,
    "DEFAULT": default_,
    "LEN": length,
    "DATALENGTH": datalength,
    "SUBSTRING": substring,
    "LEFT": side("tleft"),
    "RIGHT": side("tright"),
    "UPPER": of_texts("tupper", 1),
    "LOWER": of_texts("tlower", 1),
    "LTRIM": of_texts("tltrim", 1),
    "RTRIM": of_texts("trtrim", 1),
    "TRIM": of_texts("ttrim", 1),
    "REVERSE": of_texts("trev", 1),
    "REPLACE": of_texts("treplace", 3, lambda type_: varying(type_, 8000)),
    "REPLICATE": replicate,
    "SPACE": space,
    "CONCAT": concat,
    "CHARINDEX": charindex,
    "STUFF": stuff,
    "CHAR": character(wide=False),
    "NCHAR": character(wide=True),
    "ASCII": code("tascii"),
    "UNICODE": code("tunicode"),
    "QUOTENAME": quotename,
    "ABS": same_number("abs"),
    "FLOOR": same_number("floor"),
    "CEILING": same_number("ceiling"),
    "SIGN": same_number("sign"),
    "ROUND": round_,
    "SQRT": floating("sqrt"),
    "EXP": floating("exp"),
    "LOG": floating("log"),
    "POWER": floating("power", 2),
    "DATEADD": dateadd,
    "DATEDIFF": datediff,
    "DATEDIFF_BIG": datediff,
    "DATEPART": datepart,
    "YEAR": datepart,
    "MONTH": datepart,
    "DAY": datepart,
    "DATEFROMPARTS": date_parts,
    "GETDATE": fixed("now('datetime')", DATETIME, nullable=False),
    "CURRENT_TIMESTAMP": fixed("now('datetime')", DATETIME, nullable=False),
    "GETUTCDATE": fixed("now('datetime')", DATETIME, nullable=False),
    "SYSDATETIME": fixed("now('datetime2')", SqlType("datetime2", scale=7), nullable=False),
    "SYSUTCDATETIME": fixed("now('datetime2')", SqlType("datetime2", scale=7), nullable=False),
    "SYSDATETIMEOFFSET": fixed("now('datetimeoffset')", SqlType("datetimeoffset", scale=7), nullable=False),
    "NEWID": newid,
    "NEWSEQUENTIALID": newid,
    "SQL_VARIANT_PROPERTY": variant_property,
    "DB_NAME": session("DB_NAME", SYSNAME, 0, 1),
    "DB_ID": session("DB_ID", SqlType("smallint"), 0, 1),
    "SCHEMA_NAME": session("SCHEMA_NAME", SYSNAME, 0, 1),
    "SCHEMA_ID": session("SCHEMA_ID", INT, 0, 1),
    "OBJECT_ID": session("OBJECT_ID", INT, 1, 2),
    "OBJECT_NAME": session("OBJECT_NAME", SYSNAME, 1, 2),
    "OBJECT_SCHEMA_NAME": session("OBJECT_SCHEMA_NAME", SYSNAME, 1, 2),
    "OBJECT_DEFINITION": session("OBJECT_DEFINITION", WIDE_MAX, 1),
    "OBJECTPROPERTY": session("OBJECTPROPERTY", INT, 2),
    "COLUMNPROPERTY": session("COLUMNPROPERTY", INT, 3),
    "COL_LENGTH": session("COL_LENGTH", SqlType("smallint"), 2),
    "COL_NAME": session("COL_NAME", SYSNAME, 2),
    "TYPE_NAME": session("TYPE_NAME", SYSNAME, 1),
    "TYPE_ID": session("TYPE_ID", INT, 1),
    "INDEX_COL": session("INDEX_COL", SYSNAME, 3),
    "SERVERPROPERTY": session("SERVERPROPERTY", SqlType("sql_variant"), 1),
    "DATABASEPROPERTYEX": session("DATABASEPROPERTYEX", SqlType("sql_variant"), 2),
    "COLLATIONPROPERTY": session("COLLATIONPROPERTY", SqlType("sql_variant"), 2),
    "SUSER_SNAME": session("USER", SYSNAME, 0, 1),
    "SUSER_NAME": session("USER", SYSNAME, 0, 1),
    "ORIGINAL_LOGIN": session("USER", SYSNAME),
    "SYSTEM_USER": session("USER", SYSNAME),
    "USER_NAME": session("USER_NAME", SYSNAME, 0, 1),
    "USER": session("USER_NAME", SYSNAME),
    "CURRENT_USER": session("USER_NAME", SYSNAME),
    "SESSION_USER": session("USER_NAME", SYSNAME),
    "HOST_NAME": session("HOST_NAME", SYSNAME),
    "APP_NAME": session("APP_NAME", SYSNAME),
    "HAS_DBACCESS": session("HAS_DBACCESS", INT, 1),
    "IS_SRVROLEMEMBER": session("IS_MEMBER", INT, 1, 2),
    "IS_MEMBER": session("IS_MEMBER", INT, 1),
    "SCOPE_IDENTITY": session("SCOPE_IDENTITY", SqlType("numeric", precision=38)),
    "IDENT_CURRENT": session("IDENT_CURRENT", SqlType("numeric", precision=38), 1),
    "IDENT_SEED": session("IDENT_SEED", SqlType("numeric", precision=38), 1),
    "IDENT_INCR": session("IDENT_INCR", SqlType("numeric", precision=38), 1),
    "XACT_STATE": session("XACT_STATE", SqlType("smallint")),
    "ERROR_NUMBER": session("ERROR_NUMBER", INT),
    "ERROR_SEVERITY": session("ERROR_SEVERITY", INT),
    "ERROR_STATE": session("ERROR_STATE", INT),
    "ERROR_LINE": session("ERROR_LINE", INT),
    "ERROR_MESSAGE": session("ERROR_MESSAGE", SqlType("nvarchar", 4000)),
    "ERROR_PROCEDURE": session("ERROR_PROCEDURE", SYSNAME),
    "ROWCOUNT_BIG": session("@@ROWCOUNT", BIGINT),
    "@@ROWCOUNT": session("@@ROWCOUNT", INT),
    "@@ERROR": session("@@ERROR", INT),
    "@@TRANCOUNT": session("@@TRANCOUNT", INT),
    "@@SPID": session("@@SPID", SqlType("smallint")),
    "@@IDENTITY": session("@@IDENTITY", SqlType("numeric", precision=38)),
    "@@VERSION": session("@@VERSION", SqlType("nvarchar", 300)),
    "@@SERVERNAME": session("@@SERVERNAME", SYSNAME),
    "@@SERVICENAME": session("@@SERVICENAME", SYSNAME),
    "@@LANGUAGE": session("@@LANGUAGE", SYSNAME),
    "@@LOCK_TIMEOUT": session("@@LOCK_TIMEOUT", INT),
    "@@TEXTSIZE": session("@@TEXTSIZE", INT),
    "@@NESTLEVEL": session("@@NESTLEVEL", INT),
    "@@OPTIONS": session("@@OPTIONS", INT),
    "@@MAX_PRECISION": fixed("38", SqlType("tinyint")),
    "@@DATEFIRST": fixed("7", SqlType("tinyint")),
    "@@PROCID": fixed("0", INT),
    "@@FETCH_STATUS": fixed("-1", INT),
    "@@MICROSOFTVERSION": fixed("268439561", INT),
}
"""By name; the variables of the server are functions, too."""
