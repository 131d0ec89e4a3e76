"""Where parsing stands: what is known there, and where files are looked for from there."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from warren.model.errors import Place
from warren.playbook.language.library import Library
from warren.playbook.language.nodes import Condition, Role
from warren.playbook.language.problems import problem
from warren.playbook.templating.engine import Engine, Variables
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.templating.values import compile_value, has_expression

depth_max = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where parsing stands.

    Attributes:
        library: modules and files.
        engine: compiles expressions, and evaluates names of imported files.
        playbook_directory: where the playbook is.
        file: the file that is being read.
        role: the role that it belongs to.
        variables: those known without a host, for names of imported files.
        handlers: whether tasks here are handlers.
        depth: how many imports deep.
        roles: those read so far with the same variables.
    """

    library: Library
    engine: Engine
    playbook_directory: Path
    file: Path
    variables: Variables
    role: Role | None = None
    handlers: bool = False
    depth: int = 0
    roles: dict[Any, Role] = field(default_factory=dict)

    def directories(self, kind: str) -> list[Path]:
        """Where files of a kind are looked for: beside this one, in the role, in the playbook."""
        found = [self.file.parent]
        if self.role is not None:
            found += [self.role.path / kind, self.role.path]
        found += [self.playbook_directory / kind, self.playbook_directory]
        return list(dict.fromkeys(found))

    def into(self, file: Path, place: Place) -> "Spot":
        """The spot in a file imported from here.

        Raises:
            InvalidInput: imports go too deep, so they most likely go round in a circle.
        """
        if self.depth >= depth_max:
            rule = f"is imported more than {depth_max} levels deep; does it import itself?"
            raise problem("import", rule, place, value=str(file))
        return replace(self, file=file, depth=self.depth + 1)


def check_condition(condition: Condition, spot: Spot) -> None:
    """Compile a condition now: most mistakes in expressions are typos that show when compiled.

    Raises:
        InvalidInput: it is no expression.
    """
    source = condition.source
    if not isinstance(source, str) or has_expression(source):
        return
    try:
        spot.engine.check_expression(source, condition.place)
    except TemplateFailed as error:
        rule = f"is no valid expression: {error.message.partition('template error: ')[2]}"
        raise problem("condition", rule, condition.place) from error


def static_text(value: Any, spot: Spot, place: Place, what: str) -> str:
    """Evaluate a text that must be known before anything runs.

    Raises:
        InvalidInput: it uses what only a host has.
    """
    try:
        return str(spot.engine.evaluate(compile_value(value, place), spot.variables))
    except TemplateFailed as error:
        rule = f"cannot be evaluated before the play runs: {error.message}"
        raise problem(what, f"{rule}; use the include form instead of import", place) from error
