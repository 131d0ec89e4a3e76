"""Walking the steps of a play with a batch of hosts.

All hosts do a step before any does the next one. Hosts that fail leave their section; its rescue
runs when the section is over, then its ``always`` for everybody: the same order as if each host
had walked alone, one step at a time. A walk returns who failed and why, and nothing else decides.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from warren.model.errors import PermanentError, WarrenError
from warren.playbook.modules.contract import Runs
from warren.playbook.output.events import Included, Status, TaskEnded, TaskStarted
from warren.playbook.run import actions, includes, metas
from warren.playbook.run.attempt import Act, Attempt, Outcome
from warren.playbook.run.batch import Batch, Failure, Failures, too_many
from warren.playbook.run.gate import Gate
from warren.playbook.run.handlers import Handlers
from warren.playbook.run.plan import Section, Step
from warren.playbook.run.results import Result, failed, of_error, registered
from warren.playbook.run.session import Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.templating.values import source_of
from warren.playbook.variables.scope import Scope


class Walk:
    """Walks steps; one for one batch.

    Args:
        session: the run.
        batch: the hosts.
        handlers: are notified.
        includer: plans what is included.
        client: gives the manager's client.
    """

    def __init__(
        self,
        session: Session,
        batch: Batch,
        handlers: Handlers,
        includer: includes.Includer,
        client: Callable[[], Awaitable[Any]],
    ) -> None:
        self.session = session
        self.batch = batch
        self.handlers = handlers
        self._includer = includer
        self._client = client
        self._slots = asyncio.Semaphore(session.options.forks)
        self._gate = Gate(session)

    async def steps(
        self, steps: Iterable[Step | Section], hosts: list[str], *, guarded: bool = False
    ) -> Failures:
        """Take hosts through steps; gives those that failed.

        Args:
            steps: in order.
            hosts: who goes; those that drop out of the play are left out on the way.
            guarded: whether a rescue around will take failures back.
        """
        failures: Failures = {}
        for step in steps:
            active = [host for host in self._active(hosts) if host not in failures]
            active = self._still_in_role(step, active)
            if not active:
                continue
            if isinstance(step, Section):
                failures |= await self._section(step, active, guarded=guarded)
            else:
                failures |= await self._step(step, active, guarded=guarded)
        return failures

    async def flush(self, hosts: list[str]) -> Failures:
        """Run the handlers that hosts have notified, also those that handlers notify."""
        failures: Failures = {}
        index = -1
        while True:
            ready = [host for host in hosts if self._may_handle(host) and host not in failures]
            found = None if self.batch.over else self.handlers.next_after(index, ready)
            if found is None:
                if index < 0:
                    return failures
                index = -1  # a handler may have notified an earlier one
                continue
            index, step, chosen = found
            failures |= await self._step(step, chosen, guarded=False)

    def scope(self, step: Step, host: str) -> Scope:
        """The variables of a host for a step."""
        inherited = step.inherited
        layers = (*self.batch.layers_of(host), *inherited.layers)
        return self.session.scope(
            host,
            layers,
            roles=inherited.roles,
            beside=step.task.file,
            top=self.batch.directory,
        )

    def _active(self, hosts: list[str]) -> list[str]:
        return [] if self.batch.over else self.session.roll.remaining(hosts)

    def _still_in_role(self, step: Step | Section, hosts: list[str]) -> list[str]:
        """Those that have not left the role that a step belongs to."""
        left = self.batch.left_roles
        if not left or isinstance(step, Section) or step.inherited.role is None:
            return hosts
        role = id(step.inherited.role)
        return [host for host in hosts if (role, host) not in left]

    def _may_handle(self, host: str) -> bool:
        roll = self.session.roll
        return host not in roll.unreachable and host not in roll.ended

    async def _section(self, section: Section, hosts: list[str], *, guarded: bool) -> Failures:
        if section.role is not None:
            self.batch.left_roles -= {(id(section.role), host) for host in hosts}
        if section.once:
            hosts = [host for host in hosts if (section.once, host) not in self.batch.used_roles]
            self.batch.used_roles |= {(section.once, host) for host in hosts}
        inner_guard = guarded or bool(section.rescue)
        failures = await self.steps(section.steps, hosts, guarded=inner_guard)
        if failures and section.rescue:
            for host, failure in failures.items():
                self._remember_failure(host, failure)
            lost = [host for host in hosts if host in failures]
            failures = await self.steps(section.rescue, lost, guarded=guarded)
        if section.always:
            failures |= await self.steps(section.always, hosts, guarded=guarded)
        return failures

    def _remember_failure(self, host: str, failure: Failure) -> None:
        store = self.session.store.host(host)
        task = {
            "name": self._name(failure.step, host),
            "action": failure.step.task.action,
            "args": source_of(failure.step.task.arguments),
        }
        store.set("ansible_failed_task", task, failure.step.place)
        store.set("ansible_failed_result", failure.result, failure.step.place)

    async def _step(self, step: Step, hosts: list[str], *, guarded: bool) -> Failures:
        if step.task.action == "meta":
            failures: Failures = await metas.run(self, step, hosts)
            return failures
        if not self._gate.lets_through(step, self._name(step, hosts[0])):
            return {}
        self._announce(step, hosts)
        if step.task.action in includes.words:
            return await self._include(step, hosts, guarded=guarded)
        chosen = hosts[:1] if self._runs_once(step, hosts[0]) else hosts
        shared = hosts if len(chosen) < len(hosts) else None
        failures = {}

        def settle(attempt: Attempt, outcome: Outcome) -> None:
            failures.update(self._settle(attempt, outcome, shared, guarded=guarded))

        await self._fan_out(step, chosen, actions.table.get(step.task.action), settle, shared)
        return self._spread(step, hosts, failures)

    def _announce(self, step: Step, hosts: list[str]) -> None:
        check = step.setting("check_mode")
        self.session.emit(
            TaskStarted(
                kind=step.kind,
                name=self.title(step, hosts[0]),
                action=step.task.action,
                place=step.place,
                hosts=tuple(hosts),
                check=self.session.options.check if check is None else check is True,
            )
        )

    def title(self, step: Step, host: str) -> str:
        """The step's name with its role's before it."""
        name = self._name(step, host) or includes.title(step.task)
        role = step.inherited.role
        return f"{role.name} : {name}" if role else name

    def _name(self, step: Step, host: str) -> str:
        """The task's own name, evaluated as far as possible."""
        name = step.task.name
        if isinstance(name, str):
            return name
        try:
            return str(self.scope(step, host).evaluate(name))
        except (TemplateFailed, PermanentError):
            return str(source_of(name))

    def _runs_once(self, step: Step, host: str) -> bool:
        module = step.task.module
        if step.task.action == "add_host" or (module and module.runs is Runs.ON_MANAGER):
            return True
        asked = step.setting("run_once")
        if asked is None:
            return False
        try:
            return bool(to_bool(self.scope(step, host).evaluate(asked)))
        except TemplateFailed:
            return False  # the attempt will say what is wrong with it

    async def _fan_out(
        self,
        step: Step,
        hosts: list[str],
        act: Act | None,
        settle: Callable[[Attempt, Outcome], None],
        shared: list[str] | None,
    ) -> None:
        """Do a step on hosts, at most ``forks`` or ``throttle`` at once."""
        throttle = step.setting("throttle")
        bound = int(self.scope(step, hosts[0]).evaluate(throttle)) if throttle else 0
        narrow = asyncio.Semaphore(bound) if bound > 0 else None

        async def one(host: str) -> None:
            attempt = self._attempt(step, host, act, shared)
            if narrow is None:
                async with self._slots:
                    settle(attempt, await attempt.run())
                return
            async with narrow, self._slots:
                settle(attempt, await attempt.run())

        if len(hosts) == 1:
            await one(hosts[0])
            return
        async with asyncio.TaskGroup() as group:
            for host in hosts:
                group.create_task(one(host))

    def _attempt(self, step: Step, host: str, act: Act | None, shared: list[str] | None) -> Attempt:
        def apply(attempt: Attempt, result: Result) -> None:
            actions.keep(attempt, result, self.session, shared or [attempt.host])

        return Attempt(
            step=step,
            host=host,
            scope=self.scope(step, host),
            scope_of=lambda name: self.scope(step, name),
            session=self.session,
            client=self._client,
            apply=apply,
            act=act,
        )

    def _settle(
        self, attempt: Attempt, outcome: Outcome, shared: list[str] | None, *, guarded: bool
    ) -> Failures:
        """Remember what a host's outcome brings, and tell it."""
        step, result = attempt.step, outcome.result
        hosts = shared or [outcome.host]
        if not outcome.looped:
            attempt.apply(attempt, result)
        if step.task.register:
            for host in hosts:
                store = self.session.store.host(host)
                store.set(step.task.register, registered(result), step.place)
        for warning in result.get("warnings") or ():
            self.session.warn(str(warning), step.place)
        outcome = self._notify(attempt, outcome)
        is_failed = outcome.status is Status.FAILED and not outcome.ignored
        self._tell(attempt, outcome, rescued=is_failed and guarded)
        if outcome.status is Status.UNREACHABLE and not outcome.ignored:
            self.session.roll.unreachable.add(outcome.host)
        if not is_failed:
            return {}
        if not guarded:
            self.batch.lost.update(hosts)
        return {host: Failure(step=step, result=outcome.result) for host in hosts}

    def _notify(self, attempt: Attempt, outcome: Outcome) -> Outcome:
        """Notify handlers if something changed; a handler that does not exist is a failure."""
        if not attempt.step.task.notify or not outcome.result.get("changed"):
            return outcome
        if outcome.status is not Status.CHANGED:
            return outcome
        try:
            for name in attempt.step.task.notify:
                found = attempt.scope.evaluate(name)
                for one in found if isinstance(found, list) else [found]:
                    self.handlers.notify(str(one), outcome.host, attempt.scope)
        except WarrenError as error:
            result = of_error(error)
            return Outcome(host=outcome.host, status=Status.FAILED, result=result, shown=result)
        return outcome

    def _tell(self, attempt: Attempt, outcome: Outcome, *, rescued: bool) -> None:
        roll = self.session.roll
        roll.count_end(
            outcome.host,
            outcome.status,
            changed=bool(outcome.result.get("changed")),
            ignored=outcome.ignored,
            rescued=rescued,
        )
        self.session.emit(
            TaskEnded(
                host=outcome.host,
                status=outcome.status,
                result=outcome.shown,
                action=attempt.step.task.action,
                task=self.title(attempt.step, outcome.host),
                place=attempt.step.place,
                delegate=outcome.delegate,
                ignored=outcome.ignored,
                rescued=rescued,
                looped=outcome.looped,
                seconds=outcome.seconds,
            )
        )

    def _spread(self, step: Step, hosts: list[str], failures: Failures) -> Failures:
        """Let failures be fatal for all hosts where the play says so."""
        roll = self.session.roll
        lost = [host for host in hosts if host in failures or host in roll.unreachable]
        if not lost:
            return failures
        first = next(iter(failures.values()), Failure(step=step, result=failed("unreachable")))
        gives_up = too_many(self.batch, roll, failures)
        if gives_up or self._is_fatal(step, hosts[0]):
            self.batch.broken = True
            self.batch.gave_up = gives_up
            every = self._active(self.batch.hosts)
            return {host: failures.get(host, first) for host in every} | failures
        return failures

    def _is_fatal(self, step: Step, host: str) -> bool:
        asked = step.setting("any_errors_fatal")
        if asked is None:
            return False
        return bool(to_bool(self.scope(step, host).evaluate(asked)))

    async def _include(self, step: Step, hosts: list[str], *, guarded: bool) -> Failures:
        failures: Failures = {}
        outcomes: dict[str, Outcome] = {}

        def settle(attempt: Attempt, outcome: Outcome) -> None:
            if outcome.status in (Status.OK, Status.CHANGED):
                outcomes[outcome.host] = outcome
            else:
                failures.update(self._settle(attempt, outcome, None, guarded=guarded))

        await self._fan_out(step, hosts, includes.choose, settle, None)
        ordered = [outcomes[host] for host in hosts if host in outcomes]
        planned: list[tuple[list[str], tuple[Step | Section, ...]]] = []
        for group in includes.groups_of(step, ordered):
            try:
                planned.append((group.hosts, self._open(step, group)))
            except WarrenError as error:
                failures |= self._fail_include(step, group.hosts, error, guarded=guarded)
        for chosen, steps in planned:
            remaining = [host for host in self._active(chosen) if host not in failures]
            failures |= await self.steps(steps, remaining, guarded=guarded)
        return self._spread(step, hosts, failures)

    def _open(self, step: Step, group: includes.Group) -> tuple[Step | Section, ...]:
        """Read what a group includes, tell it, and take in the handlers that come with it."""
        what, steps, handlers = self._includer.steps(step, group)
        self.session.emit(Included(what=what, hosts=tuple(group.hosts), label=group.label))
        for host in group.hosts:
            self.session.roll.count(host, "ok")
        self.handlers.add(handlers)
        return steps

    def _fail_include(
        self, step: Step, hosts: list[str], error: WarrenError, *, guarded: bool
    ) -> Failures:
        failures: Failures = {}
        result = of_error(error)
        for host in hosts:
            attempt = self._attempt(step, host, None, None)
            outcome = Outcome(host=host, status=Status.FAILED, result=result, shown=result)
            failures |= self._settle(attempt, outcome, None, guarded=guarded)
        return failures
