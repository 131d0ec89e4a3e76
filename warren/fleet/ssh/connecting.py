"""Opening one connection, through jump hosts if there are any."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import asyncssh

from warren.fleet.ssh.hostkeys import HostKeys
from warren.fleet.ssh.sessions import Connection
from warren.fleet.ssh.settings import ConnectionSettings
from warren.fleet.ssh.translation import FOREIGN, translate_opening
from warren.model.errors import HostUnreachable

_USUAL_KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))
_USUAL_CONFIG = Path("~/.ssh/config")


async def connect(settings: ConnectionSettings) -> Connection:
    """Open a connection.

    Raises:
        HostUnreachable: nothing answers in time, or SSH fails.
        HostRefused: host key or credentials are not accepted.
    """
    seconds = settings.connect_timeout_seconds
    async with AsyncExitStack() as opened:
        try:
            async with asyncio.timeout(seconds):
                tunnel: Any = ()
                for jump in settings.jump_hosts:
                    tunnel = await _open(settings, _jump_address(jump), tunnel, jump=jump)
                    opened.push_async_callback(_end, tunnel)
                own = {"host": settings.address, **_own_options(settings)}
                connection = await _open(settings, own, tunnel)
        except TimeoutError as error:
            raise HostUnreachable(
                settings.name,
                f"{settings.address} did not answer within {seconds:g} s",
                hint="check its address, the firewall and whether it is up",
            ) from error
        opened.push_async_callback(_end, connection)
        return Connection(
            settings.name, connection, answer_seconds=seconds, close=opened.pop_all().aclose
        )


async def _open(
    settings: ConnectionSettings, target: dict[str, Any], tunnel: Any, *, jump: str = ""
) -> asyncssh.SSHClientConnection:
    keys: HostKeys | None = None
    try:
        options = _options(settings)
        if settings.host_key_policy == "off":
            options["known_hosts"] = None
        else:
            files = _known_hosts_files(settings, target["host"])
            keys = HostKeys(files, learn=settings.host_key_policy == "accept-new")
            options["known_hosts"] = keys.look_up
            options["client_factory"] = keys.client
        return await asyncssh.connect(tunnel=tunnel, **target, **options)
    except TimeoutError:
        raise
    except FOREIGN as error:
        where = f"jump host {jump}: " if jump else ""
        raise translate_opening(settings.name, error, keys=keys, where=where) from error


async def _end(connection: asyncssh.SSHClientConnection) -> None:
    connection.abort()
    await connection.wait_closed()


def _jump_address(jump: str) -> dict[str, Any]:
    user, _, address = jump.rpartition("@")
    host, colon, port = address.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        host, port = address, ""
    answer: dict[str, Any] = {"host": host.strip("[]")}
    if port:
        answer["port"] = int(port)
    if user:
        answer["username"] = user
    return answer


def _options(settings: ConnectionSettings) -> dict[str, Any]:
    seconds = settings.connect_timeout_seconds
    options: dict[str, Any] = {
        "keepalive_interval": settings.keepalive_interval_seconds,
        "keepalive_count_max": settings.keepalive_count_max,
        "connect_timeout": seconds,
        "login_timeout": seconds,
        "compression_algs": None,
    }
    if settings.config_file is not None:
        options["config"] = [str(settings.config_file.expanduser())]
    if settings.private_key_files:
        options["client_keys"] = [str(path.expanduser()) for path in settings.private_key_files]
    if settings.private_key_passphrase is not None:
        options["passphrase"] = settings.private_key_passphrase.reveal().decode()
    if settings.identities_only:
        options["agent_path"] = None
    return options


def _own_options(settings: ConnectionSettings) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if settings.port is not None:
        options["port"] = settings.port
    if settings.user is not None:
        options["username"] = settings.user
    if settings.password is not None:
        options["password"] = settings.password.reveal().decode()
    if settings.proxy_command is not None:
        options["proxy_command"] = settings.proxy_command
    return options


def _known_hosts_files(settings: ConnectionSettings, host: str) -> Sequence[Path]:
    """The settings' files, else those that ssh_config names, else the usual ones."""
    if settings.known_hosts_files:
        return settings.known_hosts_files
    config = settings.config_file or _USUAL_CONFIG
    if not config.expanduser().is_file():
        return _USUAL_KNOWN_HOSTS
    read = asyncssh.SSHClientConnectionOptions(
        host=host, config=[str(config.expanduser())], client_keys=None, agent_path=None
    )
    # asyncssh reads "UserKnownHostsFile none" as "check nothing"; to OpenSSH it means: none is known.
    known_hosts: Any = read.known_hosts
    return () if known_hosts is None else tuple(map(Path, known_hosts)) or _USUAL_KNOWN_HOSTS
