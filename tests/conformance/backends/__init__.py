"""The backends that the conformance suite runs against: a new one is one line here and one module beside it."""

from tests.conformance.backends import mssql, postgres, sqlite
from tests.conformance.backends.base import Backend

BACKENDS: tuple[Backend, ...] = (sqlite.BACKEND, *postgres.BACKENDS, *mssql.BACKENDS)

__all__ = ["BACKENDS", "Backend"]
