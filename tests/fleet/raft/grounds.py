"""A private network for members: a namespace each, a bridge between them, links that can be cut.

Packets are dropped, not refused: whoever sends learns nothing, as with a cable that was pulled.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fleet.hosts.network import inside
from tests.fleet.hosts.shell import run

_NETNS = Path("/run/netns")
_SUBNET = "10.77.9"


class Grounds:
    """A hub, where clients run, and one namespace per member; members are numbered from 1."""

    def __init__(self, size: int) -> None:
        self._tag = f"raft{os.getpid()}"
        self._size = size

    def __enter__(self) -> Self:
        self._remove()
        run(["ip", "netns", "add", self._tag])
        self._ip("link set lo up", "link add hub type bridge forward_delay 0")
        self._ip(f"address add {_SUBNET}.254/24 dev hub", "link set hub up")
        for member in range(1, self._size + 1):
            self._connect(member)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def host(self, member: int) -> str:
        return f"{_SUBNET}.{member}"

    @contextmanager
    def at(self, member: int = 0) -> Iterator[None]:
        """Processes started meanwhile run where that member does; 0 is the hub."""
        with inside(_NETNS / self._name(member)):
            yield

    def cut(self, member: int, *others: int, one_way: bool = False) -> None:
        """Drop what comes to ``member`` from the others, and what goes there unless ``one_way``."""
        for other in others:
            self._nft(member, f"add rule ip links in ip saddr {self.host(other)} drop")
            if not one_way:
                self._nft(member, f"add rule ip links out ip daddr {self.host(other)} drop")

    def part(self, *groups: tuple[int, ...]) -> None:
        """Drop everything between the groups; clients reach all of them."""
        for place, group in enumerate(groups):
            others = [each for other in groups[place + 1 :] for each in other]
            for member in group:
                self.cut(member, *others)

    def heal(self) -> None:
        for member in range(1, self._size + 1):
            self._nft(member, "flush table ip links")

    def _connect(self, member: int) -> None:
        name = self._name(member)
        run(["ip", "netns", "add", name])
        self._ip(f"link add m{member} type veth peer name eth0 netns {name}")
        self._ip(f"link set m{member} master hub up")
        self._ip("link set lo up", f"address add {self.host(member)}/24 dev eth0", at=name)
        self._ip("link set eth0 up", at=name)
        self._nft(member, "add table ip links")
        for chain, hook in (("in", "input"), ("out", "output")):
            self._nft(
                member, f"add chain ip links {chain} {{ type filter hook {hook} priority 0; }}"
            )

    def _remove(self) -> None:
        for path in _NETNS.glob(f"{self._tag}*"):
            with suppress(subprocess.CalledProcessError):
                subprocess.run(["ip", "netns", "delete", path.name], check=True)

    def _name(self, member: int) -> str:
        return f"{self._tag}-{member}" if member else self._tag

    def _ip(self, *lines: str, at: str = "") -> None:
        run(["ip", "-n", at or self._tag, "-batch", "-"], text="\n".join([*lines, ""]))

    def _nft(self, member: int, line: str) -> None:
        run(["ip", "netns", "exec", self._name(member), "nft", line])
