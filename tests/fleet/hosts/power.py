"""Power on and power off: from a machine's name to a running sshd, and back to nothing but its disk."""

import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fleet.hosts import disks, images, network, processes
from tests.fleet.hosts.cgroups import hierarchies
from tests.fleet.hosts.identity import HOST_KEY, ensure_key
from tests.fleet.hosts.roster import HUB_ADDRESS, PREFIX_LENGTH, Machine, Place
from tests.fleet.hosts.seed import sow
from tests.fleet.hosts.shell import FleetError, environment

_HERE = Path(__file__).parent
_SSH_PORT = 22
_BOOT_SECONDS = 30.0
_LEAD_SECONDS = 2.0  # from its start until something of a host is in its group, at the latest


def power_on(place: Place, machines: Sequence[Machine], everyone: Sequence[Machine]) -> None:
    """Boot `machines` and wait until each accepts SSH connections.

    Raises:
        FleetError: one did not come up; the message ends with its boot log.
    """
    store = images.ensure_images()
    network.lay_hub(place)
    network.connect(place, machines)
    for machine in machines:  # one boots while the next is prepared
        place.host_group(machine.name).create()
        (place.host(machine.name) / "mnt").mkdir(parents=True, exist_ok=True)
        ensure_key(place.host(machine.name) / HOST_KEY, comment=machine.name)
        sow(place, machine, everyone)
        disks.ensure_disk(place, machine.name)
        _start(place, machine, store)
    end = time.monotonic() + _BOOT_SECONDS
    for machine in machines:
        _wait_for_ssh(place, machine, end)


def power_off(place: Place, machines: Sequence[Machine]) -> None:
    """End every process of `machines` at once, as a pulled plug does; their disks stay."""
    for machine in machines:
        if pid := first_process(place, machine.name):
            processes.kill_if(pid, place.host_group(machine.name).contains)
    for machine in machines:
        place.host_group(machine.name).kill()
    network.disconnect(place, machines)
    for machine in machines:
        disks.wait_unmounted(place, machine.name)
        place.host_group(machine.name).remove()


def first_process(place: Place, name: str) -> int:
    """Return the pid (as this machine counts) of PID 1 of host `name`; 0 when it is off."""
    depth = len(processes.namespace_depths(os.getpid())) + 1
    for pid in place.host_group(name).members():
        depths = processes.namespace_depths(pid)
        if len(depths) == depth and depths[-1] == 1:
            return pid
    return 0


def boot_log(place: Place, name: str) -> str:
    """Return what host `name` said since it was created: boot messages and sshd's log."""
    path = place.host(name) / "boot.log"
    return path.read_text(errors="replace") if path.exists() else ""


def _start(place: Place, machine: Machine, store: Path) -> None:
    group = place.host_group(machine.name)
    version, trees = hierarchies()
    variables = {
        "HOST_NAME": machine.name,
        "HOST_DIR": place.host(machine.name),
        "HOST_ADDRESS": machine.address,
        "HOST_PREFIX_LENGTH": PREFIX_LENGTH,
        "HOST_GATEWAY": HUB_ADDRESS,
        "HOST_NETNS": place.netns(machine.name),
        "HOST_IMAGES": store,
        "HOST_INIT": _HERE / "init.sh",
        "HOST_GROUPS": " ".join(map(str, group.paths())),
        "HOST_ENTRANCES": " ".join(map(str, group.entrances())),
        "HOST_CGROUP_VERSION": version,
        "HOST_HIERARCHIES": " ".join(f"{tree.options}:{tree.path.name}" for tree in trees),
    }
    with (place.host(machine.name) / "boot.log").open("a") as log:
        subprocess.run(
            ["setsid", "--fork", "sh", _HERE / "start.sh"],
            env={**environment(), **{name: str(value) for name, value in variables.items()}},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=True,
        )


def _wait_for_ssh(place: Place, machine: Machine, end: float) -> None:
    group, pid, grace = place.host_group(machine.name), 0, time.monotonic() + _LEAD_SECONDS
    while True:
        pid = pid or first_process(place, machine.name)
        if pid and processes.listens(pid, _SSH_PORT):
            return
        now = time.monotonic()
        if now > end or (now > grace and not group.members()):
            log = "\n".join(boot_log(place, machine.name).splitlines()[-15:])
            raise FleetError(f"{machine.name} did not boot; the end of its log:\n{log}")
        time.sleep(0.005)
