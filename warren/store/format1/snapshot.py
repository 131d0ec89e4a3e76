"""The snapshots of format 1: chunks with a checksum each, a digest of all at the end."""

import hashlib
import struct
import zlib
from collections.abc import Iterator

import msgspec

from warren.model.errors import CorruptState, PermanentError
from warren.store.state import State, add_fingerprints, row_fingerprint
from warren.store.storage import Document, Rows

SNAPSHOT_MAGIC = b"WARRENS\n"
SNAPSHOT_FORMAT = 1
PREFIX = "snapshot-"

_HEAD = struct.Struct("<8sH")
_CHUNK = struct.Struct("<II")  # payload bytes, checksum; a length of 0 announces the digest
_DIGEST_BYTES = 32


class Meta(msgspec.Struct, frozen=True):
    """What a snapshot begins with; ``fingerprint`` in hexadecimal."""

    cluster_id: str
    index: int
    sequence: int
    fingerprint: str
    documents: int


class Slice(msgspec.Struct, frozen=True, array_like=True):
    """Some documents of one table, in their order."""

    table: str
    documents: list[tuple[int, Document]]


_decode_meta = msgspec.msgpack.Decoder(Meta).decode
_decode_slice = msgspec.msgpack.Decoder(Slice).decode


def snapshot_name(index: int) -> str:
    """The name of the file that holds the state at that index."""
    return f"{PREFIX}{index:020}"


def decode_snapshot(name: str, data: bytes) -> tuple[Meta, State]:
    """Check a snapshot and make the state it holds.

    Args:
        name: of the file or of where it came from, for messages.
        data: all of it.

    Raises:
        PermanentError: a newer Warren wrote it.
        CorruptState: any part of it is damaged or missing; says where.
    """
    if len(data) < _HEAD.size or data[: len(SNAPSHOT_MAGIC)] != SNAPSHOT_MAGIC:
        raise _corrupt(name, 0, 0, "this is no snapshot")
    _magic, version = _HEAD.unpack_from(data)
    if version != SNAPSHOT_FORMAT:
        raise PermanentError(
            f"snapshot {name} has format {version}; this Warren knows {SNAPSHOT_FORMAT}",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    payloads = _payloads(name, data)
    try:
        meta = _decode_meta(next(payloads))
        rows: dict[str, Rows] = {}
        for payload in payloads:
            part = _decode_slice(payload)
            table = rows.setdefault(part.table, {})
            table.update((str(doc_id), document) for doc_id, document in part.documents)
    except (msgspec.DecodeError, StopIteration) as error:
        raise _corrupt(name, 0, 0, f"its contents cannot be decoded: {error}") from error
    return meta, _check(name, meta, rows)


def _check(name: str, meta: Meta, rows: dict[str, Rows]) -> State:
    state = State()
    unknown = sorted(set(rows) - set(state.tables))
    if unknown:
        raise PermanentError(
            f"snapshot {name} holds table {unknown[0]!r}, which this Warren does not know",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    fingerprint = add_fingerprints(
        row_fingerprint(table, int(doc_id), document)
        for table, documents in rows.items()
        for doc_id, document in documents.items()
    )
    if f"{fingerprint:032x}" != meta.fingerprint:
        raise _corrupt(name, 0, 0, "its documents are not those that it was taken of")
    state.load(rows)
    state.index, state.sequence, state.fingerprint = meta.index, meta.sequence, fingerprint
    return state


def _payloads(name: str, data: bytes) -> Iterator[memoryview]:
    view, offset, number = memoryview(data), _HEAD.size, 0
    while True:
        if offset + _CHUNK.size > len(data):
            raise _corrupt(name, offset, number, "the file ends too early")
        length, checksum = _CHUNK.unpack_from(data, offset)
        start = offset + _CHUNK.size
        if length == 0:
            break
        if start + length > len(data):
            raise _corrupt(name, offset, number, "the file ends too early")
        payload = view[start : start + length]
        if zlib.crc32(payload) != checksum:
            raise _corrupt(name, offset, number, "its checksum does not match")
        yield payload
        offset, number = start + length, number + 1
    digest = hashlib.blake2b(view[:start], digest_size=_DIGEST_BYTES).digest()
    if data[start:] != digest:
        raise _corrupt(name, offset, number, "the digest of the whole does not match")


def _corrupt(name: str, offset: int, chunk: int, what: str) -> CorruptState:
    return CorruptState(
        f"snapshot {name}: chunk {chunk} at offset {offset}: {what}",
        hint="the disk or somebody changed it: restore the state directory from a copy, or move it "
        "away and begin anew; containers keep running and are found again by their labels",
    )
