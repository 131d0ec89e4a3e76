"""A manager whose member cannot go on."""

import asyncio
from pathlib import Path

import pytest

from tests.fleet.managers.managers import Managers
from warren.aio.clock import SystemClock
from warren.daemon.manager.running import Running, run_manager
from warren.daemon.manager.seat import Quarters
from warren.model.errors import PermanentError
from warren.raft.errors import Broken

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(180)]


def test_a_manager_that_cannot_go_on_ends_and_says_why(managers: Managers) -> None:
    managers.found(tokens=0)
    assert managers.end(1) == 0

    def fail(manager: Running) -> None:
        manager.node._fail(Broken("log-1: Input/output error"))

    async def run(directory: Path) -> None:
        await run_manager(
            Quarters(directory), clock=SystemClock(), told=asyncio.Event(), ready=fail
        )

    with (
        managers.grounds.at(1),
        pytest.raises(PermanentError, match="log-1: Input/output error"),
    ):
        asyncio.run(run(managers.data(1)))
