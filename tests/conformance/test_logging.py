"""Logging: to the logger `industrydb`, and never a parameter's value."""

from __future__ import annotations

import logging

import pytest

import industrydb as idb
from tests.conformance.backends.base import Database

SECRET = "s3cret-v4lue"


def exercise(database: Database) -> None:
    """One call of each kind, with a secret in every parameter."""
    with database.connect() as conn:
        conn.execute("CREATE TABLE t (id integer, name varchar(100))")
        conn.execute("INSERT INTO t VALUES (1, ?)", [SECRET])
        conn.execute("SELECT * FROM t WHERE name = :name", {"name": SECRET})
        conn.execute_many("INSERT INTO t VALUES (?, ?)", [[2, SECRET]])
        conn.insert("t", {"id": [3], "name": [SECRET]})
        conn.select("t", where={"name": SECRET})
        conn.update("t", {"name": SECRET}, {"name": SECRET})
        conn.delete("t", {"name": SECRET})
        with pytest.raises(idb.IndustryDbError):
            conn.execute("INSERT INTO missing VALUES (?)", [SECRET])


def test_it_logs_without_values(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(1, logger="industrydb")
    exercise(database)
    records = [record for record in caplog.records if record.name.split(".")[0] == "industrydb"]
    assert records, "something is logged"
    told = " ".join(record.getMessage() + repr(record.__dict__) for record in records)
    assert SECRET not in told
    if database.config.password is not None:
        assert database.config.password not in told


def test_it_is_quiet_by_default(database: Database, capfd: pytest.CaptureFixture[str]) -> None:
    exercise(database)
    assert capfd.readouterr() == ("", "")


def test_the_library_sets_up_no_handler() -> None:
    handlers = logging.getLogger("industrydb").handlers
    assert all(isinstance(handler, logging.NullHandler) for handler in handlers)


def test_a_level_may_change_later(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("industrydb")
    with database.connect() as conn:
        conn.execute("SELECT 1")
        caplog.set_level(logging.DEBUG, logger=logger.name)
        conn.execute("SELECT 2")
    assert any(record.name.startswith("industrydb") for record in caplog.records)
