"""How statements, connections and the server end: promptly, whatever clients are at, and with all of their threads."""

from __future__ import annotations

import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.tds.clients import PYTDS
from tests.tds.process import Address, running
from tests.tds.server import Server
from tests.tds.test_server import ENDLESS, where
from tests.tds.wire.packets import EOM, Assembler, Kind, Message, packet
from tests.tds.wire.tokens import ATTENTION

SECONDS = 20
"""Within which everything has to be over, on a busy machine."""


def opened(address: Address, stack: ExitStack) -> Any:
    """A connection, which the stack closes."""
    return stack.enter_context(closing(PYTDS.open(address, "plain", "")))


def wire(connection: Any) -> socket.socket:
    """The socket of a connection without TLS, for requests whose answer is not waited for."""
    sock = connection._tds_socket.sock
    assert isinstance(sock, socket.socket)
    sock.settimeout(SECONDS)
    return sock


def batch(sql: str) -> bytes:
    """The packet of a batch, outside a transaction."""
    headers = struct.pack("<IIHQI", 22, 18, 2, 0, 1)
    return packet(Kind.BATCH, EOM, headers + sql.encode("utf-16-le"), 1)


def asked(connection: Any, sql: str) -> None:
    """Sends a batch, and lets the server begin with it."""
    wire(connection).sendall(batch(sql))
    time.sleep(0.1)


# What clients may be at


def idle(address: Address, stack: ExitStack) -> None:
    opened(address, stack)


def in_a_transaction(address: Address, stack: ExitStack) -> None:
    PYTDS.query(opened(address, stack), "CREATE TABLE a (a int); BEGIN TRANSACTION; INSERT INTO a VALUES (1)")


def waiting_for_a_lock(address: Address, stack: ExitStack) -> None:
    PYTDS.query(opened(address, stack), "CREATE TABLE b (a int); BEGIN TRANSACTION; INSERT INTO b VALUES (1)")
    asked(opened(address, stack), "INSERT INTO b VALUES (2)")


def in_a_statement(address: Address, stack: ExitStack) -> None:
    asked(opened(address, stack), ENDLESS)


def in_a_loop(address: Address, stack: ExitStack) -> None:
    asked(opened(address, stack), "WHILE 1 = 1 SET NOCOUNT ON")


def in_a_delay(address: Address, stack: ExitStack) -> None:
    asked(opened(address, stack), "WAITFOR DELAY '01:00:00'")


def not_reading_what_they_asked_for(address: Address, stack: ExitStack) -> None:
    asked(opened(address, stack), "SELECT REPLICATE(N'x', 4000) AS c FROM GENERATE_SERIES(1, 1000000)")


def in_the_middle_of_a_request(address: Address, stack: ExitStack) -> None:
    wire(opened(address, stack)).sendall(batch(ENDLESS)[:30])


def in_the_middle_of_the_login(address: Address, stack: ExitStack) -> None:
    sock = stack.enter_context(socket.create_connection((address.host, address.port)))
    sock.sendall(packet(Kind.PRELOGIN, EOM, bytes(20), 0)[:10])


def silent(address: Address, stack: ExitStack) -> None:
    stack.enter_context(socket.create_connection((address.host, address.port)))


def gone_but_for_a_copy_in_another_process(address: Address, stack: ExitStack) -> None:
    with closing(PYTDS.open(address, "plain", "")) as connection:
        code = "import sys; sys.stdin.read()"
        holder = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, pass_fds=[wire(connection).fileno()]
        )
    stack.callback(holder.communicate)


STATES: tuple[Callable[[Address, ExitStack], None], ...] = (
    idle,
    in_a_statement,
    in_a_loop,
    in_a_delay,
    not_reading_what_they_asked_for,
    in_the_middle_of_a_request,
    in_the_middle_of_the_login,
    silent,
    gone_but_for_a_copy_in_another_process,
    in_a_transaction,
)
"""One after the other: what writes keeps others from it."""


def all_threads_ended() -> bool:
    """Whether no thread of a server in this process is left, or will be in a moment."""
    threads = [thread for thread in threading.enumerate() if thread.name.startswith("tds-")]
    for thread in threads:
        thread.join(SECONDS)
    return not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("state", [*STATES, waiting_for_a_lock])
def test_the_server_ends_while_clients_are(state: Callable[[Address, ExitStack], None]) -> None:
    with ExitStack() as stack:
        with Server() as server:
            state(where(server), stack)
        assert all_threads_ended()
        assert server.connections() == []


def test_the_server_ends_with_many_clients() -> None:
    with ExitStack() as stack, running() as address:
        for _ in range(30):
            opened(address, stack)
        for state in STATES:
            state(address, stack)


def test_the_server_ends_while_a_client_stalls_before_its_statement() -> None:
    with ExitStack() as stack:
        with Server() as server:
            server.faults.stall.add("columns")
            asked(opened(where(server), stack), ENDLESS)
            assert server.faults.stalled.wait(SECONDS)
        assert all_threads_ended()


def test_a_thread_that_does_not_end_is_a_failure_that_says_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.tds.server.SECONDS_TO_END", 0.1)
    release = threading.Event()

    def stuck(*_: object) -> None:
        release.wait(SECONDS)

    monkeypatch.setattr("tests.tds.engine.session.Session.batch", stuck)
    with ExitStack() as stack:
        with pytest.raises(AssertionError, match=r"tds-51 does not end:\n(?s:.*)in stuck"), Server() as server:
            asked(opened(where(server), stack), "SELECT 1")
        release.set()
        assert all_threads_ended()


# Statements that nobody waits for


def answer(sock: socket.socket) -> Message:
    """The next message of the server."""
    assembler = Assembler()
    while not (found := assembler.feed(sock.recv(1 << 16))):
        pass
    return found[0]


def test_an_attention_that_comes_before_the_first_step_of_its_statement() -> None:
    with Server() as server, closing(PYTDS.open(where(server), "plain", "")) as connection:
        server.faults.stall.add("columns")
        wire(connection).sendall(batch(ENDLESS))
        assert server.faults.stalled.wait(SECONDS)
        wire(connection).sendall(packet(Kind.ATTENTION, EOM, b"", 1))
        (there,) = server.connections()
        end = time.monotonic() + SECONDS
        while not there.stopped():
            assert time.monotonic() < end
            time.sleep(0.005)
        server.faults.release()
        _, status, _, _ = struct.unpack("<BHHQ", answer(wire(connection)).data[-13:])
        assert status & ATTENTION
        assert PYTDS.query(connection, "SELECT 1") == [(1,)]


def test_what_a_client_asked_for_before_it_left_is_not_run_behind_its_back() -> None:
    with Server() as server:
        with closing(PYTDS.open(where(server), "plain", "")) as connection:
            server.faults.stall.add("request")
            wire(connection).sendall(batch("SELECT 1") + batch(ENDLESS))
            assert server.faults.stalled.wait(SECONDS)
            time.sleep(0.1)
        time.sleep(0.1)
        server.faults.release()
        end = time.monotonic() + SECONDS
        while server.connections():
            assert time.monotonic() < end
            time.sleep(0.01)
