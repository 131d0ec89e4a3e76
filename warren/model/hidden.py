"""Bytes that nobody may see by accident."""


class Secret:
    """Bytes that must not be seen: not in ``repr``, not in a log, not in argv.

    It cannot be formatted, compared by accident, or pickled; only ``reveal`` gives the bytes, and
    only the SSH boundary and ``pki`` call it.
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
