"""The bytes of a snapshot: a head, then chunks, the last of which is a digest of all before it.

A chunk is its kind, the length of its payload, a CRC32C of both and the payload. The first one says what
the snapshot stands for. A piece of the state machine that is longer than a chunk is spread over several,
so pieces come back as they were given.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from enum import IntEnum

import msgspec
from crc32c import crc32c

from warren.raft.core.entry import SnapshotMeta
from warren.raft.errors import Damaged, Incompatible

MAGIC = b"RAFTSNP\n"
FORMAT = 1
CHUNK_BYTES_MAX = 1 << 20
DIGEST_BYTES = 32

_HEAD = struct.Struct("<8sHI")  # magic, format, checksum of the two: no later format changes this
_VERSION = struct.Struct("<8sH")
HEAD_BYTES = _HEAD.size
_CHUNK = struct.Struct("<BII")  # kind, payload bytes, checksum
_COVERED = struct.Struct("<BI")
SMALLEST_BYTES = _HEAD.size + 2 * _CHUNK.size + DIGEST_BYTES

_encode_meta = msgspec.msgpack.Encoder().encode
_decode_meta = msgspec.msgpack.Decoder(SnapshotMeta).decode

Read = Callable[[int, int], bytes]
"""Offset and size to bytes, fewer only at the end."""


class ChunkKind(IntEnum):
    """What a payload is."""

    META = 1
    PIECE = 2
    """A piece, or the end of one."""
    PART = 3
    """A piece goes on in the next chunk."""
    DIGEST = 4


def encode_head(meta: SnapshotMeta) -> bytes:
    """What a snapshot begins with."""
    head = _HEAD.pack(MAGIC, FORMAT, crc32c(_VERSION.pack(MAGIC, FORMAT)))
    return head + _chunk(ChunkKind.META, _encode_meta(meta))


def encode_piece(piece: bytes) -> Iterator[bytes]:
    """The chunks of one piece."""
    last = max(0, (len(piece) - 1) // CHUNK_BYTES_MAX * CHUNK_BYTES_MAX)
    for start in range(0, last, CHUNK_BYTES_MAX):
        yield _chunk(ChunkKind.PART, piece[start : start + CHUNK_BYTES_MAX])
    yield _chunk(ChunkKind.PIECE, piece[last:])


def encode_digest(digest: bytes) -> bytes:
    """What a snapshot ends with."""
    return _chunk(ChunkKind.DIGEST, digest)


def new_digest() -> "hashlib.blake2b":
    """What all bytes before the last chunk go through."""
    return hashlib.blake2b(digest_size=DIGEST_BYTES)


def read_meta(name: str, read: Read) -> tuple[SnapshotMeta, int]:
    """What a snapshot stands for, and the offset of its first piece.

    Raises:
        Incompatible: a newer program wrote it.
        Damaged: it is altered.
    """
    head = read(0, _HEAD.size)
    if len(head) < _HEAD.size or head[: len(MAGIC)] != MAGIC:
        raise damaged(name, 0, "this is no snapshot")
    _magic, version, checksum = _HEAD.unpack(head)
    if crc32c(head[: _VERSION.size]) != checksum:
        raise damaged(name, 0, "the head is altered")
    if version != FORMAT:
        raise Incompatible(
            f"{name} has format {version}, this program knows {FORMAT}: a newer one wrote it, use that"
        )
    kind, payload, end = _read_chunk(name, read, _HEAD.size)
    if kind is not ChunkKind.META:
        raise damaged(name, _HEAD.size, "it does not say what it stands for")
    try:
        return _decode_meta(payload), end
    except msgspec.DecodeError as error:
        raise damaged(name, _HEAD.size, f"it cannot be understood ({error})") from error


def read_pieces(name: str, read: Read) -> Iterator[bytes]:
    """The pieces as they were given; the digest of the whole is checked behind the last one.

    Raises:
        Damaged: it is altered.
    """
    _meta, offset = read_meta(name, read)
    digest = new_digest()
    digest.update(read(0, offset))
    parts: list[bytes] = []
    while True:
        kind, payload, end = _read_chunk(name, read, offset)
        if kind is ChunkKind.DIGEST:
            break
        if kind is ChunkKind.META:
            raise damaged(name, offset, "it begins anew")
        digest.update(_chunk_head(kind, payload))
        digest.update(payload)
        parts.append(payload)
        if kind is ChunkKind.PIECE:
            yield parts[0] if len(parts) == 1 else b"".join(parts)
            parts.clear()
        offset = end
    if parts or payload != digest.digest() or read(end, 1):
        raise damaged(name, offset, "the digest of the whole does not match")


def damaged(name: str, offset: int, what: str) -> Damaged:
    """The error for a snapshot that cannot be trusted."""
    return Damaged(
        f"{name}: at offset {offset}: {what}; the disk or somebody changed it: if other members hold "
        "the state, remove this member's directory and join again as a fresh learner"
    )


def _chunk_head(kind: ChunkKind, payload: bytes) -> bytes:
    checksum = crc32c(payload, crc32c(_COVERED.pack(kind, len(payload))))
    return _CHUNK.pack(kind, len(payload), checksum)


def _chunk(kind: ChunkKind, payload: bytes) -> bytes:
    return _chunk_head(kind, payload) + payload


def _read_chunk(name: str, read: Read, offset: int) -> tuple[ChunkKind, bytes, int]:
    head = read(offset, _CHUNK.size)
    if len(head) < _CHUNK.size:
        raise damaged(name, offset, "the file ends too early")
    number, length, checksum = _CHUNK.unpack(head)
    if length > CHUNK_BYTES_MAX or number not in ChunkKind._value2member_map_:
        raise damaged(name, offset, "this is no chunk")
    payload = read(offset + _CHUNK.size, length)
    if len(payload) < length:
        raise damaged(name, offset, "the file ends too early")
    if crc32c(payload, crc32c(_COVERED.pack(number, length))) != checksum:
        raise damaged(name, offset, "the checksum does not match")
    return ChunkKind(number), payload, offset + _CHUNK.size + length
