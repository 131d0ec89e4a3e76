"""From evaluated values to plain data: no generators, no absences, nothing that is to be omitted."""

from collections.abc import Mapping, Set as AbstractSet
from types import GeneratorType
from typing import Any

from warren.model.errors import Place
from warren.playbook.templating.undefined import Absent, UndefinedVariable


class Omit:
    """The value of ``omit``: an argument that is to be left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "omit"


omit = Omit()
_sequences = (list, tuple, AbstractSet, GeneratorType, range, map, filter, zip)


def finish(value: Any, place: Place | None = None) -> Any:
    """Make plain data of an evaluated value.

    Args:
        value: what a template gave.
        place: where it was written, for the error.

    Raises:
        UndefinedVariable: an absence is part of it.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Absent):
        raise UndefinedVariable(value.story, place=place)
    if isinstance(value, Mapping):
        return {
            key: finish(item, place) for key, item in value.items() if not isinstance(item, Omit)
        }
    if isinstance(value, _sequences):
        return [finish(item, place) for item in value if not isinstance(item, Omit)]
    return value
