"""Reading a snapshot: its pieces for the state machine, or its raw bytes for another member."""

from collections.abc import Iterator

from warren.aio.disk import Disk
from warren.raft.core.entry import SnapshotMeta
from warren.raft.snapshots.format import damaged, read_meta, read_pieces


class SnapshotReader:
    """An open snapshot; it can be read on even when the file is pruned. To be closed.

    Args:
        disk: where.
        name: of the file.

    Attributes:
        meta: what it stands for.
        size_bytes: of the file.

    Raises:
        Damaged: it is missing, altered or cannot be read.
        Incompatible: a newer program wrote it.
    """

    def __init__(self, disk: Disk, name: str) -> None:
        self._name = name
        try:
            self._file = disk.open(name)
        except OSError as error:
            raise damaged(name, 0, f"it cannot be opened ({error})") from error
        try:
            self.size_bytes = self._file.size()
            self.meta, self._first = read_meta(name, self.chunk)
        except BaseException:
            self._file.close()
            raise

    def chunk(self, offset: int, size_bytes: int) -> bytes:
        """That part of the file, shorter only where it ends.

        Raises:
            Damaged: it cannot be read.
        """
        try:
            return self._file.read(offset, size_bytes)
        except OSError as error:
            raise damaged(self._name, offset, f"it cannot be read ({error})") from error

    def pieces(self) -> Iterator[bytes]:
        """The pieces, each checked, and the whole behind the last one.

        Raises:
            Damaged: it is altered or cannot be read; nothing that was given before may be used.
        """
        return read_pieces(self._name, self.chunk)

    def verify(self) -> None:
        """Read all of it.

        Raises:
            Damaged: it is altered or cannot be read.
        """
        for _piece in self.pieces():
            pass

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_snapshot(disk: Disk, name: str) -> tuple[SnapshotMeta, Iterator[bytes]]:
    """What a snapshot stands for, and its pieces; the file is closed behind the last one.

    Raises:
        Damaged: it is missing, altered or cannot be read. The iterator raises this, too, and nothing
            that it gave may be used before it has ended.
        Incompatible: a newer program wrote it.
    """
    reader = SnapshotReader(disk, name)
    return reader.meta, _pieces(reader)


def _pieces(reader: SnapshotReader) -> Iterator[bytes]:
    try:
        yield from reader.pieces()
    finally:
        reader.close()
