"""The bytes of a journal, as format 1 had it: a header, then records, each of which carries one batch of entries.

A batch is what one fsync made durable, and the next batch is written only after that. So a record
that can be read proves that all before it had reached the disk, and the last record alone may be
half there after a crash: it was never acknowledged, and is cut. Damage *before* a readable record
is damage to something acknowledged, and is never repaired silently.

Every number is little-endian. A record's checksum covers its header, its payload and the checksum
of the record before it (or of the file's header), so that records cannot be lost, repeated, swapped or brought in from
another file without notice.
"""

import struct
import zlib
from dataclasses import dataclass

import msgspec

from warren.model.errors import CorruptState, PermanentError

JOURNAL_MAGIC = b"WARRENJ\n"
JOURNAL_FORMAT = 1
RECORD_MAGIC = b"wRec"

_HEADER = struct.Struct("<8sHQI32s")  # magic, format, first index, checksum before it, cluster id
_CHECKSUM = struct.Struct("<I")
_RECORD = struct.Struct("<4sIIQI")  # magic, payload bytes, checksum before, first index, entries
HEADER_BYTES = _HEADER.size + _CHECKSUM.size
RECORD_BYTES = _RECORD.size + _CHECKSUM.size

_decode = msgspec.msgpack.Decoder(list[bytes]).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a journal file begins with.

    Attributes:
        cluster: digest of the cluster's id.
        first_index: of the first entry that the file holds or will hold.
        previous: checksum of the last record of the file before it; 0 in the first.
    """

    cluster: bytes
    first_index: int
    previous: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One batch as read.

    Attributes:
        first_index: of its first entry.
        entries: in the order of their indexes.
        checksum: of this record.
        end: offset behind it.
    """

    first_index: int
    entries: tuple[bytes, ...]
    checksum: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A journal file as read.

    Attributes:
        header: of the file.
        records: all that are whole.
        end: offset behind the last whole record; what follows is a torn batch.
        checksum: of the last record, or of the header if there is none.
        torn_bytes: length of what follows ``end``.
    """

    header: Header
    records: tuple[Record, ...]
    end: int
    checksum: int
    torn_bytes: int


def header_checksum(header: Header) -> int:
    """What the first record of the file is chained to."""
    packed = _HEADER.pack(
        JOURNAL_MAGIC, JOURNAL_FORMAT, header.first_index, header.previous, header.cluster
    )
    return zlib.crc32(packed)


def read_journal(name: str, data: bytes) -> Contents:
    """Read a journal file.

    Args:
        name: of the file, for messages.
        data: all of it.

    Raises:
        PermanentError: a newer Warren wrote it.
        CorruptState: something is damaged that had been acknowledged; says where.
    """
    header = _read_header(name, data)
    checksum, offset, index = header_checksum(header), HEADER_BYTES, header.first_index
    records: list[Record] = []
    while offset < len(data):
        record = _read_record(data, offset)
        if record is None or _previous(data, offset) != checksum or record.first_index != index:
            if _has_record_after(data, offset):
                raise corrupt(name, offset, len(records) + 1, f"entry {index} onwards is damaged")
            break
        records.append(record)
        checksum, offset = record.checksum, record.end
        index += len(record.entries)
    return Contents(
        header=header,
        records=tuple(records),
        end=offset,
        checksum=checksum,
        torn_bytes=len(data) - offset,
    )


def corrupt(name: str, offset: int, record: int, what: str) -> CorruptState:
    """The error for damage that must not be repaired silently."""
    return CorruptState(
        f"journal {name}: record {record} at offset {offset}: {what}",
        hint="the disk or somebody changed it: restore the state directory from a copy, or move it "
        "away and begin anew; containers keep running and are found again by their labels",
    )


def _read_header(name: str, data: bytes) -> Header:
    if len(data) < HEADER_BYTES:
        raise corrupt(name, 0, 0, "the file is shorter than its header")
    magic, version, first_index, previous, cluster = _HEADER.unpack_from(data)
    if magic != JOURNAL_MAGIC or _CHECKSUM.unpack_from(data, _HEADER.size)[0] != zlib.crc32(
        memoryview(data)[: _HEADER.size]
    ):
        raise corrupt(name, 0, 0, "the header is damaged")
    if version != JOURNAL_FORMAT:
        raise PermanentError(
            f"journal {name} has format {version}; this Warren knows {JOURNAL_FORMAT}",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    return Header(cluster=cluster, first_index=first_index, previous=previous)


def _read_record(data: bytes, offset: int) -> Record | None:
    """The record at ``offset`` if its own checksum holds; its place in the chain is not looked at."""
    if offset + RECORD_BYTES > len(data):
        return None
    magic, length, _before, first_index, count = _RECORD.unpack_from(data, offset)
    start = offset + RECORD_BYTES
    if magic != RECORD_MAGIC or start + length > len(data):
        return None
    view = memoryview(data)
    (stored,) = _CHECKSUM.unpack_from(data, offset + _RECORD.size)
    checksum = zlib.crc32(
        view[start : start + length], zlib.crc32(view[offset : offset + _RECORD.size])
    )
    if checksum != stored:
        return None
    try:
        entries = tuple(_decode(view[start : start + length]))
    except msgspec.DecodeError:
        return None
    if len(entries) != count or not entries:
        return None
    return Record(first_index=first_index, entries=entries, checksum=checksum, end=start + length)


def _previous(data: bytes, offset: int) -> int:
    previous: int = _RECORD.unpack_from(data, offset)[2]
    return previous


def _has_record_after(data: bytes, offset: int) -> bool:
    """Whether a record that can be read begins behind ``offset`` (or there, out of its chain)."""
    found = data.find(RECORD_MAGIC, offset)
    while found >= 0:
        if _read_record(data, found) is not None:
            return True
        found = data.find(RECORD_MAGIC, found + 1)
    return False
