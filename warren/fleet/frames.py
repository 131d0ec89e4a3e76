"""Cutting one stream of a shell into the outputs of a batch's entries.

Pure: chunks go in, entries come out.
"""

from dataclasses import dataclass
from typing import Final

BEGIN: Final = -2
END: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One mark of a batch and what the stream held before it.

    Attributes:
        entry: its number, ``BEGIN`` or ``END``.
        output: what came since the mark before.
        status: of the command; 0 at begin and end.
    """

    entry: int
    output: bytes
    status: int


class Frames:
    """Cuts one stream of one batch.

    What comes before the batch's beginning is not its own (a process that an earlier batch left in
    the background) and is dropped. Of an entry that exceeds the limit only the end is kept.

    Attributes:
        overflowed: an entry exceeded the limit.
    """

    def __init__(self, nonce: str, *, size_bytes_max: int) -> None:
        self._mark = f"\n{nonce} ".encode()
        self._buffer = bytearray()
        self._searched = 0
        self._begun = False
        self._max = size_bytes_max
        self.overflowed = False

    def feed(self, chunk: bytes) -> list[Frame]:
        """Add a chunk; returns the frames that it completes."""
        self._buffer += chunk
        found = []
        while (frame := self._cut()) is not None:
            found.append(frame)
        kept = len(self._buffer) - self._searched
        if self._searched > self._max:
            self.overflowed = self.overflowed or self._begun
            del self._buffer[: self._searched]
            self._searched = 0
            assert len(self._buffer) == kept, "only what was searched is dropped"
        return found

    def _cut(self) -> Frame | None:
        start = self._buffer.find(self._mark, self._searched)
        if start < 0:
            self._searched = max(self._searched, len(self._buffer) - len(self._mark))
            return None
        stop = self._buffer.find(b"\n", start + len(self._mark))
        if stop < 0:
            self._searched = start
            return None
        what, status = self._buffer[start + len(self._mark) : stop].split()
        entry = {b"begin": BEGIN, b"end": END}.get(bytes(what))
        if entry is None:
            entry = int(what)
        self._begun = self._begun or entry == BEGIN
        frame = Frame(entry=entry, output=bytes(self._buffer[:start]), status=int(status))
        del self._buffer[: stop + 1]
        self._searched = 0
        return frame
