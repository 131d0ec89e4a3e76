"""The pool: the same settings give the same host, and not too many connections open at once.

sshd begins to drop unauthenticated connections at ten (``MaxStartups 10:30:100``), and a bastion
takes them for all the hosts behind it; hence the throttles.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable
from typing import Self

from warren.aio.clock import Clock
from warren.fleet.machine import Machine
from warren.fleet.process import start_locally
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
    """

    def __init__(
        self, *, clock: Clock, random: Callable[[], float], nonce: Callable[[], str]
    ) -> None:
        self._clock = clock
        self._random = random
        self._nonce = nonce
        self._hosts: dict[ConnectionSettings, Machine] = {}
        self._links: list[SshLink] = []
        self._opening = asyncio.Semaphore(OPENING_MAX)
        self._bastions: dict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(OPENING_PER_BASTION_MAX)
        )

    def host(self, settings: ConnectionSettings) -> Machine:
        """The host of these settings; nothing is opened before it is used."""
        if settings not in self._hosts:
            self._hosts[settings] = self._make(settings)
        return self._hosts[settings]

    async def close(self) -> None:
        """Close every host's sessions and connection."""
        for machine in self._hosts.values():
            await machine.close()
        for link in self._links:
            await link.close()
        self._hosts.clear()
        self._links.clear()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _make(self, settings: ConnectionSettings) -> Machine:
        if settings.transport == "local":
            return Machine(
                settings.name, start=start_locally, link=None, python=settings.python_interpreter,
                nonce=self._nonce, now=self._clock.monotonic,
            )  # fmt: skip
        throttles = [self._opening]
        if settings.jump_hosts:
            throttles.append(self._bastions[settings.jump_hosts[0]])
        link = SshLink(settings, clock=self._clock, random=self._random, throttles=throttles)
        self._links.append(link)
        return Machine(
            settings.name, start=link.start, link=link, python=settings.python_interpreter,
            nonce=self._nonce, now=self._clock.monotonic,
        )  # fmt: skip
