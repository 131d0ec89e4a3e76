"""What an entry did, as bytes: the answer of the replicated log, the same however often it is asked."""

from dataclasses import dataclass

import msgspec

from warren.model.errors import AlreadyExists, Conflict, PermanentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an entry did.

    Attributes:
        index: of the entry that did it.
        refusal: why it was refused as a whole; nothing was changed then.
    """

    index: int
    refusal: Conflict | AlreadyExists | None = None


class _Refusal(msgspec.Struct, frozen=True, array_like=True):
    code: str
    message: str
    hint: str


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    index: int
    refusal: _Refusal | None = None


_REFUSALS: dict[str, type[Conflict] | type[AlreadyExists]] = {
    each.code: each for each in (Conflict, AlreadyExists)
}
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Answer).decode


def encode_outcome(index: int, refusal: Conflict | AlreadyExists | None) -> bytes:
    """The bytes of an outcome."""
    if refusal is None:
        return _encode(_Answer(index))
    return _encode(_Answer(index, _Refusal(refusal.code, refusal.message, refusal.hint)))


def decode_outcome(answer: bytes) -> Outcome:
    """Read the bytes of an outcome.

    Raises:
        PermanentError: a newer Warren answered.
    """
    try:
        decoded = _decode(answer)
        refusal = decoded.refusal
        if refusal is None:
            return Outcome(index=decoded.index)
        kind = _REFUSALS[refusal.code]
        return Outcome(index=decoded.index, refusal=kind(refusal.message, hint=refusal.hint))
    except (msgspec.DecodeError, KeyError) as error:
        raise PermanentError(
            f"the outcome of an entry cannot be read: {error}",
            hint="the leading manager runs a newer Warren: use that version or a later one",
        ) from error
