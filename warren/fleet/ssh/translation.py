"""The one place where asyncssh's errors become ours."""

import socket

import asyncssh

from warren.fleet.ssh.hostkeys import HostKeys
from warren.model.errors import HostRefused, HostUnreachable, WarrenError

_KEYS = (asyncssh.KeyImportError, asyncssh.KeyEncryptionError)
FOREIGN = (asyncssh.Error, *_KEYS, asyncssh.ConfigParseError, OSError)
"""What asyncssh raises when something about a host is wrong; the rest would be a mistake of ours."""

_REFUSED = (
    (
        asyncssh.PermissionDenied,
        "it does not accept our user, keys or password",
        "check ansible_user and ansible_ssh_private_key_file; `ssh -v` shows what is offered",
    ),
    (
        _KEYS,
        "a private key cannot be read",
        "check ansible_ssh_private_key_file and its passphrase",
    ),
    (asyncssh.ConfigParseError, "ssh_config cannot be read", ""),
)
_UNREACHABLE = (
    (asyncssh.ConnectionLost, "the connection broke", ""),
    (asyncssh.Error, "SSH failed", ""),
    (socket.gaierror, "its name does not resolve", "check ansible_host and the resolver"),
    (Exception, "cannot connect", "check its address and whether sshd runs"),
)


def translate_opening(
    host: str, error: Exception, *, keys: HostKeys | None, where: str
) -> WarrenError:
    """Turn an error of making a connection into ours.

    Args:
        host: the host's name.
        error: one of ``FOREIGN``.
        keys: what was asked about host keys, unless they are not looked at.
        where: ``"jump host X: "`` on the way there, or empty.
    """
    if isinstance(error, asyncssh.HostKeyNotVerifiable) and keys is not None:
        return keys.refusal(host, error.reason, where=where)
    for kinds, message, hint in _REFUSED:
        if isinstance(error, kinds):
            return HostRefused(host, f"{where}{message}: {_reason(error)}", hint=hint)
    if isinstance(error, FileNotFoundError | PermissionError) and error.filename:
        return HostRefused(host, f"{where}{error.filename}: {error.strerror}")
    message, hint = next(
        (message, hint) for kinds, message, hint in _UNREACHABLE if isinstance(error, kinds)
    )
    return HostUnreachable(host, f"{where}{message}: {_reason(error)}", hint=hint)


def translate(host: str, error: Exception) -> HostUnreachable:
    """Turn an error on a connection that was made into ours; ``error`` is one of ``FOREIGN``."""
    if isinstance(error, asyncssh.ChannelOpenError):
        return HostUnreachable(
            host,
            f"sshd opens no further session: {error.reason}",
            hint="MaxSessions in its sshd_config must be at least 10",
        )
    return HostUnreachable(host, f"the connection broke: {_reason(error)}")


def _reason(error: Exception) -> str:
    if isinstance(error, asyncssh.Error):
        return error.reason
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
