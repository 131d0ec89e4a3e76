"""Loops of tasks: ``loop``, ``with_NAME`` and ``loop_control``."""

from typing import Any

from warren.model.errors import Place
from warren.model.marked import MarkedDict
from warren.model.validation import nearest
from warren.playbook.language import fields as taken, keywords
from warren.playbook.language.nodes import Loop
from warren.playbook.language.problems import problem
from warren.playbook.language.spot import Spot, check_condition
from warren.playbook.templating import lookups
from warren.playbook.templating.values import compile_value


def loops_in(item: MarkedDict) -> list[str]:
    """The ``with_NAME`` keywords of a task."""
    return [name for name in item if isinstance(name, str) and name.startswith("with_")]


_loop_fields: dict[str, keywords.Kind] = {
    "loop_var": keywords.Kind.TEXT,
    "index_var": keywords.Kind.TEXT,
    "label": keywords.Kind.ANY,
    "pause": keywords.Kind.NUMBER,
    "extended": keywords.Kind.TRUTH,
    "extended_allitems": keywords.Kind.TRUTH,
    "break_when": keywords.Kind.CONDITIONS,
}


def parse_loop(item: MarkedDict, spot: Spot) -> Loop | None:
    """The loop of a task, or ``None``.

    Raises:
        InvalidInput: it is wrong.
    """
    names = [*(["loop"] if "loop" in item else []), *loops_in(item)]
    if not names:
        if "loop_control" in item:
            raise problem("loop_control", "needs a loop", item.key_places["loop_control"])
        return None
    if len(names) > 1:
        rule = f"has more than one loop: {' and '.join(names)}"
        raise problem("task", rule, item.key_places[names[1]])
    name = names[0]
    lookup = "" if name == "loop" else name.removeprefix("with_")
    _check_lookup(name, lookup, item.key_places[name])
    control = item.get("loop_control") or MarkedDict(item.place)
    if not isinstance(control, MarkedDict):
        raise problem("loop_control", "must be a mapping", item.value_places["loop_control"])
    taken.check(control, _loop_fields, "loop_control")

    def get(field: str, default: Any) -> Any:
        return compile_value(control.get(field, default), control.value_places.get(field))

    breaks = taken.conditions_of(control, "break_when")
    for condition in breaks:
        check_condition(condition, spot)
    return Loop(
        terms=compile_value(item[name], item.value_places[name]),
        place=item.value_places[name],
        lookup=lookup,
        variable=get("loop_var", "item"),
        index=get("index_var", ""),
        label=get("label", None),
        pause=get("pause", 0),
        extended=get("extended", False),
        all_items=get("extended_allitems", True),
        break_when=breaks,
    )


def _check_lookup(name: str, lookup: str, place: Place) -> None:
    if lookup and lookup not in lookups.table:
        near = nearest(name, [f"with_{known}" for known in lookups.table])
        raise problem(name, "is not a known loop", place, near=near)
