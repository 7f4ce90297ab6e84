"""The rows of the catalog views `sys.*`."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.tds.engine import answers, meta
from tests.tds.engine.catalog import Object
from tests.tds.engine.typing_rules import SYSNAME
from tests.tds.types import EPOCH_1900, UNITS_PER_DAY, SqlType, Variant

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

INT, BIT, DATETIME = SqlType("int"), SqlType("bit"), SqlType("datetime")
KIND, NAME60 = SqlType("char", 2), SqlType("nvarchar", 60)
Row = list[Any]
Rows = Callable[["Session", list[Object]], Iterator[Row]]
STARTED = (dt.date.today().toordinal() - 1 - EPOCH_1900) * UNITS_PER_DAY
DESCRIPTIONS = {
    "U": "USER_TABLE", "V": "VIEW", "P": "SQL_STORED_PROCEDURE", "PK": "PRIMARY_KEY_CONSTRAINT", "UQ": "UNIQUE_CONSTRAINT",
    "C": "CHECK_CONSTRAINT", "F": "FOREIGN_KEY_CONSTRAINT", "D": "DEFAULT_CONSTRAINT", "SN": "SYNONYM",
}  # fmt: skip


def schema_number(session: Session, item: Object) -> int:
    """The number of an object's schema."""
    known = answers.SCHEMAS.get(item.schema.casefold())
    if known is not None:
        return known
    found = session.catalog.find(item.database, "\1", item.schema)
    return found.id if found is not None else 1


def common(session: Session, item: Object, number: int, name: str, kind: str, parent: int) -> Row:
    """The columns that all of `sys.objects` have."""
    return [
        name,
        number,
        None,
        schema_number(session, item),
        parent,
        kind.ljust(2),
        DESCRIPTIONS[kind],
        STARTED,
        STARTED,
        0,
        0,
        0,
    ]


OBJECT: tuple[tuple[str, SqlType], ...] = (
    ("name", SYSNAME), ("object_id", INT), ("principal_id", INT), ("schema_id", INT), ("parent_object_id", INT),
    ("type", KIND), ("type_desc", NAME60), ("create_date", DATETIME), ("modify_date", DATETIME), ("is_ms_shipped", BIT),
    ("is_published", BIT), ("is_schema_published", BIT),
)  # fmt: skip


def real(items: list[Object], kinds: str = "UVP") -> list[Object]:
    """Those that are no schemas."""
    return [item for item in items if item.kind in kinds and not item.name.startswith("@")]


def objects(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.objects`."""
    for item in real(items):
        yield common(session, item, item.id, item.name, item.kind, 0)
        for constraint, letter in answers.constraints(item):
            yield common(session, item, constraint.id, constraint.name, letter, item.id)
        for column in item.columns:
            if column.default_name:
                yield common(session, item, column.default_id, column.default_name, "D", item.id)
    for row in synonyms(session, items):
        yield row[: len(OBJECT)]


def synonyms(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.synonyms`."""
    for item in items:
        if item.kind == "SN":
            yield [*common(session, item, item.id, item.name, "SN", 0), item.text]


def tables(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.tables`."""
    for item in real(items, "U"):
        yield [
            *common(session, item, item.id, item.name, "U", 0),
            max((c.id for c in item.columns), default=0),
            0,
            0,
            None,
        ]


def views(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.views`."""
    for item in real(items, "V"):
        yield [*common(session, item, item.id, item.name, "V", 0), 0]


def procedures(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.procedures`."""
    for item in real(items, "P"):
        yield common(session, item, item.id, item.name, "P", 0)


def columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.columns`."""
    del session
    for item in real(items, "UV"):
        for column in item.columns:
            type_ = column.type
            precision, scale = meta.precision_scale(type_)
            yield [
                item.id, column.name, column.id, meta.TYPE_IDS[type_.name], meta.USER_TYPE_IDS[type_.name],
                type_.max_length, precision, scale, meta.collation(type_), int(column.nullable), 1, 0,
                int(column.identity is not None), int(bool(column.computed)), 0, 0, 0, column.default_id, 0, 0, 0, 0, None, 0,
            ]  # fmt: skip


def identity_columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.identity_columns`."""
    for item in real(items, "U"):
        for column in item.columns:
            if column.identity is not None:
                seed, increment = column.identity
                last = session.instance.identities.get(item.id)
                of = column.type if not column.type.precision else SqlType("bigint")
                yield [
                    item.id,
                    column.name,
                    column.id,
                    meta.TYPE_IDS[column.type.name],
                    Variant(of, seed),
                    Variant(of, increment),
                    None if last is None else Variant(of, last),
                    1,
                ]


def computed_columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.computed_columns`."""
    del session
    for item in real(items, "U"):
        for column in item.columns:
            if column.computed:
                yield [
                    item.id,
                    column.name,
                    column.id,
                    meta.TYPE_IDS[column.type.name],
                    int(column.nullable),
                    1,
                    column.computed,
                    0,
                    int(column.persisted),
                ]


def default_constraints(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.default_constraints`."""
    for item in real(items, "U"):
        for column in item.columns:
            if column.default_name:
                yield [
                    *common(session, item, column.default_id, column.default_name, "D", item.id),
                    column.id,
                    column.default,
                    0,
                ]


def check_constraints(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.check_constraints`."""
    for item in real(items, "U"):
        for check in item.checks:
            yield [*common(session, item, check.id, check.name, "C", item.id), 0, 0, 0, check.column, check.text, 0, 0]


def key_constraints(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.key_constraints`."""
    for item in real(items, "U"):
        for at, key in enumerate(sorted_keys(item), 1):
            if key.kind != "INDEX":
                letter = "PK" if key.kind == "PRIMARY KEY" else "UQ"
                yield [*common(session, item, key.id, key.name, letter, item.id), at, 0, 1]


def sorted_keys(item: Object) -> list[Any]:
    """The primary key first: it is clustered, and index 1."""
    return sorted(item.keys, key=lambda key: key.kind != "PRIMARY KEY")


def indexes(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.indexes`: a table without a primary key is a heap, index 0."""
    del session
    for item in real(items, "U"):
        keys = sorted_keys(item)
        clustered = bool(keys) and keys[0].kind == "PRIMARY KEY"
        if not clustered:
            yield [item.id, None, 0, 0, "HEAP", 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, None]
        for at, key in enumerate(keys, 1 if clustered else 2):
            kind = (1, "CLUSTERED") if at == 1 else (2, "NONCLUSTERED")
            yield [
                item.id,
                key.name,
                at,
                *kind,
                int(key.unique),
                1,
                int(key.ignores_duplicates),
                int(key.kind == "PRIMARY KEY"),
                int(key.kind == "UNIQUE"),
                0,
                0,
                0,
                0,
                1,
                1,
                0,
                None,
            ]


def index_columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.index_columns`."""
    del session
    for item in real(items, "U"):
        keys = sorted_keys(item)
        clustered = bool(keys) and keys[0].kind == "PRIMARY KEY"
        for at, key in enumerate(keys, 1 if clustered else 2):
            for ordinal, number in enumerate(key.columns, 1):
                yield [item.id, at, ordinal, number, ordinal, 0, 0, 0]


def foreign_keys(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.foreign_keys`."""
    actions = {"NO_ACTION": 0, "CASCADE": 1, "SET_NULL": 2}
    for item in real(items, "U"):
        for key in item.foreign:
            yield [
                *common(session, item, key.id, key.name, "F", item.id),
                key.table,
                1,
                0,
                0,
                0,
                actions[key.on_delete],
                key.on_delete,
                0,
                "NO_ACTION",
                0,
            ]


def foreign_key_columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.foreign_key_columns`."""
    del session
    for item in real(items, "U"):
        for key in item.foreign:
            for at, (own, other) in enumerate(zip(key.columns, key.referenced, strict=True), 1):
                yield [key.id, at, item.id, own, key.table, other]


def types(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.types`."""
    del session, items
    for name, number in meta.USER_TYPE_IDS.items():
        type_ = SqlType(name, length=8000 if "char" in name or "binary" in name else 0, precision=38, scale=7)
        precision, scale = meta.precision_scale(type_)
        yield [
            name,
            meta.TYPE_IDS[name],
            number,
            4,
            type_.max_length,
            precision,
            scale,
            meta.collation(type_),
            1,
            0,
            int(number in {128, 129, 130}),
            0,
        ]
    yield ["sysname", 231, 256, 4, 256, 0, 0, meta.COLLATION_NAME, 0, 0, 0, 0]


def schemata(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.schemas`."""
    del session
    yield from (["dbo", 1, 1], ["guest", 2, 2], ["INFORMATION_SCHEMA", 3, 3], ["sys", 4, 4])
    for item in items:
        if item.kind == "S":
            yield [item.name, item.id, 1]


def databases(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.databases`: others' changes are seen as with READ_COMMITTED_SNAPSHOT."""
    del items
    for at, name in enumerate(session.instance.databases, 1):
        yield [
            name,
            at,
            None,
            STARTED,
            160,
            meta.COLLATION_NAME,
            0,
            "MULTI_USER",
            0,
            0,
            0,
            "ONLINE",
            1,
            "ON",
            1,
            3,
            "SIMPLE",
        ]


def modules(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.sql_modules`."""
    del session
    for item in real(items, "VP"):
        yield [item.id, item.text, 1, 1, int(item.bound), 0, 0, None, 0, 0]


def dependencies(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.sql_expression_dependencies`."""
    for item in real(items, "V"):
        for number in item.depends_on:
            other = session.catalog.get(number)
            if other is not None:
                yield [
                    item.id,
                    0,
                    1,
                    "OBJECT_OR_COLUMN",
                    int(item.bound),
                    1,
                    "OBJECT_OR_COLUMN",
                    None,
                    None,
                    other.schema,
                    other.name,
                    number,
                    0,
                    0,
                    0,
                ]


def nothing(session: Session, items: list[Object]) -> Iterator[Row]:
    """A view that is always empty here."""
    del session, items
    return iter(())


def connections(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.dm_exec_connections`."""
    del items
    for other in session.connection.server.connections():
        if other.login is not None:
            yield [
                other.spid,
                other.spid,
                "TCP",
                "TSQL",
                "TRUE" if other.encrypted else "FALSE",
                "SQL",
                other.packet_size,
                "127.0.0.1",
                "127.0.0.1",
                session.connection.server.port,
            ]


def sessions(session: Session, items: list[Object]) -> Iterator[Row]:
    """`sys.dm_exec_sessions`."""
    del items
    levels = {"READ UNCOMMITTED": 1, "READ COMMITTED": 2, "REPEATABLE READ": 3, "SERIALIZABLE": 4, "SNAPSHOT": 5}
    for other in session.connection.server.connections():
        if other.login is not None and other.session is not None:
            state = other.session.transactions
            yield [
                other.spid,
                STARTED,
                other.login.host,
                other.login.application,
                None,
                other.login.library,
                other.login.user,
                "sleeping" if other is not session.connection else "running",
                levels[state.isolation],
                state.lock_timeout,
                state.count,
                1,
                answers.database_id(session, other.session.database),
            ]
