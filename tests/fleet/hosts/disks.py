"""Disks: one sparse ext4 image per host, mounted by the host itself, so that it lives and fills up like one.

The loop device clears itself when the host's mount namespace ends, so a crash leaves none behind.
Without a journal a power loss is still clean, because the kernel unmounts when the last process dies.
"""

import json
import os
from pathlib import Path

from tests.fleet.hosts.roster import Place
from tests.fleet.hosts.shell import run, wait_until

SIZE_BYTES = 2 << 30
_OPTIONS = ["-q", "-F", "-m", "0", "-O", "^has_journal", "-E", "lazy_itable_init=1"]


def ensure_disk(place: Place, name: str) -> None:
    """Make the disk of host `name` unless it has one; an unfinished one is made anew."""
    disk = place.disk(name)
    if not disk.exists():
        draft = disk.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        os.truncate(draft, SIZE_BYTES)
        run(["mkfs.ext4", *_OPTIONS, str(draft)])
        draft.rename(disk)


def remove_disk(place: Place, name: str) -> None:
    """Throw the disk of the powered-off host `name` away."""
    place.disk(name).unlink(missing_ok=True)


def wait_unmounted(place: Place, name: str) -> None:
    """Wait until no loop device uses the disk of host `name`: two mounts would ruin it."""
    wait_until(
        lambda: not loops_of(place.disk(name)),
        what=f"the disk of {name} to be unmounted",
        timeout_seconds=20,
    )


def loops_of(disk: Path) -> list[str]:
    """Return the loop devices backed by the file `disk`."""
    try:
        file = disk.stat()
    except FileNotFoundError:
        return []
    return [
        name for name, device, inode in _loops() if (device, inode) == (file.st_dev, file.st_ino)
    ]


def loops_under(state: Path) -> list[str]:
    """Return the loop devices backed by any file under the directory `state`."""
    disks = [*state.glob("hosts/*/disk.ext4"), *state.glob("hosts/*/disk.draft")]
    return [name for disk in disks for name in loops_of(disk)]


def _loops() -> list[tuple[str, int, int]]:
    """List (name, device, inode) of the loops in use: paths read differently in each namespace."""
    if not any(Path("/sys/block").glob("loop*/loop")):
        return []
    columns = "NAME,BACK-MAJ:MIN,BACK-INO"
    shown = run(["losetup", "--list", "--json", "--output", columns])
    found = []
    for loop in json.loads(shown or '{"loopdevices": []}')["loopdevices"]:
        if loop["back-maj:min"]:
            major, minor = map(int, loop["back-maj:min"].split(":"))
            found.append((loop["name"], os.makedev(major, minor), int(loop["back-ino"])))
    return found
