"""From nodes to steps: everything that a task inherits is gathered once, before it runs.

A step knows all conditions, tags, keywords and variables that hold for it, so running one needs no
look at what is around it. Keywords of the nearest level win; conditions and tags add up.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from warren.playbook.language.nodes import Block, Condition, Level, Role, RoleUse, Task
from warren.playbook.run.selection import Selection
from warren.playbook.variables import levels
from warren.playbook.variables.levels import Layer

_gathered = ("environment", "module_defaults")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What holds at one spot of a play.

    Attributes:
        settings: keywords, the nearest level's; ``environment`` and ``module_defaults`` are tuples
            of all levels', outermost first.
        when: conditions, outermost first.
        tags: evaluated.
        layers: variables of blocks, roles and tasks.
        roles: the role of this spot and the roles around it, innermost first.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    when: tuple[Condition, ...] = ()
    tags: frozenset[str] = frozenset()
    layers: tuple[Layer, ...] = ()
    roles: tuple[Role, ...] = ()

    @property
    def role(self) -> Role | None:
        """The role of this spot."""
        return self.roles[0] if self.roles else None

    def below(
        self, level: Level, rank: levels.Level, tags: Callable[[Iterable[Any]], frozenset[str]]
    ) -> "Inherited":
        """What holds below a level."""
        layers = self.layers
        if level.variables:
            places = {
                name.removeprefix("vars."): place
                for name, place in level.places.items()
                if name.startswith("vars.")
            }
            layers = (*layers, Layer(level=rank, values=level.variables, places=places))
        return replace(
            self,
            settings=_nearest(self.settings, level.settings),
            when=(*self.when, *level.when) if level.when else self.when,
            tags=self.tags | tags(level.tags) if level.tags else self.tags,
            layers=layers,
        )

    def inside(self, use: RoleUse) -> "Inherited":
        """What holds inside a role."""
        role = use.role
        owner = role.name
        added = [
            Layer(
                level=levels.Level.ROLE_DEFAULTS,
                owner=owner,
                values=role.defaults,
                places=role.places,
            ),
            Layer(level=levels.Level.ROLE, owner=owner, values=role.variables, places=role.places),
            Layer(level=levels.Level.MAGIC, owner="role", values=_role_facts(role, self.roles)),
        ]
        if use.parameters:
            level = levels.Level.ROLE_PARAMETERS
            added.append(Layer(level=level, owner=owner, values=use.parameters))
        return replace(self, layers=(*self.layers, *added), roles=(role, *self.roles))


def _nearest(above: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    if not own:
        return above
    united = {**above, **own}
    for name in _gathered:
        if name in own:
            united[name] = (*above.get(name, ()), own[name])
    return united


def _role_facts(role: Role, around: tuple[Role, ...]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "role_name": role.name,
        "ansible_role_name": role.name,
        "role_path": str(role.path),
    }
    if around:
        facts["ansible_parent_role_names"] = [one.name for one in around]
        facts["ansible_parent_role_paths"] = [str(one.path) for one in around]
    return facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A task with all that it inherits.

    Attributes:
        inherited: what holds for it, its own keywords included.
        above: what holds around it; what it includes inherits this.
        kind: ``task``, ``handler`` or ``facts``.
    """

    task: Task
    inherited: Inherited
    above: Inherited
    kind: str = "task"

    @property
    def place(self) -> Any:
        """Where the task was written."""
        return self.task.level.place

    def setting(self, name: str, default: Any = None) -> Any:
        """An inherited keyword, compiled."""
        return self.inherited.settings.get(name, default)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Steps with what is done when one fails and what is done always.

    Attributes:
        once: a name under which a play remembers which hosts went through here; empty to not.
        role: the role that this is all of; ``end_role`` leaves it.
    """

    steps: tuple["Step | Section", ...]
    rescue: tuple["Step | Section", ...] = ()
    always: tuple["Step | Section", ...] = ()
    once: str = ""
    role: Role | None = None


class Planner:
    """Turns nodes into the steps that a run wants.

    Args:
        selection: the tags.
        evaluate_tags: evaluates compiled tags without a host.
    """

    def __init__(
        self, selection: Selection, evaluate_tags: Callable[[Iterable[Any]], frozenset[str]]
    ) -> None:
        self._selection = selection
        self._tags = evaluate_tags

    def steps(
        self, nodes: Iterable[Task | Block], above: Inherited, *, kind: str = "task"
    ) -> tuple[Step | Section, ...]:
        """The steps of nodes; what is not wanted is left out."""
        found: list[Step | Section] = []
        for node in nodes:
            step = self._step(node, above, kind)
            if step is not None:
                found.append(step)
        return tuple(found)

    def below(self, above: Inherited, level: Level, rank: levels.Level) -> Inherited:
        """What holds below a level."""
        return above.below(level, rank, self._tags)

    def _step(self, node: Task | Block, above: Inherited, kind: str) -> Step | Section | None:
        if isinstance(node, Task):
            inherited = above.below(node.level, levels.Level.TASK, self._tags)
            is_wanted = kind == "handler" or self._selection.wants(inherited.tags)
            return (
                Step(task=node, inherited=inherited, above=above, kind=kind) if is_wanted else None
            )
        inherited = above.below(node.level, levels.Level.BLOCK, self._tags)
        if node.role is not None:
            inherited = inherited.inside(node.role)
        steps = self.steps(node.tasks, inherited, kind=kind)
        rescue = self.steps(node.rescue, inherited, kind=kind)
        always = self.steps(node.always, inherited, kind=kind)
        if not steps and not always:
            return None
        return Section(
            steps=steps,
            rescue=rescue,
            always=always,
            once=_use_name(node.role, above) if node.role and node.once else "",
            role=node.role.role if node.role else None,
        )


def _use_name(use: RoleUse, above: Inherited) -> str:
    """Two uses of a role are the same if all that is said beside its name is."""
    said = (
        str(use.role.path),
        sorted(use.parameters.items(), key=str),
        sorted(use.level.variables.items(), key=str),
        sorted(above.tags),
        [condition.source for condition in above.when],
    )
    return repr(said)


def flat(steps: Iterable[Step | Section]) -> Iterable[Step]:
    """All steps, in the order in which they run when nothing fails."""
    for step in steps:
        if isinstance(step, Step):
            yield step
        else:
            yield from flat(step.steps)
            yield from flat(step.rescue)
            yield from flat(step.always)
