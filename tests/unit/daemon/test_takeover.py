"""A state directory of format 1 becomes one of the present format, whatever happens meanwhile."""

from tests.unit.daemon.samples import Directory, opened
from tests.unit.store.samples import node
from tests.unit.store.test_format1 import CLUSTER_ID, copied
from warren.daemon.directory import read_format


async def test_older_directory_is_taken_over_with_a_higher_epoch_and_its_files_go() -> None:
    directory = Directory(disk=copied())
    async with opened(directory) as found:
        store = found.store
        assert store.cluster_id == CLUSTER_ID
        assert [each.name for each in store.nodes] == ["alpha", "beta"]
        assert [each.name for each in store.services] == ["web", "db"]
        assert [each.name for each in store.instances] == ["web-1", "web-3", "web-4"]
        assert (store.index >= 9, store.sequence) == (True, 10)
        assert found.epoch > 7, "hosts have seen epoch 7"
        await store.write(puts=[node("gamma")])
    assert directory.disk.names() == ("format",)
    async with opened(directory) as found:
        assert [each.name for each in found.store.nodes] == ["alpha", "beta", "gamma"]
        assert found.epoch > 8


async def test_crash_at_any_moment_of_the_takeover_loses_nothing() -> None:
    directory = Directory(disk=copied())
    found: list[Directory] = []

    def observe(operation: str, _name: str) -> None:
        if operation not in {"read", "open"}:
            found.extend(directory.crashes())

    directory.watch(observe)
    async with opened(directory):
        pass
    assert len(found) > 20
    for crashed in found:
        async with opened(crashed) as again:
            assert [each.name for each in again.store.instances] == ["web-1", "web-3", "web-4"]
            assert again.epoch > 7
        said = read_format(crashed.disk)
        assert said is not None
        assert (said.version, said.cluster_id) == (2, CLUSTER_ID)


async def test_crash_at_any_moment_of_a_first_start_leaves_a_directory_that_opens() -> None:
    directory = Directory()
    found: list[Directory] = []

    def observe(operation: str, _name: str) -> None:
        if operation not in {"read", "open"}:
            found.extend(directory.crashes())

    directory.watch(observe)
    async with opened(directory) as first:
        await first.store.write(puts=[node()])
    for crashed in found:
        async with opened(crashed) as again:
            assert len(again.store.nodes) in {0, 1}
            await again.store.write(puts=[node("after")])
