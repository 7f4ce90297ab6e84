"""Several hosts, and which of them will do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import industrydb as idb
from tests.postgres.servers import Cluster, Installation, free_port

pytestmark = pytest.mark.backend("postgres 18")


@pytest.fixture(scope="module")
def servers(own_server: Cluster, newest: Installation) -> Iterator[dict[str, Cluster]]:
    """A primary, one whose sessions are read-only, and a standby."""
    servers = {
        "primary": own_server,
        "read-only": Cluster(newest, tcp=True, settings={"default_transaction_read_only": "on"}),
        "standby": Cluster(
            newest,
            tcp=True,
            files={"standby.signal": b""},
            settings={"wal_level": "replica", "max_wal_senders": "10", "hot_standby": "on"},
        ),
    }
    yield servers
    servers["read-only"].stop()
    servers["standby"].stop()


def reached(servers: dict[str, Cluster], order: str, wanted: str) -> str:
    """Which of them a connection gets to."""
    hosts = ",".join(f"127.0.0.1:{servers[name].port}" for name in order.split())
    with idb.connect(f"postgresql://postgres@{hosts}/postgres?target_session_attrs={wanted}") as conn:
        port = conn.execute("SELECT inet_server_port() AS port").item()
        assert not conn.in_transaction
    return next(name for name, server in servers.items() if server.port == port)


@pytest.mark.parametrize(
    ("order", "wanted", "expected"),
    [
        ("standby primary", "any", "standby"),
        ("primary standby", "any", "primary"),
        ("standby read-only primary", "read-write", "primary"),
        ("primary standby", "read-only", "standby"),
        ("primary read-only standby", "read-only", "read-only"),
        ("standby primary", "primary", "primary"),
        ("standby read-only", "primary", "read-only"),
        ("primary read-only standby", "standby", "standby"),
        ("primary standby", "prefer-standby", "standby"),
        ("primary read-only", "prefer-standby", "primary"),
    ],
)
def test_which_host_will_do(servers: dict[str, Cluster], order: str, wanted: str, expected: str) -> None:
    assert reached(servers, order, wanted) == expected


@pytest.mark.parametrize(
    ("order", "wanted"), [("standby read-only", "read-write"), ("primary", "standby"), ("primary", "read-only")]
)
def test_none_will_do(servers: dict[str, Cluster], order: str, wanted: str) -> None:
    with pytest.raises(idb.DatabaseConnectionError, match="read-write|read-only|standby|target_session_attrs"):
        reached(servers, order, wanted)


def test_a_host_that_is_down_is_passed_over(servers: dict[str, Cluster]) -> None:
    down = free_port()
    uri = f"postgresql://postgres@127.0.0.1:{down},127.0.0.1:{servers['primary'].port}/postgres"
    with idb.connect(uri) as conn:
        assert conn.execute("SELECT 1 AS a").item() == 1


def test_all_hosts_are_down_and_named() -> None:
    first, second = free_port(), free_port()
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        idb.connect(f"postgresql://postgres@127.0.0.1:{first},127.0.0.1:{second}/postgres")
    assert str(first) in str(caught.value)
    assert str(second) in str(caught.value)


def test_a_wrong_password_is_no_reason_to_go_on(servers: dict[str, Cluster], newest: Installation) -> None:
    access = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    strict = Cluster(newest, tcp=True, access=access)
    try:
        hosts = f"127.0.0.1:{strict.port},127.0.0.1:{servers['primary'].port}"
        with pytest.raises(idb.DatabaseConnectionError) as caught:
            idb.connect(f"postgresql://postgres:wrong@{hosts}/postgres")
    finally:
        strict.stop()
    assert caught.value.code == "28P01"


def test_hosts_in_any_order_are_all_tried(servers: dict[str, Cluster]) -> None:
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{servers['primary'].port}"
    for _ in range(5):
        with idb.connect(f"postgresql://postgres@{hosts}/postgres?load_balance_hosts=random") as conn:
            assert conn.execute("SELECT 1 AS a").item() == 1


def test_a_cancel_goes_to_the_host_that_was_reached(servers: dict[str, Cluster]) -> None:
    hosts = f"127.0.0.1:{free_port()},127.0.0.1:{servers['primary'].port}"
    with idb.connect(f"postgresql://postgres@{hosts}/postgres") as conn:
        with pytest.raises(idb.QueryTimeoutError):
            conn.execute("SELECT pg_sleep(30)", timeout=0.2)
        assert conn.execute("SELECT 1 AS a").item() == 1
