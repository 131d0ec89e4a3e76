"""Random transactions, crashes and failures against a plain dict."""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.store.samples import instance, store_on
from warren.model.errors import AlreadyExists, Conflict
from warren.model.instance import Instance
from warren.store.store import Store
from warren.testing.disk import SimulatedDisk

Model = dict[str, Instance]
NAMES = [f"i{number}" for number in range(6)]
NODES = ["alpha", "beta", None]


class StoreHistories(RuleBasedStateMachine):
    """The store and a dict are told the same; the store also loses power now and then."""

    store: Store
    disk: SimulatedDisk

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.model: Model = {}
        self.disk = SimulatedDisk()
        self._open()

    def _do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def _open(self) -> None:
        self.store = self._do(self.stack.enter_async_context(store_on(self.disk)))

    @rule(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["put", "delete"]),
                st.sampled_from(NAMES),
                st.sampled_from(NAMES),
                st.sampled_from(NODES),
                st.sampled_from([0, 0, 0, 0, 1]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    def transact(self, steps: list[tuple[str, str, str, str | None, int]]) -> None:
        wanted: Model | None = dict(self.model)
        planned: list[tuple[str, Instance | str, int]] = []
        for verb, key, name, node, error in steps:
            old = (wanted or {}).get(f"ins_{key}")
            version = (old.version if old else 0) + error
            if wanted is not None and (error or (verb == "delete" and old is None)):
                wanted = None
            if verb == "delete":
                planned.append(("delete", f"ins_{key}", max(version, 1)))
                if wanted is not None:
                    del wanted[f"ins_{key}"]
            else:
                thing = instance(name, id=f"ins_{key}", node=node, version=version + 1)
                planned.append(("put", thing, version))
                if wanted is not None:
                    wanted[f"ins_{key}"] = thing
        if wanted is not None and len({each.name for each in wanted.values()}) < len(wanted):
            wanted = None
        refused = self._do(self._commit(planned))
        assert refused == (wanted is None)
        if wanted is not None:
            self.model = wanted

    async def _commit(self, planned: list[tuple[str, Instance | str, int]]) -> bool:
        try:
            async with self.store.transaction() as transaction:
                for _verb, thing, version in planned:
                    if isinstance(thing, Instance):
                        transaction.put(thing)
                    else:
                        transaction.delete("instances", thing, version)
        except (Conflict, AlreadyExists):
            return True
        return False

    @rule()
    def compact(self) -> None:
        self._do(self.store.compact())

    @rule(seed=st.integers(0, 1 << 32))
    def lose_power(self, seed: int) -> None:
        chance = random.Random(seed)
        self.disk = self.disk.crash(lambda _number: chance.random() < 0.5)
        self._do(self.stack.aclose())
        self._open()

    @rule()
    def reopen(self) -> None:
        self._do(self.stack.aclose())
        self._open()

    @invariant()
    def holds_what_the_dict_holds(self) -> None:
        assert {each.id: each for each in self.store.instances} == self.model
        for each in self.model.values():
            assert self.store.instances.get(each.id) == each
            assert self.store.instances.named(each.name) == each
        for node in NODES:
            at_node = {each.id for each in self.store.instances.by_index("node", node)}
            assert at_node == {each.id for each in self.model.values() if each.node == node}

    @invariant()
    def fingerprint_is_that_of_a_state_built_anew(self) -> None:
        assert self.store.fingerprint == self.store.scratch().fingerprint

    def teardown(self) -> None:
        self._do(self.stack.aclose())
        self.loop.close()


TestStoreHistories = StoreHistories.TestCase
TestStoreHistories.settings = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
