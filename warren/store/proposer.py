"""The seam between the store and what makes its entries durable and ordered.

The store hands over bytes and learns what they did; it does not know whether a journal, a Raft log
or plain memory is behind it.
"""

from collections.abc import Callable
from typing import Protocol

from warren.store.state import Applied

ApplyEntry = Callable[[bytes, int], Applied]
"""Called once for each durable entry, in the order of their indexes (from 1, without gaps)."""


class Proposer(Protocol):
    """Orders entries and keeps them."""

    async def propose(self, entry: bytes) -> Applied:
        """Make the entry durable, apply it, and say what it did.

        A cancelled caller does not know whether the entry was applied.

        Raises:
            TransientError: it was certainly not applied; it may be proposed again.
            PermanentError: nothing can be proposed any more; the entry may or may not survive.
        """
        ...


class InMemoryProposer:
    """Applies at once and keeps nothing: for plans and for tests of what stands above."""

    def __init__(self, apply_entry: ApplyEntry, *, last_index: int = 0) -> None:
        self._apply = apply_entry
        self._index = last_index

    async def propose(self, entry: bytes) -> Applied:
        """Apply the entry now."""
        self._index += 1
        return self._apply(entry, self._index)
