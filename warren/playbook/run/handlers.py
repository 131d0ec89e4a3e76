"""Handlers: who was notified, and which run next.

A handler runs once per flush for each host that was notified, in the order of definition. Of
several with one name the last one counts; all that listen to a topic do.
"""

from collections.abc import Iterable

from warren.model.errors import NotFound
from warren.model.validation import nearest
from warren.playbook.run.plan import Step
from warren.playbook.variables.scope import Scope


class Handlers:
    """The handlers of a play and the hosts that notified them."""

    def __init__(self, steps: Iterable[Step]) -> None:
        self._steps: list[Step] = list(steps)
        self._hosts: list[dict[str, None]] = [{} for _ in self._steps]

    def add(self, steps: Iterable[Step]) -> None:
        """Handlers that an included role brings; known ones are not added again."""
        known = {(step.place, _role_path(step)) for step in self._steps}
        for step in steps:
            if (step.place, _role_path(step)) not in known:
                self._steps.append(step)
                self._hosts.append({})

    def notify(self, name: str, host: str, scope: Scope) -> None:
        """Remember that a host notifies a handler or topic.

        Raises:
            NotFound: nothing has that name.
        """
        found = self._named(name, scope)
        found += [index for index in self._listening(name, scope) if index not in found]
        if not found:
            near = nearest(name, [_plain_name(step) for step in self._steps])
            hint = f"did you mean {near!r}?" if near else ""
            raise NotFound(f"handler {name!r} does not exist in this play", hint=hint)
        for index in found:
            self._hosts[index][host] = None

    def next_after(self, index: int, hosts: Iterable[str]) -> tuple[int, Step, list[str]] | None:
        """The next notified handler after an index, its step and hosts; they are notified no more."""
        wanted = list(hosts)
        for number in range(index + 1, len(self._steps)):
            chosen = [host for host in wanted if host in self._hosts[number]]
            if chosen:
                for host in chosen:
                    del self._hosts[number][host]
                return number, self._steps[number], chosen
        return None

    def pending(self, host: str) -> list[str]:
        """The names of handlers that a host has notified and that have not run."""
        return [
            _plain_name(step)
            for step, hosts in zip(self._steps, self._hosts, strict=True)
            if host in hosts
        ]

    def _named(self, name: str, scope: Scope) -> list[int]:
        for index in reversed(range(len(self._steps))):
            step = self._steps[index]
            own = str(scope.evaluate(step.task.name)) if step.task.name else step.task.written
            role = step.inherited.role
            names = {own, f"{role.name} : {own}"} if role else {own}
            if name in names:
                return [index]
        return []

    def _listening(self, topic: str, scope: Scope) -> list[int]:
        return [
            index
            for index, step in enumerate(self._steps)
            if any(str(scope.evaluate(heard)) == topic for heard in step.task.listen)
        ]


def _plain_name(step: Step) -> str:
    name = step.task.name
    return name if isinstance(name, str) and name else getattr(name, "source", step.task.written)


def _role_path(step: Step) -> str:
    return str(step.inherited.role.path) if step.inherited.role else ""
