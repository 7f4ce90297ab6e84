"""What a request asks for, and who answers: batches, RPCs, transactions, bulk loads."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tests.tds import replay
from tests.tds.engine import control, describe, loads, procedures
from tests.tds.engine.procedures import Given, Prepared
from tests.tds.errors import Cancelled, Refused, SqlError
from tests.tds.types import SqlType
from tests.tds.wire import requests, tokens
from tests.tds.wire.packets import RESET_CONNECTION, RESET_CONNECTION_KEEP_TRANSACTION, Kind, Message
from tests.tds.wire.requests import Call

if TYPE_CHECKING:
    from tests.tds.connection import Connection
    from tests.tds.engine.session import Session
    from tests.tds.response import Response

ISOLATIONS = {1: "READ UNCOMMITTED", 2: "READ COMMITTED", 3: "REPEATABLE READ", 4: "SERIALIZABLE", 5: "SNAPSHOT"}
BEGIN, COMMIT, ROLLBACK, SAVE = 5, 7, 8, 9
"""Requests to the transaction manager."""
HANDLE = SqlType("int")


def serve(connection: Connection, session: Session, message: Message, response: Response) -> None:
    """Answers a request.

    Raises:
        Cancelled: if an attention stopped it.
        ValueError: for bytes that are no request.
    """
    session.begin_response(response)
    if message.status & (RESET_CONNECTION | RESET_CONNECTION_KEEP_TRANSACTION):
        session.reset()
        response.token(tokens.environment(tokens.ENV_RESET, b""))
    if message.kind == Kind.BATCH:
        batch(connection, session, requests.batch(message.data), response)
    elif message.kind == Kind.RPC:
        try:
            found = requests.calls(message.data)
        except ValueError as error:
            response.error(Refused(str(error)))
            return
        for call in found:
            rpc(session, call, response)
    elif message.kind == Kind.TRANSACTION:
        session.guarded(lambda: transaction(session, message.data))
    elif message.kind == Kind.BULK:
        bulk(connection, session, message.data, response)
    else:
        raise ValueError(f"a message of the kind 0x{message.kind:02x}")


def batch(connection: Connection, session: Session, sql: str, response: Response) -> None:
    """SQL; a test may have its own answer to it."""
    canned = connection.server.faults.responses.get(sql)
    if canned is not None:
        response.canned(canned)
    elif (recording := connection.server.recording(sql)) is not None:
        response.replay(recording)
    else:
        session.batch(sql)


def transaction(session: Session, data: bytes) -> None:
    """A request to the transaction manager."""
    reader = requests.skip_headers(data)
    kind = reader.u16()
    if kind == BEGIN:
        level = reader.u8()
        if level:
            session.transactions.isolation = ISOLATIONS[level]
        session.transactions.begin()
    elif kind in {COMMIT, ROLLBACK}:
        name = reader.take(reader.u8()).decode("utf-16-le")
        again = reader.u8() & 1
        if kind == COMMIT:
            session.transactions.commit()
        else:
            session.transactions.rollback(name)
        if again:
            level = reader.u8()
            if level:
                session.transactions.isolation = ISOLATIONS[level]
            session.transactions.begin()
    elif kind == SAVE:
        session.transactions.save(reader.take(reader.u8()).decode("utf-16-le"))
    else:
        raise Refused(f"the transaction manager's request {kind}")
    session.finish(0, None)


def bulk(connection: Connection, session: Session, data: bytes, response: Response) -> None:
    """The rows of a bulk load."""
    server = connection.server
    server.faults.reach("bulk")
    if session.bulk is not None and session.bulk.table.name in server.swallowed:
        table = session.bulk.table.name
        swallowed = server.swallowed[table]
        swallowed.data, swallowed.loads = connection.take_dropped(), swallowed.loads + 1
        swallowed.queries = replay.queries(table, [column.name for column in session.bulk.columns])
        session.bulk = None
        session.finish(tokens.COMMAND_INSERT, swallowed.rows)
        return
    columns, rows = requests.bulk_rows(data, session.bulk.collations if session.bulk is not None else ())

    def wanted() -> Iterator[list[Any]]:
        for at, row in enumerate(rows):
            if at % 256 == 0 and connection.stopped():
                raise Cancelled
            yield row
        while server.faults.endless_bulk:
            session.wake.wait()
            if connection.stopped():
                raise Cancelled

    def work() -> None:
        try:
            count = loads.load(session, [column.type for column in columns], wanted())
        except struct.error as error:
            raise ValueError(str(error)) from None
        session.finish(tokens.COMMAND_INSERT, count)

    session.guarded(work)
    del response


# RPCs


def given_of(call: Call, start: int = 0) -> list[Given]:
    """An RPC's parameters as arguments."""
    return [
        Given(parameter.name, parameter.value, parameter.type, parameter.output, parameter.default)
        for parameter in call.parameters[start:]
    ]


def rpc(session: Session, call: Call, response: Response) -> None:
    """One RPC: what its statements give, its status, the parameters that go out."""
    response.in_procedure = True
    failed_before, response.failed = response.failed, False
    outcome = procedures.Outcome(0, {})

    def work() -> None:
        nonlocal outcome
        recording = replayed(session, call)
        if recording is not None:
            response.replay(recording)
            return
        special = SPECIAL.get(call.procedure.casefold())
        if special is not None:
            outcome = special(session, call)
        else:
            from tests.tds.engine.statements import Parser  # noqa: PLC0415

            outcome = procedures.call(session, Parser(call.procedure).parts(), given_of(call))

    finished = session.guarded(work)
    response.in_procedure = True
    if finished:
        response.token(tokens.return_status(outcome.status))
        for at, (value, type_) in sorted(outcome.outputs.items()):
            response.return_value(at, call.parameters[at].name, type_, value)
    response.end_procedure(None, error=response.failed)
    response.failed |= failed_before


def replayed(session: Session, call: Call) -> replay.Recording | None:
    """The recording that `sp_executesql` asks for."""
    if call.procedure.casefold() != "sp_executesql" or not call.parameters:
        return None
    return session.connection.server.recording(str(call.parameters[0].value))


def number(call: Call, at: int) -> int:
    """A handle."""
    value = call.parameters[at].value if at < len(call.parameters) else None
    if not isinstance(value, int):
        raise SqlError(8179, "Could not find prepared statement with handle 0.", 16, 2, ends="batch")
    return value


def sp_prepare(session: Session, call: Call) -> procedures.Outcome:
    """`sp_prepare`: a handle; with the option 1 the columns as well."""
    declared, sql = call.parameters[1].value or "", call.parameters[2].value or ""
    handle = keep(session, sql, declared)
    if len(call.parameters) > 3 and call.parameters[3].value == 1:
        found = describe.analyzed(session, sql, declared)
        if found is not None:
            session.out.columns(session.columns(found))
            session.out.done()
    return procedures.Outcome(0, {0: (handle, HANDLE)})


def keep(session: Session, sql: str, declared: str) -> int:
    """A new handle."""
    handle = max(session.prepared, default=0) + 1
    session.prepared[handle] = Prepared(sql, declared)
    return handle


def sp_execute(session: Session, call: Call) -> procedures.Outcome:
    """`sp_execute`."""
    handle = number(call, 0)
    prepared = session.prepared.get(handle)
    if prepared is None:
        raise SqlError(8179, f"Could not find prepared statement with handle {handle}.", 16, 2, ends="batch")
    outcome = procedures.run_text(session, prepared.sql, prepared.declared, given_of(call, 1))
    return procedures.Outcome(outcome.status, {at + 1: value for at, value in outcome.outputs.items()})


def sp_prepexec(session: Session, call: Call) -> procedures.Outcome:
    """`sp_prepexec`: both at once."""
    declared, sql = call.parameters[1].value or "", call.parameters[2].value or ""
    handle = keep(session, sql, declared)
    outputs: dict[int, tuple[object, SqlType]] = {0: (handle, HANDLE)}
    outcome = procedures.run_text(session, sql, declared, given_of(call, 3))
    outputs |= {at + 3: value for at, value in outcome.outputs.items()}
    return procedures.Outcome(outcome.status, outputs)


def sp_unprepare(session: Session, call: Call) -> procedures.Outcome:
    """`sp_unprepare`."""
    handle = number(call, 0)
    if session.prepared.pop(handle, None) is None:
        raise SqlError(8179, f"Could not find prepared statement with handle {handle}.", 16, 2, ends="batch")
    return procedures.Outcome(0, {})


SPECIAL = {
    "sp_prepare": sp_prepare,
    "sp_execute": sp_execute,
    "sp_prepexec": sp_prepexec,
    "sp_unprepare": sp_unprepare,
}

__all__ = ["control", "serve"]
