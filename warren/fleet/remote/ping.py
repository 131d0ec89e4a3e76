"""Answer, to show that Python works here."""

from typing import Any

REQUIRES = ()


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """The ``data`` back, under ``ping``."""
    return {"changed": False, "ping": arguments["data"]}
