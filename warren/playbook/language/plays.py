"""Playbook files: plays, and the plays of imported playbooks in their place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from warren.model.errors import NotFound, Place
from warren.model.marked import MarkedDict, MarkedList
from warren.model.validation import nearest
from warren.playbook.language import fields as taken, keywords, roles
from warren.playbook.language.library import Library, find_beside
from warren.playbook.language.nodes import Block, Level, Play, Playbook, Prompt, VariablesFile
from warren.playbook.language.problems import problem
from warren.playbook.language.spot import Spot, static_text
from warren.playbook.language.tasks import parse_nodes
from warren.playbook.templating.engine import Engine, Variables
from warren.playbook.templating.values import compile_value

_import_words = ("import_playbook", "ansible.builtin.import_playbook")
_prompt_fields: dict[str, keywords.Kind] = {
    "name": keywords.Kind.TEXT,
    "prompt": keywords.Kind.TEXT,
    "default": keywords.Kind.ANY,
    "private": keywords.Kind.TRUTH,
    "confirm": keywords.Kind.TRUTH,
    "encrypt": keywords.Kind.TEXT,
    "salt": keywords.Kind.TEXT,
    "salt_size": keywords.Kind.NUMBER,
    "unsafe": keywords.Kind.TRUTH,
}


class WithPlayVariables:
    """A play's own variables below those known from the start, for names of imported files."""

    def __init__(self, outer: Variables, level: Level, engine: Engine) -> None:
        self._outer = outer
        self._level = level
        self._engine = engine

    def __getitem__(self, name: str) -> Any:
        try:
            return self._outer[name]
        except KeyError:
            return self._engine.attempt(self._level.variables[name], self)

    def __iter__(self) -> Iterator[str]:
        yield from self._outer
        yield from self._level.variables

    def find_file(self, name: str, kind: str) -> Path:
        """As outside the play."""
        return self._outer.find_file(name, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What parsing a playbook needs; see ``tasks.Spot``."""

    library: Library
    engine: Engine
    variables: Variables


def parse_playbook(path: Path, sources: Sources) -> Playbook:
    """Read a playbook and all that it imports.

    Raises:
        NotFound: there is no such file.
        InvalidInput, SyntaxProblem: it, or something in it, is wrong.
    """
    if not path.is_file():
        raise NotFound(f"playbook {str(path)!r} does not exist", hint="check the path")
    return Playbook(path=path, plays=tuple(_plays_of(path.absolute(), sources, 0)))


def _plays_of(path: Path, sources: Sources, depth: int) -> Iterator[Play]:
    content = sources.library.load(path)
    start = Place(str(path), 1, 1)
    if content is None:
        raise problem(path.name, "holds no play", start)
    if not isinstance(content, MarkedList):
        raise problem(path.name, "must be a list of plays", getattr(content, "place", start))
    spot = Spot(
        library=sources.library,
        engine=sources.engine,
        playbook_directory=path.parent,
        file=path,
        variables=sources.variables,
        depth=depth,
    )
    for item, place in zip(content, content.item_places, strict=True):
        if not isinstance(item, MarkedDict):
            raise problem("play", "must be a mapping", place, value=item)
        word = next((word for word in _import_words if word in item), "")
        if word:
            yield from _imported(item, word, spot, sources)
        else:
            yield _play(item, spot)


def _imported(item: MarkedDict, word: str, spot: Spot, sources: Sources) -> Iterator[Play]:
    taken.check(item, {**keywords.of_import, word: keywords.Kind.TEXT}, "import_playbook")
    place = item.value_places[word]
    name = static_text(item[word], spot, place, "import_playbook")
    try:
        path = find_beside([name], [spot.playbook_directory], "playbook")
    except NotFound as error:
        raise problem("import_playbook", f"{error.message}; {error.hint}", place) from error
    above = taken.level_of(item)
    for play in _plays_of(path.absolute(), sources, spot.into(path, place).depth):
        level = replace(
            play.level,
            when=(*above.when, *play.level.when),
            tags=(*above.tags, *play.level.tags),
            variables={**play.level.variables, **above.variables},
            places={**play.level.places, **above.places},
        )
        yield replace(play, level=level)


def _play(item: MarkedDict, spot: Spot) -> Play:
    if "when" in item:
        raise problem("when", "is not a keyword of a play", item.key_places["when"])
    taken.check(item, keywords.of_play, "play")
    if "hosts" not in item:
        raise problem("play", "must say which hosts it is for", item.place)
    if not item["hosts"]:
        raise problem("hosts", "must not be empty", item.value_places["hosts"])
    level = taken.level_of(item)
    known = WithPlayVariables(spot.variables, level, spot.engine)
    inner = replace(spot, variables=known, roles={})
    uses = [
        roles.parse_use(use, place, inner)
        for use, place in zip(*taken.nodes_of(item, "roles"), strict=True)
    ]
    sections = {
        name: parse_nodes(*taken.nodes_of(item, name), inner)
        for name in ("pre_tasks", "tasks", "post_tasks")
    }
    handlers = parse_nodes(*taken.nodes_of(item, "handlers"), replace(inner, handlers=True))
    of_roles = [block for use in uses for block in roles.handlers_of(use)]
    imported = [block for nodes in sections.values() for block in _imported_handlers(nodes)]
    return Play(
        hosts=compile_value(item["hosts"], item.value_places["hosts"]),
        file=spot.file,
        level=level,
        roles=tuple(roles.block_of(use, once=True) for use in uses),
        handlers=(*of_roles, *imported, *handlers),
        variables_files=_variables_files(item),
        prompts=_prompts(item),
        batches=_batches(item),
        strategy=_one_of(item, "strategy", keywords.strategies),
        order=_one_of(item, "order", keywords.orders),
        **sections,
        **_plain(item),
    )


def _imported_handlers(nodes: Any) -> Iterator[Block]:
    """The handlers of roles that tasks import."""
    for node in nodes:
        if isinstance(node, Block):
            if node.role is not None:
                yield from roles.handlers_of(replace(node.role, level=node.level))
            for part in (node.tasks, node.rescue, node.always):
                yield from _imported_handlers(part)


def _plain(item: MarkedDict) -> dict[str, Any]:
    names = (
        "name", "gather_facts", "gather_subset", "gather_timeout", "max_fail_percentage",
        "force_handlers", "fact_path",
    )  # fmt: skip
    return {
        name: compile_value(item[name], item.value_places[name])
        for name in names
        if item.get(name) is not None
    }


def _one_of(item: MarkedDict, name: str, known: tuple[str, ...]) -> str:
    value = str(item.get(name) or known[0]).removeprefix("ansible.builtin.")
    if name == "strategy" and value == "host_pinned":
        return "free"
    if value not in known:
        rule = f"must be one of {', '.join(known)}"
        raise problem(name, rule, item.value_places[name], value=value, near=nearest(value, known))
    return value


def _batches(item: MarkedDict) -> tuple[Any, ...]:
    value = item.get("serial")
    if value is None:
        return ()
    place = item.value_places["serial"]
    values = list(value) if isinstance(value, MarkedList) else [value]
    for one in values:
        text = str(one).strip()
        is_number = text.removesuffix("%").replace(".", "", 1).isdigit()
        if not is_number and not isinstance(compile_value(one), type(compile_value("{{ x }}"))):
            raise problem(
                "serial", "must be a number, a percentage, or a list of them", place, value=one
            )
    return tuple(compile_value(one, place) for one in values)


def _variables_files(item: MarkedDict) -> tuple[VariablesFile, ...]:
    value = item.get("vars_files")
    if value is None:
        return ()
    place = item.value_places["vars_files"]
    entries = value if isinstance(value, MarkedList) else [value]
    places = value.item_places if isinstance(value, MarkedList) else [place]
    found: list[VariablesFile] = []
    for entry, where in zip(entries, places, strict=True):
        names = list(entry) if isinstance(entry, list) else [entry]
        if not all(isinstance(name, str) for name in names):
            raise problem("vars_files", "must name files", where, value=entry)
        compiled = tuple(compile_value(name, where) for name in names)
        found.append(VariablesFile(candidates=compiled, place=where))
    return tuple(found)


def _prompts(item: MarkedDict) -> tuple[Prompt, ...]:
    found: list[Prompt] = []
    for entry, place in zip(*taken.nodes_of(item, "vars_prompt"), strict=True):
        if not isinstance(entry, MarkedDict):
            raise problem("vars_prompt", "must be a list of mappings", place)
        taken.check(entry, _prompt_fields, "vars_prompt")
        if not entry.get("name"):
            raise problem("vars_prompt", "must name its variable", place)
        found.append(_prompt(entry, place))
    return tuple(found)


def _prompt(entry: Mapping[str, Any], place: Place) -> Prompt:
    name = str(entry["name"])
    return Prompt(
        name=name,
        place=place,
        prompt=str(entry.get("prompt") or name),
        default=entry.get("default"),
        private=bool(entry.get("private", True)),
        confirm=bool(entry.get("confirm", False)),
        encrypt=str(entry.get("encrypt") or ""),
        salt=str(entry.get("salt") or ""),
    )
