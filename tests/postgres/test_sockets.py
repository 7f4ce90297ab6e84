"""TCP sockets: what they are set up with, which the driver leaves out."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import psutil
import pytest

import industrydb as idb
from tests.postgres.servers import Cluster, Installation

pytestmark = pytest.mark.backend("postgres system")


@pytest.fixture(scope="module")
def server(debian: Installation) -> Iterator[Cluster]:
    """A server on TCP, which lets everybody in."""
    cluster = Cluster(debian, tcp=True)
    yield cluster
    cluster.stop()


def options(port: int, *names: int) -> list[list[int]]:
    """The TCP options of each of this process' sockets that lead to `port`."""
    numbers = [one.fd for one in psutil.Process().net_connections("tcp4") if tuple(one.raddr)[1:] == (port,)]
    answers: list[list[int]] = []
    for number in numbers:
        with socket.socket(fileno=os.dup(number)) as one:
            keepalive = one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            answers.append([keepalive, *(one.getsockopt(socket.IPPROTO_TCP, name) for name in names)])
    return answers


def test_small_packets_go_out_at_once(server: Cluster) -> None:
    uri = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    with idb.connect(uri), idb.connect(uri + "?sslmode=disable"):
        assert options(server.port, socket.TCP_NODELAY) == [[1, 1], [1, 1]]


def test_keepalives_are_as_configured(server: Cluster) -> None:
    uri = f"postgresql://postgres@127.0.0.1:{server.port}/postgres?"
    names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
    given = "keepalives_idle=7&keepalives_interval=3&keepalives_count=2&tcp_user_timeout=1500"
    with idb.connect(uri + given):
        assert options(server.port, *names) == [[1, 7, 3, 2, 1500]]
    with idb.connect(uri + "keepalives=0"):
        assert options(server.port) == [[0]]


def test_other_sockets_are_left_alone(server: Cluster) -> None:
    with (
        socket.create_connection(("127.0.0.1", server.port)) as other,
        idb.connect(f"postgresql://postgres@127.0.0.1:{server.port}/postgres"),
    ):
        assert other.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
