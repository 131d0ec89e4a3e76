"""Every match of a pattern in a text file, replaced."""

import re
from typing import Any

from warren.fleet.remote import answers, edits, lineinfile

REQUIRES = ("answers", "edits", "lineinfile")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Replace what matches ``regexp`` between ``after`` and ``before`` in ``path``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    def missing(path: str) -> "dict[str, Any] | None":
        raise answers.Failure("%s does not exist" % path, rc=257)

    answer = edits.edit(arguments, lambda content: _decide(content, arguments), missing)
    answer.setdefault("rc", 0)
    return answer


def _decide(content: bytes, arguments: "dict[str, Any]") -> "tuple[bytes, dict[str, Any]]":
    pattern = lineinfile.compiled(arguments["regexp"], "regexp", re.MULTILINE)
    section = _section(content, arguments)
    if section is None:
        return content, {"msg": "no text lies between after and before; nothing to replace"}
    start, end = section
    try:
        changed, count = pattern.subn((arguments.get("replace") or "").encode(), content[start:end])
    except (re.error, IndexError) as error:
        raise answers.Failure("replace: %s" % error)
    if not count or changed == content[start:end]:
        return content, {"msg": ""}
    return content[:start] + changed + content[end:], {"msg": "%d replacements made" % count}


def _section(content: bytes, arguments: "dict[str, Any]") -> "tuple[int, int] | None":
    after, before = arguments.get("after"), arguments.get("before")
    start, end = 0, len(content)
    if after is not None and before is not None:
        between = after + "(?P<subsection>.*?)" + before
        match = lineinfile.compiled(between, "after and before", re.DOTALL).search(content)
        return match.span("subsection") if match else None
    if after is not None:
        match = lineinfile.compiled(after + "(?P<subsection>.*)", "after", re.DOTALL).search(
            content
        )
        return match.span("subsection") if match else None
    if before is not None:
        match = lineinfile.compiled("(?P<subsection>.*)" + before, "before", re.DOTALL).search(
            content
        )
        return match.span("subsection") if match else None
    return start, end
