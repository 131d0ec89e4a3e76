"""Entries: what a transaction proposes, as bytes that mean the same on every machine, for years.

The first byte is the version of the format; the rest is msgpack. An entry of an unknown version is
refused: guessing at it could make two managers disagree.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from warren.model.errors import CorruptState, InvalidInput, PermanentError, Problem

ENTRY_FORMAT = 1
ENTRY_BYTES_MAX = (3 << 19) - 256
"""The log takes 1.5 MiB, with what it puts around an entry: a longer one would delay heartbeats."""


class Put(msgspec.Struct, frozen=True, array_like=True, tag="put"):
    """Record a document in place of the one that has exactly version ``expected`` (0: of none)."""

    table: str
    expected: int
    document: dict[str, Any]


class Delete(msgspec.Struct, frozen=True, array_like=True, tag="delete"):
    """Remove the document ``id`` that has exactly ``version``."""

    table: str
    id: str
    version: int


Operation = Put | Delete

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Operation])


def encode_entry(operations: Sequence[Operation]) -> bytes:
    """Make the bytes of an entry.

    Raises:
        InvalidInput: a number does not fit 64 bits, or the entry is larger than ``ENTRY_BYTES_MAX``.
    """
    try:
        entry = bytes([ENTRY_FORMAT]) + _encoder.encode(operations)
    except OverflowError as error:
        rule = "holds a whole number that does not fit 64 bits"
        raise InvalidInput([Problem(field="", value="", rule=rule)]) from error
    if len(entry) > ENTRY_BYTES_MAX:
        rule = f"is {len(entry)} bytes; one transaction may write {ENTRY_BYTES_MAX}"
        raise InvalidInput([Problem(field="", value="", rule=rule)])
    return entry


def decode_entry(entry: bytes) -> list[Operation]:
    """Read an entry.

    Raises:
        PermanentError: a newer Warren wrote it.
        CorruptState: it is no entry.
    """
    if not entry:
        raise CorruptState("an entry of the log is empty")
    if entry[0] != ENTRY_FORMAT:
        raise PermanentError(
            f"an entry of the log has format {entry[0]}; this Warren knows {ENTRY_FORMAT}",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    try:
        return _decoder.decode(memoryview(entry)[1:])
    except msgspec.DecodeError as error:
        raise CorruptState(f"an entry of the log cannot be decoded: {error}") from error
