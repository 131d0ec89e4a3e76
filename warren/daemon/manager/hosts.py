"""The way from a manager to the nodes, and what it finds out about a host that is to become one."""

from collections.abc import Callable
from dataclasses import dataclass

from warren.aio.clock import Clock
from warren.client.contract import RegisterNode
from warren.daemon.nodes import node_of
from warren.daemon.session import hosts_of
from warren.daemon.targets import Reach
from warren.fleet.facts import gathering
from warren.fleet.host import Host
from warren.fleet.ssh.pool import Pool
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import Unsupported
from warren.model.ids import derived_id
from warren.model.node import Node, NodeSpec


def reach_by(inventory: tuple[str, ...], pool: Pool) -> Reach:
    """The host of a node by its name: as the inventory says, or else as ssh_config does."""
    if inventory:
        return hosts_of(inventory, pool)
    return lambda name: pool.host(ConnectionSettings(name=name, address=name))


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSurveyor:
    """Implements the API's ``Surveyor``: asks the host itself.

    Attributes:
        cluster_id: whose node it is to be.
        reach: the host of a name.
        clock: stamps records.
    """

    cluster_id: str
    reach: Callable[[str], Host]
    clock: Clock

    async def survey(self, spec: NodeSpec) -> Node:
        """The host as a node.

        Raises:
            Unsupported: it has no engine, or the spec says how to reach it otherwise than this manager.
            WarrenError: it cannot be reached.
        """
        plain = NodeSpec(name=spec.name)
        for field in ("address", "port", "user", "host_key"):
            if getattr(spec, field) != getattr(plain, field):
                raise Unsupported(
                    f"node {spec.name}: {field} is not taken from a request: managers reach hosts as "
                    "their inventory or their ssh_config says",
                    hint="say it there, and register the node by its name only",
                )
        (result,) = await self.reach(spec.name).run([gathering.COMMAND])
        wanted = RegisterNode(
            name=spec.name,
            role=spec.role,
            labels=spec.labels,
            provider=spec.provider,
            region=spec.region,
            datacenter=spec.datacenter,
        )
        return node_of(
            wanted,
            gathering.parse(spec.name, result),
            node_id=derived_id("node", self.cluster_id, spec.name),
            now=self.clock.now(),
        )
