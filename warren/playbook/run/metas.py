"""``meta``: tasks that tell the engine itself what to do."""

from typing import Any, Protocol

from warren.model.errors import WarrenError
from warren.playbook.language.tasks import free_form
from warren.playbook.output.events import Status, TaskEnded
from warren.playbook.run.conditions import first_false
from warren.playbook.run.plan import Step
from warren.playbook.run.results import of_error
from warren.playbook.run.session import Session
from warren.playbook.variables.scope import Scope


class Walking(Protocol):
    """What a meta task may do to the walk that it is part of."""

    session: Session
    batch: Any

    def scope(self, step: Step, host: str) -> Scope:
        """The variables of a host for a step."""
        ...

    def title(self, step: Step, host: str) -> str:
        """The step's name."""
        ...

    async def flush(self, hosts: list[str]) -> Any:
        """Run notified handlers."""
        ...


async def run(walk: Walking, step: Step, hosts: list[str]) -> Any:
    """Do a meta task; gives the hosts that fail in handlers it flushes."""
    action = free_form(step.task.arguments)
    chosen = [host for host in hosts if _applies(walk, step, host)]
    if action == "flush_handlers":
        return await walk.flush(chosen)
    if not chosen:
        return {}
    _act(walk, str(action), chosen, step)
    return {}


def _applies(walk: Walking, step: Step, host: str) -> bool:
    try:
        return first_false(step.inherited.when, walk.scope(step, host), walk.session) is None
    except WarrenError as error:
        walk.session.emit(
            TaskEnded(
                host=host,
                status=Status.FAILED,
                result=of_error(error),
                action="meta",
                task=walk.title(step, host),
                place=step.place,
            )
        )
        walk.session.roll.failed.add(host)
        walk.session.roll.count(host, "failed")
        return False


def _act(walk: Walking, action: str, hosts: list[str], step: Step) -> None:
    roll = walk.session.roll
    if action == "end_host":
        roll.ended.update(hosts)
    elif action == "end_play":
        walk.batch.over = True
        walk.batch.play_over = True
    elif action == "end_batch":
        walk.batch.over = True
    elif action == "end_role":
        role = step.inherited.role
        if role is not None:
            walk.batch.left_roles |= {(id(role), host) for host in hosts}
    elif action == "clear_host_errors":
        roll.failed.clear()
        roll.unreachable.clear()
    elif action == "clear_facts":
        for host in hosts:
            walk.session.store.host(host).clear_facts()
    elif action == "refresh_inventory":
        walk.session.store.replace_inventory(walk.session.refresh_inventory())
