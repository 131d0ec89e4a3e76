"""Secrets at rest: AES-256-GCM under random data keys, themselves wrapped by an unlock key.

What is sealed says under which data key, so data keys rotate while both are known; what it belongs
to is authenticated with it, so a sealed value moved to another record does not open. The data keys
are recorded only wrapped: by 32 random bytes from a key file, or by a passphrase through scrypt
(RFC 7914). Changing the unlock key wraps the same data keys anew and touches nothing sealed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from warren.model.errors import CorruptState, Denied, InvalidInput, PermanentError, Problem
from warren.model.hidden import Secret

KEY_BYTES = 32
SCRYPT_COST = 1 << 16
"""64 MiB and about 0.2 s a try: the passphrase is typed once per start of a manager."""
_NONCE_BYTES = 12
_KEY_ID_BYTES = 8
_FORMAT = 1

RandomBytes = Callable[[int], bytes]


class Wrapped(msgspec.Struct, frozen=True):
    """The data keys, as they are recorded.

    Attributes:
        format: of what follows.
        method: what opens them.
        salt: of scrypt; empty for a key file.
        cost: of scrypt; 0 for a key file.
        nonce: of the wrapping.
        ciphertext: the keys.
    """

    format: int
    method: Literal["key_file", "passphrase"]
    salt: bytes
    cost: int
    nonce: bytes
    ciphertext: bytes


class _Keys(msgspec.Struct, frozen=True):
    current: bytes
    keys: dict[bytes, bytes]


_encode = msgspec.msgpack.Encoder().encode
_decode_wrapped = msgspec.msgpack.Decoder(Wrapped).decode
_decode_keys = msgspec.msgpack.Decoder(_Keys).decode


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockKey:
    """What the operator keeps.

    Attributes:
        method: a file of 32 random bytes, or a passphrase.
        value: its bytes.
    """

    method: Literal["key_file", "passphrase"]
    value: Secret

    def __post_init__(self) -> None:
        """Refuse what protects nothing.

        Raises:
            InvalidInput: the file has another length, or the passphrase is short.
        """
        length = len(self.value.reveal())
        if self.method == "key_file" and length != KEY_BYTES:
            rule = f"holds {length} bytes; it must hold {KEY_BYTES} random ones"
            raise InvalidInput([Problem(field="key file", value="", rule=rule)])
        if self.method == "passphrase" and length < 12:  # noqa: PLR2004 - NIST SP 800-63B asks 8
            rule = "must be at least 12 bytes long"
            raise InvalidInput([Problem(field="passphrase", value="", rule=rule)])


class KeyRing:
    """The data keys in the clear, in memory only.

    Args:
        keys: by id.
        current: id of the one that seals.
    """

    def __init__(self, keys: Mapping[bytes, bytes], current: bytes) -> None:
        assert current in keys, "the current key is one of them"
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._keys = dict(keys)
        self.current = current

    def __repr__(self) -> str:
        return f"<KeyRing of {len(self._keys)}>"

    def seal(self, plaintext: Secret, *, context: str, random_bytes: RandomBytes) -> bytes:
        """Seal ``plaintext`` for the place that ``context`` names (``secret/sec_01…/3``)."""
        nonce = random_bytes(_NONCE_BYTES)
        cipher = self._ciphers[self.current]
        sealed = cipher.encrypt(nonce, plaintext.reveal(), _bound(context))
        return bytes([_FORMAT]) + self.current + nonce + sealed

    def open(self, sealed: bytes, *, context: str) -> Secret:
        """Open what was sealed for ``context``.

        Raises:
            Denied: it was sealed under a key that is not known.
            CorruptState: it was altered, or belongs elsewhere.
        """
        if not sealed or sealed[0] != _FORMAT:
            raise PermanentError(
                f"{context} is sealed in format {sealed[:1].hex() or 'none'}, not {_FORMAT}",
                hint="a newer Warren wrote it: use that version or a later one",
            )
        key_id = sealed[1 : 1 + _KEY_ID_BYTES]
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise Denied(
                f"{context} is sealed under data key {key_id.hex()}, which is not known",
                hint="unlock with the key of the cluster that sealed it",
            )
        start = 1 + _KEY_ID_BYTES
        nonce, body = sealed[start : start + _NONCE_BYTES], sealed[start + _NONCE_BYTES :]
        try:
            return Secret(cipher.decrypt(nonce, body, _bound(context)))
        except (InvalidTag, ValueError):
            raise CorruptState(
                f"{context}: what is sealed was altered, or belongs to another record",
                hint="restore it from a backup, or set it anew",
            ) from None

    def is_current(self, sealed: bytes) -> bool:
        """Whether it is sealed under the current data key."""
        return sealed[1 : 1 + _KEY_ID_BYTES] == self.current

    def rotated(self, random_bytes: RandomBytes) -> "KeyRing":
        """With a new current key beside the old ones, which are needed until all is sealed anew."""
        key_id = random_bytes(_KEY_ID_BYTES)
        return KeyRing({**self._keys, key_id: random_bytes(KEY_BYTES)}, key_id)

    def pruned(self) -> "KeyRing":
        """With the current key only: for when nothing is sealed under the others any more."""
        return KeyRing({self.current: self._keys[self.current]}, self.current)

    def wrap(self, unlock: UnlockKey, *, random_bytes: RandomBytes) -> bytes:
        """The data keys as they may be recorded."""
        is_passphrase = unlock.method == "passphrase"
        salt = random_bytes(16) if is_passphrase else b""
        cost = SCRYPT_COST if is_passphrase else 0
        nonce = random_bytes(_NONCE_BYTES)
        keys = _encode(_Keys(current=self.current, keys=self._keys))
        cipher = AESGCM(_stretch(unlock, salt, cost))
        return _encode(
            Wrapped(
                format=_FORMAT,
                method=unlock.method,
                salt=salt,
                cost=cost,
                nonce=nonce,
                ciphertext=cipher.encrypt(nonce, keys, _bound("data keys")),
            )
        )


def new_key_ring(random_bytes: RandomBytes) -> KeyRing:
    """A ring of one new key."""
    key_id = random_bytes(_KEY_ID_BYTES)
    return KeyRing({key_id: random_bytes(KEY_BYTES)}, key_id)


def unwrap(recorded: bytes, unlock: UnlockKey) -> KeyRing:
    """The data keys from what is recorded.

    Raises:
        Denied: this key or passphrase does not open them.
        CorruptState: what is recorded is damaged.
        PermanentError: a newer Warren wrote it.
    """
    try:
        wrapped = _decode_wrapped(recorded)
    except msgspec.DecodeError as error:
        raise CorruptState(f"the recorded data keys cannot be read: {error}") from error
    if wrapped.format != _FORMAT:
        raise PermanentError(
            f"the data keys are wrapped in format {wrapped.format}; this Warren knows {_FORMAT}",
            hint="a newer Warren wrote it: use that version or a later one",
        )
    if wrapped.method != unlock.method:
        asked = wrapped.method.replace("_", " ")
        raise Denied(
            f"the cluster is unlocked by a {asked}, not by a {unlock.method.replace('_', ' ')}",
            hint=f"give the {asked}",
        )
    try:
        plain = AESGCM(_stretch(unlock, wrapped.salt, wrapped.cost)).decrypt(
            wrapped.nonce, wrapped.ciphertext, _bound("data keys")
        )
    except InvalidTag:
        raise Denied(
            f"this {unlock.method.replace('_', ' ')} does not open the cluster's data keys",
            hint="give the one that was in use when they were wrapped last",
        ) from None
    keys = _decode_keys(plain)
    return KeyRing(keys.keys, keys.current)


def _stretch(unlock: UnlockKey, salt: bytes, cost: int) -> bytes:
    if unlock.method == "key_file":
        return unlock.value.reveal()
    return Scrypt(salt=salt, length=KEY_BYTES, n=cost, r=8, p=1).derive(unlock.value.reveal())


def _bound(context: str) -> bytes:
    return f"warren\0{_FORMAT}\0{context}".encode()
