"""Secondary indexes: documents found by some of their fields."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Index:
    """What a table's documents are found by.

    Attributes:
        name: what it is called when asked.
        fields: top-level fields; a missing one counts as ``None``.
        unique: no two documents may have equal values.
    """

    name: str
    fields: tuple[str, ...]
    unique: bool = False

    def key(self, document: Mapping[str, Any]) -> Hashable:
        """Where ``document`` stands in this index."""
        if len(self.fields) == 1:
            key: Hashable = document.get(self.fields[0])
            return key
        return tuple([document.get(name) for name in self.fields])

    def moves(self, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
        """Whether a document stands elsewhere after a change, or there is none before or after."""
        if before is None or after is None:
            return True
        for name in self.fields:  # noqa: SIM110 - asked of every index for every write
            if before.get(name) != after.get(name):
                return True
        return False


class Places:
    """Which documents stand at which key of one index.

    Most keys have one document, so a single id is kept bare: a dict for each would cost more memory
    than the ids of the whole table.
    """

    def __init__(self) -> None:
        self._at: dict[Hashable, int | dict[int, None]] = {}

    def add(self, key: Hashable, doc_id: int) -> None:
        """Put a document at ``key``."""
        there = self._at.get(key)
        if there is None:
            self._at[key] = doc_id
        elif isinstance(there, int):
            self._at[key] = {there: None, doc_id: None}
        else:
            there[doc_id] = None

    def discard(self, key: Hashable, doc_id: int) -> None:
        """Take a document that stands there away from ``key``."""
        there = self._at[key]
        if isinstance(there, int):
            assert there == doc_id, "the document stands where it was put"
            del self._at[key]
            return
        del there[doc_id]
        if len(there) == 1:  # bare again: a unique index has two at a key while two swap theirs
            (self._at[key],) = there

    def one(self, key: Hashable) -> int | None:
        """The document at ``key`` of a unique index."""
        there = self._at.get(key)
        assert there is None or isinstance(there, int), "unique"
        return there

    def all(self, key: Hashable) -> tuple[int, ...]:
        """The documents at ``key``, ascending."""
        there = self._at.get(key)
        if there is None:
            return ()
        if isinstance(there, int):
            return (there,)
        return tuple(sorted(there))
