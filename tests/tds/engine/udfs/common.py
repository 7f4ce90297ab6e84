"""What the functions share: two errors, and NULL for any NULL."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from tests.tds.errors import SqlError


def overflow(name: str) -> SqlError:
    """8115: the result of an operation does not fit."""
    return SqlError(8115, f"Arithmetic overflow error converting expression to data type {name}.", 16, 2)


def divided() -> SqlError:
    """8134."""
    return SqlError(8134, "Divide by zero error encountered.")


def strict(function: Callable[..., Any]) -> Callable[..., Any]:
    """NULL for any NULL."""

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        return None if None in arguments else function(*arguments)

    return wrapped
