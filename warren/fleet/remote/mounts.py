"""The file systems of this host."""

import os
import re
from typing import Any

REQUIRES = ()


def gather() -> "dict[str, Any]":
    """File systems with a device behind them, with their room."""
    found = []
    try:
        with open("/proc/self/mounts", errors="replace") as stream:
            rows = [line.split() for line in stream]
    except OSError:
        rows = []
    for device, point, kind, options in (row[:4] for row in rows):
        if not device.startswith("/") and ":/" not in device:
            continue
        path = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), point)
        found.append(dict(_room(path), mount=path, device=device, fstype=kind, options=options))
    return {"mounts": found}


def _room(path: str) -> "dict[str, Any]":
    try:
        status = os.statvfs(path)
    except OSError:
        return {}
    return {
        "size_total": status.f_frsize * status.f_blocks,
        "size_available": status.f_frsize * status.f_bavail,
        "block_size": status.f_bsize,
        "block_total": status.f_blocks,
        "block_available": status.f_bavail,
        "inode_total": status.f_files,
        "inode_available": status.f_favail,
        "inode_used": status.f_files - status.f_favail,
    }
