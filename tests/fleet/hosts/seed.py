"""The files in which a host differs from the machine it is carved from.

They become the top layer of its root. A path is hidden by an overlay whiteout, which is a character
device 0/0 of its name.
"""

import os
import shutil
import stat
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.fleet.hosts.identity import HOST_KEY, ensure_key
from tests.fleet.hosts.roster import HUB_ADDRESS, ROOT, Machine, Place
from tests.fleet.hosts.shell import STANDARD_PATH, write

_SSHD_CONFIG = f"""\
HostKey /etc/ssh/{HOST_KEY}
AuthorizedKeysFile /etc/ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
PrintMotd no
PrintLastLog no
MaxSessions 10
LogLevel VERBOSE
Subsystem sftp internal-sftp
"""

_CONTAINERS_CONF = """\
[containers]
default_ulimits = ["nofile=1024:20000", "nproc=20000:20000"]
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "crun"
[network]
network_backend = "cni"
"""

_STORAGE_CONF = """\
[storage]
driver = "overlay"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
[storage.options]
additionalimagestores = ["/usr/share/fleet-images/store"]
"""

_EMPTY_DIRECTORIES = (
    "disk",
    "mnt",
    "proc",
    "run",
    "sys",
    "tmp",
    "usr/share/fleet-images",
    "var/lib/containers",
    "var/lib/docker",
    "var/lib/warren",
)


def sow(place: Place, machine: Machine, machines: Sequence[Machine]) -> None:
    """Write the top layer of `machine`'s root anew; `machines` are the names it can resolve."""
    seed = place.host(machine.name) / "seed"
    shutil.rmtree(seed, ignore_errors=True)
    for name in _EMPTY_DIRECTORIES:
        (seed / name).mkdir(parents=True)
    for name, text in _files(place, machine, machines).items():
        _like_the_machine(seed, Path(name))
        write(seed / name, text, mode=0o600 if name.endswith("_key") else 0o644)
    for path in _hidden(place, machine):
        _hide(seed, path)
    (seed / "etc/shadow").chmod(0o640)
    if machine.python and not shutil.which("python3", path=STANDARD_PATH):
        (seed / "usr/local/bin").mkdir(parents=True, exist_ok=True)
        (seed / "usr/local/bin/python3").symlink_to(sys.executable)


def _files(place: Place, machine: Machine, machines: Sequence[Machine]) -> dict[str, str]:
    key = place.host(machine.name) / HOST_KEY
    names = [f"{other.address} {other.name}" for other in machines]
    return {
        "etc/hostname": f"{machine.name}\n",
        "etc/hosts": "\n".join(["127.0.0.1 localhost", f"{HUB_ADDRESS} hub", *names, ""]),
        # Nobody answers there, and says so at once: a look-up fails without waiting.
        "etc/resolv.conf": f"nameserver {HUB_ADDRESS}\n",
        "etc/machine-id": f"{place.id}{machine.index:024x}\n",
        "etc/shadow": _shadow(),
        "etc/ssh/sshd_config": _SSHD_CONFIG,
        "etc/ssh/authorized_keys": ensure_key(place.key, comment="controller") + "\n",
        f"etc/ssh/{HOST_KEY}": key.read_text(),
        "etc/containers/containers.conf": _CONTAINERS_CONF,
        "etc/containers/storage.conf": _STORAGE_CONF,
    }


def _shadow() -> str:
    """Return the machine's accounts with root open to key login, whatever it was."""
    lines = Path("/etc/shadow").read_text().splitlines()
    others = [line for line in lines if not line.startswith("root:")]
    return "\n".join(["root:*:19000:0:99999:7:::", *others, ""])


def _hidden(place: Place, machine: Machine) -> Iterable[Path]:
    yield ROOT
    yield place.state
    yield Path("/var/lib/cni/networks")  # stale address leases would block restarts
    yield from Path("/etc/ssh").glob("ssh_host_*")
    # A host has a home of its own; above all no .bashrc that slows every command.
    yield from (path for path in Path("/root").iterdir() if not _holds_python(path))
    if not machine.python:
        for directory in STANDARD_PATH.split(":"):
            yield from Path(directory).resolve().glob("python*")


def _holds_python(path: Path) -> bool:
    needed = not shutil.which("python3", path=STANDARD_PATH)
    return needed and Path(sys.executable).is_relative_to(path)


def _hide(seed: Path, path: Path) -> None:
    target = seed / path.relative_to("/")
    if any(stat.S_ISCHR(p.stat().st_mode) for p in target.parents if p.exists()):
        return  # a parent is hidden already
    if path.exists() and not target.exists():
        _like_the_machine(seed, path.relative_to("/"))
        os.mknod(target, stat.S_IFCHR, os.makedev(0, 0))


def _like_the_machine(seed: Path, path: Path) -> None:
    """Make the parents of `path` in the layer, with the modes and owners they have on the machine."""
    for parent in reversed(path.parents[:-1]):
        copy, original = seed / parent, Path("/") / parent
        if not copy.exists():
            copy.mkdir()
            if original.exists():
                found = original.stat()
                copy.chmod(stat.S_IMODE(found.st_mode))
                os.chown(copy, found.st_uid, found.st_gid)
