"""Reads, equal for a manager and for somebody who only looks."""

from collections.abc import Sequence

from warren.api.decisions import find_service
from warren.model.instance import Instance
from warren.model.node import Node
from warren.model.service import Service
from warren.store.store import Store


class Reading:
    """The reading half of ``client.contract.Client`` over a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def cluster_id(self) -> str:
        """Id of the cluster that is read."""
        return self._store.cluster_id

    async def service(self, name: str, *, tenant: str = "default") -> Service:
        """Read one service; ``NotFound`` names the nearest known one."""
        return find_service(self._store.services.list(), name, tenant)

    async def services(self) -> Sequence[Service]:
        """All services, by name."""
        return sorted(self._store.services, key=lambda service: (service.tenant, service.name))

    async def instances(self, service: str | None = None) -> Sequence[Instance]:
        """The instances of one service, or all, by service and slot."""
        chosen = [one for one in self._store.instances if service in {None, one.service}]
        return sorted(chosen, key=lambda one: (one.service, one.slot, one.created_at))

    async def nodes(self) -> Sequence[Node]:
        """All nodes, by name."""
        return sorted(self._store.nodes, key=lambda node: node.name)
