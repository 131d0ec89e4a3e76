"""One line of a text file: present, replaced or absent."""

import re
from typing import Any

from warren.fleet.remote import answers, edits

REQUIRES = ("answers", "edits")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Ensure that ``line`` is, or is not, in the file ``path``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    present = arguments.get("state", "present") == "present"
    decide = _decide_present if present else _decide_absent

    def missing(path: str) -> "dict[str, Any] | None":
        if not present:
            return {"changed": False, "msg": "file not present"}
        if not arguments.get("create"):
            raise answers.Failure("%s does not exist (create=true makes it)" % path, rc=257)
        return None

    answer = edits.edit(arguments, lambda content: decide(content, arguments), missing)
    answer.setdefault("backup", answer.pop("backup_file", ""))
    return answer


def compiled(pattern: str, name: str, flags: int = 0) -> "re.Pattern[bytes]":
    """The pattern for bytes; a mistake in it is a failure that names the argument."""
    try:
        return re.compile(pattern.encode(), flags)
    except re.error as error:
        raise answers.Failure("%s: %r is not a regular expression: %s" % (name, pattern, error))


def _matches(lines: "list[bytes]", arguments: "dict[str, Any]") -> "list[int]":
    line = (arguments.get("line") or "").encode()
    if arguments.get("regexp") is not None:
        pattern = compiled(arguments["regexp"], "regexp")
        return [number for number, text in enumerate(lines) if pattern.search(text)]
    if arguments.get("search_string") is not None:
        wanted = arguments["search_string"].encode()
        return [number for number, text in enumerate(lines) if wanted in text]
    return [number for number, text in enumerate(lines) if text.rstrip(b"\r\n") == line]


def _decide_absent(content: bytes, arguments: "dict[str, Any]") -> "tuple[bytes, dict[str, Any]]":
    lines = content.splitlines(keepends=True)
    gone = set(_matches(lines, arguments))
    left = b"".join(text for number, text in enumerate(lines) if number not in gone)
    said = "%d line(s) removed" % len(gone) if gone else ""
    return left, {"msg": said, "found": len(gone)}


def _decide_present(content: bytes, arguments: "dict[str, Any]") -> "tuple[bytes, dict[str, Any]]":
    lines = content.splitlines(keepends=True)
    line = arguments["line"].encode()
    found = _matches(lines, arguments)
    if found:
        number = found[0 if arguments.get("firstmatch") else -1]
        after = _replacement(lines[number], line, arguments)
        if lines[number].rstrip(b"\r\n") == after.rstrip(b"\r\n"):
            return content, {"msg": ""}
        lines[number] = after if after.endswith(b"\n") else after + b"\n"
        return b"".join(lines), {"msg": "line replaced"}
    there = any(text.rstrip(b"\r\n") == line for text in lines)
    if arguments.get("backrefs") or there:
        return content, {"msg": ""}
    place, exists = _place(lines, line, arguments)
    if exists:
        return content, {"msg": ""}
    if place == len(lines) and lines and not lines[-1].endswith((b"\n", b"\r")):
        lines[-1] += b"\n"
    lines.insert(place, line + b"\n")
    return b"".join(lines), {"msg": "line added"}


def _replacement(text: bytes, line: bytes, arguments: "dict[str, Any]") -> bytes:
    if not arguments.get("backrefs"):
        return line
    match = compiled(arguments["regexp"], "regexp").search(text)
    assert match is not None, "the line was chosen because it matches"
    try:
        return match.expand(line)
    except (re.error, IndexError) as error:
        raise answers.Failure("line: %r refers to no group of regexp: %s" % (line.decode(), error))


def _place(lines: "list[bytes]", line: bytes, arguments: "dict[str, Any]") -> "tuple[int, bool]":
    """Where the line goes, and whether it stands there already."""
    before, after = arguments.get("insertbefore"), arguments.get("insertafter")
    if before == "BOF":
        return 0, bool(lines) and lines[0].rstrip(b"\r\n") == line
    anchor = before if before is not None else after
    if anchor in (None, "EOF", ""):
        return len(lines), False
    pattern = compiled(str(anchor), "insertbefore" if before is not None else "insertafter")
    places = [number for number, text in enumerate(lines) if pattern.search(text)]
    if not places:
        return len(lines), False
    place = places[0 if arguments.get("firstmatch") else -1] + (before is None)
    neighbour = place - 1 if before is not None else place
    if before is not None:
        return place, neighbour >= 0 and lines[neighbour].rstrip(b"\r\n") == line
    return place, neighbour < len(lines) and lines[neighbour].rstrip(b"\r\n") == line
