"""Lookups: values from outside the play's variables, read on this machine, and forms of loops.

A lookup takes terms and gives a list; ``with_NAME`` loops over it. All of them run when the
template that calls them is evaluated.
"""

import itertools
import os
import re
import string
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from jinja2 import Undefined

from warren.model.errors import NotFound, PermanentError
from warren.playbook.modules.contract import TemplateStyle
from warren.playbook.templating import sequences
from warren.playbook.templating.filters.encoding import password_hash
from warren.playbook.templating.filters.structures import subelements as pair_elements
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.undefined import Absent, absent

password_characters_default = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One use of a lookup.

    Attributes:
        variables: the variables of the template that uses it; also finds files.
        attempt: evaluates a compiled value with them.
        chance: where made-up passwords come from.
        settings: the keyword arguments.
    """

    variables: Any
    attempt: Callable[[Any, Any], Any]
    chance: Random
    settings: dict[str, Any] = field(default_factory=dict)


def flattened_once(terms: Iterable[Any]) -> list[Any]:
    """Lists among the terms opened, one level deep."""
    found: list[Any] = []
    for term in terms:
        found.extend(term if isinstance(term, list | tuple) else [term])
    return found


def _items(terms: list[Any], _call: Call) -> list[Any]:
    return flattened_once(terms)


def _list(terms: list[Any], _call: Call) -> list[Any]:
    return terms


def _flattened(terms: list[Any], _call: Call) -> list[Any]:
    found: list[Any] = []
    for term in terms:
        found.extend(_flattened(list(term), _call) if isinstance(term, list | tuple) else [term])
    return found


def _dict(terms: list[Any], _call: Call) -> list[Any]:
    found: list[Any] = []
    for term in flattened_once(terms):
        if not isinstance(term, Mapping):
            raise TypeError(f"a mapping is needed, not {type(term).__name__}")
        found.extend({"key": key, "value": value} for key, value in term.items())
    return found


def _columns(terms: list[Any]) -> list[list[Any]]:
    return [list(term) if isinstance(term, list | tuple) else [term] for term in terms]


def _nested(terms: list[Any], _call: Call) -> list[Any]:
    if not terms:
        raise ValueError("at least one list is needed")
    rows = itertools.product(*_columns(terms))
    return [flattened_once(row) for row in rows]


def _together(terms: list[Any], _call: Call) -> list[Any]:
    if not terms:
        raise ValueError("at least one list is needed")
    return [flattened_once(row) for row in itertools.zip_longest(*_columns(terms))]


def _indexed(terms: list[Any], _call: Call) -> list[Any]:
    return list(enumerate(flattened_once(terms)))


def _subelements(terms: list[Any], _call: Call) -> list[Any]:
    if len(terms) not in (2, 3):
        raise ValueError("a list and the name of a part are needed")
    flags = terms[2] if len(terms) == 3 else {}  # noqa: PLR2004 - list, name, flags
    missing = bool(to_bool(flags.get("skip_missing", False)))
    part = str(terms[1]).partition(".")[0]
    return [
        [{name: value for name, value in item.items() if name != part}, element]
        for item, element in pair_elements(terms[0], terms[1], missing)
    ]


def _sequence(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    for term in terms or [""]:
        found.extend(sequences.count(str(term), call.settings))
    return found


def _random_choice(terms: list[Any], call: Call) -> list[Any]:
    return [call.chance.choice(terms)] if terms else []


def _environment(terms: list[Any], call: Call) -> list[Any]:
    default = call.settings.get("default", "")
    return [default if (value := os.environ.get(str(term))) is None else value for term in terms]


def _variables(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    for term in terms:
        try:
            value = call.variables[term]
        except KeyError:
            value = absent(f"{term!r} is undefined")
        if isinstance(value, Undefined) and "default" in call.settings:
            value = call.settings["default"]
        found.append(value)
    return found


def _names(terms: list[Any], call: Call) -> list[Any]:
    names = list(call.variables)
    return [name for term in terms for name in names if re.search(str(term), name)]


def _hosts(terms: list[Any], call: Call) -> list[Any]:
    groups: Mapping[str, list[str]] = call.variables["groups"]
    found: dict[str, None] = {}
    for term in flattened_once(terms):
        for part in re.split(r"[,:]", str(term)):
            found.update(dict.fromkeys(groups.get(part, [part] if part in groups["all"] else [])))
    return list(found)


def _text_of(term: Any, kind: str, call: Call) -> str:
    path = call.variables.find_file(str(term), kind)
    return str(path.read_text(encoding="utf-8"))


def _file(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    for term in terms:
        text = _text_of(term, "files", call)
        text = text.lstrip() if to_bool(call.settings.get("lstrip", False)) else text
        found.append(text.rstrip() if to_bool(call.settings.get("rstrip", True)) else text)
    return found


def _template(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    extra = call.settings.get("template_vars", {})
    variables = call.variables.with_variables(extra) if extra else call.variables
    for term in terms:
        path = call.variables.find_file(str(term), "templates")
        text = path.read_text(encoding="utf-8")
        style = TemplateStyle(
            trim_blocks=bool(to_bool(call.settings.get("trim_blocks", True))),
            lstrip_blocks=bool(to_bool(call.settings.get("lstrip_blocks", False))),
        )
        found.append(variables.render_file(text, path=path, style=style))
    return found


def _fileglob(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    for term in flattened_once(terms):
        directory, _, pattern = str(term).rpartition("/")
        try:
            where = call.variables.find_file(directory or ".", "files")
        except NotFound:
            continue
        found.extend(str(path) for path in sorted(where.glob(pattern)) if path.is_file())
    return found


def _first_found(terms: list[Any], call: Call) -> list[Any]:
    skip = call.settings.get("skip", False)
    names: list[str] = []
    for term in terms or [call.settings]:
        if isinstance(term, Mapping):
            skip = term.get("skip", skip)
            names.extend(_found_names(term))
        else:
            names.extend(str(name) for name in flattened_once([term]))
    for name in names:
        if isinstance(name, Undefined):
            continue
        for kind in ("files", "templates", "vars", "tasks"):
            try:
                return [str(call.variables.find_file(name, kind))]
            except NotFound:
                continue
    if to_bool(skip):
        return []
    raise NotFound(f"none of these files exists: {', '.join(names)}")


def _found_names(term: Mapping[str, Any]) -> list[str]:
    files = _split_list(term.get("files", []))
    paths = _split_list(term.get("paths", []))
    return [f"{path}/{file}" for path in paths for file in files] if paths else files


def _split_list(value: Any) -> list[str]:
    parts: list[str] = []
    for one in value if isinstance(value, list | tuple) else [value]:
        if not isinstance(one, Absent):
            parts.extend(part for part in re.split(r"[,;]", str(one)) if part)
    return parts


def _pipe(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    for term in terms:
        directory = str(call.variables["playbook_dir"])
        done = subprocess.run(  # noqa: S602 - running the user's shell text is its purpose
            str(term), shell=True, capture_output=True, text=True, check=False, cwd=directory
        )
        if done.returncode:
            tail = done.stderr.strip().splitlines()[-3:]
            raise PermanentError(f"`{term}` ended with {done.returncode}: {' '.join(tail)}")
        found.append(done.stdout.rstrip())
    return found


def _lines(terms: list[Any], call: Call) -> list[Any]:
    return [line for text in _pipe(terms, call) for line in text.splitlines()]


def _url(terms: list[Any], call: Call) -> list[Any]:
    import urllib.error  # noqa: PLC0415 - slow to import, seldom used
    import urllib.request  # noqa: PLC0415

    found: list[Any] = []
    timeout_seconds = float(call.settings.get("timeout", 10))
    for term in terms:
        if not str(term).startswith(("http://", "https://")):
            raise ValueError(f"{term!r} is no http or https address")
        headers = dict(call.settings.get("headers", {}))
        request = urllib.request.Request(str(term), headers=headers)  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=timeout_seconds) as answer:  # noqa: S310
                text = answer.read().decode("utf-8", "replace")
        except urllib.error.URLError as error:
            raise PermanentError(f"{term}: {error.reason}") from error
        found.extend(
            text.splitlines() if to_bool(call.settings.get("split_lines", True)) else [text]
        )
    return found


def _ini(terms: list[Any], call: Call) -> list[Any]:
    from configparser import ConfigParser  # noqa: PLC0415 - slow to import, seldom used

    settings = dict(call.settings)
    found: list[Any] = []
    for term in terms:
        key, *options = str(term).split()
        how = settings | dict(option.split("=", 1) for option in options)
        path = call.variables.find_file(str(how.get("file", "ansible.ini")), "files")
        text = path.read_text(encoding=str(how.get("encoding", "utf-8")))
        parser = ConfigParser(allow_no_value=True, interpolation=None)
        if to_bool(how.get("case_sensitive", False)):
            parser.optionxform = str  # type: ignore[assignment,method-assign]
        section = str(how.get("section", "global"))
        if how.get("type") == "properties":
            section, text = "java_properties", f"[java_properties]\n{text}"
        parser.read_string(text)
        if to_bool(how.get("re", False)):
            values = dict(parser.items(section)) if parser.has_section(section) else {}
            found.extend(value for name, value in values.items() if re.match(key, name))
        else:
            found.append(parser.get(section, key, fallback=how.get("default", "")))
    return found


def _password(terms: list[Any], call: Call) -> list[Any]:
    found: list[Any] = []
    for term in terms:
        path_text, _, rest = str(term).partition(" ")
        options = dict(part.split("=", 1) for part in rest.split() if "=" in part)
        how = {**options, **call.settings}
        path = Path(path_text).expanduser()
        if not path.is_absolute():
            path = Path(str(call.variables["playbook_dir"])) / path
        found.append(_stored_password(path, how, call.chance))
    return found


def _stored_password(path: Path, how: Mapping[str, Any], chance: Random) -> str:
    """The password in a file; made and stored there, readable by the owner only, if there is none."""
    text = "" if str(path) == "/dev/null" or not path.exists() else path.read_text("utf-8").strip()
    password, _, salt = text.partition(" salt=")
    if not password:
        letters = _letters_of(how.get("chars", ["ascii_letters", "digits", ".,:-_"]))
        length = int(how.get("length", password_characters_default))
        password = "".join(chance.choice(letters) for _ in range(length))
    scheme = how.get("encrypt")
    if scheme and not salt:
        letters = string.ascii_letters + string.digits
        salt = "".join(chance.choice(letters) for _ in range(16))
    wanted = f"{password} salt={salt}" if scheme else password
    if wanted != text and str(path) != "/dev/null":
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(wanted + "\n")
    return password_hash(password, str(scheme), salt) if scheme else password


def _letters_of(kinds: Any) -> str:
    parts = kinds.split(",") if isinstance(kinds, str) else list(kinds)
    letters = "".join(getattr(string, part, part) for part in parts)
    return "".join(dict.fromkeys(letters.replace('"', "").replace("'", "")))


table: dict[str, Callable[[list[Any], Call], list[Any]]] = {
    "cartesian": _nested,
    "dict": _dict,
    "env": _environment,
    "file": _file,
    "fileglob": _fileglob,
    "first_found": _first_found,
    "flattened": _flattened,
    "indexed_items": _indexed,
    "ini": _ini,
    "inventory_hostnames": _hosts,
    "items": _items,
    "lines": _lines,
    "list": _list,
    "nested": _nested,
    "password": _password,
    "pipe": _pipe,
    "random_choice": _random_choice,
    "sequence": _sequence,
    "subelements": _subelements,
    "template": _template,
    "together": _together,
    "url": _url,
    "vars": _variables,
    "varnames": _names,
}
