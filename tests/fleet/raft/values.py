"""What members may replicate: values by key and the store's state for measuring, registers for histories."""

from collections.abc import Iterator
from hashlib import blake2b

import msgspec
from crc32c import crc32c

from tests.simulation.raft.registers import Registers
from warren.daemon.consensus import Machine
from warren.raft.errors import Damaged
from warren.raft.machine import StateMachine
from warren.store.machine import StoreMachine
from warren.store.state import State

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


class Stored(Machine):
    """The store, as managers replicate it, with a query of its own: for an instance it is its id."""

    def __init__(self) -> None:
        self._machine = StoreMachine(State(), _CLUSTER)
        super().__init__(self._machine)

    def query(self, data: bytes) -> bytes:
        table = self._machine.state.tables["instances"]
        doc_id = table.id("id", data.decode())
        return b"" if doc_id is None else _encode(table.get(doc_id=doc_id))


MACHINES: dict[str, type[StateMachine]] = {
    "values": Values,
    "store": Stored,
    "registers": Registers,
}
