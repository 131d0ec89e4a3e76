"""Filters beside Jinja's own, under the names that playbooks use.

Each module holds one kind and names its filters in ``filters``; what a filter does is what the
name has meant to playbooks for years, so their documentation is Ansible's.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from warren.playbook.templating.filters import chance, encoding, paths, structures, text, values

_prefix = "ansible.builtin."


def all_filters(source: Random) -> dict[str, Callable[..., Any]]:
    """Every filter by its short and its full name; chance comes from ``source``."""
    found: dict[str, Callable[..., Any]] = {}
    for module in (structures, encoding, paths, text, values):
        found.update(module.filters)
    found.update(chance.filters(source))
    return found | {_prefix + name: function for name, function in found.items()}
