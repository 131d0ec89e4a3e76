"""A whole run: playbooks one after the other, then the recap."""

from collections.abc import Awaitable, Callable, Sequence
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from warren.model.errors import NotFound
from warren.playbook.inventory import patterns
from warren.playbook.language.nodes import Playbook
from warren.playbook.output.events import PlaybookStarted, Recap
from warren.playbook.run.declarations import check_declarations
from warren.playbook.run.keeper import keeping
from warren.playbook.run.play import PlayRun
from warren.playbook.run.plays import PlannedPlay, plan_play
from warren.playbook.run.session import OpenClient, Session

Planned = Sequence[tuple[Playbook, list[PlannedPlay]]]


def plan(playbook: Playbook, session: Session) -> list[PlannedPlay]:
    """Plan all plays of a playbook.

    Raises:
        TemplateFailed: what must be known before the run cannot be evaluated.
    """
    return [plan_play(play, session) for play in playbook.plays]


async def run_playbooks(
    playbooks: Sequence[Playbook],
    session: Session,
    *,
    open_client: OpenClient | None = None,
    chance: Random,
) -> int:
    """Run playbooks.

    Args:
        playbooks: in order.
        session: the run.
        open_client: opens the manager's client when a task needs it.
        chance: shuffles hosts.

    Returns:
        the exit status: 0, 2 after a failure, 4 after an unreachable host.

    Raises:
        NotFound: the limit or a pattern names nothing; ``start_at`` names no task.
        InvalidInput: two tasks describe the same thing.
        WarrenError: a play cannot be run at all.
    """
    started = session.clock.monotonic()
    patterns.select_limit(session.store.inventory, session.options.limit)
    planned = [(playbook, plan(playbook, session)) for playbook in playbooks]
    _check_start(planned, session)
    plays = [play for _, every in planned for play in every]
    check_declarations(step for play in plays for phase in play.phases for step in phase)
    try:
        async with keeping(open_client) as keeper:
            await _run(planned, session, keeper.client, chance)
    finally:
        seconds = session.clock.monotonic() - started
        session.emit(Recap(hosts=session.roll.counts(), seconds=seconds))
    return session.roll.exit_status


async def _run(
    planned: Planned, session: Session, client: Callable[[], Awaitable[Any]], chance: Random
) -> None:
    for playbook, plays in planned:
        session.emit(PlaybookStarted(path=str(playbook.path)))
        for play in plays:
            if not await PlayRun(session, play, client, chance).run():
                return


def _check_start(planned: Planned, session: Session) -> None:
    wanted = session.options.start_at
    if not wanted:
        return
    for _, plays in planned:
        for play in plays:
            for step in play.steps:
                if fnmatchcase(str(step.task.name), wanted):
                    return
    raise NotFound(
        f"--start-at-task {wanted!r} matches no task",
        hint="tasks of dynamic includes cannot be started at; see --list-tasks",
    )
