"""What the modules that edit text files share: read, decide, write, report."""

import os
from typing import Any, Callable

from warren.fleet.remote import answers, atomic, attributes, contents

REQUIRES = ("answers", "atomic", "attributes", "contents")


def edit(
    arguments: "dict[str, Any]",
    decide: "Callable[[bytes], tuple[bytes, dict[str, Any]]]",
    missing: "Callable[[str], dict[str, Any] | None]",
) -> "dict[str, Any]":
    """Apply ``decide`` to the content of ``path`` and settle its attributes.

    ``decide`` gives the new content and what the result says of it. ``missing`` is asked when the
    file is absent: it gives a result, or ``None`` if the file is to be created.
    """
    path = answers.expand(arguments["path"])
    if os.path.isdir(path):
        raise answers.Failure("%s is a directory" % path, rc=256)
    before = contents.read(path)
    if before is None:
        answer = missing(path)
        if answer is not None:
            return answer
    after, answer = decide(before or b"")
    check = arguments.get("check", False)
    changed = after != (before or b"") or (before is None and bool(after))
    differences = []
    if changed and arguments.get("diff"):
        differences.append(contents.difference(path, before, after))
    if changed and not check:
        target = os.path.realpath(path)
        parent = contents.parent_of(target)
        if before is None and not os.path.isdir(parent):
            os.makedirs(parent)
        answer.update(atomic.write(target, after, arguments))
    report = {"before": {}, "after": {}}  # type: dict[str, dict[str, Any]]
    if os.path.exists(path) and attributes.settle(os.path.realpath(path), arguments, check, report):
        said = answer.get("msg")
        answer["msg"] = (said + " and " if said else "") + "ownership or permissions changed"
        differences.append(report)
        changed = True
    if arguments.get("diff"):
        answer["diff"] = differences
    return dict(answer, changed=changed)
