"""What is replicated, and how clients speak to it: small registers, or the store of the orchestrator.

To a client both are objects by key. A register is written, appended to and exchanged; a document of the store is
put in the place of the one that has a certain version.
"""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from random import Random

import msgspec

from tests.simulation.raft.registers import (
    Registers,
    Request,
    decode_answer,
    encode_request,
)
from warren.raft.machine import Restoring, StateMachine
from warren.store.entry import Put, encode_entry
from warren.store.machine import StoreMachine
from warren.store.outcome import decode_outcome
from warren.store.state import State
from warren.testing.linearizability import Step, register

Watch = Callable[[int, bytes], None]
TABLE = "services"

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A state machine and what there is to be said to it.

    Attributes:
        machine: makes one; told of every command and its index before it is carried out.
        draw: makes up a request that writes a value, by what the client saw last of that object.
        encode: a request for an object, as bytes.
        decode: the answer to a request.
        step: how one object behaves.
    """

    machine: Callable[[Watch], StateMachine]
    draw: Callable[[Random, int, Hashable], Request]
    encode: Callable[[str, Request], bytes]
    decode: Callable[[Request, bytes], Hashable]
    step: Step[Hashable]


class Stored:
    """The store as it is, with a query of its own and somebody who watches."""

    def __init__(self, watch: Watch) -> None:
        self._machine = StoreMachine(State(), "simulated")
        self._watch = watch

    def apply(self, index: int, data: bytes) -> bytes:
        """Carry out an entry."""
        self._watch(index, data)
        return self._machine.apply(index, data)

    def query(self, data: bytes) -> bytes:
        """Version and contents of a document, as whoever reads the tables finds them."""
        table = self._machine.state.tables[TABLE]
        found = table.id("id", data.decode())
        if found is None:
            return _encode(None)
        document = table.rows()[str(found)]
        return _encode((document["version"], document["contents"]))

    def fingerprint(self) -> bytes:
        """That of the store."""
        return self._machine.fingerprint()

    def freeze(self) -> Iterator[bytes]:
        """The pieces of the store."""
        return self._machine.freeze()

    def restore(self) -> Restoring:
        """Begin to take over a state."""
        return self._machine.restore()


def _draw_for_register(chance: Random, value: int, _seen: Hashable) -> Request:
    kind = chance.random()
    if kind < 0.5:
        return ("append", value)
    if kind < 0.75:
        return ("write", value)
    return ("cas", chance.choice((None, value - 1)), value)


def _draw_for_document(chance: Random, value: int, seen: Hashable) -> Request:
    version = seen[0] if isinstance(seen, tuple) else 0
    return ("put", version if chance.random() < 0.9 else version + 1, value)


def _encode_for_store(key: str, request: Request) -> bytes:
    match request:
        case ("put", int(expected), contents):
            document = {"id": key, "tenant": "t", "name": key, "state": "active"}
            more = {"version": expected + 1, "contents": contents}
            return encode_entry([Put(TABLE, expected, document | more)])
        case _:
            return key.encode()


def _decode_from_store(request: Request, answer: bytes) -> Hashable:
    if request[0] == "put":
        return decode_outcome(answer).refusal is None
    found = _decode(answer)
    return None if found is None else tuple(found)


def _document(state: Hashable, request: Request) -> tuple[Hashable, Hashable]:
    """How a document behaves: ``None``, or its version and contents."""
    match request:
        case ("put", int(expected), contents):
            fits = expected == (state[0] if isinstance(state, tuple) else 0)
            return ((expected + 1, contents), True) if fits else (state, False)
        case _:
            return state, state


REGISTERS = Dialect(
    machine=Registers,
    draw=_draw_for_register,
    encode=encode_request,
    decode=lambda _request, answer: decode_answer(answer),
    step=register,
)
STORE = Dialect(
    machine=Stored,
    draw=_draw_for_document,
    encode=_encode_for_store,
    decode=_decode_from_store,
    step=_document,
)
