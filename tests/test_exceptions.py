"""The error tree: its shape, what each error carries, and that it survives pickle and copy."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from industrydb import exceptions
from industrydb.exceptions import IndustryDbError, QueryExecutionError, QueryTimeoutError, UniqueViolationError

ERRORS: list[type[IndustryDbError]] = [getattr(exceptions, name) for name in exceptions.__all__]
ATTRIBUTES: dict[str, str | int] = {
    "backend": "sqlite",
    "code": "SQLITE_CONSTRAINT_UNIQUE",
    "detail": "Key (id)=(1) already exists.",
    "hint": "Use on_conflict.",
    "schema_name": "main",
    "table_name": "t",
    "column_name": "id",
    "constraint_name": "t_pkey",
    "position": 8,
}
COPIES: dict[str, Callable[[IndustryDbError], IndustryDbError]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


class UsersOwnError(UniqueViolationError):
    """An error class that somebody derives."""


def build(cls: type[IndustryDbError], **attributes: str | int) -> IndustryDbError:
    return cls("It went wrong.", **attributes)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("cls", ERRORS)
def test_unknown_attributes_are_none(cls: type[IndustryDbError]) -> None:
    error = cls("It went wrong.")
    assert {name: getattr(error, name) for name in ATTRIBUTES} == dict.fromkeys(ATTRIBUTES)
    assert error.message == str(error) == "It went wrong."


@pytest.mark.parametrize("cls", ERRORS)
def test_attributes_are_kept(cls: type[IndustryDbError]) -> None:
    error = build(cls, **ATTRIBUTES)
    assert {name: getattr(error, name) for name in ATTRIBUTES} == ATTRIBUTES
    assert error.args == (error.message,) == ("It went wrong.",)


def test_an_error_tells_detail_and_hint() -> None:
    error = IndustryDbError("It went wrong.", detail="A row is twice there.", hint="Take one.")
    assert str(error) == "It went wrong.\nDetail: A row is twice there.\nHint: Take one."


@pytest.mark.parametrize("duplicate", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("cls", [*ERRORS, UsersOwnError])
def test_copies_are_complete(
    cls: type[IndustryDbError], duplicate: Callable[[IndustryDbError], IndustryDbError]
) -> None:
    error = build(cls, **ATTRIBUTES)
    error.add_note("a note")
    twin = duplicate(error)
    assert twin is not error
    assert type(twin) is cls
    assert (twin.args, vars(twin), str(twin)) == (error.args, vars(error), str(error))


def test_a_timeout_is_both() -> None:
    assert issubclass(QueryTimeoutError, QueryExecutionError)
    assert issubclass(QueryTimeoutError, TimeoutError)
    assert QueryTimeoutError("late").errno is None


def test_the_docstring_draws_the_tree() -> None:
    assert exceptions.__doc__ is not None
    depths: dict[str, int] = {}
    for line in exceptions.__doc__.splitlines():
        name = line.strip(" │├└─").split(" ", maxsplit=1)[0]
        if name in exceptions.__all__:
            depths[name] = (line.index(name) - 4) // 4
    parents = {cls.__name__: sum(issubclass(base, IndustryDbError) for base in cls.__mro__) - 1 for cls in ERRORS}
    assert depths == parents
