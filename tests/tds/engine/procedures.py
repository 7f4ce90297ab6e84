"""EXEC: procedures of the user and of the server, and prepared statements."""

# ruff: noqa: E501 - messages and rows of data stand in one piece
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.tds.engine import control, describe, meta, tree
from tests.tds.engine.catalog import Object, key_of
from tests.tds.engine.convert import convert
from tests.tds.engine.statements import Parser
from tests.tds.errors import Refused, SqlError
from tests.tds.types import COLLATION, SqlType

if TYPE_CHECKING:
    from tests.tds.engine.session import Session

WIDE_MAX = SqlType("nvarchar", -1)
DEEPEST = 32


@dataclass(slots=True)
class Prepared:
    """A statement of `sp_prepare`."""

    sql: str
    declared: str


@dataclass(slots=True)
class Given:
    """An argument as a value."""

    name: str
    value: Any
    type: SqlType
    output: bool = False
    default: bool = False


@dataclass(slots=True)
class Outcome:
    """What a procedure gives back: its status, and its output parameters by position in the call."""

    status: int
    outputs: dict[int, tuple[Any, SqlType]]


def execute(session: Session, statement: tree.Execute) -> None:
    """EXEC."""
    if statement.text is not None:
        sql, _ = session.evaluate(statement.text, WIDE_MAX)
        run_text(session, sql or "", "", [])
        return
    given: list[Given] = []
    for argument in statement.arguments:
        if argument.value is None:
            given.append(Given(argument.name, None, SqlType("int"), default=True))
        else:
            value, type_ = session.evaluate(argument.value)
            given.append(Given(argument.name, value, type_, argument.output))
    outcome = call(session, statement.procedure, given)
    for at, (value, type_) in outcome.outputs.items():
        variable = statement.arguments[at].value
        if isinstance(variable, tree.Variable):
            session.assign(variable.name, value, type_)
    if statement.status:
        session.assign(statement.status, outcome.status, SqlType("int"))


def call(session: Session, name: tree.Parts, given: list[Given]) -> Outcome:
    """A procedure by its name.

    Raises:
        SqlError: 2812 if there is none.
    """
    system = SYSTEM.get(name[-1].casefold())
    if system is not None:
        # A system procedure runs in the database that its name begins with.
        database, session.database = session.database, session.names(name)[0]
        try:
            system(session, given)
        finally:
            session.database = database
        return Outcome(0, {})
    if name[-1].casefold() == "sp_executesql":
        return executesql(session, given)
    found = session.resolve(name)
    if found is None or found.kind != "P":
        if name[-1][:3].casefold() in {"sp_", "xp_"}:
            raise Refused(f"the procedure {name[-1]}")
        raise SqlError(2812, f"Could not find stored procedure '{'.'.join(name)}'.", 16, 62, ends="batch")
    return user_procedure(session, found, given)


def user_procedure(session: Session, found: Object, given: list[Given]) -> Outcome:
    """A procedure of the user."""
    (module,) = Parser(found.text).batch()
    assert isinstance(module, tree.CreateModule)
    return invoke(session, found.name, module.parameters, module.body, given)


def invoke(
    session: Session,
    name: str,
    parameters: list[tree.ParameterDefinition],
    body: list[tree.Statement],
    given: list[Given],
) -> Outcome:
    """Runs a body with parameters of its own.

    Raises:
        SqlError: 201, 8144, 8145 for arguments that do not fit, 217 for calls that nest too deep.
    """
    from tests.tds.engine.session import Frame  # noqa: PLC0415

    if session.depth >= DEEPEST:
        text = "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32)."
        raise SqlError(217, text, ends="batch")
    matched = match(name, parameters, given)
    frame = Frame(procedure=name if name != "sp_executesql" else "", inherited=session.temporaries())
    outer = session.frame
    for parameter in parameters:
        at = matched.get(parameter.name.casefold())
        if at is None or given[at].default:
            if parameter.default is None:
                text = f"Procedure or function '{name}' expects parameter '{parameter.name}', which was not supplied."
                raise SqlError(201, text, 16, 4, ends="batch")
            session.frame = frame
            try:
                frame.declare(parameter.name, parameter.type, session.evaluate(parameter.default, parameter.type)[0])
            finally:
                session.frame = outer
        else:
            value = given[at].value
            frame.declare(
                parameter.name,
                parameter.type,
                None if value is None else convert(value, given[at].type, parameter.type),
            )
    session.frame = frame
    session.depth += 1
    settings = session.settings()
    session.scope_identity = None
    outer_procedure = session.out.in_procedure
    session.out.in_procedure = True
    status, open_ = 0, session.transactions.count
    try:
        try:
            session.run_all(body)
        except control.Leaving as leaving:
            status = leaving.value
        if session.transactions.count != open_:
            mismatched(session, open_)
    finally:
        session.leave_scope()
        session.frame = outer
        session.depth -= 1
        session.put_back(settings)
        session.out.settle_procedure(outer_procedure)
    outputs = {
        at: (frame.value(parameter.name), parameter.type)
        for parameter in parameters
        if parameter.output and (at := matched.get(parameter.name.casefold())) is not None and given[at].output
    }
    return Outcome(status, outputs)


def mismatched(session: Session, before: int) -> None:
    """Tells of transactions that a procedure left open or ended, which ends nothing; XACT_ABORT ON says that it may.

    Raises:
        Refused: inside TRY.
    """
    if session.options["XACT_ABORT"]:
        return
    if session.trying:
        raise Refused("a procedure inside TRY that leaves other transactions than it met")
    text = f"Transaction count after EXECUTE indicates a mismatching number of BEGIN and COMMIT statements. Previous count = {before}, current count = {session.transactions.count}."
    session.out.failed = True
    session.out.say(SqlError(266, text, 16, 2, procedure=session.frame.procedure))
    session.out.done(error=True)


def match(name: str, parameters: list[tree.ParameterDefinition], given: list[Given]) -> dict[str, int]:
    """Which argument is whose."""
    names = {parameter.name.casefold() for parameter in parameters}
    matched: dict[str, int] = {}
    for at, argument in enumerate(given):
        if argument.name:
            folded = argument.name.casefold()
            if folded not in names:
                raise SqlError(8145, f"{argument.name} is not a parameter for procedure {name}.", 16, 2, ends="batch")
        elif at >= len(parameters):
            raise SqlError(8144, f"Procedure or function {name} has too many arguments specified.", 16, 2, ends="batch")
        else:
            folded = parameters[at].name.casefold()
        matched[folded] = at
    return matched


def executesql(session: Session, given: list[Given]) -> Outcome:
    """`sp_executesql`."""
    if not given:
        raise SqlError(
            201,
            "Procedure or function 'sp_executesql' expects parameter '@statement', which was not supplied.",
            16,
            10,
            ends="batch",
        )
    for argument in given[:2]:
        if argument.type.name not in {"nvarchar", "nchar", "ntext"} and argument.value is not None:
            raise SqlError(
                214, "Procedure expects parameter '@statement' of type 'ntext/nchar/nvarchar'.", 16, 2, ends="batch"
            )
    sql = given[0].value or ""
    declared = given[1].value or "" if len(given) > 1 else ""
    outcome = run_text(session, sql, declared, given[2:])
    return Outcome(outcome.status, {at + 2: output for at, output in outcome.outputs.items()})


def run_text(session: Session, sql: str, declared: str, given: list[Given]) -> Outcome:
    """A batch with parameters."""
    parameters = Parser(declared).parameter_definitions() if declared.strip() else []
    if not parameters and given:
        text = "Procedure or function  has too many arguments specified."
        raise SqlError(8144, text, 16, 2, ends="batch")
    for parameter, argument in zip(parameters, given, strict=False):
        if parameter.output and not argument.output:
            argument.output = False
    matched = match("", parameters, given)
    missing = [parameter for parameter in parameters if parameter.name.casefold() not in matched]
    if missing:
        text = f"The parameterized query '({declared}){sql}' expects the parameter '{missing[0].name}', which was not supplied."
        raise SqlError(8178, text, ends="batch")
    return invoke(session, "sp_executesql", parameters, Parser(sql).batch(), given)


# Procedures of the server


def text_argument(given: list[Given], at: int, name: str) -> str:
    """An argument by position or name, as text."""
    for argument in given:
        if argument.name.casefold() == name:
            return str(argument.value or "")
    return str(given[at].value or "") if at < len(given) and not given[at].name else ""


def sp_describe_first_result_set(session: Session, given: list[Given]) -> None:
    """`sp_describe_first_result_set`."""
    describe.first_result_set(session, text_argument(given, 0, "@tsql"), text_argument(given, 1, "@params"))


def sp_describe_undeclared_parameters(session: Session, given: list[Given]) -> None:
    """`sp_describe_undeclared_parameters`."""
    describe.undeclared_parameters(session, text_argument(given, 0, "@tsql"), text_argument(given, 1, "@params"))


def sp_rename(session: Session, given: list[Given]) -> None:
    """`sp_rename`: the old name has quotes as SQL has them, the new one is taken as it is.

    Raises:
        SqlError: 15225 if there is nothing of that name, 15250 if it is in another database, 15335 if the new one is taken.
    """
    old, new = text_argument(given, 0, "@objname"), text_argument(given, 1, "@newname")
    kind = text_argument(given, 2, "@objtype").upper()
    parser = Parser(old)
    parts = parser.parts()
    column = ""
    if kind == "COLUMN":
        parts, column = parts[:-1], parts[-1]
    elif kind not in {"", "OBJECT"}:
        raise Refused(f"sp_rename of {kind}")
    if len(parts) == 3 and parts[0].casefold() != session.database.casefold():
        text = "The database name component of the object qualifier must be the name of the current database."
        raise SqlError(15250, text, ends="statement")
    item = session.named(parts) if parts else None
    if new.startswith("#") or (item is not None and item.temporary):
        raise Refused("sp_rename of a temporary table, or to the name of one")
    if item is None:
        text = f"No item by the name of '{old}' could be found in the current database '{session.database}', given that @itemtype was input as '{kind or '(null)'}'."
        raise SqlError(15225, text, 11, ends="statement")
    with session.atomic():
        if column:
            known = item.column(column)
            if known is None:
                text = "Either the parameter @objname is ambiguous or the claimed @objtype (COLUMN) is wrong."
                raise SqlError(15248, text, 11)
            if item.checks or any(other.computed for other in item.columns):
                raise Refused("sp_rename of a column of a table with CHECK constraints or computed columns")
            known.name = new
        else:
            if session.catalog.find(item.database, item.schema, new) is not None and key_of("", "", new) != key_of(
                "", "", item.name
            ):
                text = f"Error: The new name '{new}' is already in use as a OBJECT name and would cause a duplicate that is not permitted."
                raise SqlError(15335, text, 11)
            item.name = new
        session.catalog.delete(item)
        session.catalog.save(item)
    session.out.say(
        SqlError(15477, "Caution: Changing any part of an object name could break scripts and stored procedures.", 0)
    )


def sp_reset_connection(session: Session, given: list[Given]) -> None:
    """`sp_reset_connection`."""
    del given
    session.reset()


def sp_tablecollations_100(session: Session, given: list[Given]) -> None:
    """`sp_tablecollations_100`: the collations of a table's texts, for bulk loads."""
    name = text_argument(given, 0, "@object").lstrip(".")
    item = session.resolve(Parser(name).parts())
    sysname, binary = SqlType("nvarchar", 128), SqlType("binary", 5)
    columns = (("colid", SqlType("int")), ("name", sysname), ("tds_collation_100", binary), ("collation_100", sysname))
    rows = [
        [column.id, column.name, COLLATION if meta.collation(column.type) else None, meta.collation(column.type)]
        for column in (item.columns if item is not None else [])
    ]
    meta.send(session, columns, rows)


SYSTEM = {
    "sp_tablecollations_100": sp_tablecollations_100,
    "sp_describe_first_result_set": sp_describe_first_result_set,
    "sp_describe_undeclared_parameters": sp_describe_undeclared_parameters,
    "sp_rename": sp_rename,
    "sp_reset_connection": sp_reset_connection,
}
