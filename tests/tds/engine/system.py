"""Catalog views: `sys.*` and INFORMATION_SCHEMA, filled afresh for each statement that names one."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from tests.tds.engine import answers, meta, tree
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.storage import store
from tests.tds.engine.typing_rules import SYSNAME
from tests.tds.errors import SqlError
from tests.tds.types import EPOCH_1900, UNITS_PER_DAY, SqlType, Variant

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

INT, BIT, SMALL, TINY, BIG = SqlType("int"), SqlType("bit"), SqlType("smallint"), SqlType("tinyint"), SqlType("bigint")
DATETIME, TEXT, ANY, GUID = (
    SqlType("datetime"),
    SqlType("nvarchar", -1),
    SqlType("sql_variant"),
    SqlType("uniqueidentifier"),
)
KIND, NAME60, NAME4000 = SqlType("char", 2), SqlType("nvarchar", 60), SqlType("nvarchar", 4000)
SHORT = SqlType("varchar", 10)

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


def position(item: Object, column: Column) -> int:
    """A column's number."""
    del item
    return column.id


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


# INFORMATION_SCHEMA


def info_tables(session: Session, items: list[Object]) -> Iterator[Row]:
    """TABLES."""
    del session
    for item in real(items, "UV"):
        yield [item.database, item.schema, item.name, "BASE TABLE" if item.kind == "U" else "VIEW"]


def info_columns(session: Session, items: list[Object]) -> Iterator[Row]:
    """COLUMNS."""
    del session
    for item in real(items, "UV"):
        for at, column in enumerate(item.columns, 1):
            type_ = column.type
            precision, scale = meta.precision_scale(type_)
            name = type_.name
            sized = "char" in name or "binary" in name or name in {"text", "ntext", "image", "xml"}
            octets = {"text": 2147483647, "image": 2147483647, "ntext": 2147483646}.get(name, type_.max_length)
            characters = {"ntext": 1073741823}.get(
                name, octets // 2 if name in {"nchar", "nvarchar"} and octets > 0 else octets
            )
            number = "int" in name or name in {"decimal", "numeric", "money", "smallmoney", "float", "real"}
            radix = None if not number else 2 if name in {"float", "real"} else 10
            moment = (
                type_.scale
                if name in {"time", "datetime2", "datetimeoffset"}
                else {"datetime": 3, "smalldatetime": 0, "date": 0}.get(name)
            )
            yield [
                item.database, item.schema, item.name, column.name, at, column.default or None,
                "YES" if column.nullable else "NO", name, characters if sized else None, octets if sized else None,
                precision if number else None, radix, scale if number and radix == 10 else None, moment, None, None,
                "iso_1" if meta.collation(type_) and name[0] != "n" else "UNICODE" if meta.collation(type_) else None,
                None, None, meta.collation(type_), None, None, None,
            ]  # fmt: skip


def info_constraints(session: Session, items: list[Object]) -> Iterator[Row]:
    """TABLE_CONSTRAINTS."""
    del session
    kinds = {"PK": "PRIMARY KEY", "UQ": "UNIQUE", "C": "CHECK", "F": "FOREIGN KEY"}
    for item in real(items, "U"):
        for constraint, letter in answers.constraints(item):
            yield [
                item.database,
                item.schema,
                constraint.name,
                item.database,
                item.schema,
                item.name,
                kinds[letter],
                "NO",
                "NO",
            ]


def info_keys(session: Session, items: list[Object]) -> Iterator[Row]:
    """KEY_COLUMN_USAGE."""
    del session
    for item in real(items, "U"):
        for constraint, letter in answers.constraints(item):
            for at, number in enumerate(constraint.columns if letter != "C" else (), 1):
                yield [
                    item.database,
                    item.schema,
                    constraint.name,
                    item.database,
                    item.schema,
                    item.name,
                    item.by_id(number).name,
                    at,
                ]


def info_usage(session: Session, items: list[Object]) -> Iterator[Row]:
    """CONSTRAINT_COLUMN_USAGE."""
    for row in info_keys(session, items):
        yield [*row[3:7], *row[:3]]


def info_references(session: Session, items: list[Object]) -> Iterator[Row]:
    """REFERENTIAL_CONSTRAINTS."""
    for item in real(items, "U"):
        for key in item.foreign:
            parent = session.catalog.get(key.table)
            assert parent is not None
            unique = next(
                known.name for known in parent.keys if known.unique and set(known.columns) == set(key.referenced)
            )
            rule = key.on_delete.replace("_", " ")
            yield [
                item.database,
                item.schema,
                key.name,
                parent.database,
                parent.schema,
                unique,
                "SIMPLE",
                "NO ACTION",
                rule,
            ]


def info_views(session: Session, items: list[Object]) -> Iterator[Row]:
    """VIEWS."""
    del session
    for item in real(items, "V"):
        yield [item.database, item.schema, item.name, item.text, "NONE", "NO"]


def info_schemata(session: Session, items: list[Object]) -> Iterator[Row]:
    """SCHEMATA."""
    for name, _, _ in schemata(session, items):
        yield [session.database, name, "dbo", None, None, "iso_1"]


def info_checks(session: Session, items: list[Object]) -> Iterator[Row]:
    """CHECK_CONSTRAINTS."""
    del session
    for item in real(items, "U"):
        for check in item.checks:
            yield [item.database, item.schema, check.name, check.text]


def info_routines(session: Session, items: list[Object]) -> Iterator[Row]:
    """ROUTINES."""
    del session
    for item in real(items, "P"):
        yield [item.database, item.schema, item.name, item.database, item.schema, item.name, "PROCEDURE", item.text]


def of(text: str) -> tuple[tuple[str, SqlType], ...]:
    """Columns from `name:type` in short."""
    kinds = {"i": INT, "b": BIT, "s": SMALL, "t": TINY, "n": SYSNAME, "d": DATETIME, "x": TEXT, "v": ANY, "6": NAME60,
             "4": NAME4000, "y": SHORT, "g": BIG}  # fmt: skip
    found: list[tuple[str, SqlType]] = []
    for word in text.split():
        name, _, kind = word.partition(":")
        found.append((name, kinds[kind or "i"]))
    return tuple(found)


OBJECTS_LIKE = (objects, OBJECT)
COLUMNS_LIKE = (
    columns,
    of(
        "object_id name:n column_id system_type_id:t user_type_id max_length:s precision:t scale:t collation_name:n "
        "is_nullable:b is_ansi_padded:b is_rowguidcol:b is_identity:b is_computed:b is_filestream:b is_replicated:b "
        "is_xml_document:b default_object_id rule_object_id is_sparse:b is_column_set:b generated_always_type:t "
        "encryption_type is_hidden:b"
    ),
)

VIEWS: dict[str, tuple[Rows, tuple[tuple[str, SqlType], ...]]] = {
    "sys.objects": OBJECTS_LIKE,
    "sys.all_objects": OBJECTS_LIKE,
    "sys.tables": (tables, (*OBJECT, *of("max_column_id_used is_external:b temporal_type:t temporal_type_desc:6"))),
    "sys.views": (views, (*OBJECT, *of("with_check_option:b"))),
    "sys.all_views": (views, (*OBJECT, *of("with_check_option:b"))),
    "sys.procedures": (procedures, OBJECT),
    "sys.columns": COLUMNS_LIKE,
    "sys.all_columns": COLUMNS_LIKE,
    "sys.identity_columns": (identity_columns, of("object_id name:n column_id system_type_id:t seed_value:v increment_value:v last_value:v is_identity:b")),
    "sys.computed_columns": (computed_columns, of("object_id name:n column_id system_type_id:t is_nullable:b is_computed:b definition:x uses_database_collation:b is_persisted:b")),
    "sys.default_constraints": (default_constraints, (*OBJECT, *of("parent_column_id definition:x is_system_named:b"))),
    "sys.check_constraints": (check_constraints, (*OBJECT, *of("is_disabled:b is_not_for_replication:b is_not_trusted:b parent_column_id definition:x uses_database_collation:b is_system_named:b"))),
    "sys.key_constraints": (key_constraints, (*OBJECT, *of("unique_index_id is_system_named:b is_enforced:b"))),
    "sys.indexes": (indexes, of(
        "object_id name:n index_id type:t type_desc:6 is_unique:b data_space_id ignore_dup_key:b is_primary_key:b "
        "is_unique_constraint:b fill_factor:t is_padded:b is_disabled:b is_hypothetical:b allow_row_locks:b allow_page_locks:b "
        "has_filter:b filter_definition:x")),
    "sys.index_columns": (index_columns, of("object_id index_id index_column_id column_id key_ordinal:t partition_ordinal:t is_descending_key:b is_included_column:b")),
    "sys.foreign_keys": (foreign_keys, (*OBJECT, *of(
        "referenced_object_id key_index_id is_disabled:b is_not_for_replication:b is_not_trusted:b delete_referential_action:t "
        "delete_referential_action_desc:6 update_referential_action:t update_referential_action_desc:6 is_system_named:b"))),
    "sys.foreign_key_columns": (foreign_key_columns, of("constraint_object_id constraint_column_id parent_object_id parent_column_id referenced_object_id referenced_column_id")),
    "sys.types": (types, of("name:n system_type_id:t user_type_id schema_id max_length:s precision:t scale:t collation_name:n is_nullable:b is_user_defined:b is_assembly_type:b is_table_type:b")),
    "sys.schemas": (schemata, of("name:n schema_id principal_id")),
    "sys.databases": (databases, of(
        "name:n database_id source_database_id create_date:d compatibility_level:t collation_name:n user_access:t "
        "user_access_desc:6 is_read_only:b is_auto_close_on:b state:t state_desc:6 snapshot_isolation_state:t "
        "snapshot_isolation_state_desc:6 is_read_committed_snapshot_on:b recovery_model:t recovery_model_desc:6")),
    "sys.sql_modules": (modules, of("object_id definition:x uses_ansi_nulls:b uses_quoted_identifier:b is_schema_bound:b uses_database_collation:b is_recompiled:b execute_as_principal_id uses_native_compilation:b is_inlineable:b")),
    "sys.sql_expression_dependencies": (dependencies, of(
        "referencing_id referencing_minor_id referencing_class:t referencing_class_desc:6 is_schema_bound_reference:b "
        "referenced_class:t referenced_class_desc:6 referenced_server_name:n referenced_database_name:n referenced_schema_name:n "
        "referenced_entity_name:n referenced_id referenced_minor_id is_caller_dependent:b is_ambiguous:b")),
    "sys.extended_properties": (nothing, of("class:t class_desc:6 major_id minor_id name:n value:v")),
    "sys.triggers": (nothing, of("name:n object_id parent_class:t parent_class_desc:6 parent_id type_desc:6 is_disabled:b")),
    "sys.synonyms": (synonyms, (*OBJECT, *of("base_object_name:x"))),
    "sys.sequences": (nothing, OBJECT),
    "sys.dm_exec_connections": (connections, of("session_id most_recent_session_id net_transport:n protocol_type:n encrypt_option:n auth_scheme:n net_packet_size client_net_address:n local_net_address:n local_tcp_port")),
    "sys.dm_exec_sessions": (sessions, of(
        "session_id:s login_time:d host_name:n program_name:n host_process_id client_interface_name:n login_name:n status:n "
        "transaction_isolation_level:s lock_timeout open_transaction_count is_user_process:b database_id:s")),
    "information_schema.tables": (info_tables, of("TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n TABLE_TYPE:y")),
    "information_schema.columns": (info_columns, of(
        "TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n COLUMN_NAME:n ORDINAL_POSITION COLUMN_DEFAULT:4 IS_NULLABLE:y DATA_TYPE:n "
        "CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION:t NUMERIC_PRECISION_RADIX:s NUMERIC_SCALE "
        "DATETIME_PRECISION:s CHARACTER_SET_CATALOG:n CHARACTER_SET_SCHEMA:n CHARACTER_SET_NAME:n COLLATION_CATALOG:n "
        "COLLATION_SCHEMA:n COLLATION_NAME:n DOMAIN_CATALOG:n DOMAIN_SCHEMA:n DOMAIN_NAME:n")),
    "information_schema.table_constraints": (info_constraints, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n CONSTRAINT_TYPE:n IS_DEFERRABLE:y INITIALLY_DEFERRED:y")),
    "information_schema.key_column_usage": (info_keys, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n COLUMN_NAME:n ORDINAL_POSITION")),
    "information_schema.constraint_column_usage": (info_usage, of("TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n COLUMN_NAME:n CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n")),
    "information_schema.referential_constraints": (info_references, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n UNIQUE_CONSTRAINT_CATALOG:n UNIQUE_CONSTRAINT_SCHEMA:n UNIQUE_CONSTRAINT_NAME:n MATCH_OPTION:y UPDATE_RULE:n DELETE_RULE:n")),
    "information_schema.check_constraints": (info_checks, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n CHECK_CLAUSE:4")),
    "information_schema.views": (info_views, of("TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n VIEW_DEFINITION:4 CHECK_OPTION:y IS_UPDATABLE:y")),
    "information_schema.schemata": (info_schemata, of("CATALOG_NAME:n SCHEMA_NAME:n SCHEMA_OWNER:n DEFAULT_CHARACTER_SET_CATALOG:n DEFAULT_CHARACTER_SET_SCHEMA:n DEFAULT_CHARACTER_SET_NAME:n")),
    "information_schema.routines": (info_routines, of("SPECIFIC_CATALOG:n SPECIFIC_SCHEMA:n SPECIFIC_NAME:n ROUTINE_CATALOG:n ROUTINE_SCHEMA:n ROUTINE_NAME:n ROUTINE_TYPE:n ROUTINE_DEFINITION:x")),
}  # fmt: skip


def database_of(session: Session, parts: tree.Parts) -> str | None:
    """The database that a catalog view's name means."""
    return session.instance.database(parts[-3]) if len(parts) > 2 and parts[-3] else session.database


def view(session: Session, parts: tree.Parts) -> Object | None:
    """A catalog view as a table of its own, filled with what is there now; None if there is none of that name."""
    if len(parts) < 2:
        return None
    found = VIEWS.get(f"{parts[-2]}.{parts[-1]}".casefold())
    database = database_of(session, parts)
    if found is None or database is None:
        return None
    make, described = found
    schema = "sys" if parts[-2].casefold() == "sys" else "INFORMATION_SCHEMA"
    name = parts[-1] if schema == "sys" else parts[-1].upper()
    return filled(session, database, (schema, name), make, described)


def referencing(session: Session, parts: tree.Parts, name: str | None, kind: str | None) -> Object | None:
    """`sys.dm_sql_referencing_entities` of a name with a schema; None for a database that is not there."""
    database = database_of(session, parts)
    if database is None:
        return None

    def rows(session: Session, items: list[Object]) -> Iterator[Row]:
        wanted = answers.parsed(name or "")
        item = session.named((database, *wanted)) if len(wanted) == 2 and (kind or "").upper() == "OBJECT" else None
        for other in real(items, "V"):
            if item is not None and item.id in other.depends_on:
                yield [other.schema, other.name, other.id, 1, "OBJECT_OR_COLUMN", 0]

    columns = of(
        "referencing_schema_name:n referencing_entity_name:n referencing_id referencing_class:t referencing_class_desc:6 "
        "is_caller_dependent:b"
    )
    return filled(session, database, ("sys", "dm_sql_referencing_entities"), rows, columns)


def filled(
    session: Session, database: str, names: tuple[str, str], make: Rows, described: tuple[tuple[str, SqlType], ...]
) -> Object:
    """A table in which `make` puts its rows."""
    schema, name = names
    if name.casefold() in session.connection.server.faults.denied:
        text = f"The SELECT permission was denied on the object '{name}', database 'mssqlsystemresource', schema '{schema}'."
        raise SqlError(229, text, 14, 5)
    made = Object(session.instance.new_id(), database, schema, name, "U")
    made.columns = [Column(at, column, type_, nullable=True) for at, (column, type_) in enumerate(described, 1)]
    storage = f"t{made.id}"
    session.db.execute(f"CREATE TABLE temp.{storage} ({', '.join(declared(column) for column in made.columns)})")
    session.scratch.append(f"temp.{storage}")
    made.system = True
    items = list(session.catalog.all(database, temporary=database == "tempdb"))
    rows = [
        [store(value, column.type) for value, column in zip(row, made.columns, strict=True)]
        for row in make(session, items)
    ]
    marks = ", ".join("?" * len(made.columns))
    session.db.executemany(f"INSERT INTO temp.{storage} VALUES ({marks})", rows)
    return made


def declared(column: Column) -> str:
    """A column of the copy."""
    return f"c{column.id}" + (" COLLATE TSQL" if "char" in column.type.name else "")


__all__ = ["BIG", "GUID", "VIEWS", "position", "referencing", "view"]
