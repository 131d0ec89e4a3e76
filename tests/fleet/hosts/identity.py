"""Who is who: the controllers' key, the hosts' keys, and the files by which controllers find hosts."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.fleet.hosts.roster import Machine, Place
from tests.fleet.hosts.shell import run, write

HOST_KEY = "ssh_host_ed25519_key"


def ensure_key(path: Path, *, comment: str) -> str:
    """Make an ed25519 key pair at `path` unless there is one; return its public line."""
    public = path.with_name(f"{path.name}.pub")
    if not (path.exists() and public.exists()):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)])
    return public.read_text().strip()


def write_directions(place: Place, machines: Sequence[Machine]) -> None:
    """Write known_hosts, ssh_config and the inventory for `machines`."""
    write(place.state / "known_hosts", "".join(_known_host(place, m) for m in machines))
    write(place.state / "ssh_config", _ssh_config(place, machines))
    write(place.inventory, "\n".join(_inventory(place, machines)))


def _known_host(place: Place, machine: Machine) -> str:
    kind, key, *_ = ensure_key(place.host(machine.name) / HOST_KEY, comment=machine.name).split()
    return f"{machine.name},{machine.address} {kind} {key}\n"


def _ssh_config(place: Place, machines: Iterable[Machine]) -> str:
    hosts = [f"Host {m.name} {m.address}\n    HostName {m.address}\n" for m in machines]
    return "".join(hosts) + (
        "Host *\n"
        "    User root\n"
        f"    IdentityFile {place.key}\n"
        "    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {place.state}/known_hosts\n"
        "    GlobalKnownHostsFile /dev/null\n"
        "    StrictHostKeyChecking yes\n"
        "    BatchMode yes\n"
        "    ConnectTimeout 10\n"
    )


def _inventory(place: Place, machines: Iterable[Machine]) -> Iterable[str]:
    yield "[fleet]"
    for machine in machines:
        yield f"{machine.name} ansible_host={machine.address}"
    yield ""
    yield "[fleet:vars]"
    yield "ansible_user=root"
    yield f"ansible_ssh_private_key_file={place.key}"
    yield f"ansible_ssh_common_args='-o UserKnownHostsFile={place.state}/known_hosts'"
    yield ""
