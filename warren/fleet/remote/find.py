"""Files of this host that fit a description."""

import fnmatch
import os
import re
import stat as modes
import time
from typing import Any

from warren.fleet.remote import answers, contents, stat

REQUIRES = ("answers", "contents", "stat")

_units = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_sizes = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """What is below ``paths`` and fits, each described as ``stat`` does."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    arguments = dict(
        arguments,
        age=_number(arguments.get("age"), _units, "age"),
        size=_number(arguments.get("size"), _sizes, "size"),
    )
    found = []  # type: list[dict[str, Any]]
    skipped = {}  # type: dict[str, str]
    examined = 0
    now = time.time()
    for top in map(answers.expand, arguments["paths"]):
        if not os.path.isdir(top):
            skipped[top] = "is not a directory"
            continue
        for path in _walk(top, arguments, skipped):
            examined += 1
            try:
                status = os.stat(path) if arguments.get("follow") else os.lstat(path)
            except OSError:
                continue
            if _fits(path, status, arguments, now):
                found.append(_described(path, status, arguments))
    answer = {"changed": False, "files": found, "matched": len(found), "examined": examined}
    answer["skipped_paths"] = skipped
    answer["msg"] = "not all paths were examined" if skipped else "all paths were examined"
    return answer


def _number(text: "str | None", units: "dict[str, int]", name: str) -> "int | None":
    if text is None:
        return None
    match = re.match(r"^(-?\d+)([a-z]?)$", str(text).lower())
    if not match or (match.group(2) and match.group(2) not in units):
        raise answers.Failure(
            "%s: %r is not a number with one of %s" % (name, text, "".join(units))
        )
    return int(match.group(1)) * units.get(match.group(2), 1)


def _walk(top: str, arguments: "dict[str, Any]", skipped: "dict[str, str]") -> "list[str]":
    def note(error: OSError) -> None:
        skipped[str(error.filename)] = str(error.strerror)

    paths = []
    for directory, names, files in os.walk(
        top, onerror=note, followlinks=bool(arguments.get("follow"))
    ):
        relative = os.path.relpath(directory, top)
        depth = 1 if relative == "." else relative.count(os.sep) + 2
        hidden = arguments.get("hidden")
        names[:] = [name for name in names if hidden or not name.startswith(".")]
        shown = [name for name in files if hidden or not name.startswith(".")]
        paths += [os.path.join(directory, name) for name in sorted(shown + names)]
        if not arguments.get("recurse") or depth == arguments.get("depth"):
            names[:] = []
        names.sort()
    return paths


def _fits(path: str, status: os.stat_result, arguments: "dict[str, Any]", now: float) -> bool:
    kind = arguments.get("file_type") or "file"
    is_kind = {"file": modes.S_ISREG, "directory": modes.S_ISDIR, "link": modes.S_ISLNK}
    name = os.path.basename(path)
    stamp = getattr(status, "st_" + (arguments.get("age_stamp") or "mtime"))
    excluded = arguments.get("excludes") or []
    fits = (
        (kind == "any" or is_kind[kind](status.st_mode))
        and _is_named(name, arguments["patterns"] or None, arguments, absent=True)
        and not (excluded and _is_named(name, excluded, arguments, absent=False))
        and _reaches(now - stamp, arguments["age"])
    )
    if not fits or not modes.S_ISREG(status.st_mode):
        return fits
    return _reaches(status.st_size, arguments["size"]) and (
        arguments.get("contains") is None or _contains(path, arguments)
    )


def _is_named(
    name: str, patterns: "list[str] | None", arguments: "dict[str, Any]", *, absent: bool
) -> bool:
    if patterns is None:
        return absent
    if arguments.get("use_regex"):
        return any(re.match(pattern, name) for pattern in patterns)
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns)


def _reaches(value: float, bound: "int | None") -> bool:
    """At least a positive bound, at most a negative one."""
    if bound is None:
        return True
    return value >= bound if bound >= 0 else value <= -bound


def _contains(path: str, arguments: "dict[str, Any]") -> bool:
    pattern = re.compile(arguments["contains"].encode())
    try:
        with open(path, "rb") as stream:
            if arguments.get("read_whole_file"):
                return bool(pattern.search(stream.read()))
            return any(pattern.match(line) for line in stream)
    except OSError:
        return False


def _described(path: str, status: os.stat_result, arguments: "dict[str, Any]") -> "dict[str, Any]":
    told = stat.describe(path, status)
    for name in ("exists", "blocks", "block_size", "device_type", "readable", "writeable"):
        del told[name]
    del told["executable"]
    if arguments.get("get_checksum") and modes.S_ISREG(status.st_mode):
        told["checksum"] = contents.checksum(path, arguments.get("checksum_algorithm") or "sha1")
    return told
