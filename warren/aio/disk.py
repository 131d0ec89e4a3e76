"""The little that logs and snapshots ask of a disk: one flat directory of files.

Durability is explicit, as POSIX has it: what was written is safe only after ``sync`` of the file,
and a name (created, renamed, removed) only after ``sync_directory``. The simulated disk of
``warren.testing.disk`` takes both at their word. Errors are ``OSError`` and are translated by the
log, which knows what they mean.
"""

import os
from pathlib import Path
from typing import Protocol

_ZEROS = memoryview(bytes(1 << 20))


class DiskFile(Protocol):
    """An open file."""

    def write(self, offset: int, data: bytes) -> None:
        """Write all of ``data`` at ``offset``; on an error any part of it may have been written."""
        ...

    def zero(self, offset: int, size_bytes: int) -> None:
        """Write that many zeros: what is written over them later needs no new space on the disk."""
        ...

    def read(self, offset: int, size_bytes: int) -> bytes:
        """That part of the file, shorter only where the file ends."""
        ...

    def size(self) -> int:
        """How many bytes the file has."""
        ...

    def truncate(self, size_bytes: int) -> None:
        """Cut the file."""
        ...

    def sync(self) -> None:
        """Return when all that was written, and the size, survive a power failure."""
        ...

    def close(self) -> None:
        """Let go of it; does not sync."""
        ...


class Disk(Protocol):
    """A directory of files."""

    def names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """The whole file; ``FileNotFoundError`` if there is none."""
        ...

    def create(self, name: str) -> DiskFile:
        """Open a new, empty file; an old one of that name is emptied."""
        ...

    def open(self, name: str) -> DiskFile:
        """Open an existing file for writing."""
        ...

    def rename(self, old: str, new: str) -> None:
        """Rename, replacing ``new``, as one step."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file; one that is gone already is no error."""
        ...

    def sync_directory(self) -> None:
        """Return when all changes of names survive a power failure."""
        ...


class RealFile:
    """A file of the operating system."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Write all of ``data`` at ``offset``."""
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self._descriptor, rest, offset)
            offset += written
            rest = rest[written:]

    def zero(self, offset: int, size_bytes: int) -> None:
        """Write that many zeros, not merely a hole."""
        end = offset + size_bytes
        while offset < end:
            self.write(offset, _ZEROS[: end - offset])
            offset += len(_ZEROS)

    def read(self, offset: int, size_bytes: int) -> bytes:
        """That part of the file, shorter only where the file ends."""
        parts: list[bytes] = []
        while size_bytes and (part := os.pread(self._descriptor, size_bytes, offset)):
            parts.append(part)
            offset += len(part)
            size_bytes -= len(part)
        return b"".join(parts)

    def size(self) -> int:
        """How many bytes the file has."""
        return os.fstat(self._descriptor).st_size

    def truncate(self, size_bytes: int) -> None:
        """Cut the file."""
        os.ftruncate(self._descriptor, size_bytes)

    def sync(self) -> None:
        """Flush data and size to the disk."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


class RealDisk:
    """A directory of the operating system."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        return tuple(sorted(os.listdir(self._directory)))  # noqa: PTH208 - names are what is asked

    def read(self, name: str) -> bytes:
        """The whole file."""
        return (self._directory / name).read_bytes()

    def create(self, name: str) -> RealFile:
        """Open a new, empty file, readable by its owner only."""
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        return RealFile(os.open(self._directory / name, flags, 0o600))

    def open(self, name: str) -> RealFile:
        """Open an existing file for writing."""
        return RealFile(os.open(self._directory / name, os.O_RDWR | os.O_CLOEXEC))

    def rename(self, old: str, new: str) -> None:
        """Rename, replacing ``new``."""
        (self._directory / old).replace(self._directory / new)

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        (self._directory / name).unlink(missing_ok=True)

    def sync_directory(self) -> None:
        """Flush the directory itself."""
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


TEMPORARY_SUFFIX = ".new"


def write_temporary(disk: Disk, name: str, data: bytes) -> None:
    """Write and sync ``data`` under the temporary name of ``name``; ``publish`` is to follow.

    Raises:
        OSError: as the disk says; nothing is left if the disk allows to remove it.
    """
    temporary = name + TEMPORARY_SUFFIX
    try:
        file = disk.create(temporary)
        try:
            file.write(0, data)
            file.sync()
        finally:
            file.close()
    except OSError:
        disk.remove(temporary)
        raise


def publish(disk: Disk, name: str) -> None:
    """Give a synced temporary file its name, durably: after a crash there is all of it or none."""
    disk.rename(name + TEMPORARY_SUFFIX, name)
    disk.sync_directory()
