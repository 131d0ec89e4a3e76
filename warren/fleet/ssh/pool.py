"""The pool: the same settings give the same host, and not too many connections open at once.

sshd begins to drop unauthenticated connections at ten (``MaxStartups 10:30:100``), and a bastion
takes them for all the hosts behind it; hence the throttles.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Self

from warren.aio.clock import Clock
from warren.fleet.here import Here
from warren.fleet.machine import Machine, Places, Transport
from warren.fleet.ssh.link import SshLink
from warren.fleet.ssh.settings import ConnectionSettings

OPENING_MAX = 20
OPENING_PER_BASTION_MAX = 8


class Pool:
    """All hosts of a process; closes their connections at its end.

    Args:
        clock: for back-off and measuring.
        random: a float in [0, 1), for jitter.
        nonce: an unguessable word of hexadecimal digits.
        places: where epochs and functions are.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        random: Callable[[], float],
        nonce: Callable[[], str],
        places: Places | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._nonce = nonce
        self._places = places or Places()
        self._hosts: dict[ConnectionSettings, Machine] = {}
        self._opening = asyncio.Semaphore(OPENING_MAX)
        self._bastions: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(OPENING_PER_BASTION_MAX)
        )

    def __repr__(self) -> str:
        return f"<Pool {list(self._hosts.values())!r}>"

    def host(self, settings: ConnectionSettings) -> Machine:
        """The host of these settings; nothing is opened before it is used."""
        if settings not in self._hosts:
            self._hosts[settings] = Machine(
                settings.name,
                self._transport(settings),
                python=settings.python_interpreter,
                nonce=self._nonce,
                clock=self._clock,
                places=self._places,
            )
        return self._hosts[settings]

    async def close(self) -> None:
        """Close every host's sessions and connection; hosts used afterwards open new ones."""
        hosts = tuple(self._hosts.values())
        self._hosts.clear()
        async with asyncio.TaskGroup() as group:
            for host in hosts:
                group.create_task(host.close())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _transport(self, settings: ConnectionSettings) -> Transport:
        if settings.transport == "local":
            return Here(settings.name)
        throttles = [self._opening]
        if settings.jump_hosts:  # first the bastion's: who waits there must not hold up the others
            throttles.insert(0, self._bastions[settings.jump_hosts[0]])
        return SshLink(settings, clock=self._clock, random=self._random, throttles=throttles)
