"""Carrying out actions: the one place of control that makes hosts do things.

Actions of one node go to its provider in the order given, removals of a run of actions together;
nodes are served side by side. What fails is a value. Only a newer controller stops everything.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import assert_never

from warren.control.actions import Action, Deprovision, Provision, Resize, Restart
from warren.control.effects import Outcome
from warren.model.errors import StaleEpoch, WarrenError
from warren.model.instance import Instance
from warren.providers.contract import Provider, Step, StepResult, Target
from warren.providers.registry import Registry

NODES_AT_ONCE_MAX = 64

FindTarget = Callable[[str], Target]
"""From a node's name to the way to it; raises a ``WarrenError`` if there is none."""

Planned = tuple[tuple[Action, ...], Step]
"""Actions, and the step that carries them out."""


class Dispatcher:
    """Implements ``effects.Dispatch`` over providers.

    Args:
        find: the way to each node.
        registry: the providers.
        epoch: of this controller; every host compares it.
    """

    def __init__(self, find: FindTarget, registry: Registry, *, epoch: int) -> None:
        self._find = find
        self._registry = registry
        self._epoch = epoch
        self._slots = asyncio.Semaphore(NODES_AT_ONCE_MAX)

    async def __call__(self, actions: Sequence[Action]) -> Sequence[Outcome]:
        """Carry out actions; see ``effects.Dispatch``."""
        outcomes: dict[int, Outcome] = {}
        stopped: StaleEpoch | None = None
        try:
            async with asyncio.TaskGroup() as group:
                for node, numbered in _by_node(actions):
                    group.create_task(self._serve(node, numbered, outcomes))
        except* StaleEpoch as stale:
            stopped = _first(stale)
        if stopped is not None:
            raise stopped
        return [outcomes[index] for index in range(len(actions))]

    def plan(self, actions: Sequence[Action]) -> dict[str, tuple[str, ...]]:
        """What a run of ``actions`` sends to each node, as a person would type it.

        Raises:
            Unsupported: a node's provider cannot do what is asked.
        """
        sent: dict[str, tuple[str, ...]] = {}
        for node, numbered in _by_node(actions):
            target = self._find(node)
            steps = plan_node(self._provider(target), target, [action for _, action in numbered])
            sent[node] = tuple(str(command) for _, step in steps for command in step.commands)
        return sent

    async def _serve(
        self, node: str, numbered: Sequence[tuple[int, Action]], outcomes: dict[int, Outcome]
    ) -> None:
        async with self._slots:
            for (index, _), outcome in zip(
                numbered, await self._carry_out(node, [item for _, item in numbered]), strict=True
            ):
                outcomes[index] = outcome

    async def _carry_out(self, node: str, actions: Sequence[Action]) -> list[Outcome]:
        try:
            target = self._find(node)
            provider = self._provider(target)
        except WarrenError as error:
            return [Outcome(action=action, error=error) for action in actions]
        found: dict[int, Outcome] = {}
        planned: list[Planned] = []
        for group in _groups(actions):
            try:
                planned.append((group, step_of(provider, target, group)))
            except WarrenError as error:
                found |= {id(action): Outcome(action=action, error=error) for action in group}
        steps = [step for _, step in planned]
        results = await provider.perform(target, steps, epoch=self._epoch)
        for (group, step), result in zip(planned, results, strict=True):
            commands = tuple(str(command) for command in step.commands)
            found |= {id(action): _outcome(action, result, commands) for action in group}
        return [found[id(action)] for action in actions]

    def _provider(self, target: Target) -> Provider:
        return self._registry.get(target.node.provider)


class LogTail:
    """Implements ``effects.ReadLogTail`` over providers.

    Args:
        find: the way to each node.
        registry: the providers.
        lines: how many at most.
    """

    def __init__(self, find: FindTarget, registry: Registry, *, lines: int = 10) -> None:
        self._find = find
        self._registry = registry
        self._lines = lines

    async def __call__(self, instance: Instance) -> Sequence[str]:
        """Read the last lines of an instance; see ``effects.ReadLogTail``."""
        if instance.node is None or not instance.engine_ids:
            return ()
        ids = instance.engine_ids
        engine_id = ids.get("main") or next(iter(ids.values()))
        try:
            target = self._find(instance.node)
            provider = self._registry.get(target.node.provider)
            return await provider.tail(target, engine_id, self._lines)
        except WarrenError:
            return ()


def plan_node(provider: Provider, target: Target, actions: Sequence[Action]) -> tuple[Planned, ...]:
    """The steps that carry out a node's actions, in order."""
    return tuple((group, step_of(provider, target, group)) for group in _groups(actions))


def step_of(provider: Provider, target: Target, group: Sequence[Action]) -> Step:
    """The step for actions that go together: several removals, or one of anything else."""
    action = group[0]
    match action:
        case Provision():
            return provider.provision(target, action.instance, action.spec)
        case Deprovision():
            ids = [item.instance_id for item in group if isinstance(item, Deprovision)]
            return provider.deprovision(
                target, ids, stop_timeout_seconds=action.stop_timeout_seconds
            )
        case Restart():
            return provider.operate("start", action.instance, action.engine_ids)
        case Resize():
            return provider.resize(action.instance, action.engine_id, action.resources)
        case _:
            assert_never(action)


def _groups(actions: Sequence[Action]) -> Iterator[tuple[Action, ...]]:
    """Neighbouring removals of one stop timeout together, so that they wait side by side."""

    def key(numbered: tuple[int, Action]) -> tuple[object, ...]:
        index, action = numbered
        if isinstance(action, Deprovision):
            return ("removal", action.stop_timeout_seconds)
        return ("one", index)

    for _, group in groupby(enumerate(actions), key):
        yield tuple(action for _, action in group)


def _by_node(actions: Sequence[Action]) -> list[tuple[str, list[tuple[int, Action]]]]:
    nodes: dict[str, list[tuple[int, Action]]] = {}
    for index, action in enumerate(actions):
        nodes.setdefault(action.node, []).append((index, action))
    return list(nodes.items())


def _outcome(action: Action, result: StepResult, commands: tuple[str, ...]) -> Outcome:
    instance = action.instance_id if isinstance(action, Deprovision) else action.instance.id
    error = result.errors.get(instance)
    ids: Mapping[str, str] = {} if error is not None else result.engine_ids
    return Outcome(action=action, error=error, engine_ids=ids, commands=commands)


def _first(stale: BaseExceptionGroup[StaleEpoch]) -> StaleEpoch:
    found: BaseException = stale
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    assert isinstance(found, StaleEpoch)
    return found
