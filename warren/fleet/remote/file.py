"""Paths in a wanted state: file, directory, link, hard link, touched, absent."""

import os
import time
from typing import Any

from warren.fleet.remote import answers, attributes, copy

REQUIRES = ("answers", "attributes", "copy")

_stamp_format = "%Y%m%d%H%M.%S"


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Bring ``path`` to ``state``."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    path = answers.expand(arguments["path"])
    if len(path) > 1:
        path = path.rstrip("/")
    was = attributes.kind_of(path)
    state = arguments.get("state") or _default_state(was, arguments)
    if arguments.get("follow", True) and was == "link" and state not in ("link", "absent", "hard"):
        path = os.path.realpath(path)
        was = attributes.kind_of(path)
    report = {"before": {"path": path}, "after": {"path": path}}  # type: dict[str, Any]
    if was != state and not (was == "hard" and state == "file") and state != "touch":
        report["before"]["state"], report["after"]["state"] = was, state
    act = {
        "absent": _absent,
        "directory": _directory,
        "file": _file,
        "hard": _link,
        "link": _link,
        "touch": _touch,
    }[state]
    answer = act(path, was, dict(arguments, state=state), report)
    answer.update(attributes.describe(path))
    if state == "absent":
        answer["state"] = "absent"
    answer["dest" if state in ("link", "hard", "touch") else "path"] = path
    if arguments.get("diff"):
        answer["diff"] = report
    return answer


def _default_state(was: str, arguments: "dict[str, Any]") -> str:
    if was == "link" and not arguments.get("src"):
        return "file" if arguments.get("follow", True) else "link"
    if was != "absent":
        return was if was != "hard" or arguments.get("src") else "file"
    return "directory" if arguments.get("recurse") else "file"


def _refuse(path: str, was: str, wanted: str) -> "answers.Failure":
    return answers.Failure("%s is %s, not %s" % (path, was, wanted), path=path, state=was)


def _absent(
    path: str,
    was: str,
    arguments: "dict[str, Any]",
    report: "dict[str, Any]",  # noqa: ARG001
) -> "dict[str, Any]":
    if was == "absent":
        return {"changed": False}
    if not arguments.get("check"):
        if was == "directory":
            import shutil  # noqa: PLC0415 - costly to import on a host, for this branch alone

            shutil.rmtree(path)
        else:
            os.unlink(path)
        return {"changed": True}
    return {"changed": True}


def _file(
    path: str, was: str, arguments: "dict[str, Any]", report: "dict[str, Any]"
) -> "dict[str, Any]":
    if was not in ("file", "hard"):
        hint = "; state=touch or the copy module makes files" if was == "absent" else ""
        raise answers.Failure("%s is %s, not a file%s" % (path, was, hint), path=path, state=was)
    changed = attributes.settle(path, arguments, arguments.get("check", False), report)
    return {"changed": _settle_times(path, arguments) or changed}


def _directory(
    path: str, was: str, arguments: "dict[str, Any]", report: "dict[str, Any]"
) -> "dict[str, Any]":
    check = arguments.get("check", False)
    if was not in ("absent", "directory"):
        raise _refuse(path, was, "a directory")
    if was == "absent":
        made = copy.make_directories(path, None, check)
        for directory in [] if check else made:
            attributes.settle(directory, arguments, check)
    changed = was == "absent"
    if was == "directory" or not check:
        changed = attributes.settle(path, arguments, check, report) or changed
        changed = _settle_times(path, arguments) or changed
    if arguments.get("recurse") and was == "directory":
        changed = _settle_below(path, arguments) or changed
    return {"changed": changed}


def _settle_below(top: str, arguments: "dict[str, Any]") -> bool:
    changed, check = False, arguments.get("check", False)
    for directory, names, files in os.walk(top):
        for name in names + files:
            path = os.path.join(directory, name)
            if os.path.islink(path) and arguments.get("follow", True):
                path = os.path.realpath(path)
                if not os.path.exists(path):
                    continue
            changed = attributes.settle(path, arguments, check) or changed
    return changed


def _link(
    path: str, was: str, arguments: "dict[str, Any]", report: "dict[str, Any]"
) -> "dict[str, Any]":
    state, check = arguments["state"], arguments.get("check", False)
    source = _source(path, was, arguments)
    if was == "directory" and state == "link" and not arguments.get("force"):
        raise _refuse(path, was, "a link (force=true replaces an empty directory)")
    target = os.path.join(os.path.dirname(path), source)
    if not os.path.exists(target) and not (arguments.get("force") and state == "link"):
        raise answers.Failure(
            "the source %s does not exist (a link to it needs force=true)" % target,
            path=path,
            src=source,
        )
    there = _is_linked(path, was, source, state)
    if not there:
        if was in ("file", "hard") and not arguments.get("force"):
            raise _refuse(path, was, "a link (force=true replaces it)")
        if was == "link":
            report["before"]["src"], report["after"]["src"] = os.readlink(path), source
        if was == "directory" and os.listdir(path):
            raise _refuse(path, "a directory with content", "a link")
        if not check:
            if was == "directory":
                os.rmdir(path)
            copy.link(source, path, hard=state == "hard")
    changed = not there
    subject = os.path.realpath(path) if arguments.get("follow", True) else path
    if os.path.lexists(subject) and not (check and not there):
        changed = attributes.settle(subject, arguments, check, report) or changed
    return {"changed": changed, "src": source}


def _source(path: str, was: str, arguments: "dict[str, Any]") -> str:
    if arguments.get("src"):
        return answers.expand(arguments["src"])
    if was == "link":
        return os.readlink(path)
    if arguments["state"] == "hard" and was == "hard":
        return path
    raise answers.Failure("src is needed to make a link", path=path)


def _is_linked(path: str, was: str, source: str, state: str) -> bool:
    if state == "link":
        return was == "link" and os.readlink(path) == source
    if was not in ("file", "hard"):
        return False
    return os.path.samefile(path, os.path.join(os.path.dirname(path), source))


def _touch(
    path: str, was: str, arguments: "dict[str, Any]", report: "dict[str, Any]"
) -> "dict[str, Any]":
    check = arguments.get("check", False)
    if was == "absent":
        report["before"]["state"], report["after"]["state"] = "absent", "file"
        if check:
            return {"changed": True}
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, 0o666))
    wanted = dict(arguments)
    for key in ("access_time", "modification_time"):
        wanted[key] = wanted.get(key) or "now"
    changed = _settle_times(path, wanted) or was == "absent"
    return {"changed": attributes.settle(path, arguments, check, report) or changed}


def _settle_times(path: str, arguments: "dict[str, Any]") -> bool:
    status = os.stat(path)
    times = []
    for kind, current in (("access", status.st_atime_ns), ("modification", status.st_mtime_ns)):
        wanted = arguments.get(kind + "_time") or "preserve"
        shape = arguments.get(kind + "_time_format") or _stamp_format
        if wanted == "preserve":
            times.append(current)
        elif wanted == "now":
            times.append(int(time.time() * 1e9))
        else:
            try:
                stamp = int(time.mktime(time.strptime(wanted, shape)))
            except ValueError as error:
                raise answers.Failure("%s_time: %s" % (kind, error), path=path)
            # A date names a second: a finer time within it is already right.
            times.append(current if current // 10**9 == stamp else stamp * 10**9)
    if times == [status.st_atime_ns, status.st_mtime_ns]:
        return False
    if not arguments.get("check"):
        os.utime(path, ns=(times[0], times[1]))
    return True
