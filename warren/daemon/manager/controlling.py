"""The leader's control: one loop for each term in which this manager leads.

The term is the epoch that every command carries: hosts refuse an older one, so a leader that does not
know yet that it was replaced can spoil nothing. The loop is stopped when the leadership is lost, and
begins with nothing remembered when it is won: what matters is in the record and on the hosts.
"""

import logging
from dataclasses import dataclass

from warren.aio.clock import Clock
from warren.aio.companions import Companions
from warren.control.dispatch import Dispatcher, LogTail
from warren.control.loop import Loop, World
from warren.control.observer import Observer
from warren.control.snapshot import Policy
from warren.daemon.embedded import ENGINES, new_instance_id
from warren.daemon.records import StoreRecords
from warren.daemon.targets import Reach, Targets
from warren.model.errors import StaleEpoch, WarrenError
from warren.raft.core.ready import Role
from warren.raft.errors import RaftError
from warren.raft.node.node import Node
from warren.store.store import Store

WATCH_SECONDS = 0.1
"""How often the leadership is looked at."""
PAUSE_SECONDS = 1.0
"""After a pass that could not be finished."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """Controls while its manager leads.

    Attributes:
        node: the own member.
        store: the record.
        reach: the host of a node.
        clock: see there.
    """

    node: Node
    store: Store
    reach: Reach
    clock: Clock

    async def run(self) -> None:
        """Control, term after term, for as long as the manager runs."""
        while True:
            term = self._term()
            if term and await self._is_current():
                _log.info("control begins in term %d", term)
                async with Companions() as companions:
                    companions.start(self._control(term))
                    while self._term() == term:
                        await self.clock.sleep(WATCH_SECONDS)
                _log.info("control ends, with term %d", term)
            await self.clock.sleep(WATCH_SECONDS)

    def _term(self) -> int:
        """The term in which this manager leads; 0 if it does not."""
        status = self.node.status
        return status.term if status.role is Role.LEADER else 0

    async def _is_current(self) -> bool:
        """Whether all that earlier leaders acknowledged is in the record here."""
        try:
            await self.node.read(b"", timeout_seconds=5.0)
        except RaftError as error:
            _log.info("control does not begin yet: %s", error)
            return False
        return True

    async def _control(self, term: int) -> None:
        targets = Targets(self.store, self.reach)
        async with Observer(targets.find, ENGINES, clock=self.clock) as observer:
            world = World(
                records=StoreRecords(self.store),
                observe=observer,
                dispatch=Dispatcher(targets.find, ENGINES, epoch=term),
                clock=self.clock,
                new_id=new_instance_id,
                read_log_tail=LogTail(targets.find, ENGINES),
            )
            loop = Loop(world, self._policy(), keeps_commands=False)
            while True:
                try:
                    await loop.rest(await loop.run_pass())
                except StaleEpoch as error:
                    _log.warning("control stops: %s", error)
                    return  # somebody leads in a later term, as will be seen here soon
                except WarrenError as error:
                    _log.warning("a pass of control was not finished: %s", error)
                    await self.clock.sleep(PAUSE_SECONDS)

    def _policy(self) -> Policy:
        """Alone, a manager is the majority; of several, one alone must not take a host for dead."""
        is_alone = len(self.node.status.configuration.voters) == 1
        return Policy(on_unreachable="move" if is_alone else "keep")
