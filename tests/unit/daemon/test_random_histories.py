"""Random transactions, crashes and failures against a plain dict."""

import asyncio
import random
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.unit.daemon.samples import Directory, opened
from tests.unit.store.samples import node
from warren.model.errors import AlreadyExists, Conflict
from warren.model.node import Node
from warren.model.states import NodeState
from warren.store.state import add_fingerprints, row_fingerprint
from warren.store.store import Store

Model = dict[str, Node]
NAMES = [f"n{number}" for number in range(6)]
STATES = [NodeState.READY, NodeState.DOWN, NodeState.UNKNOWN]


class StoreHistories(RuleBasedStateMachine):
    """The store and a dict are told the same; the store also loses power now and then."""

    store: Store
    disk: Directory

    @initialize()
    def start(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.stack = AsyncExitStack()
        self.model: Model = {}
        self.disk = Directory()
        self._open()

    def _do(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(coroutine)

    def _open(self) -> None:
        self.store = self._do(self.stack.enter_async_context(opened(self.disk))).store

    @rule(
        steps=st.lists(
            st.tuples(
                st.sampled_from(["put", "delete"]),
                st.sampled_from(NAMES),
                st.sampled_from(NAMES),
                st.sampled_from(STATES),
                st.sampled_from([0, 0, 0, 0, 1]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    def transact(self, steps: list[tuple[str, str, str, NodeState, int]]) -> None:
        wanted: Model | None = dict(self.model)
        planned: list[tuple[str, Node | str, int]] = []
        for verb, key, name, state, error in steps:
            old = (wanted or {}).get(f"nod_{key}")
            version = (old.version if old else 0) + error
            if wanted is not None and (error or (verb == "delete" and old is None)):
                wanted = None
            if verb == "delete":
                planned.append(("delete", f"nod_{key}", max(version, 1)))
                if wanted is not None:
                    del wanted[f"nod_{key}"]
            else:
                thing = node(name, id=f"nod_{key}", state=state, version=version + 1)
                planned.append(("put", thing, version))
                if wanted is not None:
                    wanted[f"nod_{key}"] = thing
        if wanted is not None and len({each.name for each in wanted.values()}) < len(wanted):
            wanted = None
        refused = self._do(self._commit(planned))
        assert refused == (wanted is None)
        if wanted is not None:
            self.model = wanted

    async def _commit(self, planned: list[tuple[str, Node | str, int]]) -> bool:
        try:
            async with self.store.transaction() as transaction:
                for _verb, thing, version in planned:
                    if isinstance(thing, Node):
                        transaction.put(thing)
                    else:
                        transaction.delete("nodes", thing, version)
        except (Conflict, AlreadyExists):
            return True
        return False

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
        assert {each.id: each for each in self.store.nodes} == self.model
        for each in self.model.values():
            assert self.store.nodes.get(each.id) == each
            assert self.store.nodes.named(each.name) == each
        for state in STATES:
            there = {each.id for each in self.store.nodes.by_index("state", state)}
            assert there == {each.id for each in self.model.values() if each.state == state}

    @invariant()
    def fingerprint_is_that_of_the_documents(self) -> None:
        built_anew = add_fingerprints(
            row_fingerprint(table, int(doc_id), document)
            for table, rows in self.store._state.rows().items()
            for doc_id, document in rows.items()
        )
        assert self.store.fingerprint == f"{built_anew:032x}"

    def teardown(self) -> None:
        self._do(self.stack.aclose())
        self.loop.close()


TestStoreHistories = StoreHistories.TestCase
TestStoreHistories.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
