"""What there is at a path."""

import os
import stat
from typing import Any

from warren.fleet.remote import answers, attributes, contents

REQUIRES = ("answers", "attributes", "contents")

_permissions = {
    "rusr": stat.S_IRUSR, "wusr": stat.S_IWUSR, "xusr": stat.S_IXUSR,
    "rgrp": stat.S_IRGRP, "wgrp": stat.S_IWGRP, "xgrp": stat.S_IXGRP,
    "roth": stat.S_IROTH, "woth": stat.S_IWOTH, "xoth": stat.S_IXOTH,
    "isuid": stat.S_ISUID, "isgid": stat.S_ISGID,
}  # fmt: skip
_kinds = {
    "isdir": stat.S_ISDIR, "ischr": stat.S_ISCHR, "isblk": stat.S_ISBLK, "isreg": stat.S_ISREG,
    "isfifo": stat.S_ISFIFO, "islnk": stat.S_ISLNK, "issock": stat.S_ISSOCK,
}  # fmt: skip


def run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    """Describe ``path`` under ``stat``; ``exists`` is false if nothing is there."""
    return answers.answer(_run, arguments)


def _run(arguments: "dict[str, Any]") -> "dict[str, Any]":
    path = answers.expand(arguments["path"])
    try:
        status = os.stat(path) if arguments.get("follow") else os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return {"changed": False, "stat": {"exists": False}}
    answer = describe(path, status)
    if stat.S_ISLNK(status.st_mode):
        answer["lnk_source"] = os.path.realpath(path)
        answer["lnk_target"] = os.readlink(path)
    readable_file = stat.S_ISREG(status.st_mode) and os.access(path, os.R_OK)
    if readable_file and arguments.get("get_checksum", True):
        algorithm = arguments.get("checksum_algorithm") or "sha1"
        answer["checksum"] = contents.checksum(path, algorithm)
    if arguments.get("get_mime"):
        answer.update(_mime(path))
    return {"changed": False, "stat": answer}


def describe(path: str, status: os.stat_result) -> "dict[str, Any]":
    """The fields that need no look into the file."""
    answer = {
        "exists": True,
        "path": path,
        "mode": "%04o" % stat.S_IMODE(status.st_mode),
        "uid": status.st_uid,
        "gid": status.st_gid,
        "pw_name": attributes.user_name(status.st_uid),
        "gr_name": attributes.group_name(status.st_gid),
        "size": status.st_size,
        "inode": status.st_ino,
        "dev": status.st_dev,
        "nlink": status.st_nlink,
        "atime": status.st_atime,
        "mtime": status.st_mtime,
        "ctime": status.st_ctime,
        "blocks": status.st_blocks,
        "block_size": status.st_blksize,
        "device_type": status.st_rdev,
        "readable": os.access(path, os.R_OK),
        "writeable": os.access(path, os.W_OK),
        "executable": os.access(path, os.X_OK),
    }  # type: dict[str, Any]
    answer.update((name, bool(status.st_mode & bit)) for name, bit in _permissions.items())
    answer.update((name, is_kind(status.st_mode)) for name, is_kind in _kinds.items())
    return answer


def _mime(path: str) -> "dict[str, str]":
    import subprocess  # noqa: PLC0415 - rarely needed, and costly to import on a host

    try:
        done = subprocess.run(
            ["file", "--brief", "--mime", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return {"mimetype": "unknown", "charset": "unknown"}
    kind, _, charset = answers.text_of(done.stdout).strip().partition("; charset=")
    return {"mimetype": kind or "unknown", "charset": charset or "unknown"}
