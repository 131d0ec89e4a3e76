"""The content of a file of this host, in pieces of bounded size."""

import os
from typing import Any

from warren.fleet.remote import answers, contents

REQUIRES = ("answers", "contents")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """A piece of the file ``src``: ``data`` from ``offset``, at most ``limit`` bytes.

    The first piece comes with the file's ``checksum`` and ``size``, and without data if the
    checksum is the one given as ``known``.
    """
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    path = answers.expand(arguments["src"])
    if not os.path.exists(path):
        raise answers.Failure("%s does not exist" % path, missing=True)
    if os.path.isdir(path):
        raise answers.Failure("%s is a directory" % path)
    offset = arguments.get("offset", 0)
    answer = {"changed": False, "source": path, "data": b""}  # type: dict[str, Any]
    if offset == 0:
        answer["size"] = os.path.getsize(path)
        answer["checksum"] = contents.checksum(path) if os.path.isfile(path) else ""
        if answer["checksum"] and answer["checksum"] == arguments.get("known"):
            return answer
    with open(path, "rb") as stream:
        if offset:
            stream.seek(offset)
        answer["data"] = stream.read(arguments["limit"])
    return answer
