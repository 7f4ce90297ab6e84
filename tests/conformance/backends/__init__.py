"""The backends that the conformance suite runs against: a new one is one line here and one module beside it."""

from tests.conformance.backends import sqlite
from tests.conformance.backends.base import Backend

BACKENDS: tuple[Backend, ...] = (sqlite.BACKEND,)

__all__ = ["BACKENDS", "Backend"]
