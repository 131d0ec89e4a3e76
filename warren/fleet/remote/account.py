"""Users and groups of the host.

A password's hash goes to ``chpasswd`` by standard input: the argv of a process can be read by every
user of the host.
"""

import grp
import os
import pwd
import shutil
from typing import Any

from warren.fleet.remote import answers, programs

REQUIRES = ("answers", "programs")


def run_user(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Bring the user ``name`` to ``state`` with the attributes given."""
    return answers.answer(_user, arguments)


def run_group(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Bring the group ``name`` to ``state``."""
    return answers.answer(_group, arguments)


def _perform(argv: "list[str]", arguments: "dict[str, Any]") -> None:
    if not arguments.get("check"):
        programs.must(argv)


def _group(arguments: "dict[str, Any]") -> "dict[str, Any]":
    name, gid = arguments["name"], arguments.get("gid")
    try:
        now = grp.getgrnam(name).gr_gid  # type: int | None
    except KeyError:
        now = None
    answer = {"name": name, "state": arguments["state"], "system": bool(arguments.get("system"))}
    if arguments["state"] == "absent":
        if now is not None:
            _perform(["groupdel", name], arguments)
        return dict(answer, changed=now is not None)
    options = ["-g", str(gid)] if gid is not None else []
    if arguments.get("non_unique") and options:
        options.append("-o")
    if now is None:
        if arguments.get("system"):
            options.append("-r")
        _perform(["groupadd", *options, name], arguments)
    elif gid is not None and gid != now:
        _perform(["groupmod", *options, name], arguments)
    changed = now is None or (gid is not None and gid != now)
    if not arguments.get("check"):
        answer["gid"] = grp.getgrnam(name).gr_gid
    return dict(answer, changed=changed)


def _user(arguments: "dict[str, Any]") -> "dict[str, Any]":
    name = arguments["name"]
    try:
        now = pwd.getpwnam(name)  # type: pwd.struct_passwd | None
    except KeyError:
        now = None
    answer = {"name": name, "state": arguments["state"]}  # type: dict[str, Any]
    if arguments["state"] == "absent":
        if now is not None:
            options = ["-r"] * bool(arguments.get("remove")) + ["-f"] * bool(arguments.get("force"))
            _perform(["userdel", *options, name], arguments)
        return dict(answer, changed=now is not None)
    changed = _create(arguments) if now is None else _modify(now, arguments)
    changed = _make_home(arguments) or changed
    changed = _set_password(arguments, now is None) or changed
    if arguments.get("check") and now is None:
        return dict(answer, changed=True)
    entry = pwd.getpwnam(name)
    answer.update(
        uid=entry.pw_uid,
        group=entry.pw_gid,
        home=entry.pw_dir,
        shell=entry.pw_shell,
        comment=entry.pw_gecos,
        groups=",".join(_groups_of(name)),
        create_home=bool(arguments.get("create_home", True)),
        append=bool(arguments.get("append")),
    )
    return dict(answer, changed=changed)


def _gid(group: str) -> int:
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        if group.isdigit():
            return int(group)
    raise answers.Failure("there is no group %r on this host" % group)


def _groups_of(name: str) -> "list[str]":
    return sorted(group.gr_name for group in grp.getgrall() if name in group.gr_mem)


def _create(arguments: "dict[str, Any]") -> bool:
    name = arguments["name"]
    options = []  # type: list[str]
    for key, option in (("uid", "-u"), ("shell", "-s"), ("home", "-d"), ("comment", "-c")):
        if arguments.get(key) is not None:
            options += [option, str(arguments[key])]
    if arguments.get("non_unique"):
        options.append("-o")
    if arguments.get("group"):
        options += ["-g", str(arguments["group"])]
    elif _has_group(name):
        # A group of the user's name is there: useradd would refuse to make it again.
        options += ["-g", name]
    if arguments.get("groups"):
        options += ["-G", ",".join(arguments["groups"])]
    if arguments.get("system"):
        options.append("-r")
    options.append("-m" if arguments.get("create_home", True) else "-M")
    _perform(["useradd", *options, name], arguments)
    return True


def _has_group(name: str) -> bool:
    return any(group.gr_name == name for group in grp.getgrall())


def _modify(now: "pwd.struct_passwd", arguments: "dict[str, Any]") -> bool:
    options = []  # type: list[str]
    wanted = (
        ("uid", "-u", now.pw_uid),
        ("shell", "-s", now.pw_shell),
        ("home", "-d", now.pw_dir),
        ("comment", "-c", now.pw_gecos),
    )
    for key, option, value in wanted:
        if arguments.get(key) is not None and arguments[key] != value:
            options += [option, str(arguments[key])]
    if "-d" in options and arguments.get("move_home"):
        options.append("-m")
    if arguments.get("non_unique") and "-u" in options:
        options.append("-o")
    if arguments.get("group") and _gid(str(arguments["group"])) != now.pw_gid:
        options += ["-g", str(arguments["group"])]
    if arguments.get("groups") is not None:
        have, asked = set(_groups_of(now.pw_name)), set(arguments["groups"])
        primary = {group.gr_name for group in grp.getgrall() if group.gr_gid == now.pw_gid}
        missing = asked - have - (primary - have)
        if arguments.get("append"):
            options += ["-a", "-G", ",".join(sorted(asked))] if missing else []
        elif missing or have - asked:
            options += ["-G", ",".join(sorted(asked))]
    if options:
        _perform(["usermod", *options, now.pw_name], arguments)
    return bool(options)


def _make_home(arguments: "dict[str, Any]") -> bool:
    """A user made without a home gets it when asked later."""
    try:
        entry = pwd.getpwnam(arguments["name"])
    except KeyError:
        return False
    if not arguments.get("create_home", True) or os.path.isdir(entry.pw_dir):
        return False
    if arguments.get("check"):
        return True
    if os.path.isdir("/etc/skel"):
        shutil.copytree("/etc/skel", entry.pw_dir, symlinks=True)
    else:
        os.makedirs(entry.pw_dir)
    for directory, names, files in os.walk(entry.pw_dir):
        for path in [directory] + [os.path.join(directory, name) for name in names + files]:
            os.lchown(path, entry.pw_uid, entry.pw_gid)
    os.chmod(entry.pw_dir, 0o700)
    return True


def _set_password(arguments: "dict[str, Any]", created: bool) -> bool:  # noqa: FBT001
    name, wanted = arguments["name"], arguments.get("password")
    now = _hash_of(name)
    if arguments.get("password_lock") is not None and wanted is None:
        if now is None or now.startswith("!") == arguments["password_lock"]:
            return False
        _perform(["usermod", "-L" if arguments["password_lock"] else "-U", name], arguments)
        return True
    if wanted is None or wanted == now:
        return False
    if not created and arguments.get("update_password") == "on_create":
        return False
    if not arguments.get("check"):
        programs.must(["chpasswd", "-e"], stdin=("%s:%s\n" % (name, wanted)).encode())
    return True


def _hash_of(name: str) -> "str | None":
    try:
        with open("/etc/shadow") as stream:
            rows = [line.split(":") for line in stream]
    except OSError:
        return None
    return next((row[1] for row in rows if row[0] == name), None)
