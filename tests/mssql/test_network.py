"""Networks that lose what they are given."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import time
from collections.abc import Generator, Iterator

import polars as pl
import psutil
import pytest

import industrydb as idb
from tests.mssql.conftest import config
from tests.postgres.proxy import Proxy
from tests.tds.server import Server

pytestmark = pytest.mark.backend("mssql")

FRAME = pl.DataFrame({"a": range(300_000)}).with_columns(s=pl.lit("x" * 100))


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    """Between the client and the server."""
    with Proxy(lambda: socket.create_connection((server.host, server.port))) as proxy:
        yield proxy


def test_an_insert_of_which_nobody_takes_the_rows(server: Server, proxy: Proxy) -> None:
    with config(server).connect() as direct, config(server, host="127.0.0.1", port=proxy.port).connect() as conn:
        direct.execute("CREATE TABLE t (a int, s varchar(200))")
        proxy.arm("stall", after=100_000, side="client")
        start = time.monotonic()
        with pytest.raises(idb.QueryTimeoutError):
            conn.insert("t", FRAME, timeout=0.5)
        assert time.monotonic() - start < 4
        with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
            conn.execute("SELECT 1 AS a")


def test_a_statement_that_nobody_takes(server: Server, proxy: Proxy) -> None:
    with config(server, host="127.0.0.1", port=proxy.port).connect() as conn:
        proxy.arm("stall", after=100_000, side="client")
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT ? AS a", ["x" * 50_000_000], timeout=0.5)
        with pytest.raises(idb.ConnectionClosedError, match="cancelled while the server took no more of it$"):
            conn.execute("SELECT 1 AS a")


@pytest.mark.parametrize("action", ["cut", "reset"])
def test_an_insert_whose_connection_breaks(server: Server, proxy: Proxy, action: str) -> None:
    with config(server).connect() as direct, config(server, host="127.0.0.1", port=proxy.port).connect() as conn:
        direct.execute("CREATE TABLE t (a int, s varchar(200))")
        proxy.arm("cut" if action == "cut" else "reset", after=100_000, side="client")
        with pytest.raises(idb.DatabaseConnectionError):
            conn.insert("t", FRAME)
        with pytest.raises(idb.ConnectionClosedError):
            conn.execute("SELECT 1 AS a")
        assert direct.select("t").height == 0


@contextlib.contextmanager
def silent(address: tuple[str, int]) -> Generator[int]:
    """A port that answers nothing, not even no: its queue of connections is full."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(address, family=family, backlog=0))
        here = listener.getsockname()[:2]
        for _ in range(8):
            client = stack.enter_context(socket.socket(family))
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                client.connect(here)
        time.sleep(0.05)
        yield here[1]


def test_a_silent_port(server: Server) -> None:
    with silent(("127.0.0.1", 0)) as port:
        with pytest.raises(idb.DatabaseConnectionError, match=r"\(TCP\).*connect_timeout=0.5") as caught:
            config(server, port=port, connect_timeout=0.5).connect()
        assert "firewall" in (caught.value.hint or "")


@pytest.mark.skipif(
    sys.platform != "linux", reason="how a process sees its own sockets is the system's; a unit test of dial.rs too"
)
def test_a_silent_connection_is_looked_after(server: Server, ms: idb.Connection) -> None:
    assert not ms.is_closed()
    mine = [one.fd for one in psutil.Process().net_connections("tcp4") if one.raddr == (server.host, server.port)]
    assert len(mine) == 1
    with socket.socket(fileno=os.dup(mine[0])) as one:
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 30
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL) == 1
