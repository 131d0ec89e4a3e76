"""Snapshots on their way: read at one member, received at another, in parts that may be interrupted."""

from collections.abc import Callable
from random import Random
from typing import Protocol

from tests.simulation.raft.cluster import Cluster
from tests.simulation.raft.process import Process
from warren.raft.core.messages import MsgSnap
from warren.raft.errors import Broken, Damaged, DiskFull, Refused
from warren.raft.snapshots.files import snapshot_name
from warren.raft.snapshots.reading import SnapshotReader
from warren.raft.snapshots.receiving import Receiver
from warren.testing.network import SimulatedNetwork
from warren.testing.schedule import Schedule

CHUNK_BYTES = 64
RETRIES_MAX = 8


class Road(Protocol):
    """What a stream moves on."""

    @property
    def cluster(self) -> Cluster: ...
    @property
    def network(self) -> SimulatedNetwork[bytes]: ...
    @property
    def schedule(self) -> Schedule: ...
    @property
    def chance(self) -> Random: ...


class Stream:
    """One snapshot on its way to one member."""

    def __init__(self, road: Road, sender: int, message: MsgSnap) -> None:
        self._road = road
        self._sender = sender
        self._message = message
        self._source = road.cluster.process(sender)
        self._target: Process | None = None
        self._reader: SnapshotReader | None = None
        self._receiver: Receiver | None = None
        self._retries = 0

    def begin(self) -> None:
        """Open both ends and go on by itself."""
        try:
            name = snapshot_name(self._message.snapshot)
            self._reader = SnapshotReader(self._source.disk, name)
        except Damaged:
            self._end(ok=False)
            return
        self._soon(self._go_on)

    def _go_on(self) -> None:
        machine = self._road.cluster.machines.get(self._message.to)
        target = machine.process if machine is not None else None
        if self._source is not self._road.cluster.machines[self._sender].process:
            self._close()
            return
        if target is None or not self._is_open() or (self._target or target) is not target:
            self._interrupted()
            return
        self._target = target
        if target.is_stopped or self._source.is_stopped:
            self._soon(self._go_on)
            return
        try:
            self._carry(target)
        except (Refused, DiskFull):
            self._end(ok=False)
        except Broken as error:
            self._close()
            target.fail(error)
            self._end(ok=False)

    def _carry(self, target: Process) -> None:
        assert self._reader is not None
        if self._receiver is None:
            size = self._reader.size_bytes
            if target.receiving is not None:
                target.receiving.abort()
            self._receiver = Receiver(target.disk, self._message.snapshot, size)
            target.receiving = self._receiver
        elif target.receiving is not self._receiver:
            self._end(ok=False)
            return
        offset = self._receiver.offset
        if self._road.chance.random() < 0.1:
            offset = max(0, offset - CHUNK_BYTES)  # what was in doubt is sent again
        self._receiver.add(offset, self._reader.chunk(offset, CHUNK_BYTES))
        if not self._receiver.complete:
            self._soon(self._go_on)
            return
        self._receiver.finish()
        target.receiving = None
        target.take_snapshot(self._message)
        self._receiver = None
        self._end(ok=True)

    def _is_open(self) -> bool:
        one, two = self._sender, self._message.to
        return not {(one, two), (two, one)} & self._road.network.cut

    def _interrupted(self) -> None:
        self._retries += 1
        if self._retries > RETRIES_MAX or (self._target is not None and self._target_died()):
            self._end(ok=False)
        else:
            self._soon(self._go_on)

    def _target_died(self) -> bool:
        return self._road.cluster.machines[self._message.to].process is not self._target

    def _end(self, *, ok: bool) -> None:
        if self._receiver is not None and not self._target_died():
            self._receiver.abort()
        self._close()
        logic, to = self._source.logic, self._message.to
        self._source.step(lambda: logic.snapshot_sent(to, ok=ok))

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()

    def _soon(self, call: Callable[[], None]) -> None:
        weather = self._road.network.weather
        self._road.schedule.after(
            self._road.chance.randint(weather.delay_us_min, weather.delay_us_max), call
        )
