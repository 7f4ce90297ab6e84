"""What a test can ask of this server alone: attention, faults, recordings, bulk loads that are dropped."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytds  # type: ignore[import-untyped]  # pyright: ignore[reportMissingTypeStubs]
import pytest

from tests.tds import replay
from tests.tds.clients import MSSQL, PYTDS
from tests.tds.process import ROOT, Address, running
from tests.tds.server import Server
from tests.tds.types import SqlType
from tests.tds.wire import tokens

ENDLESS = "SELECT COUNT_BIG(*) AS c FROM GENERATE_SERIES(1, 2000000000) AS a CROSS JOIN GENERATE_SERIES(1, 1000) AS b"


def where(server: Server) -> Address:
    """Where it is."""
    return Address(server.host, server.port, server.user, server.password)


def impatient(server: Server) -> Any:
    """A connection that cancels after a moment."""
    return pytds.connect(
        server.host,
        "test",
        server.user,
        server.password,
        port=server.port,
        autocommit=True,
        timeout=0.5,
        login_timeout=10,
    )


STOPPABLE = (
    ENDLESS,
    "WAITFOR DELAY '00:01:00'",
    f"DELETE FROM t WHERE a = ({ENDLESS})",
    f"INSERT INTO t SELECT c FROM ({ENDLESS}) AS s",
    "WHILE 1 = 1 SET NOCOUNT ON",
    "SELECT value FROM GENERATE_SERIES(1, 2000000000) WHERE value < 0",
)


@pytest.mark.parametrize("sql", STOPPABLE)
def test_an_attention_stops_a_statement(inside: Server, sql: str) -> None:
    with closing(impatient(inside)) as connection:
        PYTDS.query(connection, "CREATE TABLE t (a bigint); INSERT INTO t VALUES (1)")
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            PYTDS.query(connection, sql)
        assert time.monotonic() - start < 3
        assert PYTDS.query(connection, "SELECT a FROM t") == [(1,)], "the connection goes on, nothing was stored"


def test_an_attention_keeps_the_transaction(inside: Server) -> None:
    with closing(impatient(inside)) as connection:
        PYTDS.query(connection, "CREATE TABLE t (a bigint)")
        PYTDS.query(connection, "BEGIN TRAN; INSERT INTO t VALUES (1)")
        with pytest.raises(TimeoutError):
            PYTDS.query(connection, ENDLESS)
        assert PYTDS.query(connection, "SELECT @@TRANCOUNT, COUNT(*) FROM t") == [(1, 1)]
        PYTDS.query(connection, "ROLLBACK")


def test_a_wait_for_a_lock_can_be_stopped(inside: Server) -> None:
    with closing(PYTDS.open(where(inside), "plain", "")) as holder, closing(impatient(inside)) as waiting:
        PYTDS.query(holder, "CREATE TABLE t (a int)")
        PYTDS.query(holder, "BEGIN TRAN; INSERT INTO t VALUES (1)")
        with pytest.raises(TimeoutError):
            PYTDS.query(waiting, "INSERT INTO t VALUES (2)")
        PYTDS.query(holder, "ROLLBACK")
        assert PYTDS.query(waiting, "SELECT COUNT(*) FROM t") == [(0,)]


def test_a_client_that_leaves_rolls_back(inside: Server) -> None:
    with closing(PYTDS.open(where(inside), "plain", "")) as other:
        PYTDS.query(other, "CREATE TABLE t (a int)")
        with closing(PYTDS.open(where(inside), "plain", "")) as leaving:
            PYTDS.query(leaving, "BEGIN TRAN; INSERT INTO t VALUES (1)")
        PYTDS.query(other, "INSERT INTO t VALUES (2)")
        assert PYTDS.query(other, "SELECT a FROM t") == [(2,)]


@pytest.mark.parametrize("phase", ["accept", "prelogin", "login"])
def test_a_login_that_is_cut(inside: Server, phase: str) -> None:
    inside.faults.close.add(phase)
    with pytest.raises((pytds.Error, OSError)):
        PYTDS.open(where(inside), "plain", "")
    inside.faults.close.clear()
    PYTDS.open(where(inside), "plain", "").close()


@pytest.mark.parametrize("phase", ["request", "columns", "row"])
def test_a_query_that_is_cut(inside: Server, phase: str) -> None:
    with closing(PYTDS.open(where(inside), "plain", "")) as connection:
        inside.faults.close.add(phase)
        inside.faults.after_rows = 5_000
        with pytest.raises((pytds.Error, OSError)):
            PYTDS.query(connection, "SELECT value FROM GENERATE_SERIES(1, 100000)")


def test_a_login_that_stalls(inside: Server) -> None:
    inside.faults.stall.add("prelogin")
    opened: list[Any] = []
    thread = threading.Thread(target=lambda: opened.append(PYTDS.open(where(inside), "plain", "")))
    thread.start()
    assert inside.faults.stalled.wait(5)
    assert not opened
    inside.faults.release()
    thread.join(10)
    opened[0].close()


def test_a_deadlock(inside: Server) -> None:
    with closing(PYTDS.open(where(inside), "plain", "")) as connection:
        PYTDS.query(connection, "CREATE TABLE t (a int)")
        PYTDS.query(connection, "BEGIN TRAN; INSERT INTO t VALUES (1)")
        inside.faults.deadlocks = 1
        with pytest.raises(pytds.Error, match="deadlock victim") as caught:
            PYTDS.query(connection, "SELECT * FROM t")
        assert getattr(caught.value, "number", 0) == 1205
        assert PYTDS.query(connection, "SELECT @@TRANCOUNT, COUNT(*) FROM t") == [(0, 0)]


def test_a_response_of_the_tests_own(inside: Server) -> None:
    columns = [tokens.Column("odd", SqlType("int"))]
    body = (
        tokens.column_metadata(columns)
        + tokens.row_encoder(columns)([42])
        + tokens.done(tokens.DONE, tokens.COUNT, 0xC1, 1)
    )
    inside.faults.responses["SELECT odd"] = body
    with closing(PYTDS.open(where(inside), "plain", "")) as connection:
        assert PYTDS.query(connection, "SELECT odd") == [(42,)]
        assert PYTDS.query(connection, "SELECT 1") == [(1,)]


def test_routing(inside: Server) -> None:
    with Server() as other:
        inside.faults.route_to = (other.host, other.port)
        other.password = inside.password
        with closing(PYTDS.open(where(inside), "plain", "")) as connection:
            PYTDS.query(connection, "SELECT 1")
            assert len(other.connections()) == 1


def broken(*_: object) -> None:
    """A mistake."""
    raise ZeroDivisionError


def test_a_mistake_of_the_server_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    with pytest.raises(AssertionError, match="ZeroDivisionError"), server:
        monkeypatch.setattr("tests.tds.engine.session.Session.batch", broken)
        with closing(PYTDS.open(where(server), "plain", "")) as connection, pytest.raises(pytds.Error, match="failed"):
            PYTDS.query(connection, "SELECT 1")


def test_a_replay(inside: Server) -> None:
    recording = replay.bench(2_000)
    inside.replay("bench", recording)
    with closing(PYTDS.open(where(inside), "plain", "")) as connection:
        rows = PYTDS.query(connection, "SELECT * FROM [dbo].[bench];")
        assert len(rows) == recording.rows == 2_000
        assert [row[0] for row in rows] == list(range(1, 2_001))
        assert sum(value is None for row in rows for value in row) > 1_000
        described = PYTDS.query(connection, "EXEC sp_describe_first_result_set N'SELECT * FROM bench'")
        assert [row[2] for row in described] == [column.name for column in replay.BENCH]
        assert PYTDS.query(connection, "SELECT 1") == [(1,)]


def test_a_replay_is_what_the_engine_sends(inside: Server) -> None:
    columns = (tokens.Column("a", SqlType("int"), nullable=False), tokens.Column("b", SqlType("nvarchar", 20)))
    inside.replay("bench", replay.record(columns, [(1, "x"), (2, None)]))
    with closing(PYTDS.open(where(inside), "plain", "")) as connection:
        PYTDS.query(connection, "INSERT INTO bench VALUES (1, N'x'), (2, NULL)")
        assert PYTDS.query(connection, "SELECT a, b FROM bench") == PYTDS.query(
            connection, "SELECT a, b FROM bench WHERE 1 = 1"
        )


def test_a_replay_that_is_stopped(inside: Server) -> None:
    inside.replay("bench", replay.bench(replay.BLOCK * 4))
    with closing(PYTDS.open(where(inside), "plain", "")) as connection:
        with closing(connection.cursor()) as cursor:
            cursor.execute("SELECT * FROM bench")
            assert len(cursor.fetchmany(10)) == 10
            cursor.cancel()
        assert PYTDS.query(connection, "SELECT 1") == [(1,)]


def test_a_replay_from_a_file(tmp_path: Path) -> None:
    made = replay.bench(100)
    replay.save(made, tmp_path / "recording")
    command = [sys.executable, "-m", "tests.tds", "--recording", str(tmp_path / "recording")]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = Address(**json.loads(process.stdout.readline()))
        with closing(PYTDS.open(address, "plain", "")) as connection:
            PYTDS.query(connection, replay.definition("bench", replay.BENCH))
            rows = PYTDS.query(connection, "SELECT * FROM bench")
            assert [row[0] for row in rows] == list(range(1, 101))
            assert PYTDS.query(connection, "SELECT COUNT(*) FROM bench") == [(0,)]
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_a_bulk_load_that_is_dropped() -> None:
    command = [sys.executable, "-m", "tests.tds", "--swallow", "t", "--rows", "3"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = Address(**json.loads(process.stdout.readline()))
        with closing(MSSQL.open(address, "plain", "")) as connection:
            MSSQL.query(connection, "CREATE TABLE t (a int)")
            assert connection.cursor().bulkcopy("t", [(1,), (2,), (3,)])["rows_copied"] == 3
            assert MSSQL.query(connection, "SELECT COUNT(*) FROM t") == [(0,)]
            assert MSSQL.query(connection, "SELECT * FROM t") == [(1,), (2,), (3,)]
            assert connection.cursor().bulkcopy("t", [(4,), (None,), (5,)])["rows_copied"] == 3
            assert MSSQL.query(connection, "SELECT a FROM dbo.t") == [(4,), (None,), (5,)]
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_prepared_statements() -> None:
    with running() as address, closing(MSSQL.open(address, "plain", "")) as connection:
        MSSQL.query(connection, "CREATE TABLE t (a int, b nvarchar(20), d decimal(10, 2), e datetime2(6))")
        with closing(connection.cursor()) as cursor:
            cursor.executemany("INSERT INTO t (a, b) VALUES (?, ?)", [(at, f"ż{at}") for at in range(50)])
            cursor.execute("INSERT INTO t (a, b, d) VALUES (?, ?, ?)", (None, None, None))
        assert MSSQL.query(connection, "SELECT COUNT(*), COUNT(a), MAX(b) FROM t") == [(51, 50, "ż9")]
