"""`connect_async`: a connection to await, or to enter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from industrydb._industrydb import AsyncConnection, DatabaseConfig

if TYPE_CHECKING:
    from collections.abc import Coroutine, Generator
    from types import TracebackType

__all__ = ["AsyncConnecting", "connect_async"]


class AsyncConnecting:
    """What `connect_async` gives: awaited, it opens the connection; entered, it also closes it at the end."""

    def __init__(self, opening: Coroutine[Any, Any, AsyncConnection]) -> None:
        self._opening = opening
        self._connection: AsyncConnection | None = None

    def __await__(self) -> Generator[Any, Any, AsyncConnection]:
        """Opens the connection."""
        return self._opening.__await__()

    async def __aenter__(self) -> AsyncConnection:
        self._connection = await self._opening
        return self._connection

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            await self._connection.close()


def connect_async(uri_or_config: str | DatabaseConfig) -> AsyncConnecting:
    """Opens a connection for asyncio.

    It can be entered::

        async with connect_async("postgresql://etl@db.example.com/warehouse") as conn:
            df = await conn.execute("SELECT * FROM flights WHERE month = ?", [6])

    or awaited: `conn = await connect_async(…)` is closed by `await conn.close()`.

    Args:
        uri_or_config: As for `connect`.

    Raises:
        ConfigurationError: The URI or an option of it is wrong. The password is never part of the message.
        DatabaseConnectionError: When it is awaited or entered: the database can't be reached or refuses.
        TypeError: Something else was given.
    """
    given = cast("object", uri_or_config)  # whatever an untyped program passes
    if isinstance(given, DatabaseConfig):
        return AsyncConnecting(AsyncConnection.connect(given))
    if isinstance(given, str):
        return AsyncConnecting(AsyncConnection.from_uri(given))
    raise TypeError(f"connect_async() takes a URI or a DatabaseConfig, not {type(given).__qualname__}")
