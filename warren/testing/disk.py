"""A disk that forgets what was not synced.

POSIX promises little: until ``sync`` returns, any subset of the sectors written, and of the names
changed, may be on the disk after a power failure, in any order. This disk keeps to the letter of
that, so code that survives here for every choice has no hidden assumption about order.

It also fails on request: with EIO from any operation, or with ENOSPC once it holds too much.
"""

import errno
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

SECTOR_BYTES = 512

Survives = Callable[[int], bool]
"""Whether the pending change of that number (in the order of writing) reached the disk."""


@dataclass(frozen=True, slots=True)
class _SectorWrite:
    offset: int
    data: bytes

    def apply(self, content: bytearray) -> None:
        missing = self.offset - len(content)
        if missing > 0:
            content.extend(bytes(missing))
        content[self.offset : self.offset + len(self.data)] = self.data


@dataclass(frozen=True, slots=True)
class _Cut:
    size_bytes: int

    def apply(self, content: bytearray) -> None:
        del content[self.size_bytes :]


@dataclass(frozen=True, slots=True)
class _Zeros:
    offset: int
    size_bytes: int

    def apply(self, content: bytearray) -> None:
        end = self.offset + self.size_bytes
        if end > len(content):
            content.extend(bytes(end - len(content)))
        content[self.offset : end] = bytes(self.size_bytes)


@dataclass(slots=True)
class _Inode:
    """A file's content: what is safe, and what has been done to it since."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[_SectorWrite | _Zeros | _Cut] = field(default_factory=list)
    current: bytearray = field(default_factory=bytearray)


NameChange = dict[str, _Inode | None]


class SimulatedDisk:
    """A flat directory in memory.

    Attributes:
        capacity_bytes: ENOSPC is raised when the files together would grow beyond it; what fits of
            the write is written first, as a real disk does.
        fail: asked before every operation with its name (``write``, ``zero``, ``sync``,
            ``truncate``, ``create``, ``open``, ``read``, ``rename``, ``remove``,
            ``sync_directory``) and the file's; an errno that it returns is raised.
        trace: every operation so far, as ``(operation, file)``.
    """

    def __init__(self) -> None:
        self.capacity_bytes: int | None = None
        self.fail: Callable[[str, str], int | None] = _never
        self.trace: list[tuple[str, str]] = []
        self._durable: dict[str, _Inode] = {}
        self._pending: list[NameChange] = []
        self._current: dict[str, _Inode] = {}

    def names(self) -> tuple[str, ...]:
        """Names of all files, sorted."""
        return tuple(sorted(self._current))

    def read(self, name: str) -> bytes:
        """The whole file as a running program sees it."""
        self.note("read", name)
        return bytes(self._inode(name).current)

    def create(self, name: str) -> "SimulatedFile":
        """Open a new, empty file."""
        self.note("create", name)
        inode = _Inode()
        self._change({name: inode})
        return SimulatedFile(self, name, inode)

    def open(self, name: str) -> "SimulatedFile":
        """Open an existing file."""
        self.note("open", name)
        return SimulatedFile(self, name, self._inode(name))

    def rename(self, old: str, new: str) -> None:
        """Rename, replacing ``new``, as one step."""
        self.note("rename", old)
        self._change({old: None, new: self._inode(old)})

    def remove(self, name: str) -> None:
        """Remove a file if it is there."""
        self.note("remove", name)
        if name in self._current:
            self._change({name: None})

    def sync_directory(self) -> None:
        """Make all changes of names safe."""
        self.note("sync_directory", "")
        for change in self._pending:
            _change_names(self._durable, change)
        self._pending.clear()

    @property
    def used_bytes(self) -> int:
        """What all files together take up."""
        return sum(len(inode.current) for inode in self._current.values())

    @property
    def pending_changes(self) -> int:
        """How many changes a crash now could lose, each by itself."""
        return len(self._pending) + sum(len(inode.pending) for inode in self._inodes())

    def crash(self, survives: Survives) -> "SimulatedDisk":
        """The disk as it is found after power fails now; this one stays as it is.

        Args:
            survives: asked with 0, 1, … for each pending change: of names first, then of files.
        """
        after = SimulatedDisk()
        after.capacity_bytes = self.capacity_bytes
        number = 0
        names = dict(self._durable)
        for change in self._pending:
            if survives(number):
                _change_names(names, change)
            number += 1
        kept: dict[int, bytearray] = {}
        for inode in self._inodes():
            content = bytearray(inode.durable)
            for write in inode.pending:
                if survives(number):
                    write.apply(content)
                number += 1
            kept[id(inode)] = content
        for name, inode in names.items():
            content = kept[id(inode)]
            after._durable[name] = _Inode(durable=content, current=bytearray(content))
        after._current = dict(after._durable)
        return after

    def crashes(self, *, exhaustive_up_to: int = 8) -> Iterator["SimulatedDisk"]:
        """The disk after every possible crash now; beyond that many pending changes, a selection.

        The selection: nothing survives, everything, each prefix, each suffix, all but one, one only.
        """
        count = self.pending_changes
        if count <= exhaustive_up_to:
            for choice in product((False, True), repeat=count):
                yield self.crash(choice.__getitem__)
            return
        for cut in range(count + 1):
            yield self.crash(lambda number, cut=cut: number < cut)  # type: ignore[misc]
            yield self.crash(lambda number, cut=cut: number >= cut)  # type: ignore[misc]
            yield self.crash(lambda number, cut=cut: number != cut)  # type: ignore[misc]
            yield self.crash(lambda number, cut=cut: number == cut)  # type: ignore[misc]

    def damage(self, name: str, offset: int, mask: int = 0xFF) -> None:
        """Flip bits of a byte that had been safe."""
        inode = self._inode(name)
        assert not inode.pending, "damage what is synced: anything else may be lost anyway"
        inode.durable[offset] ^= mask
        inode.current[offset] ^= mask

    def note(self, operation: str, name: str) -> None:
        """Record an operation, and raise what ``fail`` says."""
        self.trace.append((operation, name))
        if (number := self.fail(operation, name)) is not None:
            raise OSError(number, os.strerror(number), name)

    def room(self, growth_bytes: int) -> int:
        """How much of a growth by that many bytes fits."""
        if self.capacity_bytes is None:
            return growth_bytes
        return max(0, min(growth_bytes, self.capacity_bytes - self.used_bytes))

    def _inode(self, name: str) -> _Inode:
        try:
            return self._current[name]
        except KeyError:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name) from None

    def _inodes(self) -> list[_Inode]:
        found = {id(inode): inode for inode in self._durable.values()}
        for change in self._pending:
            found.update((id(inode), inode) for inode in change.values() if inode is not None)
        return list(found.values())

    def _change(self, change: NameChange) -> None:
        _change_names(self._current, change)
        self._pending.append(change)


class SimulatedFile:
    """An open file of a ``SimulatedDisk``."""

    def __init__(self, disk: SimulatedDisk, name: str, inode: _Inode) -> None:
        self._disk = disk
        self._name = name
        self._inode = inode
        self._open = True

    def write(self, offset: int, data: bytes) -> None:
        """Write, sector by sector, all of it or up to where the disk is full."""
        self._use("write")
        growth = max(0, offset + len(data) - len(self._inode.current))
        fits = len(data) - growth + self._disk.room(growth)
        for start, part in _sectors(offset, data[:fits]):
            write = _SectorWrite(start, part)
            write.apply(self._inode.current)
            self._inode.pending.append(write)
        if fits < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._name)

    def zero(self, offset: int, size_bytes: int) -> None:
        """Write zeros, which a crash keeps or loses as one: files are made ready aside."""
        self._use("zero")
        growth = max(0, offset + size_bytes - len(self._inode.current))
        fits = size_bytes - growth + self._disk.room(growth)
        zeros = _Zeros(offset, fits)
        zeros.apply(self._inode.current)
        self._inode.pending.append(zeros)
        if fits < size_bytes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._name)

    def read(self, offset: int, size_bytes: int) -> bytes:
        """That part of the file as a running program sees it."""
        self._use("read")
        return bytes(self._inode.current[offset : offset + size_bytes])

    def size(self) -> int:
        """How many bytes the file has."""
        return len(self._inode.current)

    def truncate(self, size_bytes: int) -> None:
        """Cut the file."""
        self._use("truncate")
        cut = _Cut(size_bytes)
        cut.apply(self._inode.current)
        self._inode.pending.append(cut)

    def sync(self) -> None:
        """Make the content safe; if that fails, nothing that was pending is tried again.

        Programs go on to see it and a later ``sync`` succeeds, as on Linux, but it is not on the disk.
        """
        try:
            self._use("sync")
        except OSError:
            self._inode.pending.clear()
            raise
        for change in self._inode.pending:  # not a copy of the whole: files may be large
            change.apply(self._inode.durable)
        self._inode.pending.clear()

    def close(self) -> None:
        """Let go of it."""
        self._open = False

    def _use(self, operation: str) -> None:
        assert self._open, f"{operation} on the closed file {self._name}"
        self._disk.note(operation, self._name)


def _sectors(offset: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    end = offset + len(data)
    while offset < end:
        stop = min(end, (offset // SECTOR_BYTES + 1) * SECTOR_BYTES)
        yield offset, data[len(data) - (end - offset) : len(data) - (end - stop)]
        offset = stop


def _change_names(names: dict[str, _Inode], change: NameChange) -> None:
    for name, inode in change.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def _never(_operation: str, _name: str) -> int | None:
    return None
