"""Placeholders, drawn at random between everything that only looks like one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import industrydb as idb

pytestmark = pytest.mark.backend("sqlite")

repeated = settings(deadline=None, max_examples=200)

HARMLESS = st.text("?:$@abc1'\"-/* \n;[]`\\é🐢", max_size=8)
"""Text that would be placeholders, quotes and comments, were it not quoted."""


def text(body: str) -> str:
    """A string literal."""
    return "'" + body.replace("'", "''") + "'"


def quoted(body: str) -> str:
    """An alias."""
    return '"' + body.replace('"', '""') + '"'


def block(body: str) -> str:
    """A comment that ends where it should."""
    return "/*" + body.replace("*/", "").replace("*", "") + "*/"


def line(body: str) -> str:
    """A comment up to the end of the line."""
    return "--" + body.replace("\n", "") + "\n"


@pytest.fixture(scope="module")
def conn() -> Iterator[idb.Connection]:
    """A database in memory."""
    with idb.connect("sqlite://") as conn:
        yield conn


ITEMS = st.lists(
    st.tuples(st.integers(-(2**63), 2**63 - 1) | st.text(max_size=5), HARMLESS, HARMLESS, HARMLESS),
    min_size=1,
    max_size=6,
)


@repeated
@given(items=ITEMS)
def test_positions(conn: idb.Connection, items: list[tuple[int | str, str, str, str]]) -> None:
    parts = [
        f"{block(comment)} ? AS {quoted(str(at) + alias)}, {line(comment)} {text(literal)}"
        for at, (_, literal, alias, comment) in enumerate(items)
    ]
    row = conn.execute("SELECT " + ", ".join(parts), [value for value, *_ in items]).row(0)
    assert row == tuple(cell for value, literal, *_ in items for cell in (value, literal))


@repeated
@given(items=ITEMS)
def test_names(conn: idb.Connection, items: list[tuple[int | str, str, str, str]]) -> None:
    names = [f"p{at % 3}" for at in range(len(items))]
    params = {name: items[at][0] for at, name in enumerate(names)}
    parts = [
        f"{text(literal)}, {block(comment)} :{name} {line(comment)} AS {quoted(str(at) + alias)}"
        for at, (name, (_, literal, alias, comment)) in enumerate(zip(names, items, strict=True))
    ]
    row = conn.execute("SELECT " + ", ".join(parts), params).row(0)
    assert row == tuple(
        cell for name, (_, literal, *_) in zip(names, items, strict=True) for cell in (literal, params[name])
    )


@repeated
@given(count=st.integers(0, 5), given_=st.integers(0, 5), noise=HARMLESS)
def test_any_count_that_does_not_match_is_an_error(conn: idb.Connection, count: int, given_: int, noise: str) -> None:
    sql = "SELECT " + ", ".join([text(noise), *"?" * count]) + f" AS {quoted('x' + noise)} {block(noise)}"
    if count == given_:
        assert conn.execute(sql, [7] * given_).row(0) == (noise, *[7] * count)
    else:
        with pytest.raises(idb.QueryExecutionError):
            conn.execute(sql, [7] * given_)


@repeated
@given(used=st.sets(st.sampled_from("abcde"), min_size=1), given_=st.sets(st.sampled_from("abcde")))
def test_any_names_that_do_not_match_are_an_error(conn: idb.Connection, used: set[str], given_: set[str]) -> None:
    sql = "SELECT " + ", ".join(f":{name} AS {name}" for name in sorted(used))
    params = {name: ord(name) for name in given_}
    if used == given_:
        assert conn.execute(sql, params).row(0, named=True) == params
    else:
        with pytest.raises(idb.QueryExecutionError) as caught:
            conn.execute(sql, params)
        assert any(name in str(caught.value) for name in used ^ given_)


@repeated
@given(value=st.text(max_size=30))
def test_a_value_is_never_sql(conn: idb.Connection, value: str) -> None:
    assert conn.execute("SELECT ? AS a", [value]).item() == value
    assert conn.execute("SELECT :b AS b", {"b": value}).item() == value
