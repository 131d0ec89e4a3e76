"""``StrictHostKeyChecking=accept-new``: an unknown key is written down, a changed one is refused."""

from pathlib import Path

import asyncssh

SSH_PORT = 22


def learning_into(path: Path) -> type[asyncssh.SSHClient]:
    """A client that adds keys of hosts it has never seen to ``path``."""

    class Learning(asyncssh.SSHClient):
        def validate_host_public_key(
            self, host: str, addr: str, port: int, key: asyncssh.SSHKey
        ) -> bool:
            if path.exists():
                known = asyncssh.match_known_hosts(str(path), host, addr, port)
                if any(known):
                    return False
            name = host if port == SSH_PORT else f"[{host}]:{port}"
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with path.open("ab") as file:
                file.write(name.encode() + b" " + key.export_public_key())
            return True

    return Learning
