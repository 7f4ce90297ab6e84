"""The databases that the harness knows. A new one is a file here and a line below."""

from __future__ import annotations

from benches.backends.mssql import Mssql
from benches.backends.postgres import Postgres
from benches.backends.sqlite import Sqlite
from benches.model import Backend

BACKENDS: dict[str, Backend] = {backend.name: backend for backend in (Postgres(), Sqlite(), Mssql())}
