"""One play: its hosts in batches, its sections in order, handlers after each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from warren.playbook.language.spot import Spot
from warren.playbook.output.events import NoHostsLeft, PlayStarted, PlayWithoutHosts
from warren.playbook.run.batch import Batch, Failures
from warren.playbook.run.handlers import Handlers
from warren.playbook.run.hosts import batches_of, hosts_of, ordered
from warren.playbook.run.includes import Includer
from warren.playbook.run.plays import (
    PlannedPlay,
    facts_step,
    read_variables_files,
    roles_in,
    written_layers,
)
from warren.playbook.run.prompts import ask_variables
from warren.playbook.run.session import Session
from warren.playbook.run.steps import Walk
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.values import source_of
from warren.playbook.variables.levels import Layer, Level
from warren.playbook.variables.magic import PlayFacts


class PlayRun:
    """Runs one play.

    Args:
        session: the run.
        planned: the play.
        client: gives the manager's client.
        chance: shuffles hosts.
    """

    def __init__(
        self,
        session: Session,
        planned: PlannedPlay,
        client: Callable[[], Awaitable[Any]],
        chance: Random,
    ) -> None:
        self._session = session
        self._planned = planned
        self._play = planned.play
        self._client = client
        self._chance = chance
        self._prompted: Mapping[str, Any] = {}
        self._files: dict[str, Layer] = {}
        self._all_hosts: list[str] = []
        self._written = written_layers(planned)

    async def run(self) -> bool:
        """Run all batches; says whether the playbook goes on."""
        session, play = self._session, self._play
        session.roll.ended.clear()
        every, reason = hosts_of(play, session)
        if not every:
            pattern = str(source_of(play.hosts))
            session.emit(PlayWithoutHosts(pattern=pattern, reason=reason))
            return True
        self._prompted = ask_variables(play.prompts, session)
        self._all_hosts = ordered(every, play.order, self._chance)
        hosts = session.roll.remaining(self._all_hosts)
        if not hosts:
            session.emit(PlayStarted(name=self._planned.name, hosts=()))
            return True
        sizes = [self._scope_of(hosts[0]).evaluate(size) for size in play.batches]
        for names in batches_of(hosts, sizes):
            goes_on, over = await self._batch(names)
            if not goes_on:
                return False
            if over:
                break
        return True

    async def _batch(self, hosts: list[str]) -> tuple[bool, bool]:
        session = self._session
        session.emit(
            PlayStarted(name=self._planned.name, hosts=tuple(hosts), check=session.options.check)
        )
        batch = Batch(
            hosts=hosts,
            layers_of=self._layers_for(hosts),
            directory=self._play.file.parent,
            percentage_max=self._percentage(hosts),
        )
        if self._play.strategy == "free":
            await self._freely(batch)
        else:
            await self._phases(batch, hosts)
        lost = [host for host in hosts if not self._survives(host)]
        if batch.gave_up:
            session.emit(NoHostsLeft())
        if len(lost) == len(hosts) or batch.broken:
            return False, True
        return True, batch.play_over

    def _survives(self, host: str) -> bool:
        roll = self._session.roll
        return host not in roll.failed and host not in roll.unreachable

    async def _freely(self, batch: Batch) -> None:
        """Every host at its own pace, with handlers of its own."""
        async with asyncio.TaskGroup() as group:
            for host in batch.hosts:
                group.create_task(self._phases(batch, [host]))

    async def _phases(self, batch: Batch, hosts: list[str]) -> None:
        session = self._session
        handlers = Handlers(self._planned.handlers)
        spot = Spot(
            library=session.library,
            engine=session.engine,
            playbook_directory=self._play.file.parent,
            file=self._play.file,
            variables=session.hostless_scope(),
        )
        includer = Includer(session, self._planned.planner, spot)
        walk = Walk(session, batch, handlers, includer, self._client)
        facts = facts_step(self._planned, session)
        first, *rest = self._planned.phases
        for steps in ((*([facts] if facts else []), *first), *rest):
            failures = await walk.steps(steps, hosts)
            self._drop(failures)
            handling = hosts if self._forces_handlers(hosts) else session.roll.remaining(hosts)
            self._drop(await walk.flush(handling))
        self._tell_pending(handlers, hosts)

    def _drop(self, failures: Failures) -> None:
        self._session.roll.failed.update(failures)

    def _tell_pending(self, handlers: Handlers, hosts: list[str]) -> None:
        """Handlers that a failure kept from running are easily forgotten for ever."""
        for host in hosts:
            pending = handlers.pending(host)
            if pending and not self._survives(host):
                names = ", ".join(map(repr, pending))
                self._session.warn(
                    f"host {host}: notified handlers did not run: {names}; "
                    "use --force-handlers to run them after a failure"
                )

    def _forces_handlers(self, hosts: list[str]) -> bool:
        asked = self._play.force_handlers
        if asked is None:
            return self._session.options.force_handlers
        return bool(to_bool(self._scope_of(hosts[0]).evaluate(asked)))

    def _percentage(self, hosts: list[str]) -> float | None:
        asked = self._play.max_fail_percentage
        return None if asked is None else float(self._scope_of(hosts[0]).evaluate(asked))

    def _scope_of(self, host: str) -> Any:
        return self._session.scope(host, self._play_layers(host))

    def _layers_for(self, batch: list[str]) -> Callable[[str], tuple[Layer, ...]]:
        roll = self._session.roll
        used = [roles_in(block) for block in self._play.roles]
        own = [roles[-1].name for roles in used if roles]  # dependencies come before it
        names = [role.name for roles in used for role in roles[:-1]]
        facts = PlayFacts(
            name=self._planned.name,
            directory=self._play.file.parent,
            batch=lambda: roll.remaining(batch),
            alive=lambda: roll.remaining(self._all_hosts),
            all_hosts=self._all_hosts,
            roles=list(dict.fromkeys(own)),
            dependencies=list(dict.fromkeys(names)),
        ).layer()

        def layers(host: str) -> tuple[Layer, ...]:
            return (*self._play_layers(host), facts)

        return layers

    def _play_layers(self, host: str) -> tuple[Layer, ...]:
        layers = self._written
        if self._prompted:
            layers = (*layers, Layer(level=Level.PROMPT, values=self._prompted))
        if self._play.variables_files:
            layers = (*layers, self._file_layer(host, layers))
        return layers

    def _file_layer(self, host: str, layers: tuple[Layer, ...]) -> Layer:
        if host not in self._files:
            layer, is_settled = read_variables_files(self._play, self._session, host, layers)
            if not is_settled:
                return layer
            self._files[host] = layer
        return self._files[host]
