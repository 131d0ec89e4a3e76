"""What members may replicate: values by key and the store's state for measuring, registers for histories."""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec
from crc32c import crc32c

from tests.simulation.raft.registers import Registers
from warren.raft.errors import Damaged
from warren.raft.machine import StateMachine
from warren.store.snapshot import decode_snapshot, encode_snapshot, freeze
from warren.store.state import State, apply

_PIECE_ITEMS = 500
_CLUSTER = "cl_measured"

_encode = msgspec.msgpack.Encoder().encode
_decode_items = msgspec.msgpack.Decoder(list[tuple[bytes, bytes]]).decode


def put_value(key: bytes, value: bytes) -> bytes:
    """The command that records a value; the query for it is its key."""
    return bytes([len(key)]) + key + value


class Values:
    """Bytes by key."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        self._digest = 0

    def apply(self, _index: int, data: bytes) -> bytes:
        end = 1 + data[0]
        self._values[data[1:end]] = data[end:]
        self._digest = crc32c(data, self._digest)
        return b""

    def query(self, data: bytes) -> bytes:
        return self._values.get(data, b"")

    def fingerprint(self) -> bytes:
        return blake2b(b"%d %d" % (self._digest, len(self._values)), digest_size=16).digest()

    def freeze(self) -> Iterator[bytes]:
        digest, items = self._digest, list(self._values.items())

        def pieces() -> Iterator[bytes]:
            yield _encode(digest)
            for start in range(0, len(items), _PIECE_ITEMS):
                yield _encode(items[start : start + _PIECE_ITEMS])

        return pieces()

    def restore(self) -> "RestoringValues":
        return RestoringValues(self)

    def take(self, digest: int, values: dict[bytes, bytes]) -> None:
        self._digest, self._values = digest, values


class RestoringValues:
    def __init__(self, machine: Values) -> None:
        self._machine = machine
        self._digest: int | None = None
        self._values: dict[bytes, bytes] = {}

    def add(self, piece: bytes) -> None:
        if self._digest is None:
            self._digest = msgspec.msgpack.decode(piece, type=int)
        else:
            self._values.update(_decode_items(piece))

    def finish(self) -> None:
        if self._digest is None:
            raise Damaged("a snapshot of values is empty")
        self._machine.take(self._digest, self._values)


class Stored:
    """The store's tables: commands are its entries, the query for a service is its id."""

    def __init__(self) -> None:
        self.state = State()

    def apply(self, _index: int, data: bytes) -> bytes:
        applied = apply(self.state, data, self.state.index + 1)
        return b"" if applied.refusal is None else str(applied.refusal).encode()

    def query(self, data: bytes) -> bytes:
        table = self.state.tables["services"]
        doc_id = table.id("id", data.decode())
        return b"" if doc_id is None else _encode(table.get(doc_id=doc_id))

    def fingerprint(self) -> bytes:
        return self.state.fingerprint.to_bytes(16, "big")

    def freeze(self) -> Iterator[bytes]:
        return encode_snapshot(freeze(self.state, _CLUSTER))

    def restore(self) -> "RestoringStored":
        return RestoringStored(self)


class RestoringStored:
    def __init__(self, machine: Stored) -> None:
        self._machine = machine
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._pieces.append(piece)

    def finish(self) -> None:
        _meta, self._machine.state = decode_snapshot("received", b"".join(self._pieces))


MACHINES: dict[str, type[StateMachine]] = {
    "values": Values,
    "store": Stored,
    "registers": Registers,
}
