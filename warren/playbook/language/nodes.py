"""The nodes of a playbook.

Values that may hold expressions are kept compiled (``templating.values``) and evaluated when they
are used. Static imports are already in place: an imported file is a block, an imported role is the
block of its tasks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from warren.model.errors import Place
from warren.playbook.modules.contract import Module


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One ``when``, ``until``, ``failed_when`` or ``changed_when``.

    Attributes:
        source: an expression, or a plain truth value.
        place: where it was written.
    """

    source: Any
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What a play, role, block or task says about everything below it.

    Attributes:
        settings: inherited keywords (``become``, ``environment``, …), compiled.
        when: conditions, added to those above.
        tags: added to those above, compiled.
        variables: ``vars``, compiled.
        places: where each setting and variable was written.
        place: where the node starts.
    """

    place: Place
    settings: Mapping[str, Any] = field(default_factory=dict)
    when: tuple[Condition, ...] = ()
    tags: tuple[Any, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """What a task is repeated over.

    Attributes:
        lookup: the lookup of ``with_NAME``; empty for ``loop``.
        terms: compiled.
        variable, index, label, pause, extended, all_items, break_when: ``loop_control``.
    """

    terms: Any
    place: Place
    lookup: str = ""
    variable: Any = "item"
    index: Any = ""
    label: Any = None
    pause: Any = 0
    extended: Any = False
    all_items: Any = True
    break_when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role's files, read.

    Attributes:
        name: as it was asked for.
        path: its directory.
        defaults, variables: compiled, with the places of their names.
        tasks, handlers: its nodes.
        dependencies: roles that run before it.
        allows_duplicates: whether it may run twice in a play with equal parameters.
    """

    name: str
    path: Path
    defaults: Mapping[str, Any]
    variables: Mapping[str, Any]
    places: Mapping[str, Place]
    tasks: tuple["Task | Block", ...] = ()
    handlers: tuple["Task | Block", ...] = ()
    dependencies: tuple["RoleUse", ...] = ()
    allows_duplicates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleUse:
    """A role where a play, another role or a task uses it.

    Attributes:
        role: the role.
        level: keywords written beside its name.
        parameters: all other keys written there, compiled.
        public: whether its variables are seen by the whole play.
    """

    role: Role
    level: Level
    parameters: Mapping[str, Any] = field(default_factory=dict)
    public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task or handler.

    Attributes:
        action: the module's full name, or the engine's word (``include_tasks``, ``meta``).
        written: the action as written.
        module: what does the work; ``None`` for words of the engine.
        arguments: compiled: a mapping, or a text that evaluates to one.
        name: compiled; empty without one.
        file: where it was read from; names are looked for beside it.
        level: its keywords that blocks have, too.
        listen: topics that a handler hears.
    """

    action: str
    written: str
    module: Module | None
    arguments: Any
    level: Level
    file: Path
    name: Any = ""
    loop: Loop | None = None
    until: tuple[Condition, ...] | None = None
    retries: Any = None
    delay: Any = 5
    register: str = ""
    notify: tuple[Any, ...] = ()
    listen: tuple[Any, ...] = ()
    failed_when: tuple[Condition, ...] | None = None
    changed_when: tuple[Condition, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Tasks that share keywords, what is done when one fails, and what is done always.

    Attributes:
        role: the use of a role whose tasks these are, if so.
        once: whether a play that has run this role already leaves it out.
    """

    level: Level
    tasks: tuple["Task | Block", ...]
    rescue: tuple["Task | Block", ...] = ()
    always: tuple["Task | Block", ...] = ()
    name: Any = ""
    role: RoleUse | None = None
    once: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One entry of ``vars_prompt``."""

    name: str
    place: Place
    prompt: str = ""
    default: Any = None
    private: bool = True
    confirm: bool = False
    encrypt: str = ""
    salt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariablesFile:
    """One entry of ``vars_files``: a file, or several of which the first that exists counts."""

    candidates: tuple[Any, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """One play.

    Attributes:
        hosts: the pattern, compiled.
        file: the playbook's file.
        batches: ``serial``, compiled; empty for all hosts at once.
    """

    hosts: Any
    file: Path
    level: Level
    name: Any = ""
    roles: tuple[Block, ...] = ()
    pre_tasks: tuple["Task | Block", ...] = ()
    tasks: tuple["Task | Block", ...] = ()
    post_tasks: tuple["Task | Block", ...] = ()
    handlers: tuple["Task | Block", ...] = ()
    variables_files: tuple[VariablesFile, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    batches: tuple[Any, ...] = ()
    strategy: str = "linear"
    order: str = "inventory"
    gather_facts: Any = None
    gather_subset: Any = None
    gather_timeout: Any = None
    max_fail_percentage: Any = None
    force_handlers: Any = None
    fact_path: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Playbook:
    """The plays of one playbook file, imported ones in place."""

    path: Path
    plays: tuple[Play, ...]
