"""The sources of functions that run on hosts, and what else each of them needs."""

import re
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path

from warren.model.errors import NotFound

_REQUIRES = re.compile(r"^REQUIRES = \(([^)]*)\)", re.MULTILINE)
_NAME = re.compile(r'"(\w+)"')
REMOTE = Path(__file__).parents[1] / "remote"


def needed(function: str, known: AbstractSet[str], folder: Path = REMOTE) -> list[tuple[str, str]]:
    """Sources to send before calling ``function`` (``copy.run``), dependencies first.

    Args:
        function: module and function name.
        known: modules the runner already has.
        folder: where the modules are.

    Raises:
        NotFound: there is no such module.
    """
    ordered: list[tuple[str, str]] = []
    _add(function.rpartition(".")[0], known, folder, ordered)
    return ordered


def _add(name: str, known: AbstractSet[str], folder: Path, ordered: list[tuple[str, str]]) -> None:
    if name in known or any(name == have for have, _ in ordered):
        return
    source, requires = _read(folder, name)
    for other in requires:
        _add(other, known, folder, ordered)
    ordered.append((name, source))


@cache
def _read(folder: Path, name: str) -> tuple[str, tuple[str, ...]]:
    path = folder / f"{name}.py"
    if not path.is_file():
        raise NotFound(f"no function module {name!r} for hosts", hint=f"it would be {path}")
    source = path.read_text()
    found = _REQUIRES.search(source)
    return source, tuple(_NAME.findall(found.group(1))) if found else ()
