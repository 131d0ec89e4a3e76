"""Tasks, handlers and blocks from their mappings.

The action of a task is the one key that is no keyword. Static imports are read here and become
blocks, so what a playbook contains is known before it runs; dynamic includes stay tasks.
"""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from warren.model.errors import NotFound, Place
from warren.model.marked import MarkedDict
from warren.model.validation import nearest
from warren.playbook.language import arguments as written_arguments, fields as taken, keywords
from warren.playbook.language.library import find_beside
from warren.playbook.language.loops import loops_in, parse_loop
from warren.playbook.language.nodes import Block, Level, Task
from warren.playbook.language.problems import problem
from warren.playbook.language.spot import Spot, check_condition, static_text
from warren.playbook.modules.contract import Module
from warren.playbook.templating.values import Text, compile_value

_builtin = ("ansible.builtin.", "ansible.legacy.")


def parse_nodes(content: Any, places: list[Place], spot: Spot) -> tuple[Task | Block, ...]:
    """Parse a list of tasks and blocks.

    Raises:
        InvalidInput, SyntaxProblem: something in it is wrong.
    """
    return tuple(parse_node(item, place, spot) for item, place in zip(content, places, strict=True))


def parse_file(path: Path, spot: Spot, place: Place) -> tuple[Task | Block, ...]:
    """Parse a file of tasks.

    Raises:
        InvalidInput, SyntaxProblem: it, or something in it, is wrong.
    """
    content = spot.library.load_list(path, "tasks")
    return parse_nodes(content, content.item_places, spot.into(path, place))


def parse_node(item: Any, place: Place, spot: Spot) -> Task | Block:
    """Parse one task or block.

    Raises:
        InvalidInput: it is wrong.
    """
    if not isinstance(item, MarkedDict):
        raise problem("task", "must be a mapping", place, value=item)
    if "block" in item or ("rescue" in item or "always" in item):
        return _block(item, spot)
    return _task(item, spot)


def _block(item: MarkedDict, spot: Spot) -> Block:
    taken.check(item, keywords.of_block, "block")
    if "block" not in item:
        name = "rescue" if "rescue" in item else "always"
        raise problem(name, "needs a block beside it", item.key_places[name])
    parts = {
        name: parse_nodes(*taken.nodes_of(item, name), spot)
        for name in ("block", "rescue", "always")
    }
    return Block(
        level=taken.level_of(item),
        tasks=parts["block"],
        rescue=parts["rescue"],
        always=parts["always"],
        name=compile_value(item.get("name") or "", item.value_places.get("name")),
    )


def _task(item: MarkedDict, spot: Spot) -> Task | Block:
    key = _action_key(item, spot)
    known = {**keywords.of_task, **dict.fromkeys(loops_in(item), keywords.Kind.ANY)}
    if key not in keywords.task:
        known[key] = keywords.Kind.ANY
    taken.check(item, known, "task")
    written, value, delegated = _action(item, key)
    place = item.key_places[key]
    action, module = _resolve(written, place, spot)
    arguments = written_arguments.mapping_of(value, item.value_places[key], module)
    arguments = written_arguments.merged(arguments, item.get("args"), place)
    if module is not None:
        written_arguments.check_arguments(module, arguments)
    level = _level(item, spot, local=delegated)
    if action == "import_tasks":
        return _import_tasks(item, arguments, level, spot)
    if action == "import_role":
        from warren.playbook.language import roles  # noqa: PLC0415 - roles are made of tasks

        return roles.import_role(item, arguments, level, spot)
    task = Task(
        action=action,
        written=written,
        module=module,
        arguments=written_arguments.compile_arguments(arguments, module, place),
        level=level,
        file=spot.file,
        name=compile_value(item.get("name") or "", item.value_places.get("name")),
        loop=parse_loop(item, spot),
        **_outcome(item, spot),
    )
    _check_action(task, item)
    return task


def _action_key(item: MarkedDict, spot: Spot) -> str:
    """The key that names the action.

    Raises:
        InvalidInput: there is none, or more than one.
    """
    words = [name for name in ("action", "local_action") if name in item]
    loose = [name for name in item if name not in keywords.of_task and name not in loops_in(item)]
    named = [name for name in loose if _find(str(name), spot) is not None]
    if len(words) + len(named) > 1:
        names = " and ".join(repr(name) for name in (*words, *named))
        raise problem("task", f"has more than one action: {names}", item.place)
    if words or named:
        for name in loose:
            if name not in named:
                taken.refuse(name, keywords.of_task, "task", item.key_places[name])
        return str((words or named)[0])
    if not loose:
        raise problem("task", "has no action", item.place)
    if len(loose) > 1:
        for name in loose:
            near = nearest(str(name), keywords.of_task)
            if near or name in keywords.refused:
                taken.refuse(name, keywords.of_task, "task", item.key_places[name])
    return str(loose[0])


def _action(item: MarkedDict, key: str) -> tuple[str, Any, bool]:
    """The action's name, its arguments, and whether it was written as ``local_action``."""
    value = item[key]
    if key not in ("action", "local_action"):
        return key, value, False
    if isinstance(value, MarkedDict):
        if "module" not in value:
            raise problem(key, "must name its module", item.value_places[key])
        rest = MarkedDict(value.place)
        for name in value:
            if name != "module":
                rest[name] = value[name]
                rest.key_places[name] = value.key_places[name]
                rest.value_places[name] = value.value_places[name]
        return str(value["module"]), rest, key == "local_action"
    if not isinstance(value, str) or not value.strip():
        raise problem(key, "must be a module with its arguments", item.value_places[key])
    name, _, text = value.strip().partition(" ")
    return name, text.strip() or None, key == "local_action"


def _short(name: str) -> str:
    for prefix in _builtin:
        if name.startswith(prefix):
            return name.removeprefix(prefix)
    return name


def _find(name: str, spot: Spot) -> str | Module | None:
    short = _short(name)
    if short in keywords.engine_words:
        return short
    return spot.library.modules.find(name)


def _resolve(name: str, place: Place, spot: Spot) -> tuple[str, Module | None]:
    found = _find(name, spot)
    if isinstance(found, str):
        return found, None
    if found is not None:
        return found.names[0], found
    if _short(name) in keywords.refused:
        taken.refuse(_short(name), keywords.of_task, "task", place)
    near = nearest(name, {*spot.library.modules.known_names(), *keywords.engine_words})
    near = near or nearest(name, keywords.of_task)
    raise problem(name, "is not a known module", place, near=near)


def _level(item: MarkedDict, spot: Spot, *, local: bool) -> Level:
    level = taken.level_of(item)
    for condition in level.when:
        check_condition(condition, spot)
    if local:
        level = replace(level, settings={**level.settings, "delegate_to": "localhost"})
    return level


def _outcome(item: MarkedDict, spot: Spot) -> dict[str, Any]:
    """The keywords about results."""
    found: dict[str, Any] = {
        "notify": taken.texts_of(item, "notify"),
        "listen": taken.texts_of(item, "listen"),
    }
    for name in ("until", "failed_when", "changed_when"):
        if name in item:
            found[name] = taken.conditions_of(item, name)
            for condition in found[name]:
                check_condition(condition, spot)
    for name in ("retries", "delay"):
        if name in item:
            found[name] = compile_value(item[name], item.value_places[name])
    if item.get("register"):
        name = str(item["register"])
        if not name.isidentifier():
            raise problem(
                "register", "must be a variable's name", item.value_places["register"], value=name
            )
        found["register"] = sys.intern(name)
    if found["listen"] and not spot.handlers:
        raise problem(
            "listen", "is a keyword of a handler, not of a task", item.key_places["listen"]
        )
    if "until" not in found and "retries" in found:
        found["until"] = ()
    _check_async(item, found)
    return found


def _check_async(item: MarkedDict, found: Mapping[str, Any]) -> None:
    """``async`` with ``poll`` waits for at most so long: a timeout. Leaving it behind is refused.

    Raises:
        InvalidInput: ``poll: 0``.
    """
    del found
    if "async" in item and str(item.get("poll", 15)) == "0":
        place = item.value_places.get("poll", item.place)
        rule = "0 would leave the task running unattended, which Warren does not do"
        raise problem("poll", f"{rule}; leave it out to wait, or start a service", place)


def _check_action(task: Task, item: MarkedDict) -> None:
    """Check what the engine's own words need.

    Raises:
        InvalidInput: an argument is missing or unknown.
    """
    place = item.place
    arguments = task.arguments
    if task.action == "meta":
        what = free_form(arguments)
        if what not in keywords.meta_actions:
            near = nearest(str(what), keywords.meta_actions)
            raise problem("meta", f"has no action {what!r}", place, near=near)
    known = _engine_arguments.get(task.action)
    if known is None or isinstance(arguments, Text):
        return
    for name in getattr(arguments, "entries", arguments):
        if name not in known:
            raise problem(
                str(name),
                f"is not an argument of {task.action}",
                place,
                near=nearest(str(name), known),
            )
    for name in ("loop_control",):
        if name in item and task.loop is None:
            raise problem(name, "needs a loop", item.key_places[name])


_engine_arguments: dict[str, frozenset[str]] = {
    "meta": frozenset((written_arguments.raw,)),
    "include_tasks": frozenset((written_arguments.raw, "file", "apply")),
    "include_role": frozenset(
        (
            "name", "role", "tasks_from", "vars_from", "defaults_from", "handlers_from", "apply",
            "public", "allow_duplicates", "rolespec_validate",
        )
    ),
    "include_vars": frozenset(
        (
            written_arguments.raw, "file", "dir", "name", "depth", "files_matching",
            "ignore_files", "extensions", "ignore_unknown_extensions", "hash_behaviour",
        )
    ),
}  # fmt: skip


def free_form(arguments: Any) -> Any:
    """The free-form text of compiled arguments, or ``None``."""
    if isinstance(arguments, dict):
        return arguments.get(written_arguments.raw)
    entries: Mapping[Any, Any] = getattr(arguments, "entries", {})
    return entries.get(written_arguments.raw)


def _import_tasks(item: MarkedDict, arguments: Any, level: Level, spot: Spot) -> Block:
    place = item.place
    if "loop" in item or loops_in(item):
        raise problem("import_tasks", "cannot be looped; use include_tasks", place)
    name = arguments.get("file") or arguments.get(written_arguments.raw)
    if not name:
        raise problem("import_tasks", "must name a file", place)
    file = static_text(name, spot, place, "import_tasks")
    try:
        path = find_beside(
            [file], spot.directories("handlers" if spot.handlers else "tasks"), "file"
        )
    except NotFound as error:
        raise problem("import_tasks", f"{error.message}; {error.hint}", place) from error
    return Block(level=level, tasks=parse_file(path, spot, place))
