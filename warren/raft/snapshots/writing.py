"""Making a snapshot: pieces go out as they come, the name is given at the end."""

from contextlib import suppress

from warren.aio.disk import TEMPORARY_SUFFIX, Disk, publish
from warren.raft.core.entry import SnapshotMeta
from warren.raft.errors import Broken, DiskFull
from warren.raft.snapshots.files import snapshot_name
from warren.raft.snapshots.format import encode_digest, encode_head, encode_piece, new_digest
from warren.raft.wal.failures import disk_failure, sync_failure

_BUFFER_BYTES = 1 << 18
_SYNC_EVERY_BYTES = 1 << 18


class SnapshotWriter:
    """Writes one snapshot; ended by ``finish`` or ``abort``. After an error it is ended, too.

    Args:
        disk: where.
        meta: what the snapshot stands for.

    Raises:
        DiskFull: there is no room for it.
        Broken: the disk failed.
    """

    def __init__(self, disk: Disk, meta: SnapshotMeta) -> None:
        self._disk = disk
        self._name = snapshot_name(meta)
        self._temporary = self._name + TEMPORARY_SUFFIX
        self._digest = new_digest()
        self._buffer: list[bytes] = []
        self._buffered_bytes = 0
        self._offset = 0
        self._unsynced_bytes = 0
        self._open = True
        try:
            self._file = disk.create(self._temporary)
        except OSError as error:
            raise disk_failure(error, f"create {self._temporary}") from error
        self._put(encode_head(meta))

    def add(self, piece: bytes) -> None:
        """Add a piece of any size; it comes back as it is.

        Raises:
            DiskFull: there is no room for it; what was written is removed.
            Broken: the disk failed.
        """
        assert self._open, "the snapshot is ended"
        for chunk in encode_piece(piece):
            self._put(chunk)

    def finish(self) -> str:
        """Make it durable, give it its name and return that.

        Raises:
            DiskFull: there is no room for it; what was written is removed.
            Broken: the disk failed.
        """
        assert self._open, "the snapshot is ended"
        self._put(encode_digest(self._digest.digest()))
        self._flush()
        self._sync()
        self._open = False
        try:
            self._file.close()
            publish(self._disk, self._name)
        except OSError as error:
            raise sync_failure(error, f"publish {self._name}") from error
        return self._name

    def abort(self) -> None:
        """Remove what was written; of no effect after the end."""
        if self._open:
            self._open = False
            with suppress(OSError):
                self._file.close()
                self._disk.remove(self._temporary)

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._buffer.append(data)
        self._buffered_bytes += len(data)
        if self._buffered_bytes >= _BUFFER_BYTES:
            self._flush()

    def _flush(self) -> None:
        try:
            self._file.write(self._offset, b"".join(self._buffer))
        except OSError as error:
            self._end(disk_failure(error, f"write {self._temporary}"), error)
        self._offset += self._buffered_bytes
        self._unsynced_bytes += self._buffered_bytes
        self._buffer.clear()
        self._buffered_bytes = 0
        if self._unsynced_bytes >= _SYNC_EVERY_BYTES:
            self._sync()

    def _sync(self) -> None:
        # Now and then, too: one large flush would make the fdatasync of the log wait behind it.
        try:
            self._file.sync()
        except OSError as error:
            self._end(sync_failure(error, f"sync {self._temporary}"), error)
        self._unsynced_bytes = 0

    def _end(self, failure: DiskFull | Broken, error: OSError) -> None:
        self.abort()
        raise failure from error
