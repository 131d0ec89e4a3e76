"""The cgroups of a fleet: one group per host, in every hierarchy of the machine.

A group is what makes tear-down certain: whatever a host starts stays in it, so its members are
exactly the processes the fleet started, crashed controller or not. Version 1 and hybrid machines get
a group in each v1 hierarchy; on a version 2 machine the host's processes live in a leaf `init`,
because a v2 group with processes of its own may not hand controllers down.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.fleet.hosts.processes import kill_if
from tests.fleet.hosts.shell import FleetError, wait_until

_GENERIC = {"rw", "ro", "xattr", "clone_children", "noprefix", "nsdelegate", "memory_recursiveprot"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """One mounted cgroup file system: where it is, and the mount options that name it."""

    path: Path
    options: str

    @property
    def controllers(self) -> set[str]:
        return set(self.options.split(","))


@cache
def hierarchies() -> tuple[int, tuple[Hierarchy, ...]]:
    """Return the cgroup version hosts will have, and the hierarchies to make groups in.

    Raises:
        FleetError: no usable cgroup file system is mounted.
    """
    found: dict[str, list[Hierarchy]] = {"cgroup": [], "cgroup2": []}
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, super_options = after.split(" ")[:3]
        if kind in found:
            options = [o for o in super_options.split(",") if o.split("=")[0] not in _GENERIC]
            kept = [o for o in options if not o.startswith("release_agent")]
            path = Path(before.split(" ")[4])
            found[kind].append(Hierarchy(path=path, options=",".join(kept)))
    if any("memory" in hierarchy.controllers for hierarchy in found["cgroup"]):
        unique = {hierarchy.options: hierarchy for hierarchy in found["cgroup"]}
        return 1, tuple(unique.values())
    if found["cgroup2"]:
        return 2, (found["cgroup2"][0],)
    raise FleetError("no cgroup file system with a memory controller is mounted on /sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Group:
    """A group of one name (`wf-3fa2c1` or `wf-3fa2c1/host1`) in every hierarchy."""

    name: str

    def paths(self) -> list[Path]:
        return [hierarchy.path / self.name for hierarchy in hierarchies()[1]]

    def child(self, name: str) -> "Group":
        return Group(f"{self.name}/{name}")

    def entrances(self) -> list[Path]:
        """Return the directories a process joins to live beside the host's PID 1."""
        return [path / "init" if hierarchies()[0] == 2 else path for path in self.paths()]

    def create(self) -> None:
        """Make the group everywhere, with its parents; harmless when it exists."""
        version, trees = hierarchies()
        for tree in trees:
            level = tree.path
            for part in self.name.split("/"):
                if version == 2:
                    _hand_down(level)
                level /= part
                level.mkdir(exist_ok=True)
                if "cpuset" in tree.controllers:
                    _copy_cpuset(level)
            if version == 2:
                (level / "init").mkdir(exist_ok=True)

    def members(self) -> set[int]:
        """Return the pids in the group and below, over all hierarchies."""
        pids: set[int] = set()
        for path in self.paths():
            for directory in _tree(path):
                with suppress(OSError):
                    pids.update(map(int, (directory / "cgroup.procs").read_text().split()))
        pids.discard(0)
        return pids

    def contains(self, pid: int) -> bool:
        with suppress(OSError):
            for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
                place = line.split(":", 2)[2]
                if f"{place}/".startswith(f"/{self.name}/"):
                    return True
        return False

    def freeze(self, *, frozen: bool) -> None:
        """Stop every process of the group where it stands, or let all go on."""
        if hierarchies()[0] == 2:
            path = self.paths()[0]
            (path / "cgroup.freeze").write_text("1" if frozen else "0")
            wait_until(
                lambda: f"frozen {int(frozen)}" in (path / "cgroup.events").read_text(),
                what=f"{self.name} to freeze or thaw",
                timeout_seconds=10,
            )
            return
        state = self._freezer() / "freezer.state"
        wanted = "FROZEN" if frozen else "THAWED"

        def settled() -> bool:
            state.write_text(wanted)
            return state.read_text().strip() == wanted

        wait_until(settled, what=f"{self.name} to become {wanted}", timeout_seconds=10)

    def is_frozen(self) -> bool:
        with suppress(OSError):
            if hierarchies()[0] == 2:
                return (self.paths()[0] / "cgroup.freeze").read_text().strip() == "1"
            return (self._freezer() / "freezer.state").read_text().strip() != "THAWED"
        return False

    def kill(self) -> None:
        """Kill all members and wait until none is left; no process outside is ever signalled."""

        def empty() -> bool:
            members = self.members()
            for pid in members:
                kill_if(pid, self.contains)
            self._thaw_all()  # a frozen process dies only when it thaws
            return not members

        wait_until(empty, what=f"the processes of {self.name} to die", timeout_seconds=20)

    def remove(self) -> None:
        """Remove the empty group and everything below it, in every hierarchy."""
        for path in self.paths():
            for directory in reversed(list(_tree(path))):
                _remove_directory(directory)

    def _thaw_all(self) -> None:
        """Thaw the group and every group below it, each of which may be frozen on its own."""
        name = "cgroup.freeze" if hierarchies()[0] == 2 else "freezer.state"
        root = self.paths()[0] if hierarchies()[0] == 2 else self._freezer()
        for directory in _tree(root):
            with suppress(OSError):  # gone meanwhile, or the root group, which cannot freeze
                (directory / name).write_text("0" if hierarchies()[0] == 2 else "THAWED")

    def _freezer(self) -> Path:
        for tree in hierarchies()[1]:
            if "freezer" in tree.controllers:
                return tree.path / self.name
        raise FleetError("the machine has no freezer cgroup: hosts cannot hang")


def _tree(path: Path) -> Iterator[Path]:
    """Walk a cgroup directory, parents first; it may vanish underway."""
    for directory, _, _ in os.walk(path):
        yield Path(directory)


def _remove_directory(directory: Path) -> None:
    """Remove a cgroup whose last process may still be on its way out."""
    for _ in range(200):
        try:
            directory.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise FleetError(f"cgroup {directory} cannot be removed: something still lives in it")


def _copy_cpuset(level: Path) -> None:
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not (level / name).read_text().strip():
            (level / name).write_text((level.parent / name).read_text())


def _hand_down(level: Path) -> None:
    for controller in (level / "cgroup.controllers").read_text().split():
        with suppress(OSError):  # one that cannot be shared stays with the parent
            (level / "cgroup.subtree_control").write_text(f"+{controller}")
