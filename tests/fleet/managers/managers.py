"""Managers as processes, each in a network namespace of its own, and the command line beside each."""

import json
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from tests.fleet.raft.grounds import Grounds
from tests.fleet.raft.members import wait_for

WARREN = Path(sys.executable).with_name("warren")


class Loopback:
    """Managers side by side where the test is, each at an address of its own."""

    def host(self, number: int) -> str:
        return f"127.0.0.{number}"

    def at(self, _number: int = 0) -> AbstractContextManager[None]:
        return nullcontext()


class Managers:
    """Managers by their number, which is also that of their host.

    Args:
        folder: data directories and logs.
        grounds: where they run.
        inventory: how they reach the nodes.
    """

    def __init__(
        self, folder: Path, grounds: "Grounds | Loopback", *, inventory: Path | None = None
    ) -> None:
        self._inventory = inventory
        self.processes: dict[int, subprocess.Popen[str]] = {}
        self.grounds = grounds
        self._folder = folder

    def data(self, number: int) -> Path:
        return self._folder / f"m{number}"

    def log(self, number: int) -> str:
        return (self._folder / f"m{number}.log").read_text()

    def address(self, number: int) -> str:
        return self.grounds.host(number)

    def found(self, *, tokens: int = 2) -> list[str]:
        """Let manager 1 begin a cluster; the join tokens."""
        self._start(1, ["init", *self._named(1), "--tokens", str(tokens)])
        self._wait_until_it_answers(1)
        lines = (self._folder / "m1.out").read_text().splitlines()
        return [line.split()[3] for line in lines[2:]]

    def join(self, number: int, token: str, at: int = 1) -> None:
        """Let a manager join at another one, and wait until it votes."""
        self._start(number, ["join", "-", self.address(at), *self._named(number)], token)
        self.wait_for_voters(number=number)

    def form(self, size: int = 3) -> None:
        """Begin a cluster of so many."""
        for number, token in enumerate(self.found(tokens=size - 1), start=2):
            self.join(number, token)

    def run(self, number: int) -> None:
        """Start a manager again on its data."""
        self._start(number, ["run", "--data-dir", str(self.data(number))])
        self._wait_until_it_answers(number)

    def begin_to_run(self, number: int) -> None:
        """The same without waiting for it."""
        self._start(number, ["run", "--data-dir", str(self.data(number))])

    def command(self, number: int, *words: str, check: bool = True) -> str:
        """What ``warren manager`` answers on a manager's host; its error if ``check`` is not set."""
        argv = [str(WARREN), "manager", *words, "--data-dir", str(self.data(number))]
        with self.grounds.at(number):
            done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if check else f"{done.returncode} {done.stderr}"

    def attempt_to_join(self, number: int, token: str, at: str) -> str:
        """The error of an attempt to join that is refused, after its exit code."""
        argv = [str(WARREN), "manager", "join", "-", at, *self._named(number)]
        with self.grounds.at(number):
            done = subprocess.run(
                argv, input=token, capture_output=True, text=True, check=False, timeout=60
            )
        assert done.returncode != 0
        return f"{done.returncode} {done.stderr}"

    def rows(self, at: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(self.command(at, "list", "--output", "json"))
        return rows

    def leader(self, at: int) -> int:
        """The number of the manager that leads, as another one says."""
        return next(int(row["name"][1:]) for row in self.rows(at) if row["role"] == "leader")

    def wait_for_leader(self, at: int, *, other_than: int = 0) -> int:
        def look() -> int | None:
            if self.command(at, "list", check=False)[0] != "0":
                return None
            leader = self.leader(at)
            return leader if leader != other_than else None

        return wait_for(look, "a leader", 30)

    def wait_for_voters(self, *, number: int) -> None:
        """Until this one answers, and votes."""

        def look() -> bool | None:
            if self.command(number, "list", check=False)[0] != "0":
                return None
            votes = {row["name"] for row in self.rows(number) if row["suffrage"] == "voter"}
            return True if f"m{number}" in votes else None

        wait_for(look, f"the vote of manager {number}", 30)

    def end(self, number: int, kind: signal.Signals = signal.SIGTERM) -> int:
        """Signal a manager and wait for its end; its exit code."""
        process = self.processes[number]
        process.send_signal(kind)
        return process.wait(timeout=20)

    def stop(self) -> None:
        for process in self.processes.values():
            with suppress(ProcessLookupError):
                process.kill()
            process.wait()

    def diagnosis(self) -> str:
        return "\n".join(
            f"manager {number}: {process.poll()}\n{self.log(number)[-3000:]}"
            for number, process in self.processes.items()
        )

    def _named(self, number: int) -> list[str]:
        directory = str(self.data(number))
        address = self.address(number)
        words = ["--data-dir", directory, "--name", f"m{number}", "--address", address]
        if isinstance(self.grounds, Loopback):
            words += ["--probe-host", address]
        if self._inventory is not None:
            words += ["--inventory", str(self._inventory)]
        return words

    def _wait_until_it_answers(self, number: int) -> None:
        deadline = time.monotonic() + 20
        while self.command(number, "list", check=False)[0] != "0":
            assert time.monotonic() < deadline, self.diagnosis()

    def _start(self, number: int, words: list[str], said: str = "") -> None:
        heard = self._folder / f"m{number}.in"
        heard.write_text(said)
        with (
            heard.open() as stdin,
            (self._folder / f"m{number}.out").open("a") as out,
            (self._folder / f"m{number}.log").open("a") as log,
            self.grounds.at(number),
        ):
            self.processes[number] = subprocess.Popen(
                [str(WARREN), "manager", *words], stdin=stdin, stdout=out, stderr=log, text=True
            )
