"""``vars_prompt``: asking the user for variables."""

from collections.abc import Iterable
from typing import Any

from warren.model.errors import PermanentError
from warren.playbook.language.nodes import Prompt
from warren.playbook.run.session import Session
from warren.playbook.templating import shadow

tries_max = 5


def ask_variables(prompts: Iterable[Prompt], session: Session) -> dict[str, Any]:
    """Ask for variables that ``-e`` does not give.

    Raises:
        PermanentError: confirmation failed too often.
    """
    found: dict[str, Any] = {}
    for prompt in prompts:
        if prompt.name in session.extra.values:
            continue
        value = _ask(prompt, session)
        if prompt.encrypt:
            value = shadow.encrypt(value, scheme=prompt.encrypt, salt=prompt.salt or None)
        found[prompt.name] = value
    return found


def _ask(prompt: Prompt, session: Session) -> str:
    shown = f" [{prompt.default}]" if prompt.default is not None and not prompt.private else ""
    for _ in range(tries_max):
        typed = session.ask(f"{prompt.prompt}{shown}: ", hidden=prompt.private)
        value = typed or ("" if prompt.default is None else str(prompt.default))
        again = f"confirm {prompt.prompt}: "
        if not prompt.confirm or session.ask(again, hidden=prompt.private) == typed:
            return value
    raise PermanentError(f"{prompt.place}: {prompt.name} was not confirmed in {tries_max} tries")
