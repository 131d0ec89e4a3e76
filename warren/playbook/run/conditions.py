"""Evaluating conditions: expressions, plain truth values, and old ways of writing them."""

from collections.abc import Iterable

from warren.playbook.language.nodes import Condition
from warren.playbook.run.session import Session
from warren.playbook.templating.undefined import TemplateFailed
from warren.playbook.templating.values import compile_value, has_expression
from warren.playbook.variables.scope import Scope


def first_false(
    conditions: Iterable[Condition], scope: Scope, session: Session
) -> Condition | None:
    """The first condition that does not hold, or ``None`` if all do.

    Raises:
        TemplateFailed: one cannot be evaluated.
    """
    return next((one for one in conditions if not holds(one, scope, session)), None)


def holds(condition: Condition, scope: Scope, session: Session) -> bool:
    """Whether a condition holds.

    Raises:
        TemplateFailed: it cannot be evaluated, or its value is no truth value in a strict run.
    """
    value = condition.source
    place = condition.place
    if value is None or value == "":
        return True
    if isinstance(value, str) and has_expression(value):
        session.warn("a condition is an expression already; leave out the braces", place)
        value = scope.evaluate(compile_value(value, place))
        if isinstance(value, str):
            value = scope.expression(value, place) if value.strip() else False
    elif isinstance(value, str):
        value = scope.expression(value, place)
    if isinstance(value, bool):
        return value
    text = (
        f"the condition {condition.source!r} gives a {type(value).__name__}, not true or false; "
        "compare it, as in: x | length > 0"
    )
    if session.options.strict_conditions:
        raise TemplateFailed(text, place=place)
    session.warn(text, place)
    return bool(value)
