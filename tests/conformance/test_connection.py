"""Opening, closing, and what a connection says about itself."""

from __future__ import annotations

import copy
import gc
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database


def one(conn: idb.Connection) -> object:
    """What `SELECT 1` gives."""
    return conn.execute("SELECT 1 AS one").item()


def test_every_way_to_connect(database: Database) -> None:
    ways = (
        idb.connect(database.uri),
        idb.connect(database.config),
        idb.Connection(database.config),
        idb.Connection.connect(database.config),
        idb.Connection.from_uri(database.uri),
        database.config.connect(),
    )
    for conn in ways:
        with conn:
            assert one(conn) == 1


def test_with_closes(database: Database) -> None:
    with database.connect() as conn:
        assert not conn.closed
        assert not conn.is_closed()
    assert conn.closed
    assert conn.is_closed()


def test_with_closes_after_an_exception(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.connect() as conn:
        raise ZeroDivisionError
    assert conn.closed


def test_close_is_idempotent(conn: idb.Connection) -> None:
    conn.close()
    conn.close()
    assert conn.closed


@pytest.mark.usefixtures("t")
def test_close_rolls_back_what_is_open(database: Database, conn: idb.Connection) -> None:
    other = database.connect()
    other.begin()
    other.execute("INSERT INTO t (id) VALUES (1)")
    other.close()
    assert conn.select("t").height == 0


@pytest.mark.usefixtures("t")
def test_with_rolls_back_what_is_open(database: Database, conn: idb.Connection) -> None:
    with database.connect() as other:
        other.begin()
        other.execute("INSERT INTO t (id) VALUES (1)")
    assert conn.select("t").height == 0


CALLS: dict[str, Callable[[idb.Connection], object]] = {
    "execute": lambda conn: conn.execute("SELECT 1"),
    "execute_many": lambda conn: conn.execute_many("SELECT ?", [[1]]),
    "execute_batches": lambda conn: conn.execute_batches("SELECT 1"),
    "schema": lambda conn: conn.schema("SELECT 1"),
    "insert": lambda conn: conn.insert("t", pl.DataFrame({"id": [1]})),
    "select": lambda conn: conn.select("t"),
    "update": lambda conn: conn.update("t", {"id": 1}, True),
    "delete": lambda conn: conn.delete("t", True),
    "transaction": lambda conn: conn.transaction().__enter__(),
    "begin": lambda conn: conn.begin(),
    "commit": lambda conn: conn.commit(),
    "rollback": lambda conn: conn.rollback(),
    "tables": lambda conn: conn.tables(),
    "columns": lambda conn: conn.columns("t"),
    "ping": lambda conn: conn.ping(),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_closed_connection_says_so(backend: Backend, conn: idb.Connection, name: str) -> None:
    conn.close()
    with pytest.raises(idb.ConnectionClosedError, match="closed") as caught:
        CALLS[name](conn)
    assert caught.value.backend == backend.name


def test_a_closed_connection_cannot_be_entered(conn: idb.Connection) -> None:
    conn.close()
    with pytest.raises(idb.ConnectionClosedError), conn:
        raise AssertionError("not reached")


def test_cancel_on_an_idle_or_closed_connection_does_nothing(conn: idb.Connection) -> None:
    conn.cancel()
    assert one(conn) == 1
    conn.close()
    conn.cancel()


def test_a_dropped_connection_warns_and_is_freed(database: Database) -> None:
    connections = [database.connect()]
    connections[0].execute("SELECT 1")
    with pytest.warns(ResourceWarning, match="close"):
        connections.clear()


def test_a_closed_connection_is_dropped_in_silence(database: Database) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        conn = database.connect()
        conn.close()
        del conn
        gc.collect()


def test_what_it_says_about_itself(backend: Backend, database: Database, conn: idb.Connection) -> None:
    assert conn.backend == backend.name
    assert conn.server_version[0].isdigit()
    assert conn.config == database.config
    assert not conn.in_transaction
    assert backend.name in repr(conn)


def test_what_it_still_says_when_closed(backend: Backend, database: Database, conn: idb.Connection) -> None:
    conn.close()
    assert conn.backend == backend.name
    assert conn.config == database.config
    assert "closed" in repr(conn)


def test_ping(conn: idb.Connection) -> None:
    conn.ping()
    assert one(conn) == 1


@pytest.mark.parametrize("duplicate", [copy.copy, pickle.dumps])
def test_a_connection_is_neither_copied_nor_pickled(
    conn: idb.Connection, duplicate: Callable[[idb.Connection], object]
) -> None:
    with pytest.raises(TypeError):
        duplicate(conn)


def test_what_cannot_be_reached(backend: Backend, tmp_path: Path) -> None:
    with pytest.raises(idb.DatabaseConnectionError) as caught:
        idb.connect(backend.unreachable(tmp_path))
    assert caught.value.backend == backend.name
    assert str(caught.value)


@pytest.mark.parametrize("argument", [None, 1, b"sqlite://", ["sqlite://"]], ids=repr)
def test_connect_takes_a_uri_or_a_config(argument: Any) -> None:
    with pytest.raises(TypeError):
        idb.connect(argument)


@pytest.mark.parametrize("uri", ["", "nonsense", "oracle://host/db", "://"])
def test_connect_refuses_a_uri_that_it_does_not_know(uri: str) -> None:
    with pytest.raises(idb.ConfigurationError):
        idb.connect(uri)


def test_an_unknown_option_suggests_the_nearest(backend: Backend, database: Database) -> None:
    misspelt, meant = backend.misspelt_option
    with pytest.raises(idb.ConfigurationError, match=meant) as caught:
        database.connect(**{misspelt: 1})
    assert misspelt in str(caught.value)
