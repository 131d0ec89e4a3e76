"""Where everything of a fleet is and what it is called, derived from its state directory.

Names carry the fleet's id, a hash of the directory's path, so that the debris of a crashed run is
found even when its notes are gone, and two fleets never share a name.
"""

import fcntl
import hashlib
import ipaddress
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.fleet.hosts.cgroups import Group
from tests.fleet.hosts.shell import FleetError, lending, write

ROOT = Path("/var/lib/warren-fleet")
REGISTRY = Path("/run/warren-fleet")
NETNS = Path("/run/netns")
HUB_ADDRESS = "10.77.0.1"
PREFIX_LENGTH = 16
_MOST_HOSTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """One host of the fleet as it was created."""

    name: str
    index: int
    python: bool = True

    @property
    def address(self) -> str:
        return str(ipaddress.ip_address(HUB_ADDRESS) + 9 + self.index)

    @property
    def link(self) -> str:
        """The name of its cable's end at the hub's bridge."""
        return f"port{self.index}"


@dataclass(frozen=True, slots=True)
class Place:
    """The paths and kernel names of the fleet whose state is in one directory."""

    state: Path

    @property
    def id(self) -> str:
        return hashlib.sha256(os.fsencode(self.state)).hexdigest()[:8]

    @property
    def tag(self) -> str:
        return f"wf-{self.id}"

    @property
    def hub(self) -> Path:
        return NETNS / self.tag

    @property
    def group(self) -> Group:
        return Group(self.tag)

    def host_group(self, name: str) -> Group:
        return self.group.child(name)

    def netns(self, name: str) -> Path:
        return NETNS / f"{self.tag}-{name}"

    def host(self, name: str) -> Path:
        return self.state / "hosts" / name

    def disk(self, name: str) -> Path:
        return self.host(name) / "disk.ext4"

    @property
    def key(self) -> Path:
        return self.state / "id_ed25519"

    @property
    def inventory(self) -> Path:
        return self.state / "inventory.ini"

    @property
    def registration(self) -> Path:
        return REGISTRY / f"{self.id}.json"

    @property
    def lock(self) -> Path:
        return REGISTRY / f"{self.id}.lock"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the fleet for this process; another command on it waits."""
        REGISTRY.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            while True:
                file = stack.enter_context(self.lock.open("w"))
                fcntl.flock(file, fcntl.LOCK_EX)
                # While we waited its holder may have removed the file, and another made it anew.
                with suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(file.fileno()), self.lock.stat()):
                        break
            with lending(file.fileno()):
                try:
                    yield
                finally:
                    if not self.registration.exists():
                        self.lock.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a fleet tells later runs: its directory, its hosts, and the process that answers for it.

    A fleet whose owner is dead is debris and is swept by the next `up` of any fleet.
    `owner_pid` 0 means it outlives the command that made it.
    """

    state: str
    owner_pid: int = 0
    owner_started: int = 0
    machines: tuple[Machine, ...] = ()

    def save(self, place: Place) -> None:
        write(place.registration, json.dumps(asdict(self)))

    @staticmethod
    def load(path: Path) -> "Registration | None":
        """Read a registration; None when there is none."""
        try:
            fields = json.loads(path.read_text())
            machines = tuple(Machine(**machine) for machine in fields.pop("machines"))
            return Registration(**fields, machines=machines)
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError) as error:
            raise FleetError(f"{path} is not a fleet's registration: {error}") from error


def name_machines(count: int, *, prefix: str, without_python: frozenset[str]) -> list[Machine]:
    """Return the machines of a fleet of `count` hosts: PREFIX1 to PREFIXn.

    Raises:
        FleetError: `count` is out of range, or `without_python` names a host that is not among them.
    """
    if not 0 < count <= _MOST_HOSTS:
        raise FleetError(f"a fleet has 1 to {_MOST_HOSTS} hosts, not {count}")
    names = [f"{prefix}{index}" for index in range(1, count + 1)]
    if unknown := without_python.difference(names):
        raise FleetError(f"no host {', '.join(sorted(unknown))} among {names[0]}…{names[-1]}")
    return [
        Machine(name=name, index=index, python=name not in without_python)
        for index, name in enumerate(names, start=1)
    ]
