"""A response as it is put together: tokens into packets, the DONE of each statement, the end of the message."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tests.tds.errors import Cancelled, SqlError
from tests.tds.wire import tokens
from tests.tds.wire.packets import EOM, HEADER, Kind, packet
from tests.tds.wire.tokens import Column

if TYPE_CHECKING:
    from tests.tds.replay import Recording

FLUSH_AT = 1 << 16
SERVER_NAME = "TDSTEST"


class Response:
    """The answer to one request. Nothing is sent before there is a packet's worth or the end."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        packet_size: int,
        *,
        in_procedure: bool = False,
        compresses: bool = False,
        stop: Callable[[], bool] = lambda: False,
        reach: Callable[[str], None] = lambda _: None,
        after_rows: Callable[[], int] = lambda: 0,
    ) -> None:
        """`send` takes packets; `compresses` says whether the client knows rows without their NULLs, `stop` whether an
        attention came; `reach` is told of phases that may fail.
        """
        self._send = send
        self._size = packet_size - HEADER.size
        self._buffer = bytearray()
        self._number = 0
        self._held: tuple[int, int, int] | None = None
        self._stop = stop
        self._reach = reach
        self._after_rows = after_rows
        self._row_encoder = tokens.compressing_row_encoder if compresses else tokens.row_encoder
        self.in_procedure = in_procedure
        self.in_transaction: Callable[[], bool] = lambda: False
        self.failed = False

    def token(self, data: bytes) -> None:
        """Any token; a DONE that was held back gets its MORE."""
        self._release()
        self._buffer += data
        if len(self._buffer) > FLUSH_AT:
            self._flush()

    def columns(self, columns: Sequence[Column]) -> None:
        """The columns of a result set."""
        self._reach("columns")
        self.token(tokens.column_metadata(columns))
        self._open = True

    _open = False

    def close_columns(self) -> None:
        """The DONE of a result set whose statement failed inside TRY."""
        if self._open:
            self.done(tokens.COMMAND_SELECT, 0)

    def rows(self, columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> int:
        """The rows of a result set, until an attention comes; how many there were.

        Raises:
            Cancelled: if one came.
        """
        self._release()
        encode = self._row_encoder(columns)
        buffer = self._buffer
        limit = self._after_rows()
        count = 0
        for row in rows:
            buffer += encode(row)
            count += 1
            if count == limit:
                self._flush()
                self._reach("row")
            if len(buffer) > FLUSH_AT:
                self._flush()
                if self._stop():
                    raise Cancelled
        return count

    def done(self, command: int = 0, count: int | None = None, *, error: bool = False) -> None:
        """A statement ended."""
        self._release()
        self._open = False
        status = tokens.ERROR if error else 0
        if count is not None:
            status |= tokens.COUNT
        self._held = (status, command, count or 0)

    def error(self, error: SqlError) -> None:
        """An error, and that its statement ended with it."""
        self.failed = True
        self.say(error)
        self.done(error=True)

    def say(self, error: SqlError) -> None:
        """An error or information alone."""
        self.token(
            tokens.message(
                error.number, error.state, error.level, error.text, SERVER_NAME, error.procedure, error.line or 1
            )
        )

    def return_value(self, ordinal: int, name: str, type_: Any, value: Any) -> None:
        """A parameter that goes out."""
        self.token(tokens.return_value(ordinal, name, type_, value))

    def end_procedure(self, status: int | None, *, error: bool = False) -> None:
        """An RPC ended."""
        if status is not None:
            self.token(tokens.return_status(status))
        self._release()
        self._held = (tokens.ERROR if error else 0, 0xE0, 0)
        self._closing = True

    _closing = False

    def _status(self, *, more: bool) -> int:
        transaction = tokens.IN_TRANSACTION if self.in_transaction() else 0
        return transaction | (tokens.MORE if more else 0)

    def _release(self) -> None:
        if self._held is None:
            return
        status, command, count = self._held
        self._held = None
        kind = tokens.DONE_PROC if self._closing else tokens.DONE_IN_PROC if self.in_procedure else tokens.DONE
        self._closing = False
        self._buffer += tokens.done(kind, status | self._status(more=True), command, count)

    def _flush(self) -> None:
        """Sends whole packets."""
        pieces = self._packets()
        if pieces:
            self._send(pieces)

    def _packets(self) -> bytes:
        """Whole packets, taken out of what waits."""
        size = self._size
        view = bytes(self._buffer)
        end = (len(view) - 1) // size * size
        pieces = [
            packet(Kind.RESPONSE, 0, view[at : at + size], self._number + at // size + 1) for at in range(0, end, size)
        ]
        self._number += len(pieces)
        del self._buffer[:end]
        return b"".join(pieces)

    def finish(self, *, attention: bool = False) -> None:
        """The end of the message; with `attention`, its DONE says that the request was cancelled."""
        kind = tokens.DONE_PROC if self._closing else tokens.DONE
        if attention:
            self._release()
            self._buffer += tokens.done(tokens.DONE, tokens.ATTENTION | self._status(more=False))
        elif self._held is not None:
            status, command, count = self._held
            self._held = None
            self._buffer += tokens.done(kind, status | self._status(more=False), command, count)
        elif not self._canned:
            self._buffer += tokens.done(tokens.DONE, self._status(more=False))
        self._closing = False
        # In one piece: whoever stops reading waits for the rest of a row, and a loaded machine could hold that up.
        pieces = self._packets()
        last = bytes(self._buffer)
        self._buffer.clear()
        self._send(pieces + packet(Kind.RESPONSE, EOM, last, self._number + 1))

    def replay(self, recording: Recording) -> None:
        """A recorded result set: whole packets as they are, if nothing was said before."""
        self._release()
        if self._buffer or self._number:
            raise ValueError("a recording comes first")
        pieces, rest = recording.packets(self._size)
        for at, piece in enumerate(pieces, 1):
            self._send(piece)
            if self._stop() and at < len(pieces):
                self._buffer += recording.rest_of_row(at * len(piece) // (self._size + HEADER.size) * self._size)
                raise Cancelled
        self._buffer += rest
        self.done(tokens.COMMAND_SELECT, recording.rows)

    def canned(self, data: bytes) -> None:
        """Tokens that a test made, to the last one."""
        self._release()
        self._buffer += data
        self._canned = True

    _canned = False

    def settle_procedure(self, outer: bool) -> None:  # noqa: FBT001
        """A procedure ended inside a batch: what comes next belongs to the batch."""
        if not outer and self._held is not None:
            self._closing = True
        self.in_procedure = outer
