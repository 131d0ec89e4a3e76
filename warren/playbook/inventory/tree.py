"""Inventories in YAML form: groups that hold hosts, variables and further groups."""

import difflib
from collections.abc import Mapping
from typing import Any

from warren.model.errors import InvalidInput, Place, Problem, Unsupported
from warren.model.marked import MarkedDict
from warren.playbook.inventory import addresses
from warren.playbook.inventory.drafts import Draft, check_variable_name, problem

_sections = ("hosts", "vars", "children")


def read(draft: Draft, document: Any, file: str) -> None:
    """Record what a YAML inventory says.

    Raises:
        InvalidInput: the document is not a mapping of groups, or a group, host or section is
            malformed; the problems of all groups are listed.
        Unsupported: the file configures an inventory plugin of Ansible.
    """
    if document is None:
        return
    if not isinstance(document, MarkedDict):
        place = getattr(document, "place", Place(file, 1, 1))
        rule = "must be a mapping of groups; write 'all:' with hosts, vars or children below"
        raise InvalidInput([problem("inventory", type(document).__name__, rule, place)])
    if "plugin" in document and not isinstance(document["plugin"], Mapping):
        raise Unsupported(
            f"{document.key_places['plugin']}: inventory plugin {document['plugin']!r} "
            "is Ansible's and cannot be run",
            hint="write its result to a file: ansible-inventory --list --export -y --output FILE",
        )
    reading = _Reading(draft, file)
    for name, content in document.items():
        reading.group(name, content, document.key_places[name])
    if reading.problems:
        raise InvalidInput(reading.problems)


class _Reading:
    """One walk over one document."""

    def __init__(self, draft: Draft, file: str) -> None:
        self._draft = draft
        self._file = file
        self.problems: list[Problem] = []

    def group(self, name: Any, content: Any, place: Place) -> bool:
        """Record a group and all below it; ``False`` when it could not be recorded."""
        try:
            group = self._draft.add_group(name, place)
        except InvalidInput as error:
            self.problems.extend(error.problems)
            return False
        if content is None:
            return True
        if not isinstance(content, MarkedDict):
            rule = "must be a mapping with hosts, vars or children"
            self.problems.append(problem(f"group {name}", _kind(content), rule, place))
            return False
        for section, entries in content.items():
            try:
                self._section(group.name, section, entries, content)
            except InvalidInput as error:
                self.problems.extend(error.problems)
        return True

    def _section(self, group: str, section: Any, entries: Any, content: MarkedDict) -> None:
        place = content.key_places[section]
        if section not in _sections:
            near = difflib.get_close_matches(str(section), _sections, n=1)
            rule = "is unknown; a group has hosts, vars and children"
            suggestion = near[0] if near else ""
            raise InvalidInput([problem(f"group {group}", section, rule, place, suggestion)])
        if isinstance(entries, str) and section != "vars":
            entries = _single(entries, content.value_places[section])
        if entries is None:
            return
        if not isinstance(entries, MarkedDict):
            rule = f"must be a mapping; end each entry of {section} with a colon"
            raise InvalidInput([problem(f"{section} of {group}", _kind(entries), rule, place)])
        for key, value in entries.items():
            at = entries.key_places[key]
            if section == "vars":
                self._draft.set_group_variable(group, key, value, at)
            elif section == "hosts":
                self._host(group, key, value, at)
            elif self.group(key, value, at):
                self._draft.add_child(group, key, at)

    def _host(self, group: str, pattern: Any, variables: Any, place: Place) -> None:
        if not isinstance(pattern, str):
            raise InvalidInput([problem("host", pattern, "must be text; put it in quotes", place)])
        if variables is not None and not isinstance(variables, MarkedDict):
            rule = "must hold variables, NAME: VALUE, or nothing"
            raise InvalidInput([problem(f"host {pattern}", _kind(variables), rule, place)])
        try:
            names, port = addresses.parse(pattern)
        except addresses.AddressError as error:
            raise InvalidInput([problem("host", pattern, str(error), place)]) from error
        values = variables if variables is not None else MarkedDict(place)
        for key in values:
            check_variable_name(key, values.key_places[key])
        for name in names:
            self._draft.add_host(name, group=group, place=place, source=self._file, port=port)
            for key, value in values.items():
                self._draft.set_host_variable(name, key, value, values.key_places[key])


def _single(name: str, place: Place) -> MarkedDict:
    entries = MarkedDict(place)
    entries[name] = None
    entries.key_places[name] = entries.value_places[name] = place
    return entries


def _kind(value: Any) -> str:
    """What was found instead, without the value: it may be a misplaced password."""
    return f"a {type(value).__name__.removeprefix('Marked').lower()}"
