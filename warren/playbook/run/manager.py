"""What the opener of a manager needs to know about the run that asks for it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from warren.fleet.host import Host
from warren.playbook.inventory.inventory import Inventory


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerRequest:
    """A run's wish for a manager's client.

    Attributes:
        address: of running managers, as ``--manager`` gives it; empty for an embedded one.
        state_directory: as ``--state-dir`` gives it; ``None`` for the one beside the inventory.
        inventory_sources: as ``-i`` gives them.
        inventory: as it stands when the manager is needed.
        host: the connected host of an inventory name; the run and the manager share connections.
        on_unreachable: what becomes of instances on hosts that cannot be reached.
    """

    address: str
    state_directory: Path | None
    inventory_sources: tuple[str, ...]
    inventory: Inventory
    host: Callable[[str], Host]
    on_unreachable: Literal["move", "keep"] = "move"


OpenManager = Callable[[ManagerRequest], AbstractAsyncContextManager[Any]]
"""Opens a manager and gives its client (``warren.client.contract.Client``)."""
