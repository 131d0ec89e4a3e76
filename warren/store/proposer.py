"""The seam between the store and what makes its entries durable and ordered.

The store hands over bytes and learns what they did; it does not know whether a replicated log or
plain memory is behind it.
"""

from typing import Protocol

from warren.store.machine import StoreMachine
from warren.store.outcome import Outcome, decode_outcome


class Proposer(Protocol):
    """Orders entries and keeps them."""

    async def propose(self, entry: bytes) -> Outcome:
        """Make the entry durable, have it applied here, and say what it did.

        A cancelled caller does not know whether the entry was applied.

        Raises:
            TransientError: it may be proposed again; the message says if it may have been applied.
            PermanentError: nothing can be proposed any more; the entry may or may not survive.
        """
        ...


class InMemoryProposer:
    """Applies at once and keeps nothing: for plans and for tests of what stands above.

    Args:
        machine: what entries are applied to.
    """

    def __init__(self, machine: StoreMachine) -> None:
        self._machine = machine

    async def propose(self, entry: bytes) -> Outcome:
        """Apply the entry now."""
        return decode_outcome(self._machine.apply(self._machine.state.index + 1, entry))
