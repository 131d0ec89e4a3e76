"""What is said at a manager's reception: one question and one answer per connection.

A frame is four bytes of length and msgpack. Over TLS the manager speaks first and shows its authority,
so that a newcomer who knows nothing but a token's fingerprint can verify everything that follows.
"""

import asyncio
from collections.abc import Callable

import msgspec

from warren.daemon.manager.seat import Addresses
from warren.model.errors import PermanentError, TransientError, WarrenError
from warren.wire.failures import decode_failure, encode_failure
from warren.wire.v1.failure_pb2 import Failure

FRAME_BYTES_MAX = 1 << 20
_LENGTH_BYTES = 4


class Greeting(msgspec.Struct, frozen=True, tag="greeting"):
    """Whom the manager's certificate is from.

    Attributes:
        authority_pem: the authority's certificate, which is no secret.
    """

    authority_pem: bytes


class Join(msgspec.Struct, frozen=True, kw_only=True, tag="join"):
    """Asks to become a manager.

    Attributes:
        token: a whole join token.
        name: for the manager; unique.
        addresses: where it will be found.
        request_pem: certificate request; nothing is taken from it but its key.
    """

    token: bytes
    name: str
    addresses: Addresses
    request_pem: bytes


class ShowManagers(msgspec.Struct, frozen=True, tag="managers"):
    """Asks who the managers are and how they do."""


class Remove(msgspec.Struct, frozen=True, tag="remove"):
    """Asks to take a manager out for ever.

    Attributes:
        manager: its name or number.
    """

    manager: str


class Transfer(msgspec.Struct, frozen=True, tag="transfer"):
    """Asks for another leader.

    Attributes:
        manager: its name or number; empty for the one that has the most.
    """

    manager: str = ""


class MakeToken(msgspec.Struct, frozen=True, tag="token"):
    """Asks for a token with which one more manager can join."""


class Certify(msgspec.Struct, frozen=True, kw_only=True, tag="certify"):
    """Asks for the certificate of a person or a program; heard from the manager's owner only.

    Attributes:
        role: ``admin``, ``operator``, ``viewer`` or ``tool``.
        name: whom it is for.
        tenant: the only tenant it may touch; empty for all.
        request_pem: certificate request; nothing is taken from it but its key.
    """

    role: str
    name: str
    tenant: str = ""
    request_pem: bytes


Question = Join | ShowManagers | Remove | Transfer | MakeToken | Certify


class Joined(msgspec.Struct, frozen=True, kw_only=True, tag="joined"):
    """What a new manager needs.

    Attributes:
        cluster_id: of the cluster.
        member: its number in the consensus.
        certificate_pem: its certificate.
        authority_pem: whom to trust.
        unlock_key: opens what is sealed in the record.
        peers: where the others are, by number.
    """

    cluster_id: str
    member: int
    certificate_pem: bytes
    authority_pem: bytes
    unlock_key: bytes
    peers: dict[int, str]

    def __repr__(self) -> str:
        return f"Joined(member={self.member})"


class ManagerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One manager, as the leader sees it.

    Attributes:
        member: its number.
        name: empty if it has begun to join and did not end.
        suffrage: ``voter`` or ``learner``.
        is_leader: whether it leads.
        is_reachable: whether the leader heard from it lately.
        lacks_entries: how many entries of the log it does not have yet.
        peer_address: where the others reach it.
        api_address: where its API answers.
    """

    member: int
    name: str
    suffrage: str
    is_leader: bool
    is_reachable: bool
    lacks_entries: int
    peer_address: str
    api_address: str


class Managers(msgspec.Struct, frozen=True, kw_only=True, tag="shown"):
    """All managers by number.

    Attributes:
        cluster_id: of the cluster.
        term: in which the leader leads.
    """

    cluster_id: str
    term: int
    managers: list[ManagerRow]


class Done(msgspec.Struct, frozen=True, tag="done"):
    """It is done.

    Attributes:
        message: what, in one sentence.
    """

    message: str


class MadeToken(msgspec.Struct, frozen=True, tag="made"):
    """A token.

    Attributes:
        token: its text.
        address: where to show it.
    """

    token: bytes
    address: str

    def __repr__(self) -> str:
        return "MadeToken(***)"


class Certified(msgspec.Struct, frozen=True, kw_only=True, tag="certified"):
    """A certificate, and whom to trust; both PEM.

    Attributes:
        api_address: where the API answers.
    """

    certificate_pem: bytes
    authority_pem: bytes
    api_address: str


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """It was refused or could not be done.

    Attributes:
        failure: ``warren.v1.Failure``.
    """

    failure: bytes


Answer = Joined | Managers | Done | MadeToken | Certified | Failed

_encode = msgspec.msgpack.Encoder().encode
_decode_question: Callable[[bytes], Question] = msgspec.msgpack.Decoder(Question).decode
_decode_answer: Callable[[bytes], Answer] = msgspec.msgpack.Decoder(Answer).decode
_decode_greeting = msgspec.msgpack.Decoder(Greeting).decode


def failed(error: WarrenError) -> Failed:
    """An error as an answer."""
    return Failed(encode_failure(error).SerializeToString())


def error_of(answer: Failed) -> WarrenError:
    """The error again."""
    return decode_failure(Failure.FromString(answer.failure))


def send(writer: asyncio.StreamWriter, word: Greeting | Question | Answer) -> None:
    """Send a frame; ``drain`` is to follow."""
    payload = _encode(word)
    assert len(payload) <= FRAME_BYTES_MAX, f"{type(word).__name__} of {len(payload)} bytes"
    writer.write(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload)


async def hear_question(reader: asyncio.StreamReader) -> Question:
    """Receive a question; raises as ``hear_answer``."""
    try:
        return _decode_question(await _receive(reader))
    except msgspec.DecodeError as error:
        raise _not_understood(error) from error


async def hear_answer(reader: asyncio.StreamReader) -> Answer:
    """Receive an answer.

    Raises:
        TransientError: the other side closed the connection.
        PermanentError: what it says cannot be understood.
    """
    try:
        return _decode_answer(await _receive(reader))
    except msgspec.DecodeError as error:
        raise _not_understood(error) from error


async def hear_greeting(reader: asyncio.StreamReader) -> Greeting:
    """Receive the manager's first word; raises as ``hear_answer``."""
    try:
        return _decode_greeting(await _receive(reader))
    except msgspec.DecodeError as error:
        raise _not_understood(error) from error


async def _receive(reader: asyncio.StreamReader) -> bytes:
    try:
        length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
        if length > FRAME_BYTES_MAX:
            raise PermanentError(f"the other side announces {length} bytes: it is no manager")
        return await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise TransientError(f"the other side closed the connection: {error}") from error


def _not_understood(error: msgspec.DecodeError) -> PermanentError:
    # The error names fields and types, never a value.
    return PermanentError(
        f"what the other side says cannot be understood: {error}",
        hint="is it a manager, and of about the same release of Warren?",
    )
