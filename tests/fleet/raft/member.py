"""A member as a process: what a daemon does with a node, and nothing else.

    python -m tests.fleet.raft.member PLAN (a `members.Plan` as JSON)

SIGTERM hands the leadership over and ends it with 0; a member that cannot go on ends with 1.
"""

import asyncio
import json
import logging
import random
import signal
import sys
from functools import partial
from hashlib import blake2b
from pathlib import Path

from tests.fleet.raft.certificates import Files
from tests.fleet.raft.members import Plan
from tests.fleet.raft.values import MACHINES
from warren.aio.clock import SystemClock
from warren.aio.disk import RealDisk
from warren.raft.core.settings import Settings
from warren.raft.machine import StateMachine
from warren.raft.node.memory import settle_memory
from warren.raft.node.node import Node
from warren.raft.node.running import run_node
from warren.raft.replica.settings import ReplicaSettings
from warren.raft.storage import Place, bootstrap, is_begun, join
from warren.raft.transport.guests import Receivers
from warren.raft.transport.handshake import Self
from warren.raft.transport.transport import Transport

CLUSTER = "measured"


def begin(plan: Plan, place: Place, machine: StateMachine) -> None:
    """Make what a member keeps, unless it is there."""
    if is_begun(place):
        return
    if plan.founders:
        founders = {int(member): address for member, address in plan.founders.items()}
        bootstrap(place, founders, machine.freeze())
    else:
        join(place)


def connect(plan: Plan, receivers: Receivers) -> Transport:
    stem = Path(plan.certificates)
    files = Files(
        stem.with_suffix(".pem"), stem.with_suffix(".key"), stem.with_name("authority.pem")
    )
    return Transport(
        Self(cluster=CLUSTER, member=plan.member),
        files.security(),
        receivers,
        clock=SystemClock(),
        random=random.random,
    )


async def run(plan: Plan) -> None:
    machine = MACHINES[plan.machine]()
    place = Place(
        disk=RealDisk(Path(plan.directory)),
        cluster=blake2b(CLUSTER.encode(), digest_size=32).digest(),
        member=plan.member,
        segment_bytes=plan.segment_bytes,
        reserve_bytes=plan.reserve_bytes,
    )
    begin(plan, place, machine)
    host, _, port = plan.address.rpartition(":")
    async with run_node(
        place,
        machine,
        ReplicaSettings(core=Settings(member=plan.member), snapshot_entries=plan.snapshot_entries),
        clock=SystemClock(),
        draw=random.randrange,
        connect=partial(connect, plan),
        listen=(host, int(port)),
        members={int(member): address for member, address in plan.peers.items()},
    ) as node:
        settle_memory()
        await wait_for_end(node)


async def wait_for_end(node: Node) -> None:
    """Return at SIGTERM, the leadership being handed over; raise what ended the node."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with asyncio.TaskGroup() as group:
        failing = group.create_task(fail_with(node))  # what it raises ends the wait
        await told.wait()
        failing.cancel()
    await node.hand_over()


async def fail_with(node: Node) -> None:
    await asyncio.shield(node.failed)


def main() -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    asyncio.run(run(Plan(**json.loads(sys.argv[1]))))


if __name__ == "__main__":
    main()
