"""The edge of control: what the loop asks of the world, as callables that tests can replace.

``dispatch`` and ``observer`` implement these over the providers; the simulation implements them over
a world of its own. The loop knows no other way to a host.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from warren.control.actions import Action
from warren.model.errors import WarrenError
from warren.model.instance import Endpoint, Instance
from warren.model.node import Node
from warren.model.observed import NodeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one action ended.

    Attributes:
        action: as it was asked for.
        error: why it failed; ``None`` if it was carried out.
        engine_ids: engine container id by container name, after a provision.
        endpoints: published ports, after a provision, as far as known.
        commands: what was sent to the host, as a person would type it.
    """

    action: Action
    error: WarrenError | None = None
    engine_ids: Mapping[str, str] = field(default_factory=dict)
    endpoints: tuple[Endpoint, ...] = ()
    commands: tuple[str, ...] = ()


class Dispatch(Protocol):
    """Carries out actions: nodes side by side, the actions of one node in the order given."""

    async def __call__(self, actions: Sequence[Action]) -> Sequence[Outcome]:
        """Return one outcome for each action; failures are values, in ``Outcome.error``.

        Raises:
            StaleEpoch: a host was commanded by a newer controller; this one must stop.
        """
        ...


class Observe(Protocol):
    """Lists what runs on nodes."""

    async def __call__(self, nodes: Sequence[Node]) -> Sequence[NodeView]:
        """Return one view for each node; one that cannot be listed has ``reachable`` false."""
        ...


class ReadLogTail(Protocol):
    """Reads the last lines that an instance's main container wrote, while it still exists."""

    async def __call__(self, instance: Instance) -> Sequence[str]:
        """Return the lines, oldest first; empty if there are none or they cannot be read."""
        ...
