"""What the leader does beside answering: newcomers that have caught up get their vote."""

import logging

from warren.aio.clock import Clock
from warren.raft.core.ready import Role
from warren.raft.errors import RaftError
from warren.raft.node.node import Node
from warren.raft.replica.membership import Promote

PROMOTE_SECONDS = 0.5
"""How often newcomers are looked at."""

_log = logging.getLogger(__name__)


async def promote_newcomers(node: Node, clock: Clock) -> None:
    """Let learners vote that have caught up, one after the other, for as long as the manager runs."""
    while True:
        await clock.sleep(PROMOTE_SECONDS)
        status = node.status
        if status.role is not Role.LEADER:
            continue
        for member in status.configuration.learners:
            peer = status.peers.get(member)
            if peer is not None and peer.is_live:
                await _promote(node, member)


async def _promote(node: Node, member: int) -> None:
    try:
        await node.change(Promote(member), timeout_seconds=5.0)
    except RaftError as error:  # it is looked at again
        _log.info("manager %d does not vote yet: %s", member, error)
    else:
        _log.info("manager %d votes now", member)
