"""``--start-at-task`` and ``--step``: which tasks of a plan are done."""

from fnmatch import fnmatchcase

from warren.playbook.run.plan import Step
from warren.playbook.run.session import Session


class Gate:
    """``--start-at-task`` and ``--step``: which steps are let through."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._asks = session.options.step

    def lets_through(self, step: Step, name: str) -> bool:
        """Whether a step is to be done."""
        options = self._session.options
        if not self._session.has_started:
            wanted = options.start_at
            names = (name, f"{step.inherited.role.name} : {name}" if step.inherited.role else name)
            if step.kind == "facts":
                return True
            if not any(fnmatchcase(one, wanted) for one in names):
                return False
            self._session.has_started = True
        if not self._asks:
            return True
        answer = self._session.ask(f"Perform task: {name} (N)o/(y)es/(c)ontinue: ", hidden=False)
        if answer.strip().lower().startswith("c"):
            self._asks = False
            return True
        return answer.strip().lower().startswith("y")
