"""Replace a file so that a reader sees the old or the new content, never a part.

The new content is written beside the file, gets its owner, mode and security label, passes the
user's validation, and is renamed over it. A full disk fails the writing and leaves the old file.
"""

import errno
import os
import stat
import time
from typing import Any

from warren.fleet.remote import answers, attributes, contents

REQUIRES = ("answers", "attributes", "contents")

_not_renamable = (errno.EBUSY, errno.EPERM, errno.EXDEV, errno.ETXTBSY)


def write(path: str, data: bytes, options: "dict[str, Any]") -> "dict[str, Any]":
    """Make ``data`` the content of ``path``.

    ``options`` may hold ``mode``, ``owner``, ``group``, ``backup``, ``validate`` and
    ``unsafe_writes``. Attributes not given are kept, or are those of a new file. The answer holds
    ``backup_file`` if one was made.
    """
    descriptor, temporary = contents.create(contents.parent_of(path))
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
        return put(temporary, path, options)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)


def put(temporary: str, path: str, options: "dict[str, Any]") -> "dict[str, Any]":
    """Put a complete file of the same directory in the place of ``path``, as ``write`` does."""
    _dress(temporary, path)
    attributes.settle(temporary, options, False)  # noqa: FBT003
    validate(temporary, options.get("validate"))
    answer = {}
    if options.get("backup") and os.path.lexists(path):
        answer["backup_file"] = back_up(path)
    try:
        os.rename(temporary, path)
    except OSError as error:
        if not (options.get("unsafe_writes") and error.errno in _not_renamable):
            raise
        with open(temporary, "rb") as source, open(path, "r+b") as target:
            for piece in iter(lambda: source.read(1 << 20), b""):
                target.write(piece)
            target.truncate()
    return answer


def _dress(temporary: str, path: str) -> None:
    try:
        status = os.stat(path)
    except OSError:
        os.chmod(temporary, 0o666 & ~attributes.umask())
        return
    if os.geteuid() == 0:
        os.chown(temporary, status.st_uid, status.st_gid)
    elif status.st_gid != os.stat(temporary).st_gid:
        try:
            os.chown(temporary, -1, status.st_gid)
        except PermissionError:
            # Not a member of the file's group: what the group may do is then granted to nobody.
            os.chmod(temporary, stat.S_IMODE(status.st_mode) & ~0o070)
            return
    os.chmod(temporary, stat.S_IMODE(status.st_mode))
    _copy_label(path, temporary)


def _copy_label(path: str, temporary: str) -> None:
    try:
        label = os.getxattr(path, "security.selinux")
    except OSError:
        return
    os.setxattr(temporary, "security.selinux", label)


def validate(path: str, command: "str | None") -> None:
    """Run the user's check on a file; ``%s`` in it stands for the name."""
    if not command:
        return
    import shlex  # noqa: PLC0415 - rarely needed, and costly to import on a host
    import subprocess  # noqa: PLC0415

    if "%s" not in command:
        raise answers.Failure("validate must contain %%s for the file's name: %s" % command)
    argv = [part.replace("%s", path) for part in shlex.split(command)]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise answers.Failure("validate: cannot run %s: %s" % (argv[0], error.strerror))
    if done.returncode != 0:
        raise answers.Failure(
            "the new content is refused by %r" % command,
            exit_status=done.returncode,
            stdout=answers.text_of(done.stdout),
            stderr=answers.text_of(done.stderr),
        )


def back_up(path: str) -> str:
    """Copy a file beside itself under a name with the time; the name."""
    import shutil  # noqa: PLC0415 - rarely needed, and costly to import on a host

    stamp = time.strftime("%Y-%m-%d@%H:%M:%S~", time.localtime())
    backup = "%s.%d.%s" % (path, os.getpid(), stamp)
    shutil.copy2(path, backup)
    status = os.stat(path)
    if os.geteuid() == 0:
        os.chown(backup, status.st_uid, status.st_gid)
    return backup
