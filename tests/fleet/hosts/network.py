"""Cables: a hub namespace with a bridge, and per host a namespace with one cable to it."""

import ctypes
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.fleet.hosts.roster import HUB_ADDRESS, NETNS, PREFIX_LENGTH, Machine, Place
from tests.fleet.hosts.shell import run

_CLONE_NEWNET = 0x40000000
_MNT_DETACH = 2
_libc = ctypes.CDLL(None, use_errno=True)


def lay_hub(place: Place) -> None:
    """Make the hub namespace with its bridge, address and loopback; harmless when it exists."""
    if not is_namespace(place.hub):
        remove_namespace(place.hub)
        run(["ip", "netns", "add", place.tag])
        lines = [
            "link set lo up",
            "link add hub type bridge forward_delay 0",
            f"address add {HUB_ADDRESS}/{PREFIX_LENGTH} dev hub",
            "link set hub up",
        ]
        _batch(lines, namespace=place.tag)


def connect(place: Place, machines: Sequence[Machine]) -> None:
    """Give each machine a fresh network namespace and a cable to the hub."""
    disconnect(place, machines)
    names = {machine.name: place.netns(machine.name).name for machine in machines}
    _batch([f"netns add {name}" for name in names.values()])
    lines = []
    for machine in machines:
        # A card keeps its address over a boot; with a new one, neighbours would go on asking the old.
        card = f"02:77:00:00:{machine.index >> 8:02x}:{machine.index & 0xFF:02x}"
        peer = f"peer name eth0 address {card} netns {names[machine.name]}"
        lines.append(f"link add {machine.link} type veth {peer}")
        lines.append(f"link set {machine.link} master hub up")
    _batch(lines, namespace=place.tag)


def disconnect(place: Place, machines: Sequence[Machine]) -> None:
    """Remove the cables and namespaces of `machines`; harmless when there are none."""
    plugged = _links(place)
    if lost := [machine.link for machine in machines if machine.link in plugged]:
        _batch([f"link delete {link}" for link in lost], namespace=place.tag)
    for machine in machines:
        remove_namespace(place.netns(machine.name))


def set_cable(place: Place, machine: Machine, *, plugged: bool) -> None:
    """Plug or pull the cable of `machine` at the hub; its connections stay open either way."""
    run(["ip", "-n", place.tag, "link", "set", machine.link, "up" if plugged else "down"])


def is_plugged(place: Place, machine: Machine) -> bool:
    """Say whether the cable of `machine` is plugged at the hub."""
    shown = run(["ip", "-n", place.tag, "-oneline", "link", "show", "dev", machine.link])
    flags = shown.partition("<")[2].partition(">")[0].split(",")
    return "UP" in flags


def is_namespace(path: Path) -> bool:
    """Say whether a namespace is mounted at `path`; a crash may leave an empty file."""
    with suppress(FileNotFoundError):
        return path.stat().st_dev != path.parent.stat().st_dev
    return False


def remove_namespace(path: Path) -> None:
    """Unmount and unlink a named network namespace; harmless when it is half made or gone."""
    while is_namespace(path):
        if _libc.umount2(os.fsencode(path), _MNT_DETACH):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(path))
    path.unlink(missing_ok=True)


def namespaces(tag: str) -> list[Path]:
    """Return the named namespaces of the fleet tagged `tag`, its hub first."""
    hub = NETNS / tag
    return [path for path in (hub, *sorted(NETNS.glob(f"{tag}-*"))) if path.exists()]


@contextmanager
def inside(path: Path) -> Iterator[None]:
    """Move the calling thread into the network namespace at `path` for the duration of the block.

    Processes and threads it starts meanwhile begin there too; other threads stay where they are.
    """
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        there = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _setns(there)
        finally:
            os.close(there)
        try:
            yield
        finally:
            _setns(here)
    finally:
        os.close(here)


def _setns(handle: int) -> None:
    if _libc.setns(handle, _CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _links(place: Place) -> set[str]:
    """Return the names of the cables at the hub."""
    if not is_namespace(place.hub):
        return set()
    shown = run(["ip", "-n", place.tag, "-oneline", "link", "show", "type", "veth"])
    return {line.split()[1].partition("@")[0] for line in shown.splitlines()}


def _batch(lines: Iterable[str], *, namespace: str = "") -> None:
    where = ["-n", namespace] if namespace else []
    run(["ip", *where, "-batch", "-"], text="\n".join([*lines, ""]))
