"""Which host keys are trusted, and why one was not.

asyncssh says only that a key is not trusted. Whether the host is new or its key has changed is the
difference between "add it" and "somebody may be in between", so the look-up remembers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import asyncssh

from warren.model.errors import HostRefused

SSH_PORT = 22
_NOBODY: tuple[Sequence[Any], ...] = ((), (), (), (), (), (), ())


class HostKeys:
    """The known hosts for one connection.

    Args:
        files: where they are looked up; those that do not exist are empty.
        learn: whether the key of a host that is in none of them is added to the first.
    """

    def __init__(self, files: Sequence[Path], *, learn: bool) -> None:
        self._files = tuple(path.expanduser() for path in files)
        self._learn = learn
        self._verdict: Literal["unknown", "changed"] | None = None
        self._seen = ""
        self._host = ""

    def look_up(self, host: str, address: str, port: int | None) -> Any:
        """What asyncssh asks for: trusted, certifying and revoked keys of a host."""
        files = [str(path) for path in self._files if path.is_file()]
        return asyncssh.match_known_hosts(files, host, address, port) if files else _NOBODY

    def client(self) -> asyncssh.SSHClient:
        """The client that asyncssh asks about keys that are not trusted."""
        return _Asked(self)

    def judge(self, host: str, address: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Decide about a key that is not among the trusted ones; remembers why."""
        self._host = f"[{host}]:{port}" if port != SSH_PORT else host
        self._seen = key.get_fingerprint()
        self._verdict = "changed" if any(self.look_up(host, address, port)[:3]) else "unknown"
        if not self._learn or self._verdict == "changed":
            return False
        self._add(key)
        return True

    def refusal(self, name: str, reason: str, *, where: str = "") -> HostRefused:
        """The error for a key that was not accepted."""
        file = self._files[0] if self._files else Path("~/.ssh/known_hosts")
        host, _, port = self._host.strip("[").partition("]:")
        scan = f"ssh-keyscan {f'-p {port} ' if port else ''}{host} >>{file}"
        if self._verdict == "changed":
            return HostRefused(
                name,
                f"{where}its host key has changed: {self._host} now shows {self._seen}, which is not"
                f" the one in {file}",
                hint="unless you know that the host was installed anew, somebody may be in between;"
                f" then: ssh-keygen -R '{self._host}' -f {file} && {scan}",
            )
        if self._verdict == "unknown":
            return HostRefused(
                name,
                f"{where}its host key is not known: {self._host} shows {self._seen}",
                hint=f"compare that with the host's console, then: {scan}",
            )
        return HostRefused(name, f"{where}its host key is not accepted: {reason}")

    def _add(self, key: asyncssh.SSHKey) -> None:
        path = self._files[0]
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole = not path.exists() or not (data := path.read_bytes()) or data.endswith(b"\n")
        with path.open("ab") as file:
            file.write(b"" if whole else b"\n")
            file.write(self._host.encode() + b" " + key.export_public_key())


class _Asked(asyncssh.SSHClient):
    def __init__(self, keys: HostKeys) -> None:
        self._keys = keys

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        return self._keys.judge(host, addr, port, key)
