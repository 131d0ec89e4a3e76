"""Carrying out a change: look, decide, write; again if somebody else was faster."""

from collections.abc import Callable

from warren.api.decisions import Decision
from warren.api.recorder import Recorder
from warren.model.errors import AlreadyExists, Conflict, PermanentError
from warren.model.resource import Resource
from warren.store.store import Store
from warren.wire.v1.call_pb2 import Verb, Written

ATTEMPTS_MAX = 5
_VERBS: dict[str, Verb] = {
    "created": Verb.VERB_CREATED,
    "updated": Verb.VERB_UPDATED,
    "deleted": Verb.VERB_DELETED,
    "unchanged": Verb.VERB_UNCHANGED,
}


async def carry_out(recorder: Recorder, decide: Callable[[Store], Decision]) -> Decision:
    """Make the change that is decided on, durably.

    A write needs no fence before it: it is refused where the record is another than what it was
    decided on. A refusal or a "nothing to do" writes nothing, so it counts only once the record is
    known to be recent.

    Args:
        recorder: the leader's.
        decide: is asked once for each attempt.

    Raises:
        WarrenError: it is refused, or could not be agreed on.
    """
    is_recent = False
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            decision = decide(recorder.store)
        except PermanentError:
            if is_recent:
                raise
            decision = None
        if decision is not None and (decision.verb != "unchanged" or is_recent):
            try:
                await write(recorder.store, decision)
            except (Conflict, AlreadyExists):
                if attempt == ATTEMPTS_MAX:
                    raise
            else:
                return decision
        await recorder.fence()
        is_recent = True
    raise AssertionError("the last attempt returns or raises")


async def write(store: Store, decision: Decision) -> None:
    """Write what was decided."""
    if decision.verb == "unchanged":
        return
    if decision.after is not None:
        await store.write(puts=[decision.after])
    elif decision.before is not None:
        await store.write(deletes=[decision.before])


def check_version(existing: Resource, expected: int) -> None:
    """Whether a thing is what the caller decided on; 0 expects nothing.

    Raises:
        Conflict: it has changed since.
    """
    if expected and existing.version != expected:
        raise Conflict(
            f"{existing.name} has version {existing.version}, not {expected}",
            hint="somebody changed it meanwhile: read it again and decide anew",
        )


def written_of(decision: Decision, store: Store) -> Written:
    """What a change did; its sequence is that of the record now, which has the change."""
    thing = decision.after or decision.before
    return Written(
        verb=verb_of(decision.verb),
        id=thing.id if thing else "",
        name=thing.name if thing else "",
        version=thing.version if thing else 0,
        sequence=store.sequence,
    )


def verb_of(verb: str) -> Verb:
    """A verb as it travels."""
    return _VERBS[verb]
