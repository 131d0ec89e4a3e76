"""What a fleet still has on the machine, asked of the kernel and not of the fleet's own notes."""

from pathlib import Path

from tests.fleet.hosts import disks, network
from tests.fleet.hosts.roster import Place


def leftovers(state: Path) -> list[str]:
    """List all that exists of the fleet with this state directory; empty after a tear-down.

    Processes, named network namespaces, cgroups, mounts, loop devices and files.
    """
    place = Place(state.resolve())
    found = [f"process {pid} ({_command(pid)})" for pid in sorted(place.group.members())]
    found += [f"network namespace {path}" for path in network.namespaces(place.tag)]
    found += [f"cgroup {path}" for path in place.group.paths() if path.exists()]
    found += [f"loop device {name}" for name in disks.loops_under(place.state)]
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        mount_point = line.split(" ")[4]
        if Path(mount_point).is_relative_to(place.state) or place.tag in mount_point:
            found.append(f"mount {mount_point}")
    paths = [place.registration, place.state / "hosts"]
    return found + [f"file {path}" for path in paths if path.exists()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "gone"
