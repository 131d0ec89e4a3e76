"""A manager as its API sees it: ``warren.api.recorder.Recorder`` over a member and its store."""

from collections.abc import Mapping
from dataclasses import dataclass

from warren.api.recorder import Peer, Standing
from warren.daemon.changes import check_spec
from warren.daemon.consensus import failure_of
from warren.model.service import ServiceSpec
from warren.providers.registry import Registry
from warren.raft.errors import RaftError
from warren.raft.node.node import Node
from warren.store.store import Store


class Replica:
    """Implements ``Recorder``.

    Args:
        node: the own member.
        store: the record.
    """

    def __init__(self, node: Node, store: Store) -> None:
        self._node = node
        self._store = store

    @property
    def store(self) -> Store:
        """The replica of this manager."""
        return self._store

    def standing(self) -> Standing:
        """Who leads, as far as this manager knows."""
        status = self._node.status
        leader = next((each for each in self._store.managers if each.member == status.leader), None)
        return Standing(
            member=status.member,
            leader=status.leader,
            term=status.term,
            leader_address=leader.api_address if leader else "",
        )

    def peers(self) -> Mapping[int, Peer]:
        """Who takes part, by number."""
        status = self._node.status
        found = {}
        for member in status.configuration.members:
            seen = status.peers.get(member)
            is_own = member == status.member
            found[member] = Peer(
                suffrage="voter" if member in status.configuration.voters else "learner",
                is_reachable=is_own or (seen is not None and seen.is_live),
                match_index=status.last_index if is_own else (seen.match if seen else 0),
            )
        return found

    async def fence(self) -> None:
        """Return when every change acknowledged before the call is in the store.

        Raises:
            TransientError: no majority could be asked.
            PermanentError: this manager cannot go on.
        """
        try:
            await self._node.read(b"", timeout_seconds=5.0)
        except RaftError as error:
            raise failure_of(self._node.failed, error) from error


@dataclass(frozen=True, slots=True)
class SpecRules:
    """Implements the API's ``Rules`` over the providers that there are."""

    registry: Registry

    def check(self, store: Store, spec: ServiceSpec) -> None:
        """Refuse what could never come true; raises as ``check_spec``."""
        check_spec(store, spec, self.registry)
