"""Which tasks a run wants: ``--tags`` and ``--skip-tags``."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The tags asked for and left out; ``all``, ``tagged``, ``untagged``, ``always``, ``never``."""

    only: frozenset[str] = frozenset(("all",))
    skip: frozenset[str] = frozenset()

    def wants(self, tags: AbstractSet[str]) -> bool:
        """Whether a task with these tags runs."""
        return self._is_asked_for(tags) and not self._is_left_out(tags)

    def _is_asked_for(self, tags: AbstractSet[str]) -> bool:
        never = "never" in tags
        if "always" in tags or self.only & tags:
            return True
        if "all" in self.only and not never:
            return True
        if "tagged" in self.only and tags and not never:
            return True
        return "untagged" in self.only and not tags

    def _is_left_out(self, tags: AbstractSet[str]) -> bool:
        if self.skip & tags:
            return True
        if "all" in self.skip:
            return "always" not in tags
        if "tagged" in self.skip and tags:
            return True
        return "untagged" in self.skip and not tags
