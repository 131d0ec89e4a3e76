"""Each kind of health check, asked in real containers, and what it makes of a sick one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.fleet.engines import ENGINES, Ground, ground_of, service
from warren.aio.clock import SystemClock
from warren.control.observer import Observer
from warren.model.node import Node
from warren.model.observed import NodeView
from warren.providers.registry import engines


@pytest.fixture(params=ENGINES)
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    async with ground_of(request) as found:
        yield found


def check(**fields: Any) -> dict[str, Any]:
    return {"interval_seconds": 0.3, "timeout_seconds": 2, "retries": 2, **fields}


class Watch:
    """Observes one node until a container is as expected."""

    def __init__(self, ground: Ground, observer: Observer) -> None:
        self._node: Node = ground.target.node
        self._observer = observer

    async def view(self) -> NodeView:
        (view,) = await self._observer([self._node])
        return view

    async def until_well(self) -> None:
        await self._until(verdict=True)

    async def until_ill(self) -> None:
        await self._until(verdict=False)

    async def _until(self, *, verdict: bool) -> None:
        async with asyncio.timeout(30):
            while True:
                view = await self.view()
                assert view.reachable, view.error
                ((container,),) = [one.containers for one in view.instances]
                if container.healthy is verdict:
                    return
                await asyncio.sleep(0.2)


def observer(ground: Ground) -> Observer:
    return Observer(lambda _name: ground.target, engines(), clock=SystemClock())


@pytest.mark.parametrize(
    "asked",
    [
        check(type="http", port=8080, path="/healthz"),
        check(type="exec", command=["healthy"]),
    ],
    ids=lambda asked: asked["type"],
)
async def test_check_sees_illness_and_recovery(ground: Ground, asked: dict[str, Any]) -> None:
    engine_id = await ground.start(service(health_check=asked))
    async with observer(ground) as observe:
        watch = Watch(ground, observe)
        await watch.until_well()
        ground.inside(engine_id, "rm", "/dev/shm/web-8080/healthz")
        await watch.until_ill()
        ground.inside(engine_id, "sh", "-c", "echo ok >/dev/shm/web-8080/healthz")
        await watch.until_well()


async def test_tcp_check_wants_a_listener(ground: Ground) -> None:
    await ground.start(service(health_check=check(type="tcp", port=8080)))
    async with observer(ground) as observe:
        await Watch(ground, observe).until_well()


async def test_tcp_check_without_a_listener_fails(ground: Ground) -> None:
    await ground.start(service(health_check=check(type="tcp", port=81)))
    async with observer(ground) as observe:
        await Watch(ground, observe).until_ill()


async def test_grpc_check_of_another_server_fails(ground: Ground) -> None:
    await ground.start(service(health_check=check(type="grpc", port=8080)))
    async with observer(ground) as observe:
        await Watch(ground, observe).until_ill()


async def test_slow_starter_is_not_ill_in_its_start_period(ground: Ground) -> None:
    asked = check(type="http", port=8080, path="/healthz", start_period_seconds=20, retries=1)
    await ground.start(service(health_check=asked, env={"READY_AFTER_SECONDS": "2"}))
    verdicts = []
    async with observer(ground) as observe, asyncio.timeout(30):
        watch = Watch(ground, observe)
        while True not in verdicts:
            ((container,),) = [one.containers for one in (await watch.view()).instances]
            verdicts.append(container.healthy)
            await asyncio.sleep(0.2)
    assert False not in verdicts
    assert verdicts[0] is None


async def test_frozen_container_times_out_and_is_ill(ground: Ground) -> None:
    asked = check(type="http", port=8080, path="/healthz", timeout_seconds=0.5)
    engine_id = await ground.start(service(health_check=asked))
    async with observer(ground) as observe:
        watch = Watch(ground, observe)
        await watch.until_well()
        pid = ground.inspect(engine_id)["State"]["Pid"]
        stop = f"kill -STOP $(cat /proc/{pid}/task/{pid}/children) {pid}"
        ground.fleet.exec(ground.target.node.name, ["sh", "-c", stop])
        await watch.until_ill()
