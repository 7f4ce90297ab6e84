"""Catalog views: `sys.*` and INFORMATION_SCHEMA, filled afresh for each statement that names one."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tests.tds.engine import answers, catalog_views, information_schema, tree
from tests.tds.engine.catalog import Column, Object
from tests.tds.engine.catalog_views import BIT, DATETIME, INT, NAME60, OBJECT, Row, Rows, real
from tests.tds.engine.storage import store
from tests.tds.engine.typing_rules import SYSNAME
from tests.tds.errors import SqlError
from tests.tds.types import MAX, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session


KINDS = {
    "i": INT,
    "b": BIT,
    "s": SqlType("smallint"),
    "t": SqlType("tinyint"),
    "g": SqlType("bigint"),
    "n": SYSNAME,
    "d": DATETIME,
    "x": SqlType("nvarchar", MAX),
    "v": SqlType("sql_variant"),
    "6": NAME60,
    "4": SqlType("nvarchar", 4000),
    "y": SqlType("varchar", 10),
}
"""Types of columns, in short."""


def of(text: str) -> tuple[tuple[str, SqlType], ...]:
    """Columns from `name:type`, where the type is int if there is none."""
    found: list[tuple[str, SqlType]] = []
    for word in text.split():
        name, _, kind = word.partition(":")
        found.append((name, KINDS[kind or "i"]))
    return tuple(found)


OBJECTS_LIKE = (catalog_views.objects, OBJECT)
COLUMNS_LIKE = (
    catalog_views.columns,
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
    "sys.tables": (catalog_views.tables, (*OBJECT, *of("max_column_id_used is_external:b temporal_type:t temporal_type_desc:6"))),
    "sys.views": (catalog_views.views, (*OBJECT, *of("with_check_option:b"))),
    "sys.all_views": (catalog_views.views, (*OBJECT, *of("with_check_option:b"))),
    "sys.procedures": (catalog_views.procedures, OBJECT),
    "sys.columns": COLUMNS_LIKE,
    "sys.all_columns": COLUMNS_LIKE,
    "sys.identity_columns": (catalog_views.identity_columns, of("object_id name:n column_id system_type_id:t seed_value:v increment_value:v last_value:v is_identity:b")),
    "sys.computed_columns": (catalog_views.computed_columns, of("object_id name:n column_id system_type_id:t is_nullable:b is_computed:b definition:x uses_database_collation:b is_persisted:b")),
    "sys.default_constraints": (catalog_views.default_constraints, (*OBJECT, *of("parent_column_id definition:x is_system_named:b"))),
    "sys.check_constraints": (catalog_views.check_constraints, (*OBJECT, *of("is_disabled:b is_not_for_replication:b is_not_trusted:b parent_column_id definition:x uses_database_collation:b is_system_named:b"))),
    "sys.key_constraints": (catalog_views.key_constraints, (*OBJECT, *of("unique_index_id is_system_named:b is_enforced:b"))),
    "sys.indexes": (catalog_views.indexes, of(
        "object_id name:n index_id type:t type_desc:6 is_unique:b data_space_id ignore_dup_key:b is_primary_key:b "
        "is_unique_constraint:b fill_factor:t is_padded:b is_disabled:b is_hypothetical:b allow_row_locks:b allow_page_locks:b "
        "has_filter:b filter_definition:x")),
    "sys.index_columns": (catalog_views.index_columns, of("object_id index_id index_column_id column_id key_ordinal:t partition_ordinal:t is_descending_key:b is_included_column:b")),
    "sys.foreign_keys": (catalog_views.foreign_keys, (*OBJECT, *of(
        "referenced_object_id key_index_id is_disabled:b is_not_for_replication:b is_not_trusted:b delete_referential_action:t "
        "delete_referential_action_desc:6 update_referential_action:t update_referential_action_desc:6 is_system_named:b"))),
    "sys.foreign_key_columns": (catalog_views.foreign_key_columns, of("constraint_object_id constraint_column_id parent_object_id parent_column_id referenced_object_id referenced_column_id")),
    "sys.types": (catalog_views.types, of("name:n system_type_id:t user_type_id schema_id max_length:s precision:t scale:t collation_name:n is_nullable:b is_user_defined:b is_assembly_type:b is_table_type:b")),
    "sys.schemas": (catalog_views.schemata, of("name:n schema_id principal_id")),
    "sys.databases": (catalog_views.databases, of(
        "name:n database_id source_database_id create_date:d compatibility_level:t collation_name:n user_access:t "
        "user_access_desc:6 is_read_only:b is_auto_close_on:b state:t state_desc:6 snapshot_isolation_state:t "
        "snapshot_isolation_state_desc:6 is_read_committed_snapshot_on:b recovery_model:t recovery_model_desc:6")),
    "sys.sql_modules": (catalog_views.modules, of("object_id definition:x uses_ansi_nulls:b uses_quoted_identifier:b is_schema_bound:b uses_database_collation:b is_recompiled:b execute_as_principal_id uses_native_compilation:b is_inlineable:b")),
    "sys.sql_expression_dependencies": (catalog_views.dependencies, of(
        "referencing_id referencing_minor_id referencing_class:t referencing_class_desc:6 is_schema_bound_reference:b "
        "referenced_class:t referenced_class_desc:6 referenced_server_name:n referenced_database_name:n referenced_schema_name:n "
        "referenced_entity_name:n referenced_id referenced_minor_id is_caller_dependent:b is_ambiguous:b")),
    "sys.extended_properties": (catalog_views.nothing, of("class:t class_desc:6 major_id minor_id name:n value:v")),
    "sys.triggers": (catalog_views.nothing, of("name:n object_id parent_class:t parent_class_desc:6 parent_id type_desc:6 is_disabled:b")),
    "sys.synonyms": (catalog_views.synonyms, (*OBJECT, *of("base_object_name:x"))),
    "sys.sequences": (catalog_views.nothing, OBJECT),
    "sys.dm_exec_connections": (catalog_views.connections, of("session_id most_recent_session_id net_transport:n protocol_type:n encrypt_option:n auth_scheme:n net_packet_size client_net_address:n local_net_address:n local_tcp_port")),
    "sys.dm_exec_sessions": (catalog_views.sessions, of(
        "session_id:s login_time:d host_name:n program_name:n host_process_id client_interface_name:n login_name:n status:n "
        "transaction_isolation_level:s lock_timeout open_transaction_count is_user_process:b database_id:s")),
    "information_schema.tables": (information_schema.tables, of("TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n TABLE_TYPE:y")),
    "information_schema.columns": (information_schema.columns, of(
        "TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n COLUMN_NAME:n ORDINAL_POSITION COLUMN_DEFAULT:4 IS_NULLABLE:y DATA_TYPE:n "
        "CHARACTER_MAXIMUM_LENGTH CHARACTER_OCTET_LENGTH NUMERIC_PRECISION:t NUMERIC_PRECISION_RADIX:s NUMERIC_SCALE "
        "DATETIME_PRECISION:s CHARACTER_SET_CATALOG:n CHARACTER_SET_SCHEMA:n CHARACTER_SET_NAME:n COLLATION_CATALOG:n "
        "COLLATION_SCHEMA:n COLLATION_NAME:n DOMAIN_CATALOG:n DOMAIN_SCHEMA:n DOMAIN_NAME:n")),
    "information_schema.table_constraints": (information_schema.constraints, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n CONSTRAINT_TYPE:n IS_DEFERRABLE:y INITIALLY_DEFERRED:y")),
    "information_schema.key_column_usage": (information_schema.keys, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n COLUMN_NAME:n ORDINAL_POSITION")),
    "information_schema.constraint_column_usage": (information_schema.usage, of("TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n COLUMN_NAME:n CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n")),
    "information_schema.referential_constraints": (information_schema.references, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n UNIQUE_CONSTRAINT_CATALOG:n UNIQUE_CONSTRAINT_SCHEMA:n UNIQUE_CONSTRAINT_NAME:n MATCH_OPTION:y UPDATE_RULE:n DELETE_RULE:n")),
    "information_schema.check_constraints": (information_schema.checks, of("CONSTRAINT_CATALOG:n CONSTRAINT_SCHEMA:n CONSTRAINT_NAME:n CHECK_CLAUSE:4")),
    "information_schema.views": (information_schema.views, of("TABLE_CATALOG:n TABLE_SCHEMA:n TABLE_NAME:n VIEW_DEFINITION:4 CHECK_OPTION:y IS_UPDATABLE:y")),
    "information_schema.schemata": (information_schema.schemata, of("CATALOG_NAME:n SCHEMA_NAME:n SCHEMA_OWNER:n DEFAULT_CHARACTER_SET_CATALOG:n DEFAULT_CHARACTER_SET_SCHEMA:n DEFAULT_CHARACTER_SET_NAME:n")),
    "information_schema.routines": (information_schema.routines, of("SPECIFIC_CATALOG:n SPECIFIC_SCHEMA:n SPECIFIC_NAME:n ROUTINE_CATALOG:n ROUTINE_SCHEMA:n ROUTINE_NAME:n ROUTINE_TYPE:n ROUTINE_DEFINITION:x")),
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
