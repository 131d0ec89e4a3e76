"""Debian's etcd as a cluster of processes on loopback, with its own defaults."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("etcd-server", "etcd-client")


def programs() -> Path:
    """The folder of etcd and etcdctl: installed ones, or the packages unpacked beside the bench.

    Unpacked rather than installed: an installed etcd-server would be started by the init system.
    """
    if (found := shutil.which("etcd")) and shutil.which("etcdctl"):
        return Path(found).parent
    home = ROOT / ".bench" / "etcd"
    if not (home / "usr" / "bin" / "etcdctl").exists():
        home.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", *PACKAGES], cwd=home, check=True)
        for package in home.glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", package, home], check=True)
    return home / "usr" / "bin"


class EtcdCluster:
    """Members as processes; each fsyncs its log to `folder`."""

    name = "etcd"

    def __init__(self, folder: Path, size: int = 3, port: int = 21_000) -> None:
        self._folder = folder
        self._bin = programs()
        self._port = port
        self._processes: list[subprocess.Popen[bytes]] = []
        self._addresses = [f"127.0.0.1:{port + 2 * number}" for number in range(size)]
        self._peers = [f"127.0.0.1:{port + 2 * number + 1}" for number in range(size)]

    def start(self) -> None:
        self._processes = [self._spawn(number) for number in range(len(self._addresses))]
        self.leader()

    def addresses(self, first: int) -> list[str]:
        """Of all members, beginning with one of them."""
        return [*self._addresses[first:], *self._addresses[:first]]

    def process_id(self, member: int) -> int:
        return self._processes[member].pid

    def _spawn(self, number: int) -> subprocess.Popen[bytes]:
        cluster = ",".join(f"m{n}=http://{peer}" for n, peer in enumerate(self._peers))
        folder = self._folder / f"m{number}"
        flags = {
            "name": f"m{number}",
            "data-dir": str(folder),
            "listen-client-urls": f"http://{self._addresses[number]}",
            "advertise-client-urls": f"http://{self._addresses[number]}",
            "listen-peer-urls": f"http://{self._peers[number]}",
            "initial-advertise-peer-urls": f"http://{self._peers[number]}",
            "initial-cluster": cluster,
            "initial-cluster-state": "existing" if folder.exists() else "new",
        }
        log = (self._folder / f"m{number}.log").open("ab")
        with log:
            return subprocess.Popen(
                [self._bin / "etcd", *(f"--{name}={value}" for name, value in flags.items())],
                stdout=log,
                stderr=log,
                env={"PATH": os.environ["PATH"], "ETCD_UNSUPPORTED_ARCH": ""},
            )

    def leader(self, seconds: float = 30) -> int:
        """The number of the member that leads, when all agree on one."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            leaders = {status["leader"]: None for status in self._statuses()}
            if len(leaders) == 1 and 0 not in leaders:
                for number, address in enumerate(self._addresses):
                    for status in self._statuses(address):
                        if status["header"]["member_id"] in leaders:
                            return number
            time.sleep(0.1)
        raise SystemExit(f"etcd elected nobody in {seconds} s; its logs lie in {self._folder}")

    def _statuses(self, *addresses: str) -> list[dict]:
        wanted = addresses or [
            address
            for address, process in zip(self._addresses, self._processes, strict=True)
            if process.poll() is None
        ]
        done = subprocess.run(
            [
                self._bin / "etcdctl",
                f"--endpoints={','.join(wanted)}",
                "endpoint",
                "status",
                "-w",
                "json",
            ],
            env={"PATH": os.environ["PATH"], "ETCDCTL_API": "3"},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            return [{"leader": 0}]
        return [each["Status"] for each in json.loads(done.stdout)]

    def kill(self, number: int) -> float:
        """kill -9; returns when it was."""
        moment = time.monotonic()
        self._processes[number].send_signal(signal.SIGKILL)
        self._processes[number].wait()
        return moment

    def revive(self, number: int) -> None:
        self._processes[number] = self._spawn(number)
        self.leader()

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
