"""Roles: finding their directory, reading their files, using them.

A role is read once for each choice of its files (``tasks_from`` and the like). Its dependencies
are uses of other roles that run before its own tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warren.model.errors import Place
from warren.model.marked import MarkedDict
from warren.playbook.language import fields as taken, keywords
from warren.playbook.language.library import existing
from warren.playbook.language.nodes import Block, Level, Role, RoleUse, Task
from warren.playbook.language.problems import problem
from warren.playbook.language.spot import Spot, static_text
from warren.playbook.language.tasks import parse_file
from warren.playbook.templating.values import Text, compile_value

_meta_fields = frozenset(
    ("allow_duplicates", "argument_specs", "collections", "dependencies", "galaxy_info")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which of a role's files are meant; ``main`` by default."""

    tasks: str = "main"
    handlers: str = "main"
    variables: str = "main"
    defaults: str = "main"

    @classmethod
    def of(cls, arguments: Mapping[str, Any]) -> "Choice":
        """From the arguments of ``import_role`` or ``include_role``."""
        names = {
            "tasks": "tasks_from",
            "handlers": "handlers_from",
            "variables": "vars_from",
            "defaults": "defaults_from",
        }
        chosen = {
            field: str(arguments[name]) for field, name in names.items() if arguments.get(name)
        }
        return cls(**chosen)


def load_role(name: str, choice: Choice, spot: Spot, place: Place) -> Role:
    """Read a role.

    Raises:
        InvalidInput, SyntaxProblem: it is nowhere, or something in it is wrong.
    """
    path = spot.library.find_role(name, spot.playbook_directory, place).resolve()
    key = (path, name, choice, spot.handlers)
    if key not in spot.roles:
        spot.roles[key] = _read(name, path, choice, spot, place)
    return spot.roles[key]


def _read(name: str, path: Path, choice: Choice, spot: Spot, place: Place) -> Role:
    if spot.role is not None and spot.role.path == path and spot.depth > _self_use_max:
        raise problem("role", "uses itself without end", place, value=name)
    defaults = _variables(path / "defaults", choice.defaults, spot, place)
    variables = _variables(path / "vars", choice.variables, spot, place)
    places = {**defaults.key_places, **variables.key_places}
    role = Role(
        name=name,
        path=path,
        defaults=taken.variables_of(defaults),
        variables=taken.variables_of(variables),
        places=places,
    )
    inner = replace(spot.into(path / "meta" / "main.yml", place), role=role, handlers=False)
    meta = _meta(path, inner)
    role = replace(
        role,
        allows_duplicates=bool(meta.get("allow_duplicates", False)),
        dependencies=_dependencies(meta, replace(inner, role=None)),
    )
    inner = replace(inner, role=role)
    handlers = _tasks(path / "handlers", choice.handlers, replace(inner, handlers=True), place)
    kind = "handlers" if spot.handlers else "tasks"
    return replace(
        role,
        tasks=_tasks(path / kind, choice.tasks, replace(inner, handlers=spot.handlers), place),
        handlers=handlers,
    )


_self_use_max = 20


def _variables(directory: Path, stem: str, spot: Spot, place: Place) -> MarkedDict:
    path = _chosen(directory, stem, place)
    if path is None:
        return MarkedDict(Place(str(directory), 1, 1))
    return spot.library.load_variables(path)


def _tasks(directory: Path, stem: str, spot: Spot, place: Place) -> tuple[Task | Block, ...]:
    path = _chosen(directory, stem, place)
    return () if path is None else parse_file(path, spot, place)


def _chosen(directory: Path, stem: str, place: Place) -> Path | None:
    path = existing(directory, stem)
    exact = directory / stem
    if path is None and exact.is_file():
        return exact
    if path is None and stem != "main":
        rule = f"has no file {directory.name}/{stem}"
        raise problem("role", rule, place, value=str(directory.parent))
    return path


def _meta(path: Path, spot: Spot) -> Mapping[str, Any]:
    file = existing(path / "meta", "main")
    if file is None:
        return {}
    meta = spot.library.load_variables(file)
    for name in meta:
        if name not in _meta_fields:
            raise problem(str(name), "is not a known field of meta/main.yml", meta.key_places[name])
    return meta


def _dependencies(meta: Mapping[str, Any], spot: Spot) -> tuple[RoleUse, ...]:
    if not isinstance(meta, MarkedDict):
        return ()
    items, places = taken.nodes_of(meta, "dependencies")
    return tuple(parse_use(item, place, spot) for item, place in zip(items, places, strict=True))


def parse_use(item: Any, place: Place, spot: Spot) -> RoleUse:
    """One entry of ``roles:`` or of a role's dependencies.

    Raises:
        InvalidInput, SyntaxProblem: it, or the role, is wrong.
    """
    if isinstance(item, str):
        entry = MarkedDict(place)
        entry["role"] = item
        entry.key_places["role"] = entry.value_places["role"] = place
    elif isinstance(item, MarkedDict):
        entry = item
    else:
        raise problem("role", "must be a name or a mapping", place, value=item)
    given = entry.get("role", entry.get("name"))
    if not isinstance(given, str):
        raise problem("role", "must be named", place)
    own = MarkedDict(entry.place)
    parameters = MarkedDict(entry.place)
    for name, value in entry.items():
        if name in ("role", "name", "src", "version", "scm"):
            continue
        target = own if name in keywords.of_role_use else parameters
        if name in keywords.refused:
            taken.refuse(name, keywords.of_role_use, "role", entry.key_places[name])
        target[name] = value
        target.key_places[name] = entry.key_places[name]
        target.value_places[name] = entry.value_places[name]
    taken.check(own, keywords.of_role_use, "role")
    role = load_role(static_text(given, spot, place, "role"), Choice(), spot, place)
    return RoleUse(role=role, level=taken.level_of(own), parameters=taken.variables_of(parameters))


def block_of(use: RoleUse, *, once: bool) -> Block:
    """A use of a role as the block of its tasks, dependencies first.

    A dependency inherits the keywords of who depends on it, as it runs in its place.
    """
    role = use.role
    before = tuple(block_of(dependency, once=True) for dependency in role.dependencies)
    own = Block(
        level=Level(place=use.level.place),
        tasks=role.tasks,
        role=use,
        once=once and not role.allows_duplicates,
    )
    return Block(level=use.level, tasks=(*before, own))


def import_role(item: MarkedDict, arguments: Any, level: Level, spot: Spot) -> Block:
    """The block of an imported role.

    Raises:
        InvalidInput, SyntaxProblem: the arguments or the role are wrong.
    """
    place = item.place
    if "loop" in item:
        raise problem("import_role", "cannot be looped; use include_role", place)
    if not isinstance(arguments, dict) or isinstance(compile_value(arguments, place), Text):
        raise problem("import_role", "must have its arguments written out", place)
    given = arguments.get("name") or arguments.get("role")
    if not given:
        raise problem("import_role", "must name a role", place)
    name = static_text(given, spot, place, "import_role")
    texts = {
        field: static_text(value, spot, place, field)
        for field, value in arguments.items()
        if field.endswith("_from")
    }
    use = RoleUse(role=load_role(name, Choice.of(texts), spot, place), level=level)
    return block_of(use, once=False)


def handlers_of(use: RoleUse) -> list[Block]:
    """The handlers of a role and of its dependencies, as blocks that know their role."""
    found: list[Block] = []
    for dependency in use.role.dependencies:
        found.extend(handlers_of(dependency))
    if use.role.handlers:
        inner = Block(level=Level(place=use.level.place), tasks=use.role.handlers, role=use)
        found.append(Block(level=use.level, tasks=(inner,)))
    return found
