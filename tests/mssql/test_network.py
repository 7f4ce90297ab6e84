"""Networks that lose what they are given."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import polars as pl
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
