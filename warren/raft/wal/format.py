"""The log's bytes: a header, then records, then zeros.

Every number is little-endian, every checksum is a CRC32C. A record is its head (with a checksum of
its own, so that the length can be trusted), its payload and an end mark. The payload's checksum also
covers that of the record before it (or of the header), the number of the file, the cluster and the
member: nothing can be lost, repeated, swapped or brought in from elsewhere without notice, and what
an earlier use left in a file is never taken for a record.

The first record of each file begins with a ``Base``, so that the files before it can be dropped.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from crc32c import crc32c

from warren.raft.core.entry import Entry, HardState, SnapshotMeta
from warren.raft.errors import Incompatible
from warren.raft.wal.failures import damaged

MAGIC = b"RAFTLOG\n"
FORMAT = 1
RECORD_MAGIC = b"rREC"
END_MARK = b"\xe7"
PREFIX = "log-"
CLUSTER_BYTES = 32

_HEADER = struct.Struct(
    "<8sHQQQI32s"
)  # magic, format, number, member, size, checksum before it, cluster
_CHECKSUM = struct.Struct("<I")
_RECORD = struct.Struct("<4sIII")  # magic, payload bytes, checksum before, payload's checksum
_LINK = struct.Struct("<II")
_IDENTITY = struct.Struct("<QQ")
HEADER_BYTES = _HEADER.size + _CHECKSUM.size
HEAD_BYTES = _RECORD.size + _CHECKSUM.size


class Append(msgspec.Struct, frozen=True, array_like=True, tag=1, gc=False):
    """What one batch of the core says; ``snapshot`` replaces all that was there."""

    entries: tuple[Entry, ...]
    hard_state: HardState | None = None
    snapshot: SnapshotMeta | None = None


class Mark(msgspec.Struct, frozen=True, array_like=True, tag=2):
    """A snapshot of one's own is durable; what is behind its index stays."""

    snapshot: SnapshotMeta


class Base(msgspec.Struct, frozen=True, array_like=True, tag=3):
    """What the files before this one came to: enough to do without them if ``snapshot`` does.

    Attributes:
        last_index: of the log.
        hard_state: the last one.
        snapshot: the last one.
    """

    last_index: int
    hard_state: HardState
    snapshot: SnapshotMeta


Step = Append | Mark | Base


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Whose log it is.

    Attributes:
        cluster: digest of the cluster's id, 32 bytes.
        member: raft id.
    """

    cluster: bytes
    member: int

    def seed(self, number: int) -> int:
        """What the checksums of the file of that number begin with."""
        assert len(self.cluster) == CLUSTER_BYTES, "a digest of 32 bytes"
        return crc32c(_IDENTITY.pack(number, self.member) + self.cluster)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A file as read, as far as its records can be.

    Attributes:
        previous: checksum of the last record of the file before, as the header has it.
        steps: of each record.
        offsets: of each record.
        end: offset behind the last one, or behind the header if there is none.
        checksum: of the same.
    """

    previous: int
    steps: tuple[tuple[Step, ...], ...]
    offsets: tuple[int, ...]
    end: int
    checksum: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Step, ...]).decode


def segment_name(number: int) -> str:
    """The name of the file of that number."""
    return f"{PREFIX}{number:020}"


def encode_steps(steps: Sequence[Step]) -> bytes:
    """The payload of a record."""
    return _encode(steps)


def record_bytes(payload: bytes) -> int:
    """The size of the record with that payload."""
    return HEAD_BYTES + len(payload) + len(END_MARK)


def encode_header(
    identity: Identity, number: int, *, size_bytes: int, previous: int
) -> tuple[bytes, int]:
    """The first bytes of a file, and their checksum, to which its first record is chained.

    Args:
        identity: whose log it is.
        number: of the file.
        size_bytes: of the file.
        previous: checksum of the last record of the file before; 0 in the first.
    """
    packed = _HEADER.pack(
        MAGIC, FORMAT, number, identity.member, size_bytes, previous, identity.cluster
    )
    checksum = crc32c(packed)
    return packed + _CHECKSUM.pack(checksum), checksum


def encode_record(payload: bytes, *, previous: int, seed: int) -> tuple[bytes, int]:
    """The bytes of a record, and its checksum.

    Args:
        payload: of ``encode_steps``.
        previous: checksum of the record before, or of the header.
        seed: of the identity and the file.
    """
    checksum = crc32c(payload, crc32c(_LINK.pack(len(payload), previous), seed))
    head = _RECORD.pack(RECORD_MAGIC, len(payload), previous, checksum)
    return b"".join((head, _CHECKSUM.pack(crc32c(head, seed)), payload, END_MARK)), checksum


def read_segment(name: str, number: int, data: bytes, identity: Identity) -> Contents | None:
    """Read a file up to where its records end or cannot be read; ``None`` if it has no header.

    Raises:
        Incompatible: another member, another cluster or a newer program wrote it.
        Damaged: a record is whole and makes no sense, or the file was renamed or cut.
    """
    header = _read_header(name, number, data, identity)
    if header is None:
        return None
    previous, checksum = header
    seed = identity.seed(number)
    steps: list[tuple[Step, ...]] = []
    offsets: list[int] = []
    end = HEADER_BYTES
    while (head := read_head(data, end, seed)) is not None and head.previous == checksum:
        payload = _payload(data, end, head, seed)
        if payload is None:
            break
        try:
            steps.append(_decode(payload))
        except msgspec.DecodeError as error:
            raise damaged(
                name, end, len(steps) + 1, f"it cannot be understood ({error})"
            ) from error
        offsets.append(end)
        end, checksum = end + head.record_bytes, head.checksum
    return Contents(
        previous=previous,
        steps=tuple(steps),
        offsets=tuple(offsets),
        end=end,
        checksum=checksum,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """What stands before a payload."""

    payload_bytes: int
    previous: int
    checksum: int

    @property
    def record_bytes(self) -> int:
        """The size of the record."""
        return HEAD_BYTES + self.payload_bytes + len(END_MARK)


def read_head(data: bytes, offset: int, seed: int) -> Head | None:
    """The head at ``offset`` if its checksum holds."""
    if offset + HEAD_BYTES > len(data):
        return None
    magic, length, previous, checksum = _RECORD.unpack_from(data, offset)
    if magic != RECORD_MAGIC:
        return None
    (stored,) = _CHECKSUM.unpack_from(data, offset + _RECORD.size)
    if crc32c(data[offset : offset + _RECORD.size], seed) != stored:
        return None
    return Head(length, previous, checksum)


def has_record_from(data: bytes, offset: int, seed: int) -> bool:
    """Whether a whole record of this file begins there or anywhere behind, whatever its chain."""
    found = data.find(RECORD_MAGIC, offset)
    while found >= 0:
        head = read_head(data, found, seed)
        if head is not None and _payload(data, found, head, seed) is not None:
            return True
        found = data.find(RECORD_MAGIC, found + 1)
    return False


def _payload(data: bytes, offset: int, head: Head, seed: int) -> memoryview | None:
    start = offset + HEAD_BYTES
    end = start + head.payload_bytes
    if data[end : end + len(END_MARK)] != END_MARK:
        return None
    payload = memoryview(data)[start:end]
    linked = crc32c(_LINK.pack(head.payload_bytes, head.previous), seed)
    return payload if crc32c(payload, linked) == head.checksum else None


def _read_header(name: str, number: int, data: bytes, identity: Identity) -> tuple[int, int] | None:
    if len(data) < HEADER_BYTES:
        return None
    magic, version, found, member, size, previous, cluster = _HEADER.unpack_from(data)
    (checksum,) = _CHECKSUM.unpack_from(data, _HEADER.size)
    if magic != MAGIC or crc32c(data[: _HEADER.size]) != checksum:
        return None
    if version != FORMAT:
        raise Incompatible(
            f"{name} has format {version}, this program knows {FORMAT}: a newer one wrote it, use that"
        )
    if cluster != identity.cluster or member != identity.member:
        whose = "another cluster" if cluster != identity.cluster else f"member {member}"
        raise Incompatible(
            f"{name} belongs to {whose}: it was copied, or this is the wrong directory"
        )
    if found != number:
        raise damaged(name, 0, 0, f"it was {segment_name(found)} when it was written")
    if size != len(data):
        raise damaged(name, 0, 0, f"the file has {len(data)} bytes and had {size}")
    return previous, checksum
