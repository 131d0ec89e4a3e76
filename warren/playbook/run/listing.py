"""``--list-hosts``, ``--list-tasks``, ``--list-tags``, ``--explain-var``: a plan as text."""

from collections.abc import Callable, Iterator, Sequence

from warren.playbook.run.hosts import hosts_of
from warren.playbook.run.plan import Step
from warren.playbook.run.plays import PlannedPlay, play_layers
from warren.playbook.run.session import Session
from warren.playbook.templating.values import source_of

Show = Callable[[PlannedPlay], str]


def plays(planned: Sequence[PlannedPlay], shows: Sequence[Show]) -> Iterator[str]:
    """Each play's head and what was asked for."""
    for number, play in enumerate(planned, 1):
        pattern = source_of(play.play.hosts)
        pattern = ",".join(pattern) if isinstance(pattern, list) else pattern
        tags = ", ".join(sorted(play.inherited.tags))
        yield f"\n  play #{number} ({pattern}): {play.name}\tTAGS: [{tags}]\n"
        for show in shows:
            yield show(play)


def hosts(planned: PlannedPlay, session: Session) -> str:
    """The hosts of a play.

    Raises:
        NotFound: the pattern names nothing that exists.
    """
    names, _ = hosts_of(planned.play, session)
    pattern = source_of(planned.play.hosts)
    patterns = pattern if isinstance(pattern, list) else [pattern]
    listed = "".join(f"      {name}\n" for name in names)
    return f"    pattern: {patterns}\n    hosts ({len(names)}):\n{listed}"


def tasks(planned: PlannedPlay) -> str:
    """The tasks of a play that are known before it runs."""
    lines = [
        f"      {_title(step)}\tTAGS: [{', '.join(sorted(step.inherited.tags))}]\n"
        for step in planned.steps
    ]
    return "    tasks:\n" + "".join(lines)


def tags(planned: PlannedPlay) -> str:
    """All tags of a play."""
    found = sorted({tag for step in planned.steps for tag in step.inherited.tags})
    return f"      TASK TAGS: [{', '.join(found)}]\n"


def origins(planned: Sequence[PlannedPlay], session: Session, name: str) -> str:
    """Where a variable is set, for each play and host: the place that holds, then those it hides."""
    lines: list[str] = []
    for play in planned:
        names, _ = hosts_of(play.play, session)
        for host in names:
            found = session.scope(host, play_layers(play, session, host)).origins_of(name)
            if not found:
                lines.append(f"{play.name}: {name} of {host} is not set before the play runs\n")
                continue
            lines.append(f"{play.name}: {name} of {host} is set by {found[0]}\n")
            lines.extend(f"  hides {origin}\n" for origin in found[1:])
    return "".join(lines)


def _title(step: Step) -> str:
    name = source_of(step.task.name) or step.task.written
    role = step.inherited.role
    return f"{role.name} : {name}" if role else name
