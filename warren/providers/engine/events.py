"""An engine's stream of events, in one vocabulary."""

import json
from collections.abc import AsyncIterator
from typing import Any

from warren.fleet.command import Command
from warren.providers.contract import EngineEvent
from warren.providers.engine import labels
from warren.providers.engine.dialect import Dialect

LINE_BYTES_MAX = 1 << 20
_SAME = {"die": "died", "destroy": "remove"}
"""Docker's words for what Podman calls otherwise."""


def follow(dialect: Dialect, *, cluster: str) -> Command:
    """The command that prints one JSON object a line for each event of the cluster's containers."""
    return Command(
        argv=(
            dialect.name, "events", "--format", "{{json .}}",
            *("--filter", "type=container"),
            *("--filter", f"label={labels.CLUSTER}={cluster}"),
        )
    )  # fmt: skip


def read(line: bytes) -> EngineEvent | None:
    """What one line says; ``None`` if it concerns no instance."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    if not isinstance(event, dict):
        return None
    actor: dict[str, Any] = event.get("Actor") or event
    attributes = actor.get("Attributes") or {}
    what = str(event.get("Action") or event.get("Status") or "")
    instance = attributes.get(labels.INSTANCE)
    if not instance or not what:
        return None
    code = event.get("ContainerExitCode", attributes.get("exitCode"))
    what = _SAME.get(what, what)
    return EngineEvent(
        instance=instance,
        engine_id=str(actor.get("ID", "")),
        what=what,
        exit_code=int(code or 0) if what == "died" else None,
    )


async def split(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Cut chunks into lines; a line beyond the limit is dropped."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line
        if len(rest) > LINE_BYTES_MAX:
            rest = b""
    if rest:
        yield rest
