"""One task on one host: loop, conditions, arguments, the module, retries, what the result means.

Failures are results. Only what is wrong with Warren itself raises.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from warren.model.errors import PermanentError, WarrenError
from warren.playbook.modules.contract import Call, Module, Runs
from warren.playbook.output.events import ItemEnded, Progress, Retrying, Status
from warren.playbook.run import reach, results
from warren.playbook.run.conditions import first_false, holds
from warren.playbook.run.loops import Item, items_of, loop_variables, place_in_loop
from warren.playbook.run.plan import Step
from warren.playbook.run.results import Result
from warren.playbook.run.session import Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.variables.levels import Layer, Level
from warren.playbook.variables.scope import Scope

retries_default = 3

Act = Callable[["Attempt", Mapping[str, Any]], Awaitable[Result]]
"""Does the work of an action of the engine with evaluated arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a task ended on a host.

    Attributes:
        result: to be registered.
        shown: to be told.
        delegate: as the output names it; empty if not delegated.
        no_log, ignored, ignored_unreachable: the keywords, evaluated.
        looped: whether its items were told one by one.
        seconds: how long it took.
    """

    host: str
    status: Status
    result: Result
    shown: Mapping[str, Any]
    delegate: str = ""
    no_log: bool = False
    ignored: bool = False
    looped: bool = False
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One task on one host, or one item of its loop.

    Attributes:
        step: the task.
        host: the host's name.
        scope: its variables; those of an item have the item in them.
        session: the run.
        client: gives the manager's client, opening it if needed.
        act: does the work if the action is the engine's own.
        scope_of: the variables that another host has for this task.
        delegate: the name of the host to act on instead, once known.
        apply: is told each item's result as it comes, so that later items see what it set.
    """

    step: Step
    host: str
    scope: Scope
    session: Session
    client: Callable[[], Awaitable[Any]]
    apply: Callable[["Attempt", Result], None]
    scope_of: Callable[[str], Scope]
    act: Act | None = None
    delegate: str = ""
    delegate_shown: str = ""

    async def run(self) -> Outcome:
        """Do the task."""
        clock = self.session.clock
        started = clock.monotonic()
        no_log = self._flag("no_log", if_broken=True)
        looped = False
        try:
            items = items_of(self.step.task, self.scope, self.session)
            looped = items is not None
            result = await (self._one() if items is None else self._each(items))
        except WarrenError as error:
            result = self._skipped_anyway() or results.of_error(error)
        status = results.status_of(result)
        return Outcome(
            host=self.host,
            status=status,
            result=result,
            shown=results.shown(result, no_log=no_log or self._flag("no_log", if_broken=True)),
            delegate=self.delegate_shown,
            no_log=no_log,
            ignored=self._is_ignored(status),
            looped=looped and bool(result.get("results")),
            seconds=clock.monotonic() - started,
        )

    def _is_ignored(self, status: Status) -> bool:
        if status is Status.UNREACHABLE:
            return self._flag("ignore_unreachable")
        return status is Status.FAILED and self._flag("ignore_errors")

    def truth(self, name: str, *, default: bool = False) -> bool:
        """An inherited truth value.

        Raises:
            TemplateFailed: it cannot be evaluated.
        """
        value = self.step.setting(name)
        return default if value is None else bool(to_bool(self.scope.evaluate(value)))

    def _flag(self, name: str, *, if_broken: bool = False) -> bool:
        try:
            return self.truth(name)
        except TemplateFailed:
            return if_broken

    def _skipped_anyway(self) -> Result | None:
        """A loop that cannot be evaluated does not matter if a condition fails without it."""
        try:
            false = first_false(self.step.inherited.when, self.scope, self.session)
        except TemplateFailed:
            return None
        return results.skipped("Conditional result was False", false.source) if false else None

    async def _each(self, items: list[Any]) -> Result:
        loop = self.step.task.loop
        assert loop is not None, "items come from a loop"
        place = place_in_loop(loop, self.scope)
        found: list[Result] = []
        for index, value in enumerate(items):
            if index and place.pause_seconds:
                await self.session.clock.sleep(place.pause_seconds)
            item = Item(value=value, index=index, all=items)
            variables = loop_variables(place, item)
            inner = replace(self, scope=self.scope.with_variables(variables))
            try:
                result = await inner._one()  # noqa: SLF001 - itself, with an item
            except WarrenError as error:
                result = results.of_error(error)
            result[place.variable] = value
            result["ansible_loop_var"] = place.variable
            if place.index_variable:
                result["ansible_index_var"] = place.index_variable
                result[place.index_variable] = index
            found.append(result)
            inner._tell_item(result, place.label(inner.scope))  # noqa: SLF001
            self.apply(inner, result)
            self.delegate_shown = inner.delegate_shown or self.delegate_shown
            if result.get("unreachable") or self._breaks(loop.break_when, inner, result):
                break
        return results.merged(found)

    def _breaks(self, conditions: Any, inner: "Attempt", result: Result) -> bool:
        if not conditions:
            return False
        scope = inner._with_result(result)  # noqa: SLF001 - itself, with an item
        return first_false(conditions, scope, self.session) is None

    def _tell_item(self, result: Result, label: str) -> None:
        no_log = self._flag("no_log", if_broken=True)
        status = results.status_of(result)
        if "_include" in result:
            return  # what is included is told when all hosts have chosen
        self.session.emit(
            ItemEnded(
                host=self.host,
                status=status,
                label=results.censored_label if no_log else label,
                result=results.shown(result, no_log=no_log),
                action=self.step.task.action,
                delegate=self.delegate_shown,
                ignored=status is Status.FAILED and self._flag("ignore_errors"),
            )
        )

    async def _one(self) -> Result:
        false = first_false(self.step.inherited.when, self.scope, self.session)
        if false is not None:
            return results.skipped("Conditional result was False", false.source)
        task = self.step.task
        if task.until is None:
            return await self._try_once()
        given = None if task.retries is None else self.scope.evaluate(task.retries)
        retries = retries_default if given is None else max(0, int(given))
        delay_seconds = max(0.0, float(self.scope.evaluate(task.delay)))
        for attempt in range(1, retries + 2):
            result = await self._try_once()
            result["attempts"] = attempt
            if self._is_done(result):
                return result
            if attempt <= retries:
                left = retries - attempt + 1
                name = str(self.scope.template(task.name or task.written))
                self.session.emit(Retrying(host=self.host, task=name, left=left))
                await self.session.clock.sleep(delay_seconds)
        return {**result, "failed": True, "attempts": retries}

    def _is_done(self, result: Result) -> bool:
        until = self.step.task.until
        if result.get("unreachable"):
            return True
        if not until:
            return not result.get("failed")
        return first_false(until, self._with_result(result), self.session) is None

    async def _try_once(self) -> Result:
        """Call the module once and judge its answer."""
        try:
            result = results.shaped(await self._within_time())
        except WarrenError as error:
            result = results.of_error(error)
        if result.get("unreachable") or result.get("skipped"):
            return result
        return self._judged(result)

    def _judged(self, result: Result) -> Result:
        task = self.step.task
        if task.changed_when is None and task.failed_when is None:
            return result
        scope = self._with_result(result)
        if task.changed_when is not None:
            result["changed"] = all(holds(one, scope, self.session) for one in task.changed_when)
            scope = self._with_result(result)
        if task.failed_when is not None:
            fails = all(holds(one, scope, self.session) for one in task.failed_when)
            result["failed"] = result["failed_when_result"] = fails
        return result

    def _with_result(self, result: Result) -> Scope:
        name = self.step.task.register
        return self.scope.with_variables({name: result}) if name else self.scope

    async def _within_time(self) -> Result:
        limit = self.step.setting("timeout")
        seconds = float(self.scope.evaluate(limit)) if limit else 0.0
        if not seconds:
            return await self._perform(self.session.options.task_timeout_seconds)
        try:
            async with asyncio.timeout(seconds):
                return await self._perform(seconds)
        except TimeoutError:
            message = f"the task did not end within {seconds:g} s"
            return results.failed(message, timedout={"period": seconds})

    async def _perform(self, timeout_seconds: float) -> Result:
        if self.act is not None:
            self._choose_delegate()
            return await self.act(self, self.arguments())
        module = self.step.task.module
        assert module is not None, "what is no word of the engine has a module"
        check = self.truth("check_mode", default=self.session.options.check)
        if check and not module.supports_check:
            return results.skipped("the module changes things and has no check mode")
        call = await self._call(module, check=check, timeout_seconds=timeout_seconds)
        return dict(await module.run(call))

    async def _call(self, module: Module, *, check: bool, timeout_seconds: float) -> Call:
        self._choose_delegate()
        arguments = self.arguments()
        become = None
        target: Any = reach.NoHost(self.host)
        if module.runs is not Runs.ON_CONTROLLER:
            scope = self._reached_scope()
            target, user = reach.reach(self.step, scope, self.delegate or self.host, self.session)
            become = reach.become_of(self.step, scope, user, self.session.options)
        emit, host = self.session.emit, self.host
        asks = module.runs is Runs.ON_MANAGER or module.asks_manager
        return Call(
            arguments=arguments,
            host=target,
            host_name=self.host,
            check=check,
            diff=self.truth("diff", default=self.session.options.diff),
            become=become,
            environment=reach.environment_of(self.step, self.scope),
            timeout_seconds=timeout_seconds,
            variables=self.scope,
            template=self.scope.template,
            evaluate=self.scope.expression,
            find_file=self.scope.find_file,
            render_file=self.scope.render_file,
            client=await self.client() if asks else None,
            clock=self.session.clock,
            progress=lambda line: emit(Progress(host=host, line=line)),
        )

    def _choose_delegate(self) -> None:
        asked = self.step.setting("delegate_to")
        if asked is None:
            return
        name = self.scope.evaluate(asked)
        if not isinstance(name, str) or not name:
            raise PermanentError(f"delegate_to must name a host, not {name!r}")
        self.delegate = self.session.store.inventory.find(name) or name
        address = str(self._reached_scope()["ansible_host"])
        if self.delegate != self.host:
            self.delegate_shown = name if address == name else f"{name}({address})"

    def _reached_scope(self) -> Scope:
        """The variables that say how the host is reached: the delegate's own, if delegated."""
        if not self.delegate or self.delegate == self.host:
            return self.scope
        if self.session.store.inventory.find(self.delegate) is not None:
            return self.scope_of(self.delegate)
        # A host that no inventory knows is reached by its name, with nothing else said about it.
        stranger = {"ansible_host": self.delegate, "inventory_hostname": self.delegate}
        layer = Layer(level=Level.MAGIC, owner="delegate", values=stranger)
        return self.session.hostless_scope((layer,))

    def arguments(self) -> dict[str, Any]:
        """The task's arguments, evaluated, over the defaults for its module.

        Raises:
            TemplateFailed: one cannot be evaluated, or they are no mapping.
        """
        task = self.step.task
        found = self.scope.evaluate(task.arguments)
        if not isinstance(found, Mapping):
            raise TemplateFailed(
                f"the arguments must be a mapping, not {type(found).__name__}",
                place=self.step.place,
            )
        if any(not isinstance(name, str) for name in found):
            found = {str(self.scope.evaluate(name)): value for name, value in found.items()}
        defaults = self._defaults()
        return {**defaults, **found} if defaults else dict(found)

    def _defaults(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        module = self.step.task.module
        names = module.names if module else (self.step.task.action,)
        for level in self.step.setting("module_defaults", ()):
            value = self.scope.evaluate(level)
            for table in value if isinstance(value, list) else [value]:
                for name in names:
                    found |= table.get(name) or {}
        return found
