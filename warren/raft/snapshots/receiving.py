"""Taking in a snapshot that another member sends, in parts and perhaps with interruptions."""

from contextlib import suppress

from warren.aio.disk import Disk
from warren.raft.core.entry import SnapshotMeta
from warren.raft.errors import Broken, Damaged, DiskFull, Incompatible, Refused
from warren.raft.snapshots.files import RECEIVED_SUFFIX, snapshot_name
from warren.raft.snapshots.format import SMALLEST_BYTES
from warren.raft.snapshots.reading import SnapshotReader
from warren.raft.wal.failures import disk_failure, sync_failure

_SYNC_EVERY_BYTES = 1 << 18


class Receiver:
    """One snapshot under way, the only one of its meta; ended by ``finish`` or ``abort``.

    ``DiskFull`` and ``Broken`` end it, too.

    Args:
        disk: where.
        meta: what the sender promises.
        size_bytes: of the whole file.

    Attributes:
        offset: where the sender is to go on.

    Raises:
        Refused: a snapshot cannot be so small.
        DiskFull: there is no room for it.
        Broken: the disk failed.
    """

    def __init__(self, disk: Disk, meta: SnapshotMeta, size_bytes: int) -> None:
        if size_bytes < SMALLEST_BYTES:
            raise Refused(f"a snapshot of {size_bytes} bytes is none")
        self.offset = 0
        self._disk = disk
        self._meta = meta
        self._size_bytes = size_bytes
        self._name = snapshot_name(meta)
        self._partial = self._name + RECEIVED_SUFFIX
        self._unsynced_bytes = 0
        self._open = True
        try:
            self._file = disk.create(self._partial)
        except OSError as error:
            raise disk_failure(error, f"create {self._partial}") from error

    @property
    def complete(self) -> bool:
        """Whether all of it is there."""
        return self.offset == self._size_bytes

    def add(self, offset: int, data: bytes) -> None:
        """Take a part; what is there already is skipped.

        Raises:
            Refused: the part does not follow on, or goes beyond the end; ``offset`` says where to go on.
            DiskFull: there is no room for it; what was received is removed.
            Broken: the disk failed.
        """
        assert self._open, "the snapshot is ended"
        if offset > self.offset or offset < 0 or offset + len(data) > self._size_bytes:
            raise Refused(
                f"{self._name}: bytes {offset} to {offset + len(data)} of {self._size_bytes} do not "
                f"follow on the {self.offset} that are here"
            )
        fresh = data[self.offset - offset :]
        if not fresh:
            return
        try:
            self._file.write(self.offset, fresh)
        except OSError as error:
            self._end(disk_failure(error, f"write {self._partial}"), error)
        self.offset += len(fresh)
        self._unsynced_bytes += len(fresh)
        if self._unsynced_bytes >= _SYNC_EVERY_BYTES:
            self._sync()

    def finish(self) -> str:
        """Check all of it, make it durable, give it its name and return that.

        Raises:
            Refused: some of it is missing, or it is not what was promised; it is removed.
            DiskFull: there is no room for it.
            Broken: the disk failed.
        """
        assert self._open, "the snapshot is ended"
        if not self.complete:
            raise Refused(f"{self._name}: {self.offset} of {self._size_bytes} bytes are here")
        self._sync()
        try:
            self._verify()
        except (Damaged, Incompatible) as error:
            self.abort()
            raise Refused(f"what was received is not {self._name}: send it anew") from error
        self._open = False
        try:
            self._file.close()
            self._disk.rename(self._partial, self._name)
            self._disk.sync_directory()
        except OSError as error:
            raise sync_failure(error, f"publish {self._name}") from error
        return self._name

    def abort(self) -> None:
        """Remove what was received; of no effect after the end."""
        if self._open:
            self._open = False
            with suppress(OSError):
                self._file.close()
                self._disk.remove(self._partial)

    def _verify(self) -> None:
        reader = SnapshotReader(self._disk, self._partial)
        try:
            if reader.meta != self._meta:
                raise Damaged(f"it stands for {reader.meta}")
            reader.verify()
        finally:
            reader.close()

    def _sync(self) -> None:
        try:
            self._file.sync()
        except OSError as error:
            self._end(sync_failure(error, f"sync {self._partial}"), error)
        self._unsynced_bytes = 0

    def _end(self, failure: DiskFull | Broken, error: OSError) -> None:
        self.abort()
        raise failure from error
