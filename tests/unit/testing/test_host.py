"""The fake host keeps the contract of hosts, and fails as the network does."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.fleet.host_contract import RealHostContract, said, sh, within
from warren.model.errors import HostRefused, HostUnreachable
from warren.testing.host import FakeHost

FUNCTIONS = Path(__file__).parents[1] / "fleet" / "functions"


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[FakeHost]:
    async with FakeHost("fake", tmp_path, functions=FUNCTIONS) as fake:
        yield fake


class TestFakeHost(RealHostContract):
    @pytest.fixture
    def epochs(self, tmp_path: Path) -> str:
        return str(tmp_path / "epochs")


async def test_each_fake_host_has_its_own_home(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    async with FakeHost("a", tmp_path / "a") as one, FakeHost("b", tmp_path / "b") as other:
        await said(one, "echo mine >file")
        assert await said(other, "ls") == ""
        assert await said(one, 'cat ~/file; dirname "$(mktemp)"') == f"mine\n{tmp_path / 'a'}"
        assert (await one.call("ping.run", {"data": "pong"}))["ping"] == "pong"


async def test_a_cut_line_ends_what_runs_and_mends(host: FakeHost, tmp_path: Path) -> None:
    async def has_begun() -> bool:
        return (tmp_path / "pid").exists()

    async with asyncio.TaskGroup() as group:
        running = group.create_task(_lost(host))
        assert await within(5, has_begun)
        await host.cut()
    assert running.result().host == "fake"
    with pytest.raises(HostUnreachable, match="no route to host"):
        await host.run([sh("echo no")])
    host.mend()
    pid = await said(host, "cat pid")

    async def is_gone() -> bool:
        return await said(host, f"kill -0 {pid} 2>/dev/null || echo gone") == "gone"

    assert await within(3, is_gone)


async def _lost(host: FakeHost) -> HostUnreachable:
    with pytest.raises(HostUnreachable) as caught:
        await host.run([sh("echo $$ >pid; exec sleep 61")])
    return caught.value


async def test_a_refusal_is_permanent_until_it_is_mended(host: FakeHost) -> None:
    host.refuse()
    with pytest.raises(HostRefused, match="host fake: it does not accept our keys"):
        await host.run([sh("echo no")])
    host.mend()
    assert await said(host, "echo yes") == "yes"
