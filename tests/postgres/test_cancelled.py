"""A cancel reaches its own session or none: a pid alone may be somebody else's."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

import industrydb as idb
from tests.postgres.proxy import Proxy
from tests.postgres.servers import Cluster, Installation

pytestmark = pytest.mark.backend("postgres 18")


@pytest.fixture(scope="module")
def another_server(newest: Installation) -> Iterator[Cluster]:
    """A second server, as a name with several addresses leads to."""
    cluster = Cluster(newest, tcp=True)
    yield cluster
    cluster.stop()


@pytest.mark.parametrize("how", ["timeout", "cancel"])
def test_a_cancel_that_gets_to_another_server(own_server: Cluster, another_server: Cluster, how: str) -> None:
    ports = [own_server.port]
    with Proxy(lambda: socket.create_connection(("127.0.0.1", ports[-1]))) as proxy:
        config = own_server.config(host="127.0.0.1", port=proxy.port, sslmode="disable")
        with config.connect() as conn:
            ports.append(another_server.port)
            timer = threading.Timer(0.3, conn.cancel)
            start = time.monotonic()
            if how == "cancel":
                timer.start()
            with pytest.raises((idb.QueryTimeoutError, idb.QueryCancelledError)):
                conn.execute("SELECT pg_sleep(20)", timeout=0.3 if how == "timeout" else None)
            assert time.monotonic() - start < 10, "the call ends, though nobody can tell the server"
            with pytest.raises(idb.ConnectionClosedError, match="cancelled"):
                conn.execute("SELECT 1")


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_a_cancel_gets_through_in_any_zone(own_server: Cluster, zone: str) -> None:
    with own_server.config(timezone=zone).connect() as conn:
        for before in ("SELECT 1", "SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY'"):
            conn.execute(before)
            with pytest.raises(idb.QueryTimeoutError):
                conn.execute("SELECT pg_sleep(20)", timeout=0.3)
            assert conn.execute("SELECT 1 AS a").item() == 1, "the session lives on"


def test_a_cancel_needs_no_further_rights(own_server: Cluster) -> None:
    with own_server.admin() as referee:
        referee.execute("DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN")
        try:
            with own_server.config(username="plain").connect() as conn:
                with pytest.raises(idb.QueryTimeoutError):
                    conn.execute("SELECT pg_sleep(20)", timeout=0.3)
                assert conn.execute("SELECT 1 AS a").item() == 1, "the session lives on"
        finally:
            referee.execute("DROP ROLE plain")
