"""What follows from an instance's failure, by its service's restart policy.

The engine restarts containers locally; what is judged here is an instance that the engine gave up,
lost, or could not start. A failed instance is tried again after a delay that doubles with each
attempt up to a ceiling, until its attempts are used up; then it stays failed and says so.
"""

from datetime import datetime, timedelta

from warren.control.records import Write, move
from warren.control.snapshot import Policy
from warren.model.instance import Instance
from warren.model.service import RestartPolicy
from warren.model.states import InstanceState

MESSAGE_CHARACTERS_MAX = 2000


def may_restart(policy: RestartPolicy, exit_code: int | None) -> bool:
    """Whether the policy wants a container that ended so to run again."""
    if policy.condition == "always":
        return True
    return policy.condition == "on-failure" and exit_code != 0


def delay_seconds(policy: RestartPolicy, attempts: int) -> float:
    """How long to wait after the failure that follows ``attempts`` earlier ones."""
    doublings = min(attempts, 64)
    return min(policy.delay_seconds * 2.0**doublings, policy.delay_ceiling_seconds)


def fail(
    instance: Instance,
    restart: RestartPolicy,
    *,
    now: datetime,
    policy: Policy,
    why: str,
    exit_code: int | None = None,
    is_final: bool = False,
    **fields: object,
) -> Write:
    """A write that marks ``instance`` as failed and says when it may be tried again.

    Args:
        instance: what failed.
        restart: its service's policy.
        now: when.
        policy: the operator's.
        why: for people.
        exit_code: of the container that ended it, if one did.
        is_final: the restart policy wants no new attempt.
        fields: other fields of the instance to set.
    """
    attempts = instance.attempts
    up_since = instance.ready_at
    if up_since is not None and (now - up_since).total_seconds() >= policy.reset_seconds:
        attempts = 0
    retry_at: datetime | None = None
    if is_final:
        why = f"{why}; restart policy {restart.condition} starts it no more"
    elif restart.max_attempts is not None and attempts >= restart.max_attempts:
        why = f"{why}; given up after {attempts} of {restart.max_attempts} restarts"
    else:
        retry_at = now + timedelta(seconds=delay_seconds(restart, attempts))
    return move(
        instance,
        now,
        InstanceState.FAILED,
        message=why[:MESSAGE_CHARACTERS_MAX],
        exit_code=exit_code,
        attempts=attempts,
        retry_at=retry_at,
        finished_at=now,
        ready_at=None,
        **fields,
    )
