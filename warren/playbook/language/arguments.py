"""A task's action and its arguments, in all the ways that playbooks write them.

``copy: {src: a}``, ``copy: src=a``, ``command: ls -l creates=/x``, ``action: copy src=a``,
``local_action: …``, and ``args:`` beside any of them mean a module and one mapping. What needs no
expression is validated here, so a typo shows before a host is touched.
"""

import codecs
import re
from collections.abc import Mapping
from typing import Any

from warren.model.errors import InvalidInput, Place, Problem
from warren.model.marked import MarkedDict, place_of
from warren.model.validation import check_decided
from warren.playbook.language.problems import problem
from warren.playbook.modules.contract import Module
from warren.playbook.templating.values import (
    Table,
    compile_value,
    has_expression,
    is_template,
    source_of,
)

raw = "_raw_params"
"""The name under which a module gets free-form text."""

_options_of_commands = frozenset(
    (
        "argv", "chdir", "cmd", "creates", "executable", "expand_argument_vars", "removes",
        "stdin", "stdin_add_newline", "strip_empty_ends", "warn",
    )
)  # fmt: skip
_escape = re.compile(
    r"\\(U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|N\{[^}]+\}|[\\'\"abfnrtv])"
)
_word = re.compile(r"(?P<name>[A-Za-z_]\w*)=(?P<value>.*)", re.ASCII | re.DOTALL)


def split_words(text: str, place: Place | None) -> list[str]:
    """Split at spaces outside quotes and expressions; quotes and expressions stay as written.

    Raises:
        InvalidInput: a quote or an expression is not closed.
    """
    words: list[str] = []
    word = ""
    quote = ""
    depth = 0
    index = 0
    while index < len(text):
        pair = text[index : index + 2]
        char = text[index]
        if char == "\\" and len(pair) > 1 and not depth:
            word += pair
            index += 2
            continue
        if not quote and pair in ("{{", "{%", "{#"):
            depth += 1
        elif not quote and depth and pair in ("}}", "%}", "#}"):
            depth -= 1
            word, char, index = word + char, text[index + 1], index + 1
        elif char in "\"'" and not depth:
            quote = "" if quote == char else quote or char
        if char in " \t\n" and not quote and not depth:
            if word:
                words.append(word)
            word = ""
        else:
            word += char
        index += 1
    if quote or depth:
        raise problem("arguments", "have an unclosed quote or expression", place, value=text)
    return [*words, word] if word else words


def unquote(text: str) -> str:
    """The text without the quotes around all of it."""
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0] and text[-2] != "\\":
        return text[1:-1]
    return text


def _unescaped(text: str) -> str:
    """The text with escapes such as that of a newline as the characters they mean."""
    if "\\" not in text:
        return text
    return _escape.sub(lambda match: codecs.decode(match[0], "unicode-escape"), text)


def parse_text(
    text: str, place: Place, *, free_form: bool, options: frozenset[str] | None = None
) -> dict[str, str]:
    """Parse arguments written as text.

    Args:
        text: what follows the action.
        place: where it stands.
        free_form: whether words that are no ``name=value`` are the free-form text.
        options: with free-form text, the names that are taken out of it; ``None`` for all.

    Raises:
        InvalidInput: it cannot be split, or has a word that is not ``name=value``.
    """
    found: dict[str, str] = {}
    loose: list[str] = []
    for word in split_words(text, place):
        match = _word.fullmatch(word)
        if match and (options is None or match["name"] in options):
            found[match["name"]] = unquote(_unescaped(match["value"]))
        else:
            loose.append(word)
    if not loose:
        return found
    if not free_form:
        rule = "must be written as name=value, or as a mapping below the action"
        raise problem("arguments", rule, place, value=" ".join(loose))
    found[raw] = " ".join(loose) if found else text.strip()
    return found


def options_in_text(module: Module) -> frozenset[str]:
    """The names that are options, not part of the free-form text, of a module that runs commands."""
    return _options_of_commands & frozenset(module.arguments.model_fields)


def mapping_of(value: Any, place: Place, module: Module | None) -> Any:
    """What follows an action, as a mapping or as one expression that will evaluate to one.

    Raises:
        InvalidInput: it is neither text nor a mapping.
    """
    if value is None:
        return _marked({}, place)
    if isinstance(value, dict):
        return value
    if not isinstance(value, str | int | float):
        raise problem("arguments", "must be a mapping or text", place, value=value)
    text = str(value)
    is_expression = text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1
    if is_expression and module is not None and not module.free_form:
        return text
    if module is None:
        parsed = parse_text(text, place, free_form=True)
    elif module.free_form:
        parsed = parse_text(text, place, free_form=True, options=options_in_text(module))
    else:
        parsed = parse_text(text, place, free_form=False)
    return _marked(parsed, place)


def _marked(values: Mapping[str, Any], place: Place) -> MarkedDict:
    marked = MarkedDict(place)
    for name, value in values.items():
        marked[name] = value
        marked.key_places[name] = marked.value_places[name] = place
    return marked


def merged(arguments: Any, more: Any, place: Place) -> Any:
    """Arguments with those of ``args:`` below them.

    Raises:
        InvalidInput: one of both is an expression and the other is there, too.
    """
    if not more:
        return arguments
    if not isinstance(arguments, dict) or not isinstance(more, dict):
        if not arguments:
            return more
        raise problem("args", "must be a mapping, like the arguments of the action", place)
    united = MarkedDict(getattr(arguments, "place", place))
    for source in (more, arguments):
        for name, value in source.items():
            united[name] = value
            united.key_places[name] = getattr(source, "key_places", {}).get(name, place)
            united.value_places[name] = getattr(source, "value_places", {}).get(name, place)
    return united


def compile_arguments(arguments: Any, module: Module | None, place: Place) -> Any:
    """Compile arguments; those that the module evaluates itself stay as written."""
    if not isinstance(arguments, dict):
        return compile_value(arguments, place)
    raw_names = module.raw_arguments if module else ()
    places: Mapping[Any, Place] = getattr(arguments, "value_places", {})
    entries = {
        compile_value(name, place): value
        if name in raw_names
        else compile_value(value, places.get(name, place))
        for name, value in arguments.items()
    }
    if any(is_template(part) for pair in entries.items() for part in pair):
        return Table(entries, place)
    return entries


def check_arguments(module: Module, arguments: Any) -> None:
    """Validate what needs no evaluation.

    Raises:
        InvalidInput: with every problem found, each at its place.
    """
    if not isinstance(arguments, dict) or any(has_expression(str(name)) for name in arguments):
        return
    names = _first_names(module, arguments)
    undecided = {
        names.get(name, str(name))
        for name, value in arguments.items()
        if is_template(compile_value(value)) or name in module.raw_arguments
    }
    try:
        check_decided(module.arguments, _renamed(arguments, names), undecided)
    except InvalidInput as error:
        others = {first: name for name, first in names.items()}
        placed = [_placed(one, module, arguments, others) for one in error.problems]
        raise InvalidInput(placed, hint=error.hint) from error


def _first_names(module: Module, arguments: Mapping[Any, Any]) -> dict[str, str]:
    """The fields of the arguments that were given by another name, unless one is given twice."""
    known: Mapping[str, str] = getattr(module.arguments, "ALIASES", {})
    names = {name: known[name] for name in arguments if name in known}
    fields = [names.get(name, name) for name in arguments]
    return names if len(set(fields)) == len(fields) else {}


def _renamed(arguments: dict[Any, Any], names: Mapping[str, str]) -> dict[Any, Any]:
    if not names:
        return arguments
    if not isinstance(arguments, MarkedDict):
        return {names.get(name, name): value for name, value in arguments.items()}
    renamed = MarkedDict(arguments.place)
    for name, value in arguments.items():
        first = names.get(name, name)
        renamed[first] = value
        for places, new in (
            (arguments.key_places, renamed.key_places),
            (arguments.value_places, renamed.value_places),
        ):
            if name in places:
                new[first] = places[name]
    return renamed


def _placed(one: Problem, module: Module, arguments: Any, others: Mapping[str, str]) -> Problem:
    name = module.names[0].removeprefix("ansible.builtin.")
    first, dot, below = one.field.partition(".")
    field = f"{others.get(first, first)}{dot}{below}"
    return Problem(
        field=f"{name}: {field}" if field else name,
        value=one.value,
        rule=one.rule,
        suggestion=one.suggestion,
        place=one.place or place_of(arguments, ()),
    )


def written(arguments: Any) -> Any:
    """Arguments as the user wrote them, for messages."""
    return source_of(arguments)
