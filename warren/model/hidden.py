"""Bytes that nobody may see by accident, and bytes that are sealed."""

from base64 import b64decode, b64encode
from typing import Annotated, Any

from pydantic import BeforeValidator, InstanceOf, PlainSerializer


class Secret:
    """Bytes that must not be seen: not in ``repr``, not in a log, not in argv.

    It cannot be formatted, compared by accident, or pickled; only ``reveal`` gives the bytes, and
    only the SSH boundary, ``pki`` and ``wire`` call it.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        self._value = value.encode() if isinstance(value, str) else value

    def reveal(self) -> bytes:
        """The bytes themselves."""
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, _spec: str) -> str:
        return "***"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a Secret is never pickled")


def _hide(value: Any) -> Any:
    return Secret(value) if isinstance(value, str | bytes) else value


def _read_sealed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return b64decode(value, validate=True)
    except ValueError:
        raise ValueError("must be base64") from None


def _write_sealed(value: bytes) -> str:
    return b64encode(value).decode()


Hidden = Annotated[InstanceOf[Secret], BeforeValidator(_hide)]
"""A field that is given in the clear. It refuses to be written out: only what is sealed is recorded."""
Sealed = Annotated[
    bytes, BeforeValidator(_read_sealed), PlainSerializer(_write_sealed, when_used="json")
]
"""A sealed value, as ``pki.sealing`` makes it; base64 in documents."""
