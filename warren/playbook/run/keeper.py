"""The manager's client: opened when the first task needs it, closed when the run ends.

What opens it may start an embedded manager with loops of its own, and such a context must be left
by the asyncio task that entered it. Tasks of hosts come and go, so one keeper holds it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from warren.model.errors import Unsupported
from warren.playbook.run.session import OpenClient


class Keeper:
    """Opens the client on demand; see the module's docstring."""

    def __init__(self, open_client: OpenClient | None, group: asyncio.TaskGroup) -> None:
        self._open = open_client
        self._group = group
        self._client: asyncio.Future[Any] | None = None
        self._over = asyncio.Event()

    async def client(self) -> Any:
        """The client; the first call opens it.

        Raises:
            Unsupported: this run has none.
            WarrenError: it cannot be opened.
        """
        if self._open is None:
            raise Unsupported("this run has no manager to ask for services")
        if self._client is None:
            self._client = asyncio.get_running_loop().create_future()
            self._group.create_task(self._hold(self._open, self._client))
        return await asyncio.shield(self._client)

    def let_go(self) -> None:
        """Let the client close."""
        self._over.set()

    async def _hold(self, open_client: OpenClient, opened: asyncio.Future[Any]) -> None:
        try:
            async with open_client() as client:
                opened.set_result(client)
                await self._over.wait()
        except BaseException as error:
            if opened.done():
                raise
            opened.set_exception(error)
            if not isinstance(error, Exception):
                raise


def only_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of a group that has one, else the first: hosts that fail together say the same."""
    first: BaseException = group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


@asynccontextmanager
async def keeping(open_client: OpenClient | None) -> AsyncIterator[Keeper]:
    """A keeper whose client is closed at the end.

    What is raised inside comes out as it is, not in a group.
    """
    try:
        async with asyncio.TaskGroup() as group:
            keeper = Keeper(open_client, group)
            try:
                yield keeper
            finally:
                keeper.let_go()
    except BaseExceptionGroup as errors:
        raise only_error(errors) from errors
