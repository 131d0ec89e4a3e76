"""A new file or directory of a name nobody else has."""

import os
import tempfile
from typing import Any

from warren.fleet.remote import answers, attributes

REQUIRES = ("answers", "attributes")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Make a temporary ``state`` (file or directory) and name it under ``path``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    place = arguments.get("path")
    where = answers.expand(place) if place else None
    names = {"prefix": arguments["prefix"], "suffix": arguments["suffix"], "dir": where}
    if arguments.get("check"):
        return {"changed": True, "path": None, "state": arguments["state"]}
    if arguments["state"] == "directory":
        path = tempfile.mkdtemp(**names)
    else:
        descriptor, path = tempfile.mkstemp(**names)
        os.close(descriptor)
    return dict(attributes.describe(path), changed=True, path=path)
