"""Bring files to a wanted content: from the controller, or from elsewhere on the host.

The controller sends content whole, or (for long files) its checksum first: the answer then has
``needed`` if the content must follow, in pieces through ``receive``, which are put in place by a
call with ``received``.
"""

import hashlib
import os
from typing import Any

from warren.fleet.remote import answers, atomic, attributes, contents

REQUIRES = ("answers", "atomic", "attributes", "contents")


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Copy one file to ``dest``; see ``_copy`` for the arguments."""
    return answers.answer(_copy, arguments)


def run_tree(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Copy the ``entries`` of a directory below ``dest``."""
    return answers.answer(_copy_tree, arguments)


def run_remote(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Copy ``src``, a file or directory of this host, to ``dest``."""
    return answers.answer(_copy_remote, arguments)


def receive(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Append ``data`` to the file being received for ``dest``; the answer names it."""
    return answers.answer(_receive, arguments)


def destination(dest: str, name: "str | None") -> str:
    """The path of the file itself: inside ``dest`` if that is a directory."""
    path = answers.expand(dest)
    if path.endswith("/") or os.path.isdir(path):
        if not name:
            raise answers.Failure("%s is a directory; content needs the name of a file" % path)
        return os.path.join(path, name)
    return path


def _copy(arguments: "dict[str, Any]") -> "dict[str, Any]":
    path = destination(arguments["dest"], arguments.get("name"))
    if arguments.get("follow") and os.path.islink(path):
        path = os.path.realpath(path)
    parent = contents.parent_of(path)
    make_parent = not os.path.isdir(parent) and arguments["dest"].endswith("/")
    if not os.path.isdir(parent) and not make_parent:
        raise answers.Failure("the directory %s does not exist" % parent, dest=path)
    if os.path.lexists(path) and not arguments.get("force", True):
        return dict(attributes.describe(path), changed=False, dest=path)
    data = arguments.get("data")
    digest = hashlib.sha1(data).hexdigest() if data is not None else arguments["checksum"]
    same = _has_content(path, digest)
    if not same and data is None and not arguments.get("received") and not arguments.get("check"):
        return {"needed": True, "changed": False}
    answer = {"changed": not same, "dest": path, "checksum": digest}  # type: dict[str, Any]
    if make_parent and not arguments.get("check"):
        make_directories(parent, arguments.get("directory_mode"))
    answer.update(_place(path, data, arguments, same=same))
    return dict(_with_state(answer, path, "dest"), path=path)


def _with_state(answer: "dict[str, Any]", path: str, key: str) -> "dict[str, Any]":
    answer.update(attributes.describe(path))
    answer[key] = path
    return answer


def _has_content(path: str, digest: str) -> bool:
    if os.path.islink(path) and not os.path.exists(path):
        return False
    if os.path.isdir(path):
        raise answers.Failure("%s is a directory" % path)
    return os.path.isfile(path) and contents.checksum(path) == digest


def _place(
    path: str,
    data: "bytes | None",
    arguments: "dict[str, Any]",
    same: bool,  # noqa: FBT001
) -> "dict[str, Any]":
    check, differences = arguments.get("check", False), []
    answer = {}  # type: dict[str, Any]
    if not same and arguments.get("diff"):
        before = contents.read(path)
        after = data if data is not None else contents.read(arguments.get("received") or "")
        differences.append(contents.difference(path, before, after))
    if not same and not check:
        if os.path.islink(path):
            os.unlink(path)
        if arguments.get("received"):
            temporary = _beside(arguments["received"], path)
            try:
                answer.update(atomic.put(temporary, path, arguments))
            finally:
                if os.path.lexists(temporary):
                    os.unlink(temporary)
        else:
            answer.update(atomic.write(path, data or b"", arguments))
    report = {"before": {}, "after": {}}  # type: dict[str, dict[str, Any]]
    if os.path.exists(path) and attributes.settle(path, arguments, check, report):
        answer["changed"] = True
        differences.append(report)
    if arguments.get("diff") and differences:
        answer["diff"] = differences
    return answer


def _beside(temporary: str, path: str) -> str:
    if contents.parent_of(temporary) == contents.parent_of(path):
        return temporary
    descriptor, beside = contents.create(contents.parent_of(path))
    try:
        with os.fdopen(descriptor, "wb") as target, open(temporary, "rb") as source:
            for piece in iter(lambda: source.read(1 << 20), b""):
                target.write(piece)
    except OSError:
        os.unlink(beside)
        raise
    os.unlink(temporary)
    return beside


def _receive(arguments: "dict[str, Any]") -> "dict[str, Any]":
    path = arguments.get("received")
    if path is None:
        final = destination(arguments["dest"], arguments.get("name"))
        parent = contents.parent_of(final)
        descriptor, path = contents.create(parent if os.path.isdir(parent) else "/tmp")  # noqa: S108 - an unguessable new name
        os.close(descriptor)
    if arguments.get("discard"):
        if os.path.lexists(path):
            os.unlink(path)
        return {}
    try:
        with open(path, "ab") as stream:
            stream.write(arguments["data"])
    except OSError:
        os.unlink(path)
        raise
    return {"received": path}


def make_directories(path: str, mode: "str | None" = None, check: bool = False) -> "list[str]":  # noqa: FBT001, FBT002
    """Make a directory and what is missing above it; the paths made, outermost first."""
    missing = []  # type: list[str]
    while path and not os.path.isdir(path):
        missing.insert(0, path)
        path = os.path.dirname(path)
    for directory in [] if check else missing:
        os.mkdir(directory)
        attributes.settle(directory, {"mode": mode}, False)  # noqa: FBT003
    return missing


def _copy_tree(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Entries have ``path`` (relative, ``/`` between), and ``data``, ``link`` or neither."""
    top = answers.expand(arguments["dest"])
    if os.path.lexists(top) and not os.path.isdir(top):
        raise answers.Failure("%s is not a directory" % top, dest=top)
    check, changed, differences = arguments.get("check", False), False, []
    for entry in arguments["entries"]:
        path = os.path.normpath(os.path.join(top, entry["path"]))
        options = dict(arguments, mode=entry.get("mode"))
        if entry.get("data") is not None:
            one = _tree_file(path, entry["data"], options)
        elif entry.get("link") is not None:
            one = _tree_link(path, entry["link"], check)
        else:
            one = _tree_directory(path, options)
        changed = changed or one["changed"]
        differences.extend(one.get("diff", []))
    answer = _with_state({"changed": changed}, top, "dest")
    if arguments.get("diff") and differences:
        answer["diff"] = differences
    return answer


def _tree_file(path: str, data: bytes, options: "dict[str, Any]") -> "dict[str, Any]":
    if os.path.lexists(path) and not options.get("force", True):
        return {"changed": False}
    same = _has_content(path, hashlib.sha1(data).hexdigest())
    return dict({"changed": not same}, **_place(path, data, options, same=same))


def _tree_link(path: str, target: str, check: bool) -> "dict[str, Any]":  # noqa: FBT001
    if os.path.islink(path) and os.readlink(path) == target:
        return {"changed": False}
    if os.path.isdir(path) and not os.path.islink(path):
        raise answers.Failure("%s is a directory, not a link" % path)
    if not check:
        link(target, path)
    return {"changed": True}


def link(target: str, path: str, hard: bool = False) -> None:  # noqa: FBT001, FBT002
    """Make a link in the place of whatever file is there, without a moment of absence."""
    fresh = contents.fresh_name(contents.parent_of(path))
    try:
        if hard:
            os.link(target, fresh)
        else:
            os.symlink(target, fresh)
        os.rename(fresh, path)
    finally:
        # Renaming over another name of the same file does nothing and leaves both names.
        if os.path.lexists(fresh):
            os.unlink(fresh)


def _tree_directory(path: str, options: "dict[str, Any]") -> "dict[str, Any]":
    check = options.get("check", False)
    wanted = dict(options, mode=options.get("directory_mode") or options.get("mode"))
    missing = not os.path.isdir(path)
    if missing:
        make_directories(path, options.get("directory_mode"), check)
    if not missing or not check:
        # An existing directory keeps its mode: the copy brings files, directories only carry them.
        kept = wanted if missing else dict(wanted, mode=None)
        missing = attributes.settle(path, kept, check) or missing
    return {"changed": missing}


def _copy_remote(arguments: "dict[str, Any]") -> "dict[str, Any]":
    source = answers.expand(arguments["src"])
    if not os.path.exists(source):
        raise answers.Failure("the source %s does not exist on this host" % source, src=source)
    if os.path.isdir(source):
        return _copy_remote_tree(source, arguments)
    digest = contents.checksum(source)
    if arguments.get("expected") and arguments["expected"] != digest:
        raise answers.Failure(
            "the checksum of %s is %s, not %s" % (source, digest, arguments["expected"])
        )
    data = contents.read(source)
    wanted = dict(
        arguments, data=data, name=os.path.basename(source), mode=_mode(source, arguments)
    )
    return dict(_copy(wanted), src=source)


def _mode(source: str, arguments: "dict[str, Any]") -> "str | None":
    if arguments.get("mode") == "preserve":
        return "%04o" % (os.stat(source).st_mode & 0o7777)
    mode = arguments.get("mode")
    return None if mode is None else str(mode)


def _copy_remote_tree(source: str, arguments: "dict[str, Any]") -> "dict[str, Any]":
    dest = answers.expand(arguments["dest"])
    top = dest if arguments["src"].endswith("/") else os.path.join(dest, os.path.basename(source))
    keep = dict(arguments, mode="preserve")
    entries = [{"path": ".", "mode": _mode(source, keep)}]  # type: list[dict[str, Any]]
    for directory, names, files in os.walk(source):
        names.sort()
        for name in sorted(files) + names:
            path = os.path.join(directory, name)
            entry = {"path": os.path.relpath(path, source)}  # type: dict[str, Any]
            if os.path.islink(path):
                entry["link"] = os.readlink(path)
            elif os.path.isdir(path):
                entry["mode"] = _mode(path, keep)
            else:
                new = not os.path.lexists(os.path.join(top, entry["path"]))
                mode = _mode(path, keep if new and arguments.get("mode") is None else arguments)
                entry.update(data=contents.read(path), mode=mode)
            entries.append(entry)
    answer = _copy_tree(dict(arguments, dest=top, entries=entries))
    return dict(answer, dest=dest, src=source)
