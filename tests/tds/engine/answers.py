"""Functions that the session answers: @@ROWCOUNT, OBJECT_ID, SERVERPROPERTY and so on, in the form that SQLite takes."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
# pyright: reportUnknownLambdaType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# A table of functions of different arguments: what they take stands in FUNCTIONS.
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.tds import pages
from tests.tds.engine import meta
from tests.tds.engine.statements import Parser
from tests.tds.engine.storage import number_to_bytes, store
from tests.tds.errors import Refused, SqlError
from tests.tds.types import SqlType, Variant

if TYPE_CHECKING:
    from tests.tds.engine.catalog import Object
    from tests.tds.engine.session import Session

VERSION = (
    "Microsoft SQL Server 2022 (TDS test server of industrydb) - 16.0.4105.2 (X64) \n\t"
    "Not a SQL Server: it runs T-SQL on SQLite for tests"
)
Answer = Callable[..., Any]


def variant(value: object) -> bytes | None:
    """A property as sql_variant: int or nvarchar(128)."""
    if value is None:
        return None
    type_ = SqlType("int") if isinstance(value, int) else SqlType("nvarchar", 128)
    made: bytes = store(Variant(type_, value), SqlType("sql_variant"))
    return made


SERVER = {
    "productversion": "16.0.4105.2",
    "productlevel": "RTM",
    "productmajorversion": "16",
    "productminorversion": "0",
    "productbuild": "4105",
    "edition": "Developer Edition (64-bit)",
    "engineedition": 3,
    "editionid": -2117995310,
    "servername": "TDSTEST",
    "machinename": "TDSTEST",
    "instancename": None,
    "collation": meta.COLLATION_NAME,
    "isintegratedsecurityonly": 0,
    "isclustered": 0,
    "ishadrenabled": 0,
}


def parsed(name: str) -> tuple[str, ...]:
    """The parts of a name with quotes; none of them if it is no name."""
    try:
        return Parser(name).parts()
    except SqlError:
        return ()


def object_of(session: Session, name: str) -> Object | None:
    """An object by a name with quotes and parts."""
    parts = parsed(name)
    if not parts:
        return None
    if len(parts) == 3 and parts[0].casefold() == "tempdb" and parts[2].startswith("#"):
        parts = parts[2:]
    return session.named(parts)


def object_id(session: Session, name: str | None, kind: str | None = None) -> int | None:
    """OBJECT_ID: of tables, views, procedures and constraints."""
    if name is None:
        return None
    found = object_of(session, name)
    if found is not None and (kind is None or kind.strip().upper() == found.kind):
        return found.id
    if found is None:
        last = Parser(name).parts()[-1].casefold()
        for item in session.catalog.all(session.database):
            for constraint, letter in constraints(item):
                if constraint.name.casefold() == last and (kind is None or kind.strip().upper() == letter):
                    return int(constraint.id)
    return None


def constraints(item: Object) -> list[tuple[Any, str]]:
    """The constraints of a table, and the letters of their kinds."""
    letters = {"PRIMARY KEY": "PK", "UNIQUE": "UQ"}
    found: list[tuple[Any, str]] = [(key, letters[key.kind]) for key in item.keys if key.kind in letters]
    found += [(check, "C") for check in item.checks]
    found += [(key, "F") for key in item.foreign]
    return found


def column_property(session: Session, table: int | None, name: str | None, what: str | None) -> int | None:
    """COLUMNPROPERTY."""
    item = session.catalog.get(table) if table is not None else None
    column = item.column(name) if item is not None and name is not None else None
    if column is None or what is None:
        return None
    precision, scale = meta.precision_scale(column.type)
    return {
        "isidentity": int(column.identity is not None),
        "iscomputed": int(bool(column.computed)),
        "allowsnull": int(column.nullable),
        "columnid": column.id,
        "precision": precision or column.type.length,
        "scale": scale,
        "isrowguidcol": 0,
        "issparse": 0,
        "ishidden": 0,
        "generatedalwaystype": 0,
    }.get(what.casefold())


def object_property(session: Session, number: int | None, what: str | None) -> int | None:
    """OBJECTPROPERTY."""
    item = session.catalog.get(number) if number is not None else None
    if item is None or what is None:
        return None
    return {
        "istable": int(item.kind == "U"),
        "isusertable": int(item.kind == "U"),
        "isview": int(item.kind == "V"),
        "isprocedure": int(item.kind == "P"),
        "tablehasidentity": int(any(column.identity for column in item.columns)),
        "tablehasprimarykey": int(any(key.kind == "PRIMARY KEY" for key in item.keys)),
        "ismsshipped": 0,
    }.get(what.casefold())


def identity_of(session: Session, name: str, at: int) -> bytes | None:
    """IDENT_CURRENT, IDENT_SEED, IDENT_INCR."""
    item = object_of(session, name)
    column = next((column for column in item.columns if column.identity), None) if item is not None else None
    if item is None or column is None or column.identity is None:
        return None
    value = session.instance.identities.get(item.id, column.identity[0]) if at < 0 else column.identity[at]
    return number_to_bytes(value, 0)


def numeric(value: int | None) -> bytes | None:
    """numeric(38, 0)."""
    return None if value is None else number_to_bytes(value, 0)


def of_object(session: Session, number: int | None, part: str) -> Any:
    """An attribute of an object."""
    item = session.catalog.get(number) if number is not None else None
    return getattr(item, part) if item is not None else None


def caught(session: Session, part: str) -> Any:
    """ERROR_NUMBER and its like, inside CATCH."""
    return getattr(session.caught[-1], part) or (None if part == "procedure" else 0) if session.caught else None


def type_name(number: int | None) -> str | None:
    """TYPE_NAME."""
    if number == 256:
        return "sysname"
    return next((name for name, known in meta.USER_TYPE_IDS.items() if known == number), None)


def database_property(session: Session, name: str, what: str) -> bytes | None:
    """DATABASEPROPERTYEX."""
    if session.instance.database(name) is None:
        return None
    return variant(
        {
            "collation": meta.COLLATION_NAME,
            "status": "ONLINE",
            "updateability": "READ_WRITE",
            "useraccess": "MULTI_USER",
            "isautoclose": 0,
            "recovery": "SIMPLE",
        }.get(what.casefold())
    )


def collation_property(_: Session, name: str | None, what: str | None) -> bytes | None:
    """COLLATIONPROPERTY: only CodePage."""
    if (what or "").casefold() != "codepage":
        raise Refused(f"COLLATIONPROPERTY(..., '{what}')")
    found = pages.known(name) if name else None
    return variant(found.page if found is not None else None)


def state(session: Session) -> int:
    """XACT_STATE."""
    return -1 if session.transactions.doomed else min(session.transactions.count, 1)


def column_name(session: Session, table: int | None, number: int | None) -> str | None:
    """COL_NAME."""
    item = session.catalog.get(table) if table is not None else None
    return next((column.name for column in item.columns if column.id == number), None) if item is not None else None


def column_length(session: Session, table: str, name: str) -> int | None:
    """COL_LENGTH."""
    item = object_of(session, table)
    column = item.column(name) if item is not None else None
    return column.type.max_length if column is not None else None


def database_id(session: Session, name: str | None = None) -> int | None:
    """DB_ID."""
    known = session.instance.database(name) if name is not None else session.database
    return session.instance.databases.index(known) + 1 if known is not None else None


def database_name(session: Session, number: int | None = None) -> str | None:
    """DB_NAME."""
    if number is None:
        return session.database
    names = session.instance.databases
    return names[number - 1] if 0 < number <= len(names) else None


def login(session: Session, part: str) -> str:
    """What the client said about itself."""
    return str(getattr(session.connection.login, part))


SCHEMAS = {"dbo": 1, "guest": 2, "information_schema": 3, "sys": 4}


def schema_id(session: Session, name: str | None = None) -> int | None:
    """SCHEMA_ID."""
    if name is None:
        return 1
    if name.casefold() in SCHEMAS:
        return SCHEMAS[name.casefold()]
    found = session.catalog.find(session.database, "\1", name)
    return found.id if found is not None else None


def schema_name(session: Session, number: int | None = None) -> str | None:
    """SCHEMA_NAME."""
    if number is None:
        return "dbo"
    for name, known in SCHEMAS.items():
        if known == number:
            return name.upper() if name == "information_schema" else name
    found = session.catalog.get(number)
    return found.name if found is not None and found.kind == "S" else None


ANSWERS: dict[str, Answer] = {
    "@@ROWCOUNT": lambda s: s.row_count,
    "@@ERROR": lambda s: s.last_error,
    "@@TRANCOUNT": lambda s: s.transactions.count,
    "@@SPID": lambda s: s.connection.spid,
    "@@IDENTITY": lambda s: numeric(s.identity),
    "@@VERSION": lambda _: VERSION,
    "@@SERVERNAME": lambda _: "TDSTEST",
    "@@SERVICENAME": lambda _: "MSSQLSERVER",
    "@@LANGUAGE": lambda _: "us_english",
    "@@LOCK_TIMEOUT": lambda s: s.transactions.lock_timeout,
    "@@TEXTSIZE": lambda _: 2147483647,
    "@@NESTLEVEL": lambda s: s.depth,
    "@@OPTIONS": lambda s: 5496 | (512 if s.options["NOCOUNT"] else 0),
    "DB_NAME": database_name,
    "DB_ID": database_id,
    "SCHEMA_NAME": schema_name,
    "SCHEMA_ID": schema_id,
    "OBJECT_ID": object_id,
    "OBJECT_NAME": lambda s, number, _=None: of_object(s, number, "name"),
    "OBJECT_SCHEMA_NAME": lambda s, number, _=None: of_object(s, number, "schema"),
    "OBJECT_DEFINITION": lambda s, number: of_object(s, number, "text") or None,
    "OBJECTPROPERTY": object_property,
    "COLUMNPROPERTY": column_property,
    "COL_LENGTH": column_length,
    "COL_NAME": column_name,
    "TYPE_NAME": lambda _, number: type_name(number),
    "TYPE_ID": lambda _, name: meta.USER_TYPE_IDS.get((name or "").casefold()),
    "SERVERPROPERTY": lambda _, name: variant(SERVER.get((name or "").casefold())),
    "DATABASEPROPERTYEX": database_property,
    "COLLATIONPROPERTY": collation_property,
    "USER": lambda s, _=None: login(s, "user"),
    "USER_NAME": lambda _, number=None: "dbo" if number in {None, 1} else None,
    "HOST_NAME": lambda s: login(s, "host"),
    "APP_NAME": lambda s: login(s, "application"),
    "HAS_DBACCESS": lambda s, name: int(s.instance.database(name or "") is not None) or None,
    "IS_MEMBER": lambda _, role, __=None: int((role or "").casefold() in {"sysadmin", "db_owner", "public"}),
    "SCOPE_IDENTITY": lambda s: numeric(s.scope_identity),
    "IDENT_CURRENT": lambda s, name: identity_of(s, name, -1),
    "IDENT_SEED": lambda s, name: identity_of(s, name, 0),
    "IDENT_INCR": lambda s, name: identity_of(s, name, 1),
    "XACT_STATE": state,
    "ERROR_NUMBER": lambda s: caught(s, "number"),
    "ERROR_SEVERITY": lambda s: caught(s, "level"),
    "ERROR_STATE": lambda s: caught(s, "state"),
    "ERROR_LINE": lambda s: caught(s, "line"),
    "ERROR_MESSAGE": lambda s: caught(s, "text"),
    "ERROR_PROCEDURE": lambda s: caught(s, "procedure"),
}


def answer(session: Session, name: str, arguments: tuple[Any, ...]) -> Any:
    """The value of a function."""
    function = ANSWERS.get(name)
    if function is None:
        raise Refused(f"the function {name}")
    return function(session, *arguments)
