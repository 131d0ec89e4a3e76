"""Wait on this host for a port, a file, or a text in either."""

import os
import re
import socket
import time
from typing import Any

from warren.fleet.remote import answers

REQUIRES = ("answers",)

_established = "01"
_tables = ("/proc/net/tcp", "/proc/net/tcp6")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Wait until ``port`` or ``path`` is in ``state``; a failure after ``timeout`` seconds."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    begun = time.monotonic()
    state = arguments["state"]
    time.sleep(arguments.get("delay") or 0)
    deadline = begun + arguments["timeout"]
    answer = {"changed": False, "state": state}  # type: dict[str, Any]
    for name in ("port", "path", "search_regex"):
        answer[name] = arguments.get(name)
    while True:
        groups = _is_so(arguments, max(0.1, deadline - time.monotonic()))
        answer["elapsed"] = int(time.monotonic() - begun)
        if groups is not None:
            answer["match_groups"] = groups.get("plain", [])
            answer["match_groupdict"] = groups.get("named", {})
            return answer
        if time.monotonic() >= deadline:
            raise answers.Failure(
                arguments.get("msg") or _story(arguments), elapsed=answer["elapsed"]
            )
        time.sleep(min(arguments["sleep"], max(0.0, deadline - time.monotonic())))


def _story(arguments: "dict[str, Any]") -> str:
    what = arguments.get("path") or "%s:%s" % (arguments["host"], arguments["port"])
    text = arguments.get("search_regex")
    wanted = "%s with %r" % (arguments["state"], text) if text else arguments["state"]
    return "%s was not %s within %s s" % (what, wanted, arguments["timeout"])


def _is_so(arguments: "dict[str, Any]", left: float) -> "dict[str, Any] | None":
    """``None`` if it is not yet as wanted; else the groups of the text that was searched."""
    state = arguments["state"]
    if arguments.get("path"):
        return _path_is_so(answers.expand(arguments["path"]), state, arguments.get("search_regex"))
    if state == "drained":
        busy = _connections(arguments["port"], arguments.get("exclude_hosts") or [])
        return None if busy else {}
    limit = min(left, arguments["connect_timeout"])
    try:
        with socket.create_connection((arguments["host"], arguments["port"]), limit) as stream:
            if state in ("absent", "stopped"):
                return None
            if arguments.get("search_regex"):
                return _search(stream, arguments["search_regex"], left)
            return {}
    except OSError:
        return {} if state in ("absent", "stopped") else None


def _path_is_so(path: str, state: str, pattern: "str | None") -> "dict[str, Any] | None":
    if state in ("absent", "stopped"):
        return None if os.path.lexists(path) else {}
    if not os.path.exists(path):
        return None
    if not pattern:
        return {}
    try:
        with open(path, "rb") as stream:
            return _groups(re.search(pattern.encode(), stream.read(), re.MULTILINE))
    except OSError:
        return None


def _search(stream: socket.socket, pattern: str, left: float) -> "dict[str, Any] | None":
    """Read what the other side says until it fits or it stops talking."""
    data = b""
    deadline = time.monotonic() + left
    compiled = re.compile(pattern.encode(), re.MULTILINE)
    while time.monotonic() < deadline:
        stream.settimeout(max(0.1, deadline - time.monotonic()))
        piece = stream.recv(1024)
        if not piece:
            return None
        data += piece
        groups = _groups(compiled.search(data))
        if groups is not None:
            return groups
    return None


def _groups(match: "re.Match[bytes] | None") -> "dict[str, Any] | None":
    if match is None:
        return None
    plain = [answers.text_of(group or b"") for group in match.groups()]
    named = {name: answers.text_of(text or b"") for name, text in match.groupdict().items()}
    return {"plain": plain, "named": named}


def _connections(port: int, exclude: "list[str]") -> int:
    """Established connections to a local port, but those from hosts that do not count."""
    ignored = {socket.gethostbyname(name) for name in exclude}
    count = 0
    for table in _tables:
        try:
            with open(table) as stream:
                rows = [line.split() for line in stream.readlines()[1:]]
        except OSError:
            continue
        for local, remote, state in (row[1:4] for row in rows):
            if state == _established and int(local.rpartition(":")[2], 16) == port:
                count += _address(remote) not in ignored
    return count


def _address(text: str) -> str:
    """An address of ``/proc/net/tcp``: words in the byte order of the machine."""
    digits = bytes.fromhex(text.rpartition(":")[0])
    last = digits[-4:]
    return socket.inet_ntoa(last[::-1])
