"""`progress`: a callable that hears how far a call has come, or a tqdm bar."""

from __future__ import annotations

import sys
from collections.abc import Callable

import polars as pl
import pytest

import industrydb as idb
from tests.conformance.backends import Backend

ROWS = 300_000
FRAME = pl.DataFrame({"id": range(ROWS), "name": ["some text"] * ROWS})

Progress = bool | Callable[[int, int], object]


def execute(conn: idb.Connection, backend: Backend, progress: Progress) -> object:
    """Reads all rows at once."""
    return conn.execute(f"SELECT i FROM {backend.rows(ROWS)} AS s", progress=progress)


def batches(conn: idb.Connection, backend: Backend, progress: Progress) -> object:
    """Reads all rows in batches."""
    with conn.execute_batches(f"SELECT i FROM {backend.rows(ROWS)} AS s", progress=progress) as reader:
        return list(reader)


def insert(conn: idb.Connection, backend: Backend, progress: Progress) -> object:
    """Writes all rows."""
    return conn.insert("t", FRAME, mode="create", progress=progress)


CALLS = pytest.mark.parametrize("call", [execute, batches, insert])


@CALLS
def test_a_callable_hears_how_far_it_is(
    backend: Backend,
    conn: idb.Connection,
    call: Callable[[idb.Connection, Backend, Progress], object],
) -> None:
    heard: list[tuple[int, int]] = []
    call(conn, backend, lambda rows, size: heard.append((rows, size)))
    assert heard == sorted(heard), "it never goes back"
    assert heard[-1][0] == ROWS
    assert heard[-1][1] >= ROWS, "and counts bytes"


@CALLS
def test_what_a_callable_raises_ends_the_call(
    backend: Backend,
    conn: idb.Connection,
    call: Callable[[idb.Connection, Backend, Progress], object],
) -> None:
    def progress(rows: int, size: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        call(conn, backend, progress)
    assert conn.execute("SELECT 1 AS a").item() == 1
    assert not conn.in_transaction


@CALLS
def test_true_shows_a_bar(
    backend: Backend,
    conn: idb.Connection,
    capsys: pytest.CaptureFixture[str],
    call: Callable[[idb.Connection, Backend, Progress], object],
) -> None:
    call(conn, backend, True)
    shown = capsys.readouterr().err
    assert "rows" in shown
    assert "300k" in shown


def test_false_shows_nothing(backend: Backend, conn: idb.Connection, capsys: pytest.CaptureFixture[str]) -> None:
    execute(conn, backend, False)
    assert capsys.readouterr() == ("", "")


@CALLS
def test_true_without_tqdm_says_how_to_get_it(
    backend: Backend,
    conn: idb.Connection,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[idb.Connection, Backend, Progress], object],
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "tqdm"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match=r"industrydb\[progress\]"):
        call(conn, backend, True)
    assert conn.execute("SELECT 1 AS a").item() == 1


@CALLS
@pytest.mark.parametrize("progress", [1, "yes", [print]], ids=repr)
def test_other_things_are_refused(
    backend: Backend,
    conn: idb.Connection,
    call: Callable[[idb.Connection, Backend, object], object],
    progress: object,
) -> None:
    with pytest.raises(TypeError):
        call(conn, backend, progress)
