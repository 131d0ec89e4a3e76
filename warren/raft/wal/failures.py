"""What a failing disk means to a member.

A full disk is waited for. Anything else is the end of the process: after a failed fsync nobody
knows what the disk holds, and asking again may be answered with a lie.
"""

import errno

from warren.raft.errors import Broken, Damaged, DiskFull

DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def disk_failure(error: OSError, doing: str) -> DiskFull | Broken:
    """The error of this package for one of the disk; raise it from that one.

    Args:
        error: what the disk said.
        doing: what was tried, "write log-1".
    """
    if error.errno in DISK_FULL:
        return DiskFull(
            f"the disk is full: cannot {doing}; reading goes on, and writing does when there is space",
            retry_after_seconds=1.0,
        )
    return sync_failure(error, doing)


def sync_failure(error: OSError, doing: str) -> Broken:
    """The same where even a full disk leaves open what was written."""
    return Broken(
        f"the disk failed: cannot {doing} ({error}); stop this process, check the disk, start again: "
        "what was acknowledged is kept"
    )


def damaged(name: str, offset: int, record: int, what: str) -> Damaged:
    """The error for damage to something acknowledged, which is never repaired silently."""
    return Damaged(
        f"{name}: record {record} at offset {offset}: {what}; the disk or somebody changed it: if "
        "other members hold the state, remove this member's directory and join again as a fresh learner"
    )
