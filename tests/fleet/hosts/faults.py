"""What goes wrong with machines, done for real: power, hang, cable, disk."""

from collections.abc import Iterable

from tests.fleet.hosts import network, power
from tests.fleet.hosts.execution import execute
from tests.fleet.hosts.roster import Machine, Place
from tests.fleet.hosts.shell import FleetError

_FILL = """
set -u
free=$(df --output=avail --block-size=1 /disk | tail -1)
fallocate -l "$free" /disk/filler 2>/dev/null || true
cat /dev/zero >>/disk/filler 2>/dev/null || true
echo "$(df --output=avail /disk | tail -1)"
"""


class Faults:
    """Faults of one fleet's hosts, by host name. Every one may be repeated, and each has its undoing."""

    def __init__(self, place: Place, machines: Iterable[Machine]) -> None:
        self._place = place
        self._machines = {machine.name: machine for machine in machines}

    def power_off(self, *names: str) -> None:
        """Pull the plug: every process dies at once, the disk stays. Undone by `boot`."""
        power.power_off(self._place, [self._machine(name) for name in names])

    def boot(self, *names: str) -> None:
        """Switch on those of the hosts that are off, and wait until they accept SSH connections."""
        off = [self._machine(name) for name in names if not self.is_on(name)]
        power.power_off(self._place, off)  # what half a boot may have left
        power.power_on(self._place, off, list(self._machines.values()))

    def is_on(self, name: str) -> bool:
        """Say whether the host's PID 1 lives."""
        return power.first_process(self._place, self._machine(name).name) > 0

    def freeze(self, name: str) -> None:
        """Hang: nothing runs any more, yet connections stay open. Undone by `thaw`."""
        self._require_on(name)
        self._place.host_group(name).freeze(frozen=True)

    def thaw(self, name: str) -> None:
        """Let a hung host go on where it stopped."""
        self._require_on(name)
        self._place.host_group(name).freeze(frozen=False)

    def cut(self, name: str) -> None:
        """Partition: pull the host's cable, in silence. Undone by `heal`, and by a boot."""
        self._require_on(name)
        network.set_cable(self._place, self._machine(name), plugged=False)

    def heal(self, name: str) -> None:
        """Plug the host's cable in again."""
        self._require_on(name)
        network.set_cable(self._place, self._machine(name), plugged=True)

    def fill_disk(self, name: str) -> None:
        """Leave not one free block on the host's disk. Undone by `free_disk`."""
        self._require_on(name)
        left = execute(self._place, name, ["sh", "-c", _FILL], joining=False).strip()
        if left != "0":
            raise FleetError(f"the disk of {name} still has {left} KiB free")

    def free_disk(self, name: str) -> None:
        """Give the space that `fill_disk` took back."""
        self._require_on(name)
        execute(self._place, name, ["rm", "-f", "/disk/filler"], joining=False)

    def condition(self, name: str) -> str:
        """Say in one word how the host is: off, frozen, cut or up."""
        machine = self._machine(name)
        if not self.is_on(name):
            return "off"
        if self._place.host_group(name).is_frozen():
            return "frozen"
        return "up" if network.is_plugged(self._place, machine) else "cut"

    def _require_on(self, name: str) -> None:
        if not self.is_on(name):
            raise FleetError(f"{name} is off: boot it first")

    def _machine(self, name: str) -> Machine:
        try:
            return self._machines[name]
        except KeyError:
            known = ", ".join(self._machines) or "none"
            raise FleetError(f"no host {name!r} in this fleet; it has {known}") from None
