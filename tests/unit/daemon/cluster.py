"""Three managers in one process on a network in memory, each with the store on its own log."""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from warren.aio.clock import SystemClock
from warren.aio.offload import Inline
from warren.daemon.consensus import LogProposer, Machine
from warren.raft.core.messages import Message
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import RaftError, Unavailable
from warren.raft.node.node import Node
from warren.raft.node.running import run_node
from warren.raft.node.writing import Threads
from warren.raft.replica.outbox import Answer
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.storage import Place, bootstrap
from warren.raft.transport.guests import Receivers
from warren.store.machine import StoreMachine
from warren.store.state import State
from warren.store.store import Store
from warren.testing.disk import SimulatedDisk

MEMBERS = {1: "one", 2: "two", 3: "three"}


@dataclass
class Network:
    """Delivers in the loop's next turn, but for what is held back.

    Attributes:
        receivers: of the members that listen.
        held: messages to members that are to hear nothing for now, requests aside.
    """

    receivers: dict[int, Receivers] = field(default_factory=dict)
    held: dict[int, list[Message]] = field(default_factory=dict)

    def deliver(self, to: int, messages: Sequence[Message]) -> None:
        if to in self.held:
            self.held[to] += messages
        elif to in self.receivers:
            asyncio.get_running_loop().call_soon(self.receivers[to].on_messages, messages)

    def release(self, to: int) -> None:
        self.deliver(to, self.held.pop(to))


class Wire:
    """What a member has of the network, in the place of its transport."""

    def __init__(self, network: Network, member: int, receivers: Receivers) -> None:
        self._network = network
        network.receivers[member] = receivers
        self._member = member

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        del self._network.receivers[self._member]

    def set_peers(self, peers: object) -> None:
        """All know each other."""

    def send(self, messages: Sequence[Message]) -> None:
        by_member = defaultdict(list)
        for message in messages:
            by_member[message.to].append(message)
        for to, each in by_member.items():
            self._network.deliver(to, each)

    async def request(
        self, peer: int, kind: int, payload: bytes, *, timeout_seconds: float
    ) -> bytes:
        if peer not in self._network.receivers:
            raise Unavailable(f"member {peer} is not there")
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._network.receivers[peer].on_request(kind, payload, answered.set_result)
        async with asyncio.timeout(timeout_seconds):
            answer = await answered
        if isinstance(answer, RaftError):
            raise answer
        return answer


@dataclass
class Managers:
    """Attributes by member."""

    network: Network = field(default_factory=Network)
    nodes: dict[int, Node] = field(default_factory=dict)
    stores: dict[int, Store] = field(default_factory=dict)
    disks: dict[int, SimulatedDisk] = field(default_factory=dict)

    async def start(self, member: int) -> AsyncIterator[None]:
        machine = StoreMachine(State(), "clu_1")
        disk = self.disks[member] = SimulatedDisk()
        place = Place(disk=disk, cluster=bytes(32), member=member, segment_bytes=32 << 10)
        bootstrap(place, MEMBERS, StoreMachine(State(), "clu_1").freeze())

        def connect(receivers: Receivers) -> Any:
            return Wire(self.network, member, receivers)

        running = run_node(
            place,
            Machine(machine),
            ReplicaSettings(core=Settings(member=member), tick_ms=10),
            clock=SystemClock(),
            draw=random.randrange,
            connect=connect,
            threads=Threads(log=Inline(), files=Inline(), snapshots=Inline()),
        )
        async with running as node:
            self.nodes[member] = node
            store = self.stores[member] = Store(machine, LogProposer(node, machine))
            yield
            store.close()

    async def roles(self) -> tuple[int, int, int]:
        """The leader, and the two others, once these know it."""
        async with asyncio.timeout(10):
            while True:
                for member, node in self.nodes.items():
                    known = {each.status.leader for each in self.nodes.values()}
                    if node.status.role is Role.LEADER and known == {member}:
                        one, other = sorted({1, 2, 3} - {member})
                        return member, one, other
                await asyncio.sleep(0.005)


@asynccontextmanager
async def managers() -> AsyncIterator[Managers]:
    cluster = Managers()
    start = asynccontextmanager(cluster.start)
    async with AsyncExitStack() as stack:
        for member in MEMBERS:
            await stack.enter_async_context(start(member))
        yield cluster
