"""Rows by the million, made once and sent as fast as the socket takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.tds.connection import Connection
    from tests.tds.response import Response


def is_wanted(sql: str) -> bool:
    """Whether a batch asks for it."""
    return sql.strip().casefold().startswith("select * from replay_")


def send(connection: Connection, response: Response, sql: str) -> None:
    """Sends it."""
    raise NotImplementedError
