"""Owner, group and mode of files: read, compare, change.

Wanted attributes travel as a mapping with ``mode`` (octal digits or ``u=rw,g+x``), ``owner`` and
``group`` (names or numbers), each absent or ``None`` where it is to stay as it is.
"""

import grp
import os
import pwd
import re
import stat
from typing import Any

from warren.fleet.remote import answers

REQUIRES = ("answers",)


def kind_of(path: str) -> str:
    """``absent``, ``link``, ``directory``, ``hard`` (more than one name) or ``file``."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    if stat.S_ISLNK(status.st_mode):
        return "link"
    if stat.S_ISDIR(status.st_mode):
        return "directory"
    return "hard" if stat.S_ISREG(status.st_mode) and status.st_nlink > 1 else "file"


def user_name(uid: int) -> str:
    """The user's name, or the number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def group_name(gid: int) -> str:
    """The group's name, or the number where it has none."""
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


def describe(path: str) -> "dict[str, Any]":
    """What a result tells of a path: owner, group, mode, size, state; empty if it is absent."""
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return {
        "uid": status.st_uid,
        "gid": status.st_gid,
        "owner": user_name(status.st_uid),
        "group": group_name(status.st_gid),
        "mode": "%04o" % stat.S_IMODE(status.st_mode),
        "size": status.st_size,
        "state": kind_of(path),
    }


def uid_of(owner: str) -> int:
    """The number of a user given by name or number."""
    try:
        return pwd.getpwnam(owner).pw_uid
    except KeyError:
        if owner.isdigit():
            return int(owner)
    raise answers.Failure("there is no user %r on this host" % owner)


def gid_of(group: str) -> int:
    """The number of a group given by name or number."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        if group.isdigit():
            return int(group)
    raise answers.Failure("there is no group %r on this host" % group)


def umask() -> int:
    """The umask of this process."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def mode_from(wanted: str, current: int, directory: bool) -> int:  # noqa: FBT001
    """The permission bits that ``wanted`` asks for, given those there are."""
    if re.match(r"^[0-7]+$", wanted):
        return int(wanted, 8) & 0o7777
    mode = current & 0o7777
    for clause in wanted.split(","):
        match = re.match(r"^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$", clause.strip())
        if not match:
            raise answers.Failure("mode %r: %r is not understood" % (wanted, clause))
        for operator, bits in re.findall(r"([-+=])([rwxXstugo]*)", match.group(2)):
            mode = _with_clause(mode, (match.group(1), operator, bits), directory)
    return mode


def _with_clause(mode: int, clause: "tuple[str, str, str]", directory: bool) -> int:  # noqa: FBT001
    who, operator, bits = clause
    mask = 0 if who else umask()
    for shift, letter in ((6, "u"), (3, "g"), (0, "o")):
        if who and letter not in who and "a" not in who:
            continue
        change = _bits(mode, bits, shift, directory) & ~mask
        if operator == "+":
            mode |= change
        elif operator == "-":
            mode &= ~change
        else:
            special = {6: stat.S_ISUID, 3: stat.S_ISGID, 0: stat.S_ISVTX}[shift]
            mode = mode & ~(0o7 << shift) & ~special | change
    return mode


def _bits(mode: int, letters: str, shift: int, directory: bool) -> int:  # noqa: FBT001
    total = 0
    for letter in letters:
        if letter in "ugo":
            total |= mode >> {"u": 6, "g": 3, "o": 0}[letter] & 0o7
        elif letter == "X":
            total |= 1 if directory or mode & 0o111 else 0
        elif letter in "rwx":
            total |= {"r": 4, "w": 2, "x": 1}[letter]
    special = 0
    if "s" in letters:
        special |= {6: stat.S_ISUID, 3: stat.S_ISGID, 0: 0}[shift]
    if "t" in letters and shift == 0:
        special |= stat.S_ISVTX
    return total << shift | special


def differences(path: str, wanted: "dict[str, Any]", check: bool = False) -> "dict[str, Any]":  # noqa: FBT001, FBT002
    """Which of ``mode`` (bits), ``uid`` and ``gid`` of ``path`` are not as wanted.

    Names that do not exist are a failure, but not when only checking: an earlier task may be
    about to create them.
    """
    status = os.lstat(path)
    change: "dict[str, Any]" = {}
    current = stat.S_IMODE(status.st_mode)
    if wanted.get("mode") is not None and not stat.S_ISLNK(status.st_mode):
        mode = mode_from(wanted["mode"], current, stat.S_ISDIR(status.st_mode))
        if mode != current:
            change["mode"] = mode
    for key, name, find, now in (
        ("uid", "owner", uid_of, status.st_uid),
        ("gid", "group", gid_of, status.st_gid),
    ):
        if wanted.get(name) is None:
            continue
        try:
            number = find(str(wanted[name]))
        except answers.Failure:
            if not check:
                raise
            number = -1
        if number != now:
            change[key] = number
    return change


def change(path: str, differing: "dict[str, Any]") -> None:
    """Make ``differing`` (from ``differences``) so; ownership first, as it drops set-id bits."""
    if "uid" in differing or "gid" in differing:
        mode = stat.S_IMODE(os.lstat(path).st_mode)
        os.lchown(path, differing.get("uid", -1), differing.get("gid", -1))
        if not os.path.islink(path) and mode & 0o6000 and "mode" not in differing:
            os.chmod(path, mode)
    if "mode" in differing:
        os.chmod(path, differing["mode"])


def settle(
    path: str,
    wanted: "dict[str, Any]",
    check: bool,  # noqa: FBT001
    report: "dict[str, dict[str, Any]] | None" = None,
) -> bool:
    """Bring the attributes of an existing path to what is wanted; whether that changed anything.

    ``report``, if given, receives what differed under ``before`` and ``after``.
    """
    differing = differences(path, wanted, check)
    if not differing:
        return False
    if report is not None:
        status = os.lstat(path)
        now = {"mode": stat.S_IMODE(status.st_mode), "uid": status.st_uid, "gid": status.st_gid}
        names = {"uid": "owner", "gid": "group"}
        for key, value in differing.items():
            if key == "mode":
                report["before"]["mode"] = "%04o" % now["mode"]
                report["after"]["mode"] = "%04o" % value
            else:
                report["before"][names[key]] = now[key]
                report["after"][names[key]] = value if value >= 0 else wanted[names[key]]
    if not check:
        change(path, differing)
    return True
