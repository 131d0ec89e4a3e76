"""Running `warren-playbook` and `warren` against a fleet as a user would, in processes of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fleet.hosts import FleetHosts

BIN = Path(sys.executable).parent
SECONDS_MAX = 120


@dataclass(frozen=True)
class Run:
    """How a run of a command ended."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of a run with `--output json`."""
        return [json.loads(line) for line in self.out.splitlines() if line.startswith("{")]

    @property
    def recap(self) -> dict[str, dict[str, int]]:
        """Counts by host, from the recap's lines."""
        lines = self.out.partition("PLAY RECAP")[2].splitlines()[1:]
        return {
            line.split()[0]: {
                key: int(value) for key, value in (word.split("=") for word in line.split()[2:])
            }
            for line in lines
            if "ok=" in line
        }

    @property
    def changed(self) -> int:
        """Changes of all hosts together."""
        return sum(counts["changed"] for counts in self.recap.values())

    def ok(self) -> "Run":
        """Itself, if it ended well."""
        assert self.code == 0, f"{self.code}\n{self.out}\n{self.err}"
        return self


class Site:
    """A folder with an inventory of a fleet's hosts and playbooks, as a user keeps it."""

    def __init__(self, fleet: FleetHosts, folder: Path) -> None:
        self.fleet = fleet
        self.folder = folder
        self.hosts = list(fleet.addresses)
        text = fleet.place.inventory.read_text().replace("[fleet", "[workers")
        (folder / "hosts.ini").write_text(text)

    @property
    def state(self) -> Path:
        return self.folder / ".warren"

    def write(self, services: str, *, prepare: bool = True) -> Path:
        """Write a playbook that takes the hosts into the cluster and then runs `services` (tasks)."""
        head = "- hosts: workers\n  gather_facts: false\n  tasks:\n    - warren.core.node: {}\n"
        body = "- hosts: workers\n  gather_facts: false\n  tasks:\n"
        path = self.folder / "site.yml"
        path.write_text((head if prepare else "") + body + _indented(services))
        return path

    def command(self, *flags: str) -> list[str]:
        return [str(BIN / "warren-playbook"), "-i", str(self.folder / "hosts.ini"), *flags]

    def play(self, services: str, *flags: str, prepare: bool = True) -> Run:
        """Run a playbook with these service tasks."""
        return run(self.command(*flags, str(self.write(services, prepare=prepare))), self.folder)

    def warren_plain(self, *words: str) -> Run:
        """Run ``warren`` with nothing but these words."""
        return run([str(BIN / "warren"), *words], self.folder)

    def warren(self, *words: str) -> Run:
        return run([str(BIN / "warren"), *words, "-i", str(self.folder / "hosts.ini")], self.folder)

    def instances(self, service: str) -> list[dict[str, Any]]:
        listed = self.warren("service", "ps", service, "--output", "json").ok()
        rows: list[dict[str, Any]] = json.loads(listed.out)
        return rows

    def containers(self, *filters: str, up_only: bool = True) -> dict[str, list[str]]:
        """Ids of engine containers by host, read from the engines."""
        flags = [part for text in filters for part in ("--filter", text)]
        return {
            host: self.fleet.exec(
                host, ["podman", "ps", "-q", "--no-trunc", *([] if up_only else ["-a"]), *flags]
            ).split()
            for host in self.hosts
            if self.fleet.faults.is_on(host)
        }

    def of(self, service: str) -> list[str]:
        """Ids of the running containers of a service, on all hosts that are on."""
        found = self.containers(f"label=warren.service={service}")
        return sorted(one for ids in found.values() for one in ids)

    def inspect(self, host: str, container: str) -> dict[str, Any]:
        (document,) = json.loads(self.fleet.exec(host, ["podman", "inspect", container]))
        answer: dict[str, Any] = document
        return answer


def run(command: list[str], folder: Path) -> Run:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX, check=False,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "200"},
    )  # fmt: skip
    return Run(done.returncode, done.stdout, done.stderr)


def until(holds: Callable[[], bool], *, seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.1)


def _indented(tasks: str) -> str:
    return "".join(f"    {line}\n" for line in tasks.strip("\n").splitlines())
