"""From what a user wrote to a frozen model, or to an error that says all that is wrong.

pydantic finds the problems; this module turns each into a ``Problem`` with the field's path, the
offending value, the rule, the nearest known name for a typo, and the place in the file.
"""

import difflib
import re
from collections.abc import Iterable, Sequence, Set as AbstractSet
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from warren.model.errors import InvalidInput, Problem
from warren.model.marked import place_of

VALUE_CHARACTERS_MAX = 80
_CHOICE = re.compile(r"'([^']*)'")

Model = TypeVar("Model", bound=BaseModel)


class Frozen(BaseModel):
    """The base of everything users write and everything that is stored: immutable, no extras.

    A model may name fields in ``hidden_fields``: their values are in no error.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )
    hidden_fields: ClassVar[frozenset[str]] = frozenset()


def parse(model: type[Model], value: Any, *, path: Sequence[str | int] = ()) -> Model:
    """Validate ``value`` (plain or marked YAML) as ``model``.

    Args:
        model: what it should be.
        value: what was written.
        path: where ``value`` stands in a larger document; prefixed to the fields named in errors.

    Raises:
        InvalidInput: with every problem found.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        problems = [_problem(model, value, detail, path) for detail in _details(error)]
        raise InvalidInput(problems) from error


def check_decided(model: type[BaseModel], value: Any, undecided: AbstractSet[str]) -> None:
    """Validate what can be validated while some fields are still to be evaluated.

    Args:
        model: what ``value`` is to become.
        value: a mapping; its undecided fields may hold anything.
        undecided: names of those fields. They are checked for being known, nothing else, and as
            rules about several fields may concern them, those rules wait, too.

    Raises:
        InvalidInput: with every problem found.
    """
    try:
        model.model_validate(value)
    except ValidationError as error:
        details = [
            detail
            for detail in _details(error)
            if not undecided
            or detail["type"] == "extra_forbidden"
            or not _awaits(_steps_in(value, detail["loc"]), undecided)
        ]
        problems = [_problem(model, value, detail, ()) for detail in details]
        if problems:
            raise InvalidInput(problems) from error


def _awaits(steps: Sequence[str | int], undecided: AbstractSet[str]) -> bool:
    """Whether a problem may go when the undecided fields, which are at the top, are known."""
    return not steps or str(steps[0]) in undecided


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that a typo most likely meant, or an empty string."""
    matches = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.6)
    return matches[0] if matches else ""


def shown(value: Any) -> str:
    """A value as an error message shows it: one line, shortened."""
    text = repr(value)
    return text if len(text) <= VALUE_CHARACTERS_MAX else text[: VALUE_CHARACTERS_MAX - 1] + "…"


def _details(error: ValidationError) -> list[ErrorDetails]:
    """What pydantic found, without lists that are too short only because their items were refused."""
    details = error.errors()
    above = {each["loc"][:count] for each in details for count in range(len(each["loc"]))}
    return [each for each in details if each["type"] != "too_short" or each["loc"] not in above]


def _problem(
    model: type[BaseModel], value: Any, detail: ErrorDetails, path: Sequence[str | int]
) -> Problem:
    steps = _steps_in(value, detail["loc"])
    field = ".".join(str(step) for step in (*path, *steps))
    kind = detail["type"]
    suggestion = ""
    if kind == "extra_forbidden":
        rule = "is not a known field"
        suggestion = nearest(str(steps[-1]), _names_at(model, steps[:-1]))
        text = ""
    elif kind == "missing":
        rule, text = "is required", ""
    else:
        written = detail["input"]
        rule = _rule(detail)
        is_shown = not isinstance(written, dict | list | tuple) and not _is_hidden(model, steps)
        text = shown(written) if is_shown else ""
        expected = detail.get("ctx", {}).get("expected", "")
        if kind in {"enum", "literal_error"}:
            suggestion = nearest(str(detail["input"]), _CHOICE.findall(expected))
    place = place_of(value, steps)
    if kind == "extra_forbidden":
        place = _key_place(value, steps) or place
    return Problem(field=field, value=text, rule=rule, suggestion=suggestion, place=place)


def _rule(detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    for old, new in (("Input should be", "must be"), ("String should", "must")):
        message = message.replace(old, new)
    return message[0].lower() + message[1:] if message else message


def _steps_in(value: Any, loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Drop the steps of ``loc`` that pydantic adds and the document does not have.

    Those are the tags of unions and, where a one-container service keeps its container's fields at
    the top, the ``containers.0`` before them.
    """
    steps: list[str | int] = []
    node = value
    for index, step in enumerate(loc):
        is_last = index == len(loc) - 1
        if isinstance(node, dict):
            if step in node:
                node = node[step]
            elif not is_last or isinstance(step, int) or step in _TAGS:
                continue
        elif isinstance(node, list | tuple) and isinstance(step, int):
            if step >= len(node):
                continue
            node = node[step]
        elif not is_last:
            continue
        else:
            break
        steps.append(step)
    return tuple(steps)


_TAGS = frozenset({"http", "tcp", "exec", "grpc"})


def _key_place(value: Any, steps: Sequence[str | int]) -> Any:
    parent = value
    for step in steps[:-1]:
        parent = parent[step]
    return getattr(parent, "key_places", {}).get(steps[-1])


def _names_at(model: type[BaseModel], steps: Sequence[str | int]) -> set[str]:
    """Field names that the models along ``steps`` know; a superset is good enough for a hint."""
    models = _models_at(model, steps)
    names: set[str] = set()
    for candidate in _with_nested(models) if not steps else models:
        names |= set(candidate.model_fields)
    return names


def _is_hidden(model: type[BaseModel], steps: Sequence[str | int]) -> bool:
    return any(
        step in getattr(candidate, "hidden_fields", ())
        for count, step in enumerate(steps)
        for candidate in _models_at(model, steps[:count])
    )


def _models_at(model: type[BaseModel], steps: Sequence[str | int]) -> set[type[BaseModel]]:
    models = {model}
    for step in steps:
        if isinstance(step, int):
            continue
        deeper: set[type[BaseModel]] = set()
        for candidate in _with_nested(models):
            if step in candidate.model_fields:
                deeper |= set(_models_in(candidate.model_fields[step].annotation))
        models = deeper or models
    return models


def _with_nested(models: set[type[BaseModel]]) -> set[type[BaseModel]]:
    nested = set(models)
    for model in models:
        if "containers" in model.model_fields:  # its fields may stand at the top
            nested |= set(_models_in(model.model_fields["containers"].annotation))
    return nested


def _models_in(annotation: Any) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)
