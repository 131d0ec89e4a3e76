"""All modules by all their names."""

from collections.abc import Iterable, Sequence

from warren.model.validation import nearest
from warren.playbook.modules import (
    administration,
    commands,
    copies,
    edits,
    files,
    retrievals,
    statements,
    systems,
    waits,
)
from warren.playbook.modules.contract import Module

_families: tuple[tuple[Module, ...], ...] = (
    administration.MODULES,
    commands.MODULES,
    copies.MODULES,
    edits.MODULES,
    files.MODULES,
    retrievals.MODULES,
    statements.MODULES,
    systems.MODULES,
    waits.MODULES,
)


class Registry:
    """The modules that playbooks may use.

    Args:
        more: modules beside those that work on hosts (``warren.core.service``).
    """

    def __init__(self, more: Sequence[Module] = ()) -> None:
        self._by_name: dict[str, Module] = {}
        for module in (*(module for family in _families for module in family), *more):
            for name in module.names:
                assert name not in self._by_name, f"two modules are named {name}"
                self._by_name[name] = module

    def find(self, name: str) -> Module | None:
        """The module of a name, or ``None``."""
        return self._by_name.get(name)

    def known_names(self) -> Iterable[str]:
        """All names."""
        return self._by_name.keys()

    def nearest(self, name: str) -> str:
        """The known name that a typo most likely meant, or an empty string."""
        return nearest(name, self._by_name)
