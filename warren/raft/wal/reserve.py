"""Space kept back for the day the disk is full.

A member whose disk is full can only help itself by a snapshot, which lets old files of the log go; and
the snapshot needs space. So some is held in a file of zeros. It is released for that, and held again
before the member goes back to work.
"""

from contextlib import suppress

from warren.aio.disk import TEMPORARY_SUFFIX, Disk, publish
from warren.raft.wal.failures import disk_failure

RESERVE = "reserve"
_ZEROED_AT_ONCE_BYTES = 1 << 20


class Reserve:
    """A file that only takes up space.

    Args:
        disk: where.
        size_bytes: how much; 0 for nothing.
    """

    def __init__(self, disk: Disk, size_bytes: int) -> None:
        self._disk = disk
        self._size_bytes = size_bytes

    @property
    def held(self) -> bool:
        """Whether the space is taken."""
        return RESERVE in self._disk.names()

    def hold(self) -> None:
        """Take the space, if it is not taken.

        Raises:
            DiskFull: there is not so much.
            Broken: the disk failed.
        """
        if not self._size_bytes:
            return
        temporary = RESERVE + TEMPORARY_SUFFIX
        try:
            if self.held:
                return
            try:
                self._fill(temporary)
                publish(self._disk, RESERVE)
            except OSError:
                with suppress(OSError):
                    self._disk.remove(temporary)
                raise
        except OSError as error:
            raise disk_failure(error, f"keep {self._size_bytes} bytes back") from error

    def release(self) -> None:
        """Give the space back.

        Raises:
            DiskFull: there is no room even for that.
            Broken: the disk failed.
        """
        try:
            if not self.held:
                return
            self._disk.remove(RESERVE)
            self._disk.sync_directory()
        except OSError as error:
            raise disk_failure(error, "give back what was kept back") from error

    def _fill(self, name: str) -> None:
        file = self._disk.create(name)
        try:
            for start in range(0, self._size_bytes, _ZEROED_AT_ONCE_BYTES):
                file.zero(start, min(_ZEROED_AT_ONCE_BYTES, self._size_bytes - start))
                file.sync()
        finally:
            file.close()
