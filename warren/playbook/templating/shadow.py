"""Password hashes of ``/etc/shadow``: the SHA-256 and SHA-512 schemes of crypt(3).

Python's own ``crypt`` is gone from newer versions and missing on some machines; the scheme is a
published recipe (Drepper, "Unix crypt using SHA-256 and SHA-512") over ``hashlib``.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any

from warren.model.errors import PermanentError

_alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_salt_characters_max = 16
_rounds_default = 5000
_rounds_min, _rounds_max = 1000, 999_999_999
_schemes: dict[str, tuple[str, Callable[..., Any], int]] = {
    "sha256": ("5", hashlib.sha256, 10),
    "sha256_crypt": ("5", hashlib.sha256, 10),
    "sha512": ("6", hashlib.sha512, 21),
    "sha512_crypt": ("6", hashlib.sha512, 21),
}


def encrypt(
    password: str, *, scheme: str = "sha512", salt: str | None = None, rounds: int | None = None
) -> str:
    """Hash a password.

    Args:
        password: at least one character makes sense; none is refused.
        scheme: ``sha512`` or ``sha256``.
        salt: up to 16 characters of ``./0-9A-Za-z``; a random one by default.
        rounds: work factor; written into the result when given.

    Raises:
        PermanentError: the scheme is unknown, or the salt or rounds break a rule.
    """
    if scheme not in _schemes:
        raise PermanentError(f"password hash {scheme!r} is not known; use sha512 or sha256")
    mark, function, turns = _schemes[scheme]
    salt = new_salt() if salt is None else salt
    if not re.fullmatch(rf"[./0-9A-Za-z]{{1,{_salt_characters_max}}}", salt):
        raise PermanentError("a salt is 1 to 16 characters of ./0-9A-Za-z")
    if rounds is not None and not _rounds_min <= rounds <= _rounds_max:
        raise PermanentError(f"rounds must be between {_rounds_min} and {_rounds_max}")
    digest = _digest(function, password.encode(), salt.encode(), rounds or _rounds_default)
    prefix = f"rounds={rounds}$" if rounds is not None else ""
    return f"${mark}${prefix}{salt}${_written(digest, turns)}"


def new_salt() -> str:
    """A random salt of full length."""
    return "".join(secrets.choice(_alphabet) for _ in range(_salt_characters_max))


def _digest(function: Callable[..., Any], key: bytes, salt: bytes, rounds: int) -> bytes:
    size = function().digest_size
    alternate = function(key + salt + key).digest()
    text = key + salt + _stretched(alternate, len(key))
    bits = len(key)
    while bits:
        text += alternate if bits & 1 else key
        bits >>= 1
    current = function(text).digest()
    keys = _stretched(function(key * len(key)).digest(), len(key))
    salts = _stretched(function(salt * (16 + current[0])).digest(), len(salt))
    for turn in range(rounds):
        mixed = keys if turn & 1 else current
        mixed += salts if turn % 3 else b""
        mixed += keys if turn % 7 else b""
        mixed += current if turn & 1 else keys
        current = function(mixed).digest()
    assert len(current) == size
    return bytes(current)


def _stretched(block: bytes, size: int) -> bytes:
    return (block * (size // len(block) + 1))[:size]


def _written(digest: bytes, turns: int) -> str:
    """The digest in the order and alphabet of crypt(3)."""
    long = len(digest) == hashlib.sha512().digest_size
    a, b, c = (0, 21, 42) if long else (0, 10, 20)
    groups: list[tuple[int, ...]] = []
    for _ in range(turns):
        groups.append((a, b, c))
        a, b, c = (b + 1, c + 1, a + 1) if long else (c + 1, a + 1, b + 1)
    last = (63,) if long else (31, 30)
    text = "".join(_letters(tuple(digest[index] for index in group), 4) for group in groups)
    return text + _letters(tuple(digest[index] for index in last), 2 if long else 3)


def _letters(values: tuple[int, ...], count: int) -> str:
    number = int.from_bytes(bytes(values), "big")
    return "".join(_alphabet[(number >> 6 * index) & 63] for index in range(count))
