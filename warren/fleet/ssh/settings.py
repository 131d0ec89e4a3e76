"""How one host is reached, as the inventory says it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from warren.model.hidden import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """How one host is reached; ``None`` and empty leave it to ssh_config or the default.

    Attributes:
        name: the inventory's name of the host.
        transport: over SSH, or processes of this machine.
        address: host name or address to connect to; ssh_config may translate it.
        user: who to log in as.
        password: for password log-in.
        private_key_files: keys to offer, in order; without any, the agent's and the usual ones.
        private_key_passphrase: opens them.
        identities_only: offer only these keys, not an agent's.
        host_key_policy: an unknown host key is refused (``strict``), learnt while a changed one is
            refused (``accept-new``), or not looked at (``off``).
        known_hosts_files: where host keys are looked up.
        jump_hosts: ``[USER@]HOST[:PORT]`` to go through, first hop first.
        proxy_command: a program whose standard streams replace the TCP connection.
        config_file: an ssh_config to read instead of the user's.
        connect_timeout_seconds: for TCP, key exchange and log-in together.
        keepalive_interval_seconds: silence after which the host is asked for a sign of life.
        keepalive_count_max: unanswered questions after which it counts as lost.
        python_interpreter: the interpreter on the host; ``None`` looks for one.
    """

    name: str
    transport: Literal["ssh", "local"] = "ssh"
    address: str
    port: int | None = None
    user: str | None = None
    password: Secret | None = field(default=None, compare=False)
    private_key_files: tuple[Path, ...] = ()
    private_key_passphrase: Secret | None = field(default=None, compare=False)
    identities_only: bool = False
    host_key_policy: Literal["strict", "accept-new", "off"] = "strict"
    known_hosts_files: tuple[Path, ...] = ()
    jump_hosts: tuple[str, ...] = ()
    proxy_command: str | None = None
    config_file: Path | None = None
    connect_timeout_seconds: float = 10.0
    keepalive_interval_seconds: float = 5.0
    keepalive_count_max: int = 3
    python_interpreter: str | None = None
