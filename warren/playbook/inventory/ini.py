"""Inventories in INI form.

The form looks like a configuration file but is its own language: a line's meaning depends on the
section it stands in, the lines of a host section are split as a shell would, those of a ``:vars``
section are not, and values are Python literals where they can be read as such.
"""

import ast
import difflib
import io
import re
import shlex
import warnings
from collections.abc import Iterator
from typing import Any

from warren.model.errors import InvalidInput, Place, Problem
from warren.playbook.inventory import addresses
from warren.playbook.inventory.drafts import Draft, problem, ungrouped

_section = re.compile(r"\[(?P<group>[^\s:\]]+)(?::(?P<kind>\w+))?\]\s*(?:#.*)?")
_group_line = re.compile(r"(?P<group>[^\s:\]]+)\s*(?:#.*)?")
_plain_text = re.compile(r"[A-Za-z_/@][\w./@:\-]*", re.ASCII)
_plain_number = re.compile(r"0|[1-9][0-9]{0,17}")
_sensitive = re.compile(r"pass|secret|token|vault|private", re.IGNORECASE)
_quoting = re.compile(r"['\"\\#]")
_words = re.compile(r"\S+")
_kinds = ("hosts", "children", "vars")


def read(draft: Draft, text: str, file: str) -> None:
    """Record what an INI inventory says.

    Raises:
        InvalidInput: lines are malformed, or a section names a group that is defined nowhere; all
            of them are listed.
    """
    _Reading(draft, file).read(text)


def typed(text: str) -> Any:
    """Read a value as a Python literal; what is none stays text.

    Tuples and sets become lists and bytes become text, since variables have no such types.
    """
    if _plain_number.fullmatch(text):
        return int(text)
    if _plain_text.fullmatch(text) and text not in ("True", "False", "None"):
        return text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if value is ...:
        return "..."
    return str(value) if isinstance(value, complex) else value


class _Reading:
    """One pass over one file."""

    def __init__(self, draft: Draft, file: str) -> None:
        self._draft = draft
        self._file = file
        self._group = ungrouped
        self._kind = "hosts"
        self._problems: list[Problem] = []
        self._awaited: dict[str, list[tuple[str, Place]]] = {}
        self._vars_only: dict[str, Place] = {}
        self._written: dict[str, int] = {}

    def read(self, text: str) -> None:
        # splitlines would also break at form feeds and Unicode separators inside values
        for number, raw in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
            line = raw.strip()
            if not line or line[0] in ";#":
                continue
            place = Place(self._file, number, raw.index(line[0]) + 1)
            try:
                self._line(line, place)
            except InvalidInput as error:
                self._problems.extend(error.problems)
        self._refuse_undefined()
        if self._problems:
            raise InvalidInput(self._problems)

    def _line(self, line: str, place: Place) -> None:
        if line[0] == "[" and self._is_section(line):
            self._enter(line, place)
        elif self._kind == "hosts":
            self._host_line(line, place)
        elif self._kind == "vars":
            self._variable_line(line, place)
        else:
            self._child_line(line, place)

    def _is_section(self, line: str) -> bool:
        """Tell ``[web]`` from a host range that starts a name, ``[a:c].example``."""
        return bool(_section.fullmatch(line)) or line.endswith("]")

    def _enter(self, line: str, place: Place) -> None:
        match = _section.fullmatch(line)
        if not match:
            rule = "is no section; write [GROUP], [GROUP:children] or [GROUP:vars], without spaces"
            raise InvalidInput([problem("section", line, rule, place)])
        group, kind = match["group"], match["kind"] or "hosts"
        if kind not in _kinds:
            near = difflib.get_close_matches(kind, _kinds, n=1)
            rule = "has an unknown type; known are children, hosts and vars"
            raise InvalidInput([problem("section", line, rule, place, near[0] if near else "")])
        self._group, self._kind = group, kind
        self._written = {}
        if kind == "vars":
            if group not in self._draft.groups:
                self._vars_only.setdefault(group, place)
            self._draft.add_group(group, place)
            return
        self._vars_only.pop(group, None)
        self._draft.add_group(group, place)
        for parent, mention in self._awaited.pop(group, ()):
            self._draft.add_child(parent, group, mention)

    def _child_line(self, line: str, place: Place) -> None:
        match = _group_line.fullmatch(line)
        if not match:
            raise InvalidInput([problem("group", line, "must be one group's name", place)])
        child = match["group"]
        if child in self._draft.groups:
            self._draft.add_child(self._group, child, place)
        else:
            self._awaited.setdefault(child, []).append((self._group, place))

    def _variable_line(self, line: str, place: Place) -> None:
        name, equals, value = line.partition("=")
        name = name.strip()
        if not equals or not name:
            raise InvalidInput(
                [problem("variable", _shown(line, line), "must be NAME=VALUE", place)]
            )
        self._refuse_repeated(name, place)
        self._draft.set_group_variable(self._group, name, typed(value.strip()), place)

    def _refuse_repeated(self, name: str, place: Place) -> None:
        first = self._written.setdefault(name, place.line)
        if first != place.line:
            rule = f"is set twice in this section; first on line {first}"
            raise InvalidInput([problem("variable", name, rule, place)])

    def _host_line(self, line: str, place: Place) -> None:
        words = list(self._split(line, place))
        if not words:
            return
        pattern, _ = words[0]
        try:
            names, port = addresses.parse(pattern)
        except addresses.AddressError as error:
            shown = pattern if "=" not in pattern else pattern.partition("=")[0] + "=…"
            raise InvalidInput([problem("host", shown, str(error), place)]) from error
        variables = self._host_variables(line, words[1:]) if len(words) > 1 else []
        for name in names:
            self._draft.add_host(name, group=self._group, place=place, source=self._file, port=port)
            for key, value, at in variables:
                self._draft.set_host_variable(name, key, value, at)

    def _host_variables(
        self, line: str, words: list[tuple[str, Place]]
    ) -> list[tuple[str, Any, Place]]:
        variables: dict[str, tuple[str, Any, Place]] = {}
        for word, place in words:
            name, equals, value = word.partition("=")
            if not equals or not name:
                rule = "must be NAME=VALUE, as it follows a host's name"
                raise InvalidInput([problem("variable", _shown(word, line), rule, place)])
            if name in variables:
                rule = "is set twice on this line"
                raise InvalidInput([problem("variable", name, rule, place)])
            variables[name] = (name, typed(value), place)
        return list(variables.values())

    def _split(self, line: str, place: Place) -> Iterator[tuple[str, Place]]:
        """Split a line as a shell would, keeping where each word starts."""
        if not _quoting.search(line):
            for match in _words.finditer(line):
                yield match[0], Place(place.file, place.line, place.column + match.start())
            return
        stream = io.StringIO(line)
        lexer = shlex.shlex(stream, posix=True)
        lexer.whitespace_split = True
        lexer.commenters = "#"
        while True:
            offset = stream.tell()
            try:
                word = lexer.get_token()
            except ValueError as error:
                rule = f"cannot be split into words: {str(error).lower()}"
                raise InvalidInput([problem("line", _shown(line, line), rule, place)]) from error
            if word is None:
                return
            start = offset + len(line[offset:]) - len(line[offset:].lstrip())
            yield word, Place(place.file, place.line, place.column + start)

    def _refuse_undefined(self) -> None:
        known = [name for name in self._draft.groups if name not in self._vars_only]
        for group, place in self._vars_only.items():
            rule = "gives variables to a group that is defined nowhere"
            self._undefined(f"[{group}:vars]", rule, place, _nearest(group, known))
        for child, mentions in self._awaited.items():
            for parent, place in mentions:
                rule = f"is a child of {parent} but is defined nowhere"
                self._undefined(child, rule, place, _nearest(child, known))

    def _undefined(self, value: str, rule: str, place: Place, suggestion: str) -> None:
        self._problems.append(problem("group", value, rule, place, suggestion))


def _nearest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return near[0] if near else ""


def _shown(text: str, line: str) -> str:
    """The offending text, unless its line may hold a password."""
    return "(not shown)" if _sensitive.search(line) else text
