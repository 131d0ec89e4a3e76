"""A whole fleet: up, down, and the way in."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from tests.fleet.hosts import disks, network, power, processes
from tests.fleet.hosts.execution import execute
from tests.fleet.hosts.faults import Faults
from tests.fleet.hosts.identity import write_directions
from tests.fleet.hosts.roster import REGISTRY, ROOT, Machine, Place, Registration, name_machines
from tests.fleet.hosts.shell import FleetError

_OWN_FILES = ("hosts", "id_ed25519", "id_ed25519.pub", "known_hosts", "ssh_config", "inventory.ini")


class FleetHosts:
    """The fleet whose state is in one directory; other processes may use it at the same time.

    An `owned` fleet is debris once this process is dead, and the next `up` of any fleet sweeps it.
    Any other outlives this process, as `make demo` wants it.
    """

    def __init__(
        self, state: Path = ROOT / "default", *, prefix: str = "host", owned: bool = False
    ) -> None:
        self._place = Place(state.resolve())
        self._prefix = prefix
        self._owned = owned

    @property
    def place(self) -> Place:
        """Where its files are: `place.state`, `place.key`, `place.inventory`, `place.hub`."""
        return self._place

    @property
    def machines(self) -> tuple[Machine, ...]:
        """The hosts it has, whether they are on or off."""
        registration = Registration.load(self._place.registration)
        return registration.machines if registration else ()

    @property
    def addresses(self) -> Mapping[str, str]:
        """The address of each host by name."""
        return {machine.name: machine.address for machine in self.machines}

    @property
    def faults(self) -> Faults:
        """What can go wrong with its hosts."""
        return Faults(self._place, self.machines)

    def up(self, count: int, *, without_python: Iterable[str] = ()) -> None:
        """Leave exactly `count` hosts, all on: start what is missing, remove the surplus.

        Hosts that are up already are left alone, whatever is running on them.

        Raises:
            FleetError: the machine cannot, or a host did not boot; the message says which and why.
        """
        wanted = name_machines(count, prefix=self._prefix, without_python=frozenset(without_python))
        sweep()
        with self._place.locked():
            before = self.machines
            self._register((*before, *(m for m in wanted if m not in before)), pid=os.getpid())
            self._remove([machine for machine in before if machine not in wanted])
            self._register(wanted, pid=os.getpid())
            write_directions(self._place, wanted)
            self._boot_missing(wanted)
            self._register(wanted, pid=os.getpid() if self._owned else 0)

    def grow(self, count: int) -> None:
        """Have at least `count` hosts, all on."""
        without = [machine.name for machine in self.machines if not machine.python]
        self.up(max(count, len(self.machines)), without_python=without)

    def down(self) -> None:
        """Remove all of the fleet, disks and keys included; also what a crash left of it."""
        with self._place.locked():
            _tear_down(self._place)

    def reset(self, *names: str) -> None:
        """Give hosts (all, unless named) new disks and boot them: as on the first day, in any condition."""
        chosen = [m for m in self.machines if not names or m.name in names]
        with self._place.locked():
            power.power_off(self._place, chosen)
            for machine in chosen:
                disks.remove_disk(self._place, machine.name)
            power.power_on(self._place, chosen, self.machines)

    def exec(
        self,
        name: str,
        argv: Sequence[str],
        *,
        text: str = "",
        joining: bool = True,
        timeout_seconds: float = 60,
    ) -> str:
        """Run `argv` as root in a host and return its output; see `execution.execute`."""
        return execute(
            self._place, name, argv, text=text, joining=joining, timeout_seconds=timeout_seconds
        )

    def enter(self) -> AbstractContextManager[None]:
        """Move the calling thread to the hub, from which the hosts can be reached, for a `with` block."""
        return network.inside(self._place.hub)

    def controller_argv(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs `argv` as a controller: on this machine, inside the hub."""
        return ["nsenter", f"--net={self._place.hub}", "--", *argv]

    def boot_log(self, name: str) -> str:
        """Return what a host said since it was created: boot messages and sshd's log."""
        return power.boot_log(self._place, name)

    def _register(self, machines: Iterable[Machine], *, pid: int) -> None:
        started = processes.start_time(pid) if pid else 0
        registration = Registration(
            state=str(self._place.state),
            owner_pid=pid,
            owner_started=started or 0,
            machines=tuple(machines),
        )
        registration.save(self._place)

    def _remove(self, machines: Sequence[Machine]) -> None:
        power.power_off(self._place, machines)
        for machine in machines:
            shutil.rmtree(self._place.host(machine.name), ignore_errors=True)

    def _boot_missing(self, wanted: Sequence[Machine]) -> None:
        off = [m for m in wanted if not power.first_process(self._place, m.name)]
        power.power_off(self._place, off)  # what half a boot may have left
        power.power_on(self._place, off, wanted)


def sweep() -> list[str]:
    """Take down every fleet whose owner has died; return their state directories."""
    swept = []
    for path in sorted(REGISTRY.glob("*.json")):
        registration = Registration.load(path)
        if registration and _is_debris(registration):
            place = Place(Path(registration.state))
            with place.locked():
                again = Registration.load(path)
                if again and _is_debris(again):
                    _tear_down(place)
                    swept.append(registration.state)
    return swept


def _is_debris(registration: Registration) -> bool:
    pid, started = registration.owner_pid, registration.owner_started
    return pid > 0 and not processes.is_alive(pid, started)


def _tear_down(place: Place) -> None:
    """Remove by name all that can exist of a fleet, whatever its notes say."""
    place.group.kill()
    for path in reversed(network.namespaces(place.tag)):
        network.remove_namespace(path)
    for name in _host_names(place):
        disks.wait_unmounted(place, name)
    place.group.remove()
    for name in _OWN_FILES:
        path = place.state / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    with suppress(OSError):  # it holds files that are not ours
        place.state.rmdir()
    place.registration.unlink(missing_ok=True)


def _host_names(place: Place) -> Iterator[str]:
    hosts = place.state / "hosts"
    if hosts.exists():
        yield from (path.name for path in sorted(hosts.iterdir()))


def require_fleet(fleet: FleetHosts) -> None:
    """Insist that the fleet is up.

    Raises:
        FleetError: it has no hosts; says how to bring it up.
    """
    if not fleet.machines:
        state = fleet.place.state
        raise FleetError(f"no fleet in {state}: bring it up with `up N --state {state}`")
