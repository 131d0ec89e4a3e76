"""A kernel parameter: its line in a file for the next boot, and its value now."""

import os
import re
from typing import Any

from warren.fleet.remote import answers, atomic, contents

REQUIRES = ("answers", "atomic", "contents")

_line = re.compile(r"^\s*(?P<ignore>-)?\s*(?P<name>[^=\s#;]+)\s*=\s*(?P<value>.*?)\s*$")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Bring the parameter ``name`` to ``value``, or its line to absence."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    name, present = arguments["name"], arguments.get("state", "present") == "present"
    value = _spaced(arguments.get("value") or "")
    path = arguments.get("sysctl_file") or "/etc/sysctl.conf"
    before = (contents.read(path) or b"").decode("utf-8", "surrogateescape")
    after = _with_line(before, name, value if present else None)
    live = _live(name)
    wants_live = present and (arguments.get("sysctl_set") or arguments.get("reload", True))
    if (
        live is None
        and wants_live
        and not (arguments.get("ignoreerrors") or arguments.get("check"))
    ):
        raise answers.Failure("this kernel has no parameter %s" % name)
    stale = bool(wants_live) and live is not None and live != value
    # Without sysctl_set a changed file is loaded, as a reload would; a value alone is left alone.
    stale = stale and (bool(arguments.get("sysctl_set")) or before != after)
    answer = {"changed": before != after or stale, "name": name, "value": value}
    if arguments.get("diff") and answer["changed"]:
        shown = "%s = %s\n"
        answer["diff"] = [contents.difference(path, before.encode(), after.encode())] + [
            {
                "before_header": "kernel",
                "after_header": "kernel",
                "before": shown % (name, live),
                "after": shown % (name, value),
            }
        ] * stale
    if not arguments.get("check"):
        if stale:
            _set_live(name, value, bool(arguments.get("ignoreerrors")))
        if before != after:
            data = after.encode("utf-8", "surrogateescape")
            atomic.write(os.path.realpath(path), data, {})
    return answer


def _spaced(value: str) -> str:
    return " ".join(value.split())


def _path(name: str) -> str:
    """As ``sysctl`` reads names: whichever of ``.`` and ``/`` comes first separates."""
    dot, slash = name.find("."), name.find("/")
    if slash < 0 or 0 <= dot < slash:
        name = name.translate(str.maketrans("./", "/."))
    return os.path.join("/proc/sys", name)


def _live(name: str) -> "str | None":
    try:
        with open(_path(name)) as stream:
            return _spaced(stream.read())
    except OSError:
        return None


def _set_live(name: str, value: str, ignore: bool) -> None:  # noqa: FBT001
    try:
        with open(_path(name), "w") as stream:
            stream.write(value)
    except OSError as error:
        if not ignore:
            raise answers.Failure("%s = %s is refused: %s" % (name, value, error.strerror))


def _with_line(text: str, name: str, value: "str | None") -> str:
    """The text with exactly one line for the parameter where its first stood, or none."""
    wanted = name.replace("/", ".")
    lines = []
    placed = value is None
    for line in text.splitlines(keepends=True):
        match = _line.match(line)
        comment = line.lstrip()[:1] in ("#", ";")
        if comment or not match or match.group("name").replace("/", ".") != wanted:
            lines.append(line)
        elif not placed:
            placed = True
            same = _spaced(match.group("value")) == value
            lines.append(line if same else "%s=%s\n" % (name, value))
    if not placed:
        if lines and not lines[-1].endswith("\n"):
            lines[-1] += "\n"
        lines.append("%s=%s\n" % (name, value))
    return "".join(lines)
