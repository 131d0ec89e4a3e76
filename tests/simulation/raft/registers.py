"""A state machine of named registers, small enough to be checked by other means.

Commands and queries are msgpack: ``(key, request)`` with the requests of
``warren.testing.linearizability.register``. Every command also adds itself to a digest over all that was
ever applied, so that two machines are equal only if the same commands were applied in the same order.
"""

from collections.abc import Callable, Hashable, Iterator
from hashlib import blake2b

import msgspec

from warren.testing.linearizability import register

Request = tuple[Hashable, ...]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode
_PIECE_KEYS = 2


def encode_request(key: str, request: Request) -> bytes:
    """A command or a query."""
    return _encode((key, request))


def decode_answer(data: bytes) -> Hashable:
    """What ``apply`` or ``query`` answered."""
    return _hashable(_decode(data))


class Registers:
    """The machine.

    Args:
        watch: told of every command and its index before it is carried out.

    Attributes:
        values: by key.
    """

    def __init__(self, watch: Callable[[int, bytes], None] = lambda _index, _data: None) -> None:
        self.values: dict[str, Hashable] = {}
        self._digest = bytes(16)
        self._watch = watch

    def apply(self, index: int, data: bytes) -> bytes:
        """Carry out a command."""
        self._watch(index, data)
        self._digest = blake2b(b"%d" % index + data + self._digest, digest_size=16).digest()
        key, request = _decode(data)
        self.values[key], answer = register(self.values.get(key), _tuple(request))
        return _encode(answer)

    def query(self, data: bytes) -> bytes:
        """Read without changing anything."""
        key, request = _decode(data)
        return _encode(register(self.values.get(key), _tuple(request))[1])

    def fingerprint(self) -> bytes:
        """The digest over all commands, and over what they led to."""
        values = _encode(sorted(self.values.items(), key=lambda item: item[0]))
        return blake2b(values + self._digest, digest_size=16).digest()

    def freeze(self) -> Iterator[bytes]:
        """The state as it is now, in pieces."""
        digest, items = self._digest, sorted(self.values.items(), key=lambda item: item[0])

        def pieces() -> Iterator[bytes]:
            yield digest
            for start in range(0, len(items), _PIECE_KEYS):
                yield _encode(items[start : start + _PIECE_KEYS])

        return pieces()

    def restore(self) -> "Restoring":
        """Begin to take over a state."""
        return Restoring(self)


class Restoring:
    """A state that arrives in pieces and replaces the machine's when all are there."""

    def __init__(self, machine: Registers) -> None:
        self._machine = machine
        self._pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Take the next piece."""
        self._pieces.append(piece)

    def finish(self) -> None:
        """Swap it in."""
        digest, *rest = self._pieces
        values = {key: _hashable(value) for piece in rest for key, value in _decode(piece)}
        self._machine.values, self._machine._digest = values, digest


def _tuple(request: list[object]) -> Request:
    return tuple(_hashable(part) for part in request)


def _hashable(value: object) -> Hashable:
    if isinstance(value, list):
        return tuple(_hashable(part) for part in value)
    assert isinstance(value, Hashable)
    return value
