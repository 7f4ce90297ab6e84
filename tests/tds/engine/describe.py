"""`sp_describe_first_result_set` and `sp_describe_undeclared_parameters`: what a batch would give, without running it."""

# ruff: noqa: C901, E501, PLR0911 - messages and rows of data stand in one piece; a case for each type or statement
from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.tds import pages
from tests.tds.engine import changes, inserts, meta, output, targets, tree
from tests.tds.engine import typing_rules as rules
from tests.tds.engine.binder import Scope
from tests.tds.engine.bound import BoundQuery, Result
from tests.tds.engine.catalog import Object, invalid_object
from tests.tds.engine.queries import Binder
from tests.tds.engine.rows import unlimited
from tests.tds.engine.statements import Parser
from tests.tds.engine.typing_rules import SYSNAME
from tests.tds.errors import SqlError
from tests.tds.types import SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

BIT, INT, SMALL, TINY = SqlType("bit"), SqlType("int"), SqlType("smallint"), SqlType("tinyint")
COLUMNS: tuple[tuple[str, SqlType], ...] = (
    ("is_hidden", BIT), ("column_ordinal", INT), ("name", SYSNAME), ("is_nullable", BIT), ("system_type_id", INT),
    ("system_type_name", SqlType("nvarchar", 256)), ("max_length", SMALL), ("precision", TINY), ("scale", TINY),
    ("collation_name", SYSNAME), ("user_type_id", INT), ("user_type_database", SYSNAME), ("user_type_schema", SYSNAME),
    ("user_type_name", SYSNAME), ("assembly_qualified_type_name", SqlType("nvarchar", 4000)), ("xml_collection_id", INT),
    ("xml_collection_database", SYSNAME), ("xml_collection_schema", SYSNAME), ("xml_collection_name", SYSNAME),
    ("is_xml_document", BIT), ("is_case_sensitive", BIT), ("is_fixed_length_clr_type", BIT), ("source_server", SYSNAME),
    ("source_database", SYSNAME), ("source_schema", SYSNAME), ("source_table", SYSNAME), ("source_column", SYSNAME),
    ("is_identity_column", BIT), ("is_part_of_unique_key", BIT), ("is_updateable", BIT), ("is_computed_column", BIT),
    ("is_sparse_column_set", BIT), ("ordinal_in_order_by_list", SMALL), ("order_by_is_descending", SMALL),
    ("order_by_list_length", SMALL), ("tds_type_id", INT), ("tds_length", INT), ("tds_collation_id", INT),
    ("tds_collation_sort_id", TINY),
)  # fmt: skip

PARAMETERS: tuple[tuple[str, SqlType], ...] = (
    ("parameter_ordinal", INT), ("name", SYSNAME), ("suggested_system_type_id", INT),
    ("suggested_system_type_name", SqlType("nvarchar", 256)), ("suggested_max_length", SMALL), ("suggested_precision", TINY),
    ("suggested_scale", TINY), ("suggested_user_type_id", INT), ("suggested_user_type_database", SYSNAME),
    ("suggested_user_type_schema", SYSNAME), ("suggested_user_type_name", SYSNAME),
    ("suggested_assembly_qualified_type_name", SqlType("nvarchar", 4000)), ("suggested_xml_collection_id", INT),
    ("suggested_xml_collection_database", SYSNAME), ("suggested_xml_collection_schema", SYSNAME),
    ("suggested_xml_collection_name", SYSNAME), ("suggested_is_xml_document", BIT), ("suggested_is_case_sensitive", BIT),
    ("suggested_is_fixed_length_clr_type", BIT), ("suggested_is_input", BIT), ("suggested_is_output", BIT),
    ("formal_parameter_name", SYSNAME), ("suggested_tds_type_id", INT), ("suggested_tds_length", INT),
)  # fmt: skip


OF_THE_SERVER: dict[str, tuple[tuple[str, SqlType], ...]] = {
    "sp_describe_first_result_set": COLUMNS,
    "sp_describe_undeclared_parameters": PARAMETERS,
    "sp_rename": (),
}
"""What the server's own procedures give."""


def refusal(table: Object) -> SqlError:
    """11526."""
    text = f"The metadata could not be determined because statement uses a temp table ('{table.name}')."
    return SqlError(11526, text, ends="batch")


def first_result_set(session: Session, sql: str, declared: str) -> None:
    """`sp_describe_first_result_set`: one row for each column, no rows without a result set."""
    found = analyzed(session, sql, declared)
    rows = [row(at, column) for at, column in enumerate(found.columns, 1)] if found is not None else []
    meta.send(session, COLUMNS, rows)


def analyzed(session: Session, sql: str, declared: str) -> BoundQuery | None:
    """The first result set of a batch.

    Raises:
        SqlError: 11501 after a syntax error, 11529 after any other one.
    """
    outer = session.frame
    from tests.tds.engine.session import Frame  # noqa: PLC0415

    session.frame = Frame()
    session.describing = True
    try:
        try:
            for parameter in Parser(declared).parameter_definitions() if declared.strip() else []:
                session.frame.declare(parameter.name, parameter.type)
            statements = Parser(sql).batch()
        except SqlError as error:
            session.out.say(error)
            raise SqlError(11501, "The batch could not be analyzed because of compile errors.", ends="batch") from None
        try:
            return of_statements(session, statements)
        except SqlError as error:
            if error.number in SPEAK_FOR_THEMSELVES:
                raise
            session.out.say(error)
            text = "The metadata could not be determined because every code path results in an error; see previous errors for some of these."
            raise SqlError(11529, text, ends="batch") from None
    finally:
        session.frame = outer
        session.describing = False


SPEAK_FOR_THEMSELVES = frozenset({11526, 11514, 11513, 11525, 50000, 137})


def of_statements(session: Session, statements: list[tree.Statement]) -> BoundQuery | None:
    """The first that gives a result set."""
    for statement in statements:
        found = result_of(session, statement)
        if found is not None:
            return found
    return None


def result_of(session: Session, statement: tree.Statement) -> BoundQuery | None:
    """The result set of one statement; whatever it names has to be there."""
    match statement:
        case tree.SelectStatement(_, query):
            binder = Binder(session)
            bound = binder.query(query, None)
            session.keep_inferred(binder)
            body = query.body
            while isinstance(body, tree.SetOperation):
                body = body.left
            if isinstance(body, tree.Select) and (body.into or any(item.variable for item in body.items)):
                return None
            return bound
        case tree.Insert() | tree.Update() | tree.Delete():
            return of_change(session, statement)
        case tree.Declare(_, variables):
            for name, type_, _ in variables:
                session.frame.declare(name, type_)
        case tree.If(_, condition, then, otherwise):
            Binder(session).condition(condition, Scope())
            return of_statements(session, then) or of_statements(session, otherwise)
        case tree.Block(_, body) | tree.While(_, _, body) | tree.Try(_, body, _):
            return of_statements(session, body)
        case tree.Execute():
            return of_call(session, statement)
        case _:
            return None
    return None


def of_call(session: Session, statement: tree.Execute) -> BoundQuery | None:
    """A procedure: its own first result set."""
    if statement.text is not None or statement.procedure[-1].casefold() == "sp_executesql":
        text = "The metadata could not be determined because statement contains dynamic SQL.  Consider using the WITH RESULT SETS clause to explicitly describe the result set."
        raise SqlError(11514, text, ends="batch")
    own = OF_THE_SERVER.get(statement.procedure[-1].casefold())
    if own is not None:
        return BoundQuery("", [Result(name, type_, nullable=True) for name, type_ in own]) if own else None
    found = session.resolve(statement.procedure)
    if found is None or found.kind != "P":
        raise SqlError(
            2812, f"Could not find stored procedure '{'.'.join(statement.procedure)}'.", 16, 62, ends="batch"
        )
    (module,) = Parser(found.text).batch()
    assert isinstance(module, tree.CreateModule)
    outer = session.frame
    from tests.tds.engine.session import Frame  # noqa: PLC0415

    session.frame = Frame()
    try:
        for parameter in module.parameters:
            session.frame.declare(parameter.name, parameter.type)
        return of_statements(session, module.body)
    finally:
        session.frame = outer


def of_change(session: Session, statement: tree.Insert | tree.Update | tree.Delete) -> BoundQuery | None:
    """OUTPUT; all expressions are bound, so that errors and the types of parameters come out."""
    table = bind_change(session, statement)
    if statement.output is None or statement.output.into:
        return None
    inserted, deleted = not isinstance(statement, tree.Delete), not isinstance(statement, tree.Insert)
    items = output.output_items(session, table, statement.output, "o", inserted=inserted, deleted=deleted)
    return BoundQuery(
        "", [Result(item.name, item.type or rules.INT, item.nullable, item.column, item.table) for item in items]
    )


def bind_change(session: Session, statement: tree.Insert | tree.Update | tree.Delete) -> Object:
    """Binds a change and keeps the types that its parameters get; its table."""
    if not isinstance(statement, tree.Insert):
        found = changes.find(session, statement)
        if isinstance(statement, tree.Update):
            for _, name, value in statement.assignments:
                column = targets.named(found.table, name)
                if not (isinstance(value, tree.Call) and value.name == "DEFAULT"):
                    bound = found.binder.infer(found.binder.value(value, found.scope), column.type)
                    found.binder.as_type(bound, unlimited(column.type))
        session.keep_inferred(found.binder)
        return found.table
    table = session.resolve(statement.table)
    if table is None:
        raise invalid_object(statement.table)
    error = session.description_refused(table)
    if error is not None:
        raise error
    binder = Binder(session)
    columns = inserts.insert_columns(session, table, statement)
    if isinstance(statement.source, tree.Query):
        if isinstance(statement.source.body, tree.Values):
            for row_ in statement.source.body.rows:
                inserts.counted(len(row_), len(columns), listed=bool(statement.columns))
                for item, column in zip(row_, columns, strict=True):
                    if not (isinstance(item, tree.Call) and item.name == "DEFAULT"):
                        binder.as_type(binder.infer(binder.value(item, Scope()), column.type), unlimited(column.type))
        else:
            binder.query(tree.Query(statement.source.body, [*statement.ctes, *statement.source.ctes], []), None)
    session.keep_inferred(binder)
    return table


def row(at: int, column: Result) -> list[Any]:
    """A column as a row of `sp_describe_first_result_set`."""
    type_ = column.type
    precision, scale = meta.precision_scale(type_)
    code, length = meta.tds_type(type_)
    own = column.column
    clr = type_.name in {"hierarchyid", "geometry", "geography"}
    user = ["master", "sys", type_.name] if clr else [None, None, None]
    collated = meta.collation(type_)
    known = pages.of(collated) if collated else None
    return [
        0, at, column.name or None, int(column.nullable), meta.TYPE_IDS[type_.name], str(type_), type_.max_length,
        precision, scale, collated, meta.USER_TYPE_IDS[type_.name] if clr else None, *user, None, None, None, None, None,
        0, int(type_.name == "xml"), 0, None, None, None, None, None, int(own is not None and own.identity is not None),
        None, int(own is not None and not own.computed and own.identity is None and type_.name != "timestamp"),
        int(own is not None and bool(own.computed)), 0, None, None, None, code, length,
        known.info if known else None, known.sort if known else None,
    ]  # fmt: skip


def undeclared_parameters(session: Session, sql: str, declared: str) -> None:
    """`sp_describe_undeclared_parameters`: the type that each parameter's surroundings ask for.

    Raises:
        SqlError: 11502 for one that nothing says anything about.
    """
    from tests.tds.engine.lexer import Kind, tokenize  # noqa: PLC0415
    from tests.tds.engine.session import Frame  # noqa: PLC0415

    outer = session.frame
    session.frame = Frame(undeclared=True)
    session.inferred = {}
    try:
        for parameter in Parser(declared).parameter_definitions() if declared.strip() else []:
            session.frame.declare(parameter.name, parameter.type)
        known = set(session.frame.types)
        statements = Parser(sql).batch()
        for statement in statements:
            result_of(session, statement)
        names: list[str] = []
        seen = known | set(session.frame.types)
        for token in tokenize(sql):
            folded = token.text.casefold()
            if token.kind is Kind.VARIABLE and not folded.startswith("@@") and folded not in seen:
                names.append(token.text)
                seen.add(folded)
        rows: list[list[Any]] = []
        for at, name in enumerate(names, 1):
            type_ = session.inferred.get(name.casefold())
            if type_ is None:
                text = f"The parameter type cannot be deduced because a single expression contains two untyped parameters, '{name}' and '{name}'."
                raise SqlError(11503, text, ends="batch")
            rows.append(parameter_row(at, name, type_))
    finally:
        session.frame = outer
        inferred, session.inferred = session.inferred, {}
        del inferred
    meta.send(session, PARAMETERS, rows)


def parameter_row(at: int, name: str, type_: SqlType) -> list[Any]:
    """A parameter as a row of `sp_describe_undeclared_parameters`."""
    precision, scale = meta.precision_scale(type_)
    code, length = meta.tds_type(type_)
    return [
        at, name, meta.TYPE_IDS[type_.name], str(type_), type_.max_length, precision, scale, None, None, None, None, None,
        None, None, None, None, 0, 0, 0, 1, 0, None, code, length,
    ]  # fmt: skip
