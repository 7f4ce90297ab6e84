"""Errors: the right class, with what the server said about it, and none of what it must not say."""

from __future__ import annotations

import copy
import pickle

import pytest

import industrydb as idb
from industrydb import exceptions
from tests.conformance.backends import Backend
from tests.conformance.backends.base import Database, Violation

ATTRIBUTES = (
    "backend",
    "code",
    "message",
    "detail",
    "hint",
    "schema_name",
    "table_name",
    "column_name",
    "constraint_name",
    "position",
)


def provoke(conn: idb.Connection, case: Violation) -> idb.IndustryDbError:
    """The error that the statement raises."""
    for statement in case.setup:
        conn.execute(statement)
    with pytest.raises(case.exception) as caught:
        conn.execute(case.statement)
    return caught.value


@pytest.mark.cases("violations")
def test_a_violation_says_what_it_is(backend: Backend, conn: idb.Connection, case: Violation) -> None:
    error = provoke(conn, case)
    assert type(error) is case.exception
    assert isinstance(error, idb.ConstraintViolationError)
    assert error.backend == backend.name
    assert {name: getattr(error, name) for name in case.attributes} == dict(case.attributes)
    assert isinstance(error.code, str)
    assert error.message
    assert conn.execute("SELECT 1 AS a").item() == 1


@pytest.mark.cases("violations")
def test_a_violation_pickles_and_copies(conn: idb.Connection, case: Violation) -> None:
    error = provoke(conn, case)
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(twin) is type(error)
        assert [getattr(twin, name) for name in ATTRIBUTES] == [getattr(error, name) for name in ATTRIBUTES]
        assert str(twin) == str(error)


@pytest.mark.cases("violations")
def test_a_violation_in_a_script_and_in_many(conn: idb.Connection, case: Violation) -> None:
    provoke(conn, case)
    with pytest.raises(case.exception):
        conn.execute(f"SELECT 1; {case.statement}")
    with pytest.raises(case.exception):
        conn.execute_many(case.statement, [[]])


@pytest.mark.cases("violations")
def test_a_violation_leaves_the_transaction_to_its_owner(conn: idb.Connection, case: Violation) -> None:
    with pytest.raises(case.exception), conn.transaction():
        for statement in case.setup:
            conn.execute(statement)
        conn.execute(case.statement)
    assert not conn.in_transaction
    assert conn.tables().height == 0


def test_every_attribute_is_there(conn: idb.Connection) -> None:
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute("SELECT FROM WHERE")
    for name in ATTRIBUTES:
        getattr(caught.value, name)
    assert caught.value.column_name is None
    assert caught.value.constraint_name is None


def test_the_position_is_counted_in_characters_from_one(conn: idb.Connection) -> None:
    sql = "SELECT 'żółw 🐢' AS a, missing_column FROM (SELECT 1 AS b) AS t"
    with pytest.raises(idb.QueryExecutionError) as caught:
        conn.execute(sql)
    assert caught.value.position in {None, sql.index("missing_column") + 1}


def test_the_tree() -> None:
    assert issubclass(idb.QueryTimeoutError, TimeoutError)
    for name in exceptions.__all__:
        exception = getattr(idb, name)
        assert exception is getattr(exceptions, name)
        assert issubclass(exception, idb.IndustryDbError)
    tree: dict[type[Exception], list[type[Exception]]] = {
        idb.IndustryDbError: [
            idb.ConfigurationError,
            idb.DatabaseConnectionError,
            idb.ConnectionClosedError,
            idb.QueryExecutionError,
            idb.ConstraintViolationError,
            idb.DataConversionError,
        ],
        idb.QueryExecutionError: [idb.QueryTimeoutError, idb.QueryCancelledError],
        idb.ConstraintViolationError: [
            idb.UniqueViolationError,
            idb.ForeignKeyViolationError,
            idb.NotNullViolationError,
            idb.CheckViolationError,
        ],
    }
    for parent, children in tree.items():
        assert all(parent in child.__bases__ for child in children)


@pytest.mark.parametrize("name", exceptions.__all__)
def test_every_class_pickles_with_its_attributes(name: str) -> None:
    error = getattr(idb, name)("what went wrong")
    error.code, error.position, error.column_name = "42", 7, "c"
    twin = pickle.loads(pickle.dumps(error))
    assert type(twin) is type(error)
    assert (str(twin), twin.code, twin.position, twin.column_name) == (str(error), "42", 7, "c")


@pytest.mark.usefixtures("t")
def test_a_parameter_is_in_no_error(database: Database, conn: idb.Connection) -> None:
    conn.execute("INSERT INTO t (id, name) VALUES (1, 'x')")
    for sql, params in (
        ("INSERT INTO t (id, name) VALUES (1, ?)", ["s3cret"]),
        ("INSERT INTO missing VALUES (?)", ["s3cret"]),
        ("INSERT INTO t VALUES (?, ?, ?)", ["s3cret"]),
    ):
        with pytest.raises(idb.IndustryDbError) as caught:
            conn.execute(sql, params)
        assert "s3cret" not in repr(caught.value) + str(caught.value)
