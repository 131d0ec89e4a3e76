"""Opening one connection, and the one place where asyncssh's errors become ours."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh

from warren.fleet.ssh.learning import learning_into
from warren.fleet.ssh.settings import ConnectionSettings
from warren.model.errors import HostRefused, HostUnreachable

_USUAL_KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


@asynccontextmanager
async def translated(host: str) -> AsyncIterator[None]:
    """Turn every error of the transport into ``HostUnreachable`` or ``HostRefused``."""
    try:
        yield
    except asyncssh.HostKeyNotVerifiable as error:
        raise HostRefused(
            host,
            f"its host key is not known or has changed: {error.reason}",
            hint="compare the key with the host's console, then add it to known_hosts:"
            " `ssh-keyscan ADDRESS` prints it",
        ) from error
    except asyncssh.PermissionDenied as error:
        raise HostRefused(
            host,
            f"it does not accept our user or key: {error.reason}",
            hint="check ansible_user and ansible_ssh_private_key_file; `ssh -v` shows what is offered",
        ) from error
    except asyncssh.ConnectionLost as error:
        raise HostUnreachable(host, f"the connection broke: {error.reason}") from error
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise HostRefused(host, f"a private key cannot be read: {error}") from error
    except asyncssh.ConfigParseError as error:
        raise HostRefused(host, f"ssh_config cannot be read: {error}") from error
    except asyncssh.Error as error:
        raise HostUnreachable(host, f"SSH failed: {error.reason}") from error
    except socket.gaierror as error:
        hint = "check ansible_host and the resolver"
        raise HostUnreachable(
            host, f"its name does not resolve: {error.strerror}", hint=hint
        ) from error
    except (ConnectionError, OSError) as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise HostUnreachable(host, f"cannot connect: {reason}") from error


async def connect(
    settings: ConnectionSettings, stack: AsyncExitStack
) -> asyncssh.SSHClientConnection:
    """Open a connection, through the jump hosts if there are any.

    Args:
        settings: how.
        stack: closes what was opened on the way.

    Raises:
        HostUnreachable: nothing answers in time, or SSH fails.
        HostRefused: host key or credentials are not accepted.
    """
    try:
        async with asyncio.timeout(settings.connect_timeout_seconds), translated(settings.name):
            tunnel: asyncssh.SSHClientConnection | None = None
            for jump in settings.jump_hosts:
                tunnel = await asyncssh.connect(
                    **_jump_address(jump), **_options(settings, jump=True), tunnel=tunnel or ()
                )
                stack.push_async_callback(_end, tunnel)
            options = _options(settings, jump=False)
            connection = await asyncssh.connect(settings.address, tunnel=tunnel or (), **options)
            stack.push_async_callback(_end, connection)
            return connection
    except TimeoutError as error:
        raise HostUnreachable(
            settings.name,
            f"{settings.address} did not answer within {settings.connect_timeout_seconds:g} s",
            hint="check address, firewall and whether the host is up",
        ) from error


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


def _options(settings: ConnectionSettings, *, jump: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        "keepalive_interval": settings.keepalive_interval_seconds,
        "keepalive_count_max": settings.keepalive_count_max,
        "connect_timeout": settings.connect_timeout_seconds,
        "login_timeout": settings.connect_timeout_seconds,
        "compression_algs": None,
    }
    if settings.config_file is not None:
        options["config"] = [str(settings.config_file.expanduser())]
    if settings.host_key_policy == "off":
        options["known_hosts"] = None
    elif settings.known_hosts_files:
        options["known_hosts"] = _existing(settings.known_hosts_files)
    elif settings.config_file is None and not Path("~/.ssh/config").expanduser().exists():
        options["known_hosts"] = _existing(_USUAL_KNOWN_HOSTS)
    if settings.host_key_policy == "accept-new":
        files = settings.known_hosts_files or _USUAL_KNOWN_HOSTS
        options["client_factory"] = learning_into(files[0].expanduser())
    if settings.private_key_files:
        options["client_keys"] = [str(path.expanduser()) for path in settings.private_key_files]
    if settings.private_key_passphrase is not None:
        options["passphrase"] = settings.private_key_passphrase.reveal().decode()
    if settings.identities_only:
        options["agent_path"] = None
    if not jump:
        options |= _own_options(settings)
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


def _existing(paths: tuple[Path, ...]) -> list[str]:
    return [str(path.expanduser()) for path in paths if path.expanduser().exists()]
