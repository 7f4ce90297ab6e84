"""A benchmark's server side: rows that are encoded once and sent as fast as the socket takes them.

    recording = replay.bench(1_000_000)
    server.replay("bench", recording)          # SELECT * FROM bench
    server.swallow("target", rows=1_000_000)   # INSERT BULK target: taken off the socket, not looked at
    SELECT * FROM target                       # the last load's own bytes

The table exists in the engine as well, empty, so that a client can describe it.
"""

from __future__ import annotations

import bisect
import re
import uuid
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.tds.types import TICKS_PER_DAY, SqlType
from tests.tds.wire import tokens
from tests.tds.wire.packets import HEADER, Kind, packet
from tests.tds.wire.tokens import Column

BLOCK = 50_000
"""So many rows of `bench` differ; then they come again."""
CHUNK = 256
"""Packets that are sent at once."""


@dataclass(slots=True)
class Recording:
    """COLMETADATA and ROW tokens, ready to be sent."""

    columns: tuple[Column, ...]
    """Those that are known; a recording from a file has none."""
    rows: int
    head: bytes
    block: bytes
    times: int
    """How often the block comes."""
    ends: Sequence[int]
    """Where each row of the block ends."""
    _chunks: dict[int, tuple[list[bytes], bytes]] = field(default_factory=dict[int, tuple[list[bytes], bytes]])

    def packets(self, size: int) -> tuple[list[bytes], bytes]:
        """The response in packets with `size` bytes of data each, several to a piece, and what is left at the end."""
        if size not in self._chunks:
            body = self.head + self.block * self.times
            end = len(body) // size * size
            pieces = [packet(Kind.RESPONSE, 0, body[at : at + size], at // size + 1) for at in range(0, end, size)]
            joined = [b"".join(pieces[at : at + CHUNK]) for at in range(0, len(pieces), CHUNK)]
            self._chunks[size] = (joined, body[end:])
        return self._chunks[size]

    def rest_of_row(self, sent: int) -> bytes:
        """What is missing of the row that byte `sent` of the body lies in: a response never stops inside one."""
        body = sent - len(self.head)
        if body <= 0:
            return self.head[sent:]
        inside = body % len(self.block)
        return self.block[inside : self.ends[bisect.bisect_left(self.ends, inside)]] if inside else b""

    @property
    def size(self) -> int:
        """Bytes on the wire, without the headers of packets."""
        return len(self.head) + len(self.block) * self.times


def record(columns: Sequence[Column], rows: Iterable[Sequence[Any]]) -> Recording:
    """Encodes rows, whose values are as `tests.tds.types` describes them."""
    encode = tokens.row_encoder(columns)
    ends: list[int] = []
    body = bytearray()
    for row in rows:
        body += encode(row)
        ends.append(len(body))
    return Recording(tuple(columns), len(ends), tokens.column_metadata(columns), bytes(body), 1, ends)


def save(recording: Recording, path: Path) -> None:
    """Writes a recording to a file, for `load`."""
    sizes = [recording.rows, len(recording.head), len(recording.block), recording.times]
    with path.open("wb") as file:
        array("Q", sizes).tofile(file)
        file.write(recording.head)
        file.write(recording.block)
        array("Q", recording.ends).tofile(file)


def load(path: Path) -> Recording:
    """A recording that `save` wrote."""
    with path.open("rb") as file:
        rows, head, block, times = array("Q", file.read(4 * 8))
        return Recording((), rows, file.read(head), file.read(block), times, array("Q", file.read()))


def returned(data: Iterable[bytes], rows: int) -> Recording:
    """What a bulk load brought, as a result of so many rows: both are COLMETADATA and rows ([MS-TDS] 2.2.6.1)."""
    body = b"".join(data).removesuffix(tokens.done(tokens.DONE, 0))
    return Recording((), rows, b"", body, 1, [len(body)])


def _column(name: str, type_: SqlType, *, nullable: bool = True) -> Column:
    return Column(name, type_, nullable, table=("test", "dbo", "bench"))


BENCH = (
    _column("id", SqlType("bigint"), nullable=False),
    _column("quantity", SqlType("int")),
    _column("store", SqlType("int")),
    _column("ticket", SqlType("bigint")),
    _column("ratio", SqlType("float")),
    _column("reading", SqlType("real")),
    _column("price", SqlType("decimal", precision=12, scale=2)),
    _column("cost", SqlType("decimal", precision=12, scale=2)),
    _column("code", SqlType("varchar", 10)),
    _column("name", SqlType("nvarchar", 40)),
    _column("note", SqlType("nvarchar", 400)),
    _column("day", SqlType("date")),
    _column("seen", SqlType("datetime2", scale=6)),
    _column("sent", SqlType("datetimeoffset", scale=6)),
    _column("active", SqlType("bit")),
    _column("key", SqlType("uniqueidentifier")),
)
"""16 mixed columns."""
WORDS = (
    "harbour",
    "signal",
    "orchard",
    "copper",
    "Zürich",
    "naïve",
    "łódź",
    "東京",
    "winter",
    "lantern",
    "ferry",
    "meadow",
)


def bench_row(at: int) -> tuple[Any, ...]:
    """Row `at` of the table, some of it NULL."""
    mixed = at * 2_654_435_761 % 2**32
    day = 730_000 + mixed % 9_000
    moment = day * TICKS_PER_DAY + mixed * 200 // 10 * 10
    words = [WORDS[(mixed >> shift) % len(WORDS)] for shift in range(mixed % 20 + 4)]
    return (
        at + 1,
        mixed % 1_000,
        None if not mixed % 10 else mixed % 80_000 - 40_000,
        mixed * 1_000_003 - 2**50,
        mixed / 2**32,
        None if not mixed % 7 else mixed % 2**20 / 16,
        mixed % 1_000_000,
        None if not mixed % 20 else -(mixed % 99_999_999),
        f"C{mixed % 50_000:05d}",
        " ".join(words[:2]),
        None if not mixed % 5 else " ".join(words),
        day,
        moment,
        None if not mixed % 9 else (moment, 0),
        None if not mixed % 11 else mixed % 2,
        uuid.UUID(int=mixed << 64 | at).bytes_le,
    )


def bench(rows: int) -> Recording:
    """The table with so many rows: blocks of `BLOCK` different ones."""
    if rows % min(rows, BLOCK):
        raise ValueError(f"{rows} rows are no multiple of {BLOCK}")
    made = record(BENCH, map(bench_row, range(min(rows, BLOCK))))
    return Recording(made.columns, rows, made.head, made.block, max(rows // BLOCK, 1), made.ends)


def normal(sql: str) -> str:
    """A query's text where neither case nor spaces nor brackets count."""
    return re.sub(r"\s+", " ", sql.strip().rstrip(";").strip()).replace("[", "").replace("]", "").casefold()


def queries(table: str, columns: Sequence[str]) -> set[str]:
    """The texts that ask for all of a table."""
    lists = ["*", ", ".join(columns)] if columns else ["*"]
    return {normal(f"SELECT {what} FROM {where}{table}") for what in lists for where in ("", "dbo.")}


def definition(table: str, columns: Sequence[Column]) -> str:
    """CREATE TABLE."""
    items = ", ".join(f"[{column.name}] {column.type} {'' if column.nullable else 'NOT '}NULL" for column in columns)
    return f"CREATE TABLE [{table}] ({items})"


__all__ = ["BENCH", "HEADER", "Recording", "bench", "definition", "load", "queries", "record", "returned", "save"]
