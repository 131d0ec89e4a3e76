"""Asking one container whether it is well.

Requests go through the connection to its host and from there to the container's own address, so the
controller needs no route to a container network and no published port. Commands run in the container
through the engine: both engines have health checks of their own, but Podman's need systemd on the
host, and Docker's a shell in the image.
"""

import asyncio
import re
from collections.abc import Mapping

from warren.fleet.host import ByteStream, Host
from warren.model.container import ExecCheck, GrpcCheck, HttpCheck, TcpCheck
from warren.model.errors import HostRefused, HostUnreachable, WarrenError
from warren.model.observed import ObservedContainer
from warren.providers.contract import ExecOptions, Provider, Target
from warren.providers.probing import grpc
from warren.providers.probing.verdicts import Check, Probe

EXEC_MARGIN_SECONDS = 5.0
HEAD_BYTES_MAX = 16 << 10
MESSAGE_CHARACTERS_MAX = 200
_READ_BYTES = 4096
_STATUS_LINE = re.compile(rb"HTTP/\d\S* (\d{3})\b")


async def ask(
    provider: Provider, target: Target, container: ObservedContainer, check: Check
) -> Probe:
    """Probe a running container once; no answer in time is a bad answer.

    Raises:
        HostUnreachable, HostRefused: its host cannot be asked, so this says nothing about it.
    """
    # A command is ended by its own timeout, which kills it; this one would only stop listening.
    margin = EXEC_MARGIN_SECONDS if isinstance(check, ExecCheck) else 0.0
    try:
        async with asyncio.timeout(check.timeout_seconds + margin):
            return await _ask(provider, target, container, check)
    except TimeoutError:
        return _bad(f"no answer within {check.timeout_seconds:g} s")
    except (HostUnreachable, HostRefused):
        raise
    except WarrenError as error:
        return _bad(error.message)


async def _ask(
    provider: Provider, target: Target, container: ObservedContainer, check: Check
) -> Probe:
    host, address = target.host, container.address
    match check:
        case ExecCheck():
            options = ExecOptions(timeout_seconds=check.timeout_seconds)
            result = await provider.exec(target, container.engine_id, check.command, options)
            said = (result.stderr or result.stdout).decode(errors="replace").strip()
            if result.status:
                return _bad(f"status {result.status}{': ' if said else ''}{said}")
            return Probe(good=True, message=said[:MESSAGE_CHARACTERS_MAX])
        case TcpCheck():
            stream = await host.connect(address, check.port)
            await stream.close()
            return Probe(good=True, message="connected")
        case HttpCheck():
            return await _ask_http(host, address, check)
        case GrpcCheck():
            stream = await host.connect(address, check.port)
            try:
                status = await grpc.ask(stream, f"{address}:{check.port}", check.service)
            finally:
                await stream.close()
            return Probe(good=True, message=status) if status == grpc.SERVING else _bad(status)


async def _ask_http(host: Host, address: str, check: HttpCheck) -> Probe:
    stream = await host.connect(address, check.port)
    try:
        authority = f"{address}:{check.port}"
        await stream.write(request(authority, check.path, check.headers))
        line = await _first_line(stream)
    finally:
        await stream.close()
    match = _STATUS_LINE.match(line)
    if match is None:
        return _bad(
            f"not an HTTP answer: {line[:MESSAGE_CHARACTERS_MAX].decode(errors='replace')!r}"
        )
    status = int(match[1])
    said = f"GET {check.path} answered {status}"
    if check.status_min <= status <= check.status_max:
        return Probe(good=True, message=said)
    return _bad(f"{said}, not {check.status_min}-{check.status_max}")


def request(authority: str, path: str, headers: Mapping[str, str]) -> bytes:
    """An HTTP/1.1 request without a body, after which the server closes."""
    given = {name.lower() for name in headers}
    lines = [f"GET {path} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {authority}")
    if "user-agent" not in given:
        lines.append("User-Agent: warren-health-check")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode()


async def _first_line(stream: ByteStream) -> bytes:
    head = b""
    while b"\n" not in head and len(head) < HEAD_BYTES_MAX:
        chunk = await stream.read(_READ_BYTES)
        if not chunk:
            break
        head += chunk
    return head.partition(b"\n")[0].rstrip(b"\r")


def _bad(message: str) -> Probe:
    return Probe(good=False, message=message[:MESSAGE_CHARACTERS_MAX])
