"""What a run learns about its hosts: facts, registered results, included files.

None of these values is ever a template: they come from hosts, not from who wrote the playbook.
Included files are the exception, and are compiled when they are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from warren.model.errors import Place
from warren.playbook.inventory.inventory import Inventory
from warren.playbook.inventory.layers import Layer as InventoryLayer
from warren.playbook.templating.values import compile_value
from warren.playbook.variables.levels import Layer, Level

fact_prefix = "ansible_"


@dataclass(slots=True)
class HostStore:
    """What is known about one host beyond the inventory."""

    facts: dict[str, Any] = field(default_factory=dict)
    injected: dict[str, Any] = field(default_factory=dict)
    included: dict[str, Any] = field(default_factory=dict)
    included_places: dict[str, Place] = field(default_factory=dict)
    set_facts: dict[str, Any] = field(default_factory=dict)
    set_places: dict[str, Place] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.injected["ansible_facts"] = self.facts

    def add_facts(self, facts: Mapping[str, Any]) -> None:
        """Keep facts: with the prefix as variables, without it in ``ansible_facts``."""
        for name, value in facts.items():
            self.facts[name.removeprefix(fact_prefix)] = value
            self.injected[name] = value

    def clear_facts(self) -> None:
        """Forget all facts."""
        self.facts.clear()
        self.injected.clear()
        self.injected["ansible_facts"] = self.facts

    def set(self, name: str, value: Any, place: Place | None) -> None:
        """Keep a registered result or a fact that the play sets."""
        self.set_facts[name] = value
        if place is not None:
            self.set_places[name] = place

    def include(self, values: Mapping[str, Any], places: Mapping[str, Place]) -> None:
        """Keep compiled variables of an included file."""
        self.included.update(values)
        self.included_places.update(places)

    def layers(self) -> tuple[Layer, ...]:
        """What is known, as layers that go on growing."""
        return (
            Layer(level=Level.FACTS, values=self.injected),
            Layer(
                level=Level.INCLUDED_FILES,
                values=self.included,
                places=self.included_places,
            ),
            Layer(level=Level.SET_FACTS, values=self.set_facts, places=self.set_places),
        )


class Store:
    """What is known about all hosts, over one inventory that may be replaced."""

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._hosts: dict[str, HostStore] = {}
        self._compiled: dict[int, tuple[InventoryLayer, Layer]] = {}
        self._layers: dict[str, tuple[Layer, ...]] = {}
        self._magic: dict[str, Mapping[str, Any]] = {}

    def host(self, name: str) -> HostStore:
        """What is known about a host."""
        if name not in self._hosts:
            self._hosts[name] = HostStore()
        return self._hosts[name]

    def replace_inventory(self, inventory: Inventory) -> None:
        """Go on with another inventory; what was learnt about hosts stays."""
        self.inventory = inventory
        self._layers.clear()
        self._magic.clear()

    def magic_of(self, host: str) -> Mapping[str, Any]:
        """What the inventory says of a host without anybody writing it.

        Raises:
            NotFound: there is no such host.
        """
        if host not in self._magic:
            self._magic[host] = self.inventory.magic_of(host)
        return self._magic[host]

    def layers_of(self, host: str) -> tuple[Layer, ...]:
        """A host's variables of the inventory and what was learnt, as layers.

        Raises:
            NotFound: there is no such host.
        """
        if host not in self._layers:
            of_inventory = map(self._layer, self.inventory.layers_of(host))
            self._layers[host] = (*of_inventory, *self.host(host).layers())
        return self._layers[host]

    def _layer(self, source: InventoryLayer) -> Layer:
        known = self._compiled.get(id(source))
        if known is None:
            values = {
                name: compile_value(value, source.places.get(name))
                for name, value in source.variables.items()
            }
            layer = Layer(
                level=Level[source.rank.name],
                owner=source.owner,
                values=values,
                places=source.places,
            )
            known = self._compiled[id(source)] = (source, layer)
        return known[1]
