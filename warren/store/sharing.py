"""Equal parts of documents, kept once.

Most of what a service says is what all services say: documents that are read from the log one by one
would hold thousands of copies of the same defaults. Documents are never changed in place, so equal
parts may well be the same object. What was seen lately is remembered, up to a limit.
"""

from typing import Any

import msgspec

_TEXT_MAX = 64
"""Longer texts are seldom equal."""
_GENERATION_BYTES = 1 << 20
_SLOT_BYTES = 100

_encode = msgspec.msgpack.Encoder().encode


class Sharing:
    """A memory of parts in two generations: what was not met again while one filled up is forgotten."""

    def __init__(self) -> None:
        self._young: dict[str | bytes, Any] = {}
        self._old: dict[str | bytes, Any] = {}
        self._size_bytes = 0

    def share(self, document: dict[str, Any]) -> dict[str, Any]:
        """Replace, in a document that nobody else holds yet, parts by equal ones met before.

        Texts at its top are left alone: most are its own, and to look for each would cost more.
        """
        for name, value in document.items():
            kind = type(value)
            if (kind is dict or kind is list) and value:
                document[name] = self._part(value)
        return document

    def _part(self, part: Any) -> Any:
        for place, value in part.items() if type(part) is dict else enumerate(part):
            kind = type(value)
            if kind is str:
                if len(value) <= _TEXT_MAX:
                    part[place] = self._known(value, value)
            elif (kind is dict or kind is list) and value:
                part[place] = self._part(value)
        # As bytes, 1, 1.0 and True differ, and so do two orders of the same fields.
        return self._known(_encode(part), part)

    def _known(self, key: str | bytes, part: Any) -> Any:
        known = self._young.get(key)
        if known is not None:
            return known
        known = self._old.get(key, part)
        self._size_bytes += len(key) + _SLOT_BYTES
        if self._size_bytes > _GENERATION_BYTES:
            self._old, self._young = self._young, {}
            self._size_bytes = 0
        self._young[key] = known
        return known
