"""Dynamic includes: each host says what it wants, then hosts that want the same go on together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from warren.model.marked import MarkedDict
from warren.playbook.language import fields as taken, keywords, roles
from warren.playbook.language.arguments import raw
from warren.playbook.language.library import find_beside
from warren.playbook.language.nodes import Block, Level, RoleUse, Task
from warren.playbook.language.spot import Spot
from warren.playbook.language.tasks import parse_file
from warren.playbook.run.attempt import Act, Attempt, Outcome
from warren.playbook.run.plan import Inherited, Planner, Section, Step, flat
from warren.playbook.run.results import Result, failed
from warren.playbook.run.session import Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.values import source_of
from warren.playbook.variables import levels
from warren.playbook.variables.levels import Layer

_marker = "_include"
words = ("include_tasks", "include_role")


async def _choose(_attempt: Attempt, arguments: Mapping[str, Any]) -> Result:
    name = arguments.get("file") or arguments.get("name") or arguments.get("role")
    name = name or arguments.get(raw)
    if not name:
        return failed("the include must name what it includes")
    return {"changed": False, _marker: dict(arguments), "include": str(name)}


choose: Act = _choose
"""What an include does for one host: say what it wants."""


@dataclass(slots=True, kw_only=True)
class Group:
    """Hosts that go on with the same file or role, with the same loop item.

    Attributes:
        name: the file or role.
        arguments: of the include, evaluated.
        variables: of the loop's item.
        label: the item, as the output names it.
    """

    name: str
    arguments: Mapping[str, Any]
    variables: Mapping[str, Any]
    label: str
    hosts: list[str] = field(default_factory=list)


def groups_of(step: Step, outcomes: list[Outcome]) -> list[Group]:
    """The groups, in the order in which the first host of each asked."""
    found: list[Group] = []
    for outcome in outcomes:
        several = outcome.result.get("results") if step.task.loop is not None else None
        for result in [outcome.result] if several is None else several:
            if _marker in result:
                _add(found, outcome.host, result)
    return found


def _add(found: list[Group], host: str, result: Result) -> None:
    variables: dict[str, Any] = {}
    label = ""
    if "ansible_loop_var" in result:
        names = [result["ansible_loop_var"], result.get("ansible_index_var")]
        variables = {name: result[name] for name in names if name}
        label = str(result[names[0]])
    for group in found:
        same = (group.arguments, group.variables) == (result[_marker], variables)
        if same and host not in group.hosts:
            group.hosts.append(host)
            return
    arguments = result[_marker]
    group = Group(name=result["include"], arguments=arguments, variables=variables, label=label)
    group.hosts.append(host)
    found.append(group)


class Includer:
    """Reads what a group includes and plans it."""

    def __init__(self, session: Session, planner: Planner, spot: Spot) -> None:
        self._session = session
        self._planner = planner
        self._spot = spot

    def steps(
        self, step: Step, group: Group
    ) -> tuple[str, tuple[Step | Section, ...], tuple[Step, ...]]:
        """What a group goes on with.

        Returns:
            what is included, for the output; its steps; handlers that come with it.

        Raises:
            InvalidInput, SyntaxProblem, NotFound: it does not exist or is wrong.
        """
        above = self._above(step, group)
        if step.task.action == "include_role":
            return self._role(step, group, above)
        spot = self._spot_of(step)
        kind = "handlers" if step.kind == "handler" else "tasks"
        path = find_beside([group.name], spot.directories(kind), "file")
        nodes = parse_file(path, spot, step.place)
        block = Block(level=self._applied(step, group), tasks=nodes)
        return str(path), self._planner.steps([block], above, kind=step.kind), ()

    def _above(self, step: Step, group: Group) -> Inherited:
        """What holds for what is included: nothing of the include's own but its variables."""
        above = step.above
        layers = [*above.layers]
        level = levels.Level.INCLUDE_PARAMETERS
        if group.variables:
            layers.append(Layer(level=level, owner="loop", values=dict(group.variables)))
        if step.task.level.variables:
            layers.append(Layer(level=level, owner="include", values=step.task.level.variables))
        return replace(above, layers=tuple(layers))

    def _applied(self, step: Step, group: Group) -> Level:
        """``apply``: keywords for everything that is included."""
        asked = group.arguments.get("apply")
        if not asked:
            return Level(place=step.place)
        marked = MarkedDict(step.place)
        for name, value in asked.items():
            marked[name] = value
            marked.key_places[name] = marked.value_places[name] = step.place
        taken.check(marked, keywords.of_block, "apply")
        return taken.level_of(marked)

    def _spot_of(self, step: Step) -> Spot:
        return replace(
            self._spot,
            file=step.task.file,
            role=step.inherited.role,
            handlers=step.kind == "handler",
            variables=self._session.hostless_scope(step.inherited.layers),
        )

    def _role(
        self, step: Step, group: Group, above: Inherited
    ) -> tuple[str, tuple[Step | Section, ...], tuple[Step, ...]]:
        arguments = group.arguments
        choice = roles.Choice.of(arguments)
        role = roles.load_role(group.name, choice, self._spot_of(step), step.place)
        use = RoleUse(role=role, level=self._applied(step, group))
        once = not to_bool(arguments.get("allow_duplicates", True))
        steps = self._planner.steps([roles.block_of(use, once=once)], above, kind=step.kind)
        handlers = self._planner.steps(roles.handlers_of(use), above, kind="handler")
        return group.name, steps, tuple(flat(handlers))


def title(task: Task) -> str:
    """The name of an include without one of its own."""
    if task.action != "include_role":
        return task.written
    entries = source_of(task.arguments)
    name = entries.get("name") or entries.get("role") if isinstance(entries, dict) else ""
    return f"{task.written} : {name}"
