"""Join tokens: the right to ask for a certificate once, and whom to ask.

A token carries the authority's fingerprint, so that the first contact is verified like every later
one. The secret is random and only its SHA-256 is recorded: 256 random bits need no slow hash.

``wrt_`` id ``.`` secret ``.`` fingerprint ``.`` check, the bytes in lower-case base32 without padding;
the check tells a typo or a cut from a token that was refused.
"""

import hashlib
import hmac
from base64 import b32decode, b32encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zlib import crc32

from warren.model.errors import Denied, InvalidInput, Problem
from warren.model.hidden import Secret
from warren.model.token import JoinToken

PREFIX = "wrt_"
LIFETIME = timedelta(hours=1)
_ID_BYTES = 10
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What a joiner holds.

    Attributes:
        id: of the record.
        secret: proves the right.
        fingerprint: SHA-256 of the authority's certificate.
    """

    id: str
    secret: Secret
    fingerprint: bytes


def new_token_secret(random_bytes: Callable[[int], bytes]) -> tuple[str, Secret]:
    """The id and the secret of a new token."""
    return _text(random_bytes(_ID_BYTES)), Secret(random_bytes(_SECRET_BYTES))


def digest_of(secret: Secret) -> str:
    """What is recorded of a secret."""
    return hashlib.sha256(secret.reveal()).hexdigest()


def write_token(token_id: str, secret: Secret, fingerprint: bytes) -> Secret:
    """The text that is given to the joiner."""
    body = f"{PREFIX}{token_id}.{_text(secret.reveal())}.{_text(fingerprint)}"
    return Secret(f"{body}.{_check(body)}")


def read_token(token: Secret) -> Presented:
    """Read a token's text.

    Raises:
        InvalidInput: it is none, or was copied incompletely; its text is not in the message.
    """
    try:
        body, check = token.reveal().decode().strip().rsplit(".", 1)
        token_id, secret, fingerprint = body.removeprefix(PREFIX).split(".")
        presented = Presented(
            id=token_id, secret=Secret(_bytes(secret)), fingerprint=_bytes(fingerprint)
        )
        is_whole = body.startswith(PREFIX) and check == _check(body)
    except ValueError:
        is_whole = False
    if not is_whole:
        rule = "is no join token, or not all of one"
        raise InvalidInput([Problem(field="token", value="", rule=rule)])
    return presented


def check_token(record: JoinToken | None, presented: Presented, *, now: datetime) -> JoinToken:
    """Whether the token may be used now.

    Returns:
        The record.

    Raises:
        Denied: unknown, not the right secret, used up, expired or revoked.
    """
    secret_fits = hmac.compare_digest(record.digest if record else "", digest_of(presented.secret))
    if record is None or not secret_fits:
        raise Denied("this join token is unknown", hint="have a new one made: warren token create")
    for refused, why in (
        (record.revoked, "was revoked"),
        (now >= record.expires_at, f"expired at {record.expires_at.isoformat()}"),
        (record.uses_left < 1, "was used already"),
    ):
        if refused:
            raise Denied(
                f"join token {record.id} {why}", hint="have a new one made: warren token create"
            )
    return record


def used(record: JoinToken, *, now: datetime) -> JoinToken:
    """The record after one use; to be written with compare-and-set before anything is issued."""
    return record.model_copy(
        update={
            "uses_left": record.uses_left - 1,
            "updated_at": now,
            "version": record.version + 1,
        }
    )


def _text(data: bytes) -> str:
    return b32encode(data).decode().rstrip("=").lower()


def _bytes(text: str) -> bytes:
    padded = text.upper() + "=" * (-len(text) % 8)
    data = b32decode(padded)
    if _text(data) != text:
        raise ValueError("not canonical")
    return data


def _check(body: str) -> str:
    return _text(crc32(body.encode()).to_bytes(4, "big"))
