"""How a function on a host tells what went wrong.

A failed task is an answer, not a crash of the runner; so every function does its work through
``answer``, which turns refusals and the system's errors into results with ``failed``.
"""

import errno
import os
from typing import Any, Callable


class Failure(Exception):
    """The work cannot be done; the message is for the user, the details join the result."""

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


def answer(
    work: "Callable[[dict[str, Any]], dict[str, Any]]", arguments: "dict[str, Any]"
) -> "dict[str, Any]":
    """Do ``work``; a ``Failure`` or an error of the system becomes a failed result."""
    try:
        result = work(arguments)
    except Failure as failure:
        return dict(failure.details, changed=False, failed=True, msg=failure.message)
    except OSError as error:
        return {"changed": False, "failed": True, "msg": explain(error), "errno": error.errno}
    result.setdefault("changed", False)
    return result


def explain(error: OSError) -> str:
    """The error with its file names, and a word on a full disk."""
    names = [os.fsdecode(name) for name in (error.filename, error.filename2) if name is not None]
    text = ": ".join([" -> ".join(names)] * bool(names) + [error.strerror or str(error)])
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        text += " (nothing was changed: files are replaced only once completely written)"
    return text


def text_of(data: bytes) -> str:
    """Bytes for people: undecodable ones are replaced."""
    return data.decode("utf-8", "replace")


def expand(path: str) -> str:
    """A path with ``~`` and ``$NAME`` of the host's user filled in."""
    return os.path.expanduser(os.path.expandvars(path))
