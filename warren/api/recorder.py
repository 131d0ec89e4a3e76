"""What the API needs of the manager that it speaks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from warren.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who leads, as far as this manager knows.

    Attributes:
        member: this manager's number.
        leader: the leader's number; 0 while none is known.
        term: in which it leads.
        leader_address: where the leader's API answers (``host:port``); empty if that is not known.
    """

    member: int
    leader: int
    term: int
    leader_address: str = ""

    @property
    def leads(self) -> bool:
        """Whether this manager is the leader."""
        return self.member == self.leader


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What one manager's part in the consensus is.

    Attributes:
        suffrage: whether it votes, or catches up and will.
        is_reachable: whether the leader reaches it; known to the leader only.
        match_index: of the last change that it has; known to the leader only.
    """

    suffrage: Literal["voter", "learner"] = "voter"
    is_reachable: bool = False
    match_index: int = 0


class Recorder(Protocol):
    """A manager's replica of the record and its part in the consensus."""

    @property
    def store(self) -> Store:
        """The replica; it may be behind until ``fence`` has returned."""
        ...

    def standing(self) -> Standing:
        """Who leads."""
        ...

    def peers(self) -> Mapping[int, Peer]:
        """Who takes part, by number."""
        ...

    async def fence(self) -> None:
        """Return when every change acknowledged before the call is in ``store``.

        Raises:
            TransientError: no majority could be asked.
        """
        ...
