"""The logs of a service: those of each instance after the other, or all at once as they come."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from warren.daemon.reading import Reading
from warren.daemon.targets import Reach
from warren.fleet.machine import STREAMS_MAX
from warren.model.errors import Unsupported, WarrenError
from warren.providers.contract import LogOptions, Target
from warren.providers.registry import engines

_engines = engines()
_LINES_MAX = 1000
"""That wait for whoever reads them; the hosts are held up by more."""

Line = tuple[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """One container's log, and the name that its lines bear."""

    label: str
    target: Target
    engine_id: str


async def follow_logs(
    reading: Reading,
    reach: Reach,
    service: str,
    *,
    tail: int | None,
    follow: bool,
) -> AsyncIterator[Line]:
    """Log lines of all instances of a service that are on a node, each with the instance's name.

    Args:
        reading: knows the instances.
        reach: the host of a node.
        service: its name.
        tail: how many of the last lines of each; ``None`` for all.
        follow: go on with what they write, in the order in which it comes.

    Raises:
        Unsupported: more are to be followed on one node than a connection carries.
    """
    sources, options = await _sources(reading, reach, service), LogOptions(tail=tail, follow=follow)
    if not follow:
        for source in sources:
            async for line in _lines_of(source, options):
                yield line
        return
    _check(service, sources)
    lines: asyncio.Queue[Line | WarrenError | None] = asyncio.Queue(_LINES_MAX)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_pump(source, options, lines)) for source in sources]
        try:
            async for line in _until_ended(lines, len(sources)):
                yield line
        finally:
            for task in tasks:
                task.cancel()


async def _sources(reading: Reading, reach: Reach, service: str) -> Sequence[_Source]:
    nodes = {node.name: node for node in await reading.nodes()}
    found: list[_Source] = []
    for instance in await reading.instances(service):
        node = nodes.get(instance.node or "")
        if node is None:
            continue
        target = Target(node=node, host=reach(node.name), cluster=reading.cluster_id)
        label = f"{instance.service}.{instance.slot}"
        found += [
            _Source(label=label, target=target, engine_id=engine_id)
            for engine_id in instance.engine_ids.values()
        ]
    return found


def _check(service: str, sources: Sequence[_Source]) -> None:
    """Say what a connection cannot carry, rather than leave some of the logs out."""
    counts = Counter(source.target.node.name for source in sources)
    for node, count in counts.items():
        if count > STREAMS_MAX:
            raise Unsupported(
                f"service {service}: node {node} has {count} of its containers;"
                f" no more than {STREAMS_MAX} can be followed on one node",
                hint="without --follow, the logs of all are shown",
            )


async def _pump(
    source: _Source, options: LogOptions, lines: asyncio.Queue[Line | WarrenError | None]
) -> None:
    try:
        async for line in _lines_of(source, options):
            await lines.put(line)
    except WarrenError as error:
        await lines.put(error)
    else:
        await lines.put(None)


async def _until_ended(
    lines: asyncio.Queue[Line | WarrenError | None], sources: int
) -> AsyncIterator[Line]:
    """What comes, until every source has ended; an error is raised when the others have, too."""
    errors: list[WarrenError] = []
    while sources:
        match await lines.get():
            case None:
                sources -= 1
            case WarrenError() as error:
                sources -= 1
                errors.append(error)
            case line:
                yield line
    if errors:
        raise errors[0]


async def _lines_of(source: _Source, options: LogOptions) -> AsyncIterator[Line]:
    provider, rest = _engines.get(source.target.node.provider), b""
    async with provider.logs(source.target, source.engine_id, options) as chunks:
        async for chunk in chunks:
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield source.label, line
    if rest:
        yield source.label, rest
