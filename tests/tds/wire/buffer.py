"""Reading little-endian numbers and UTF-16 texts from bytes."""

from __future__ import annotations

import struct


class Reader:
    """Bytes that are read from front to back."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        """`at` is where reading starts."""
        self.data = data
        self.at = at

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next `count` bytes.

        Raises:
            ValueError: if there are fewer.
        """
        end = self.at + count
        if end > len(self.data):
            raise ValueError(f"{count} bytes are due, {self.left} are left")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def u8(self) -> int:
        """A byte."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Two bytes."""
        return int(struct.unpack("<H", self.take(2))[0])

    def u32(self) -> int:
        """Four bytes."""
        return int(struct.unpack("<I", self.take(4))[0])

    def u64(self) -> int:
        """Eight bytes."""
        return int(struct.unpack("<Q", self.take(8))[0])

    def text(self, characters: int) -> str:
        """So many UTF-16 code units."""
        return self.take(characters * 2).decode("utf-16-le", "surrogatepass")

    def b_varchar(self) -> str:
        """A text with its length in a byte."""
        return self.text(self.u8())

    def us_varchar(self) -> str:
        """A text with its length in two bytes."""
        return self.text(self.u16())
