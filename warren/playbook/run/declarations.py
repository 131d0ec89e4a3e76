"""Two tasks that describe the same thing would undo each other in every run, and it would never settle.

Only what certainly happens counts: no conditions, no rescue, no handlers, and names without templates.
A task that a role brings twice is one task.
"""

from collections.abc import Iterable, Mapping

from warren.model.errors import InvalidInput, Problem
from warren.playbook.run.plan import Section, Step


def check_declarations(steps: Iterable[Step | Section]) -> None:
    """Refuse contradictions.

    Args:
        steps: of all plays.

    Raises:
        InvalidInput: two tasks describe the same thing; both places are named.
    """
    first: dict[str, Step] = {}
    problems = []
    for step in _certain(steps):
        module, arguments = step.task.module, step.task.arguments
        name = module.declares(arguments) if module and isinstance(arguments, Mapping) else None
        if name is None:
            continue
        earlier = first.setdefault(name, step)
        if earlier.task is not step.task:
            rule = f"is described a second time; the first is at {earlier.place}"
            problems.append(Problem(field=name, value="", rule=rule, place=step.place))
    if problems:
        hint = "describe it once; conditions (when) tell variants apart"
        raise InvalidInput(problems, hint=hint)


def _certain(steps: Iterable[Step | Section]) -> Iterable[Step]:
    for step in steps:
        if isinstance(step, Section):
            yield from _certain((*step.steps, *step.always))
        elif not step.inherited.when and step.kind == "task":
            yield step
