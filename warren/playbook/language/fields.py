"""Taking keywords out of a mapping, with their types checked.

A playbook has tens of thousands of keywords,
and nearly all are right, so a check is one comparison and an error is built only when it is raised.
"""

from collections.abc import Callable, Mapping
from typing import Any

from warren.model.errors import Place
from warren.model.marked import MarkedDict, MarkedList
from warren.model.validation import nearest
from warren.playbook.language import keywords
from warren.playbook.language.keywords import Kind
from warren.playbook.language.nodes import Condition, Level
from warren.playbook.language.problems import problem
from warren.playbook.templating.values import compile_value, has_expression

_truth_words = frozenset(("yes", "no", "true", "false", "on", "off", "y", "n", "1", "0"))


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and has_expression(value)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, str) and value.lower() in _truth_words)


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return value.replace(".", "", 1).lstrip("-").isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _is_texts(value: Any) -> bool:
    return _is_text(value) or (isinstance(value, list) and all(map(_is_text_or_list, value)))


def _is_text_or_list(value: Any) -> bool:
    return _is_text(value) or isinstance(value, list)


def _is_conditions(value: Any) -> bool:
    if isinstance(value, list):
        return not any(isinstance(item, list | dict) for item in value)
    return not isinstance(value, dict)


_checks: Mapping[Kind, Callable[[Any], bool]] = {
    Kind.TRUTH: _is_truth,
    Kind.NUMBER: _is_number,
    Kind.TEXT: _is_text,
    Kind.TEXTS: _is_texts,
    Kind.TABLE: lambda value: isinstance(value, dict),
    Kind.TABLES: lambda value: isinstance(value, dict | list),
    Kind.CONDITIONS: _is_conditions,
    Kind.ANY: lambda _value: True,
}


def check(fields: MarkedDict, known: Mapping[str, Kind], what: str) -> None:
    """Refuse unknown keywords and wrong types.

    Raises:
        InvalidInput: naming the first offender and, for a typo, the nearest known keyword.
    """
    for name, value in fields.items():
        kind = known.get(name)
        if kind is None:
            refuse(name, known, what, fields.key_places[name])
        elif value is not None and not _checks[kind](value) and not _is_expression(value):
            raise problem(name, f"must be {kind.value}", fields.value_places[name], value=value)


def refuse(name: Any, known: Mapping[str, Kind], what: str, place: Place) -> None:
    """Refuse one keyword.

    Raises:
        InvalidInput: always.
    """
    advice = keywords.refused.get(str(name))
    if advice is not None:
        error = problem(str(name), f"is a keyword that Warren does not have; {advice}", place)
    else:
        near = nearest(str(name), known)
        error = problem(str(name), f"is not a keyword of a {what}", place, near=near)
    raise error


def level_of(fields: MarkedDict) -> Level:
    """The keywords that every node may have."""
    settings = {
        name: compile_value(value, fields.value_places[name])
        for name, value in fields.items()
        if name in keywords.inherited or name in keywords.delegation
    }
    variables = fields.get("vars") or {}
    places = {name: fields.value_places[name] for name in settings}
    if isinstance(variables, MarkedDict):
        places |= {f"vars.{name}": place for name, place in variables.key_places.items()}
    return Level(
        place=fields.place,
        settings=settings,
        when=conditions_of(fields, "when"),
        tags=texts_of(fields, "tags"),
        variables=variables_of(variables),
        places=places,
    )


def variables_of(variables: Mapping[Any, Any]) -> dict[str, Any]:
    """Compile the values of a mapping of variables."""
    places: Mapping[Any, Place] = getattr(variables, "value_places", {})
    return {str(name): compile_value(value, places.get(name)) for name, value in variables.items()}


def conditions_of(fields: MarkedDict, name: str) -> tuple[Condition, ...]:
    """The conditions of a keyword; ``None`` and empty ones hold."""
    if name not in fields:
        return ()
    value, place = fields[name], fields.value_places[name]
    if isinstance(value, MarkedList):
        pairs = list(zip(value, value.item_places, strict=True))
    else:
        pairs = [(value, place)]
    return tuple(Condition(source=source, place=where) for source, where in pairs)


def texts_of(fields: MarkedDict, name: str) -> tuple[Any, ...]:
    """The texts of a keyword, compiled; text with commas is several."""
    value = fields.get(name)
    if value is None:
        return ()
    place = fields.value_places[name]
    if isinstance(value, MarkedList):
        pairs = list(zip(value, value.item_places, strict=True))
    else:
        pairs = [(value, place)]
    found: list[Any] = []
    for text, where in pairs:
        if isinstance(text, str) and not has_expression(text) and name == "tags":
            found.extend(part.strip() for part in text.split(",") if part.strip())
        elif isinstance(text, list):
            found.extend(compile_value(part, where) for part in text)
        else:
            found.append(compile_value(text, where))
    return tuple(found)


def nodes_of(fields: MarkedDict, name: str) -> tuple[list[Any], list[Place]]:
    """The items of a keyword that holds a list of nodes; an empty value is an empty list.

    Raises:
        InvalidInput: it holds no list.
    """
    value = fields.get(name)
    if value is None:
        return [], []
    if not isinstance(value, MarkedList):
        raise problem(name, "must be a list", fields.value_places[name], value=value)
    return list(value), value.item_places
