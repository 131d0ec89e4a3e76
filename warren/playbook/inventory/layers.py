"""Variables in layers, from the weakest to the strongest.

A host's value of a variable is the one of the highest layer that has it. The layers are kept apart
so that the playbook engine can put its own above them, and so that a user can be told where a
value comes from and which other values it hides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from warren.model.errors import Place


class Rank(IntEnum):
    """Kinds of layers; a higher rank hides a lower one."""

    FILE_GROUP = 1
    INVENTORY_GROUP_VARS_ALL = 2
    PLAYBOOK_GROUP_VARS_ALL = 3
    INVENTORY_GROUP_VARS = 4
    PLAYBOOK_GROUP_VARS = 5
    FILE_HOST = 6
    INVENTORY_HOST_VARS = 7
    PLAYBOOK_HOST_VARS = 8

    @property
    def title(self) -> str:
        """The layer's name for people."""
        return _titles[self]


_titles = {
    Rank.FILE_GROUP: "group variable of the inventory",
    Rank.INVENTORY_GROUP_VARS_ALL: "group_vars/all beside the inventory",
    Rank.PLAYBOOK_GROUP_VARS_ALL: "group_vars/all beside the playbook",
    Rank.INVENTORY_GROUP_VARS: "group_vars beside the inventory",
    Rank.PLAYBOOK_GROUP_VARS: "group_vars beside the playbook",
    Rank.FILE_HOST: "host variable of the inventory",
    Rank.INVENTORY_HOST_VARS: "host_vars beside the inventory",
    Rank.PLAYBOOK_HOST_VARS: "host_vars beside the playbook",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Variables of one owner from one kind of source.

    Attributes:
        rank: how strong the layer is.
        owner: the group or host that the variables were written for.
        variables: values as written, not templated.
        places: where each variable was written.
    """

    rank: Rank
    owner: str
    variables: Mapping[str, Any]
    places: Mapping[str, Place]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One of the places where a host's variable is set.

    Attributes:
        rank: kind of the layer.
        owner: the group or host that it was written for.
        place: file, line and column.
        value: the value there.
    """

    rank: Rank
    owner: str
    place: Place
    value: Any = field(repr=False)

    def __str__(self) -> str:
        """Where the value comes from, without the value, which may be secret."""
        return f"{self.rank.title} ({self.owner}) at {self.place}"


def merge(layers: Iterable[Layer]) -> dict[str, Any]:
    """Lay layers over each other, weakest first; a value is replaced as a whole, never merged."""
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update(layer.variables)
    return merged


@dataclass(frozen=True, slots=True)
class VaultText:
    """A value written as ``!vault``, still encrypted; opened only by who uses it.

    Attributes:
        ciphertext: the text of the scalar, ``$ANSIBLE_VAULT;…``.
        place: where it was written.
    """

    ciphertext: str = field(repr=False)
    place: Place
