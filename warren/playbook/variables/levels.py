"""The levels of variables, from the weakest to the strongest, and layers of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from warren.model.errors import Place
from warren.playbook.inventory.layers import Rank


class Level(IntEnum):
    """Who wrote a variable; a higher level hides a lower one."""

    CONNECTION = 1
    ROLE_DEFAULTS = 2
    FILE_GROUP = 3
    INVENTORY_GROUP_VARS_ALL = 4
    PLAYBOOK_GROUP_VARS_ALL = 5
    INVENTORY_GROUP_VARS = 6
    PLAYBOOK_GROUP_VARS = 7
    FILE_HOST = 8
    INVENTORY_HOST_VARS = 9
    PLAYBOOK_HOST_VARS = 10
    FACTS = 11
    PLAY = 12
    PROMPT = 13
    PLAY_FILES = 14
    ROLE = 15
    BLOCK = 16
    TASK = 17
    INCLUDED_FILES = 18
    SET_FACTS = 19
    ROLE_PARAMETERS = 20
    INCLUDE_PARAMETERS = 21
    EXTRA = 22
    MAGIC = 23

    @property
    def title(self) -> str:
        """The level's name for people."""
        return _titles[self]


_titles = {
    Level.CONNECTION: "command line",
    Level.ROLE_DEFAULTS: "role defaults",
    **{Level[rank.name]: rank.title for rank in Rank},
    Level.FACTS: "facts",
    Level.PLAY: "vars of the play",
    Level.PROMPT: "vars_prompt of the play",
    Level.PLAY_FILES: "vars_files of the play",
    Level.ROLE: "vars of the role",
    Level.BLOCK: "vars of a block",
    Level.TASK: "vars of the task",
    Level.INCLUDED_FILES: "include_vars",
    Level.SET_FACTS: "set_fact or register",
    Level.ROLE_PARAMETERS: "parameters of the role",
    Level.INCLUDE_PARAMETERS: "vars of the include",
    Level.EXTRA: "--extra-vars",
    Level.MAGIC: "Warren itself",
}


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Layer:
    """Variables of one source.

    Attributes:
        level: how strong they are.
        owner: whose they are, for people: a role, a group, a file.
        values: compiled; a layer of facts or results grows while the play runs.
        places: where each was written, as far as known.
    """

    level: Level
    values: Mapping[str, Any]
    owner: str = ""
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deferred:
    """A value that is computed when it is asked for."""

    compute: Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """One of the places where a variable is set; the strongest one holds."""

    level: Level
    owner: str
    place: Place | None
    value: Any = field(repr=False)

    def __str__(self) -> str:
        """Where the value comes from, without the value, which may be secret."""
        owner = f" ({self.owner})" if self.owner else ""
        where = f" at {self.place}" if self.place else ""
        return f"{self.level.title}{owner}{where}"
