"""Planning a play: its steps, its variables, the step that gathers facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warren.model.errors import NotFound
from warren.playbook.language.fields import variables_of
from warren.playbook.language.library import find_beside
from warren.playbook.language.nodes import Block, Level as NodeLevel, Play, Role, Task
from warren.playbook.run.plan import Inherited, Planner, Section, Step, flat
from warren.playbook.run.session import Session
from warren.playbook.templating.filters.values import to_bool
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.variables.levels import Layer, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPlay:
    """A play with its steps.

    Attributes:
        phases: steps, in order; handlers are flushed after each phase.
        handlers: in order of definition.
        inherited: what holds for the whole play.
        planner: plans what is included later.
    """

    play: Play
    name: str
    phases: tuple[tuple[Step | Section, ...], ...]
    handlers: tuple[Step, ...]
    inherited: Inherited
    planner: Planner

    @property
    def steps(self) -> list[Step]:
        """All steps, in order, without handlers."""
        return [step for phase in self.phases for step in flat(phase)]


def plan_play(play: Play, session: Session) -> PlannedPlay:
    """Plan a play.

    Raises:
        TemplateFailed: a tag or the play's name cannot be evaluated without a host.
    """
    level = play.level
    variables = Layer(level=Level.PLAY, values=level.variables)
    scope = session.hostless_scope((variables,))

    def evaluate_tags(tags: Iterable[Any]) -> frozenset[str]:
        found: set[str] = set()
        for tag in tags:
            value = scope.evaluate(tag)
            for one in value if isinstance(value, list) else str(value).split(","):
                found.add(str(one).strip())
        return frozenset(found)

    planner = Planner(session.options.tags, evaluate_tags)
    bare = NodeLevel(place=level.place, settings=level.settings, when=level.when, tags=level.tags)
    inherited = planner.below(Inherited(), bare, Level.PLAY)
    sections = (play.pre_tasks, (*play.roles, *play.tasks), play.post_tasks)
    hosts = scope.evaluate(play.hosts)
    pattern = ",".join(map(str, hosts)) if isinstance(hosts, list) else str(hosts)
    return PlannedPlay(
        play=play,
        name=str(scope.evaluate(play.name) or pattern),
        phases=tuple(planner.steps(nodes, inherited) for nodes in sections),
        handlers=tuple(flat(planner.steps(play.handlers, inherited, kind="handler"))),
        inherited=inherited,
        planner=planner,
    )


def written_layers(planned: PlannedPlay) -> tuple[Layer, ...]:
    """What a play sees of itself: its variables, and those of all static roles."""
    play = planned.play
    nodes = (*play.pre_tasks, *play.roles, *play.tasks, *play.post_tasks)
    layers: list[Layer] = []
    for role in {id(role): role for node in nodes for role in roles_in(node)}.values():
        for level, values in (
            (Level.ROLE_DEFAULTS, role.defaults),
            (Level.ROLE, role.variables),
        ):
            layers.append(Layer(level=level, owner=role.name, values=values, places=role.places))
    own = play.level
    places = {name.removeprefix("vars."): place for name, place in own.places.items()}
    layers.append(Layer(level=Level.PLAY, values=own.variables, places=places))
    return tuple(layers)


def roles_in(node: Task | Block) -> list[Role]:
    """The roles that a node uses, in order."""
    if isinstance(node, Task):
        return []
    found = [node.role.role] if node.role is not None else []
    for part in (node.tasks, node.rescue, node.always):
        for inner in part:
            found.extend(roles_in(inner))
    return found


def read_variables_files(
    play: Play, session: Session, host: str, layers: tuple[Layer, ...]
) -> tuple[Layer, bool]:
    """The variables of ``vars_files`` for a host, and whether all names could be evaluated.

    A name may need facts that are not there yet; such a file is left for later.

    Raises:
        NotFound: none of an entry's files exists.
        InvalidInput, SyntaxProblem: a file is wrong.
    """
    scope = session.scope(host, layers)
    values: dict[str, Any] = {}
    places: dict[str, Any] = {}
    is_settled = True
    top = play.file.parent
    for entry in play.variables_files:
        try:
            names = [str(scope.evaluate(name)) for name in entry.candidates]
        except TemplateFailed:
            is_settled = False
            continue
        path = find_beside(names, [top / "vars", top], "vars_files:")
        found = session.library.load_variables(Path(path))
        values |= variables_of(found)
        places |= found.key_places
    return Layer(level=Level.PLAY_FILES, values=values, places=places), is_settled


def play_layers(planned: PlannedPlay, session: Session, host: str) -> tuple[Layer, ...]:
    """What a host sees of a play before it runs.

    Raises:
        NotFound, InvalidInput, SyntaxProblem: a file of variables is missing or wrong.
    """
    layers = written_layers(planned)
    if not planned.play.variables_files:
        return layers
    return (*layers, read_variables_files(planned.play, session, host, layers)[0])


def facts_step(planned: PlannedPlay, session: Session) -> Step | None:
    """The step that gathers facts, if the play wants them.

    Raises:
        NotFound: there is no ``setup`` module.
    """
    play = planned.play
    asked = play.gather_facts
    if asked is None:
        wanted = session.options.gathering != "explicit"
    else:
        scope = session.hostless_scope((Layer(level=Level.PLAY, values=play.level.variables),))
        wanted = bool(to_bool(scope.evaluate(asked)))
    above = planned.inherited
    if not wanted or not session.options.tags.wants(above.tags | {"always"}):
        return None
    module = session.library.modules.find("setup")
    if module is None:
        raise NotFound("the module setup, which gathers facts, does not exist")
    arguments = {
        name: value
        for name, value in (
            ("gather_subset", play.gather_subset),
            ("gather_timeout", play.gather_timeout),
            ("fact_path", play.fact_path),
        )
        if value is not None
    }
    task = Task(
        action=module.names[0],
        written="setup",
        module=module,
        arguments=arguments,
        level=NodeLevel(place=play.level.place),
        file=play.file,
        name="Gathering Facts",
    )
    return Step(task=task, inherited=above, above=above, kind="facts")
