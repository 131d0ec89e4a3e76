"""Filters on paths. They work on text: most paths in a playbook are a host's, not this machine's."""

import glob
import os.path
from collections.abc import Callable
from typing import Any


def path_join(parts: Any) -> str:
    """Join parts of a path."""
    return os.path.join(*([parts] if isinstance(parts, str) else parts))  # noqa: PTH118


def fileglob(pattern: str) -> list[str]:
    """Files on this machine that match a pattern."""
    return sorted(path for path in glob.glob(pattern) if os.path.isfile(path))  # noqa: PTH113, PTH207


def win_basename(path: str) -> str:
    """The last part of a Windows path."""
    return path.replace("/", "\\").rstrip("\\").rpartition("\\")[2]


filters: dict[str, Callable[..., Any]] = {
    "basename": os.path.basename,
    "commonpath": os.path.commonpath,
    "dirname": os.path.dirname,
    "expanduser": os.path.expanduser,
    "expandvars": os.path.expandvars,
    "fileglob": fileglob,
    "normpath": os.path.normpath,
    "path_join": path_join,
    "realpath": os.path.realpath,
    "relpath": os.path.relpath,
    "splitext": os.path.splitext,
    "win_basename": win_basename,
}
