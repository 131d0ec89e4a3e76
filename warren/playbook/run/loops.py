"""What a task is repeated over, and what each turn sees."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from warren.playbook.language.nodes import Loop, Task
from warren.playbook.run.session import Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.variables.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One turn of a loop."""

    value: Any
    index: int
    all: list[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPlace:
    """``loop_control``, evaluated."""

    variable: str
    index_variable: str
    pause_seconds: float
    extended: bool
    all_items: bool
    written_label: Any

    def label(self, scope: Scope) -> str:
        """How the output names the turn."""
        if self.written_label is None:
            return str(scope[self.variable])
        return str(scope.evaluate(self.written_label))


def items_of(task: Task, scope: Scope, session: Session) -> list[Any] | None:
    """The items of a task's loop, or ``None`` without one.

    Raises:
        TemplateFailed: they cannot be evaluated, or are no list.
    """
    loop = task.loop
    if loop is None:
        return None
    if loop.lookup:
        return _looked_up(loop, scope, session)
    found = scope.evaluate(loop.terms)
    if not isinstance(found, list):
        raise TemplateFailed(
            f"loop needs a list, not {type(found).__name__}",
            place=loop.place,
            hint="use dict2items for a mapping, or query() for a lookup",
        )
    return found


def _looked_up(loop: Loop, scope: Scope, session: Session) -> list[Any]:
    terms = scope.evaluate(loop.terms)
    settings: dict[str, Any] = {}
    if not isinstance(terms, list):
        terms = [terms]
    found = session.engine.look_up(loop.lookup, terms, settings, scope)
    value = scope.evaluate(found)
    return list(value)


def place_in_loop(loop: Loop, scope: Scope) -> LoopPlace:
    """The loop's control, evaluated before its first turn.

    Raises:
        TemplateFailed: it cannot be evaluated.
    """
    return LoopPlace(
        variable=str(scope.evaluate(loop.variable)),
        index_variable=str(scope.evaluate(loop.index) or ""),
        pause_seconds=float(scope.evaluate(loop.pause) or 0),
        extended=bool(to_bool(scope.evaluate(loop.extended))),
        all_items=bool(to_bool(scope.evaluate(loop.all_items))),
        written_label=loop.label,
    )


def loop_variables(place: LoopPlace, item: Item) -> Mapping[str, Any]:
    """The variables of one turn."""
    found: dict[str, Any] = {place.variable: item.value, "ansible_loop_var": place.variable}
    if place.index_variable:
        found[place.index_variable] = item.index
        found["ansible_index_var"] = place.index_variable
    if place.extended:
        count = len(item.all)
        told: dict[str, Any] = {
            "index": item.index + 1,
            "index0": item.index,
            "revindex": count - item.index,
            "revindex0": count - item.index - 1,
            "first": item.index == 0,
            "last": item.index + 1 == count,
            "length": count,
        }
        if place.all_items:
            told["allitems"] = item.all
        if item.index:
            told["previtem"] = item.all[item.index - 1]
        if item.index + 1 < count:
            told["nextitem"] = item.all[item.index + 1]
        found["ansible_loop"] = told
    return found
