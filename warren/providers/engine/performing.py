"""Having steps run on a host, and finding out what became of them.

All commands of a batch travel in one round trip. The usual case needs nothing else. When a creation
fails because its name is taken, what is left of the same instance is cleared away and it is tried
once more; when it fails for good, what it half made is cleared away. When a command exceeds its time,
the host is asked what became of the others.
"""

from collections.abc import Awaitable, Callable, Sequence
from itertools import islice

from warren.fleet.command import Fence, Result
from warren.model.errors import CommandTimedOut, PermanentError, StaleEpoch, WarrenError
from warren.model.observed import ObservedInstance
from warren.providers.contract import Step, StepResult, Target
from warren.providers.engine import failures, listeners, removal

BATCH_STEPS_MAX = 24
"""A batch holds the host's lock while it runs; another controller waits at most that long."""

_List = Callable[[], Awaitable[tuple[ObservedInstance, ...]]]


async def perform(
    engine: str, target: Target, steps: Sequence[Step], *, epoch: int, show: _List
) -> tuple[StepResult, ...]:
    """Have steps run in order; see ``Provider.perform``.

    Args:
        engine: its name, for messages.
        target: where.
        steps: what.
        epoch: of the controller.
        show: lists the node, for when an answer is missing.
    """
    batch = _Batch(engine=engine, target=target, epoch=epoch, show=show)
    results: list[StepResult] = []
    remaining = iter(steps)
    while chunk := tuple(islice(remaining, BATCH_STEPS_MAX)):
        results += await batch.perform(chunk)
    return tuple(results)


class _Batch:
    """What runs under one fence at a time."""

    def __init__(self, *, engine: str, target: Target, epoch: int, show: _List) -> None:
        self._engine = engine
        self._target = target
        self._fence = Fence(cluster=target.cluster, epoch=epoch)
        self._show = show

    async def perform(self, steps: Sequence[Step]) -> list[StepResult]:
        """Run steps, clear what is in the way and try again, clear what failed."""
        outputs = await self._answers(steps)
        again = [step for step in steps if _is_in_the_way(step, outputs[step])]
        if again:
            cleared = [_clearing(step) for step in again]
            answers = await self._answers([*cleared, *again])
            outputs |= {
                step: answers[first] if _failed(answers[first]) else answers[step]
                for first, step in zip(cleared, again, strict=True)
            }
        leftovers = [
            _clearing(step) for step in steps if step.clear is not None and _failed(outputs[step])
        ]
        if leftovers:
            await self._answers(leftovers)
        listing = await self._listeners(outputs)
        return [self._result(step, outputs[step], listing) for step in steps]

    async def _listeners(self, outputs: "dict[Step, _Answer]") -> bytes:
        """Who listens on the node, if a port was taken and the node can tell."""
        if not any(_taken(answer) for answer in outputs.values()):
            return b""
        try:
            asked = [listeners.COMMAND]
            (found,) = await self._target.host.run(asked, become=self._target.become)
        except WarrenError:
            return b""  # it only would have explained the failure
        return found.stdout

    async def _answers(self, steps: Sequence[Step]) -> dict[Step, "_Answer"]:
        """Run steps in one round trip; more only if a command exceeds its time."""
        answers: dict[Step, _Answer] = {}
        pending = list(steps)
        while pending:
            commands = [command for step in pending for command in step.commands]
            try:
                results = iter(
                    await self._target.host.run(
                        commands, fence=self._fence, become=self._target.become,
                        stop_on_failure=False,
                    )
                )  # fmt: skip
            except StaleEpoch:
                raise
            except CommandTimedOut as error:
                pending = await self._after_timeout(error, pending, answers)
            except WarrenError as error:
                return answers | dict.fromkeys(pending, error)
            else:
                answers |= {step: list(islice(results, len(step.commands))) for step in pending}
                pending = []
        return answers

    async def _after_timeout(
        self, error: CommandTimedOut, pending: list[Step], answers: dict[Step, "_Answer"]
    ) -> list[Step]:
        """Settle the step that hung and those before it; return those that have to run still."""
        hung = next(
            (step for step in pending if error.command in map(str, step.commands)), pending[0]
        )
        answers[hung] = error
        before = pending[: pending.index(hung)]
        try:
            seen = {one.instance: one for one in await self._show()} if before else {}
        except WarrenError as failure:
            answers |= dict.fromkeys(before, failure)
            before = []
        done = {step: found for step in before if (found := _found(step, seen)) is not None}
        answers |= done
        return [step for step in pending if step not in answers]

    def _result(self, step: Step, answer: "_Answer", listing: bytes) -> StepResult:
        if isinstance(answer, WarrenError):
            return StepResult(step=step, errors=dict.fromkeys(step.instances, answer))
        if isinstance(answer, ObservedInstance):
            ids = {container.name: container.engine_id for container in answer.containers}
            return StepResult(step=step, engine_ids=ids)
        for result in answer:
            if result.status:
                note = listeners.holders_of(_ports(result), listing) if listing else ""
                return StepResult(step=step, errors=self._errors(step, result, note))
        if step.kind != "provision":
            return StepResult(step=step)
        printed = [result.stdout.split()[-1:] for result in answer[-len(step.containers) :]]
        engine_ids = [words[0].decode() if words else "" for words in printed]
        return StepResult(step=step, engine_ids=dict(zip(step.containers, engine_ids, strict=True)))

    def _errors(self, step: Step, result: Result, note: str) -> dict[str, WarrenError]:
        error = failures.error_of(self._engine, self._target.node.name, step, result, note=note)
        left = removal.still_there(result.stdout) if step.kind == "deprovision" else frozenset()
        return {one: error for one in step.instances if not left or one in left}


_Answer = list[Result] | WarrenError | ObservedInstance


def _failed(answer: _Answer) -> bool:
    if isinstance(answer, list):
        return any(result.status for result in answer)
    return isinstance(answer, CommandTimedOut | PermanentError)


def _taken(answer: _Answer) -> bool:
    return isinstance(answer, list) and any(result.status and _ports(result) for result in answer)


def _ports(result: Result) -> tuple[int, ...]:
    if failures.kind_of(result) != "port":
        return ()
    return listeners.ports_taken(result.stderr.decode(errors="replace"))


def _is_in_the_way(step: Step, answer: _Answer) -> bool:
    return (
        step.clear is not None
        and isinstance(answer, list)
        and any(result.status and failures.kind_of(result) == "name" for result in answer)
    )


def _clearing(step: Step) -> Step:
    assert step.clear is not None, step.title
    return Step(
        kind="deprovision",
        title=f"clear what is left of {step.title.partition(' ')[2]}",
        instances=step.instances,
        commands=(step.clear,),
    )


def _found(step: Step, seen: dict[str, ObservedInstance]) -> _Answer | None:
    """The answer that a listing gives for a step whose own answer was lost, if it was carried out."""
    if step.kind == "deprovision":
        return [] if not any(one in seen for one in step.instances) else None
    if step.kind != "provision":
        return None
    one = seen.get(step.instances[0])
    is_up = one is not None and all(item.state == "running" for item in one.containers)
    return one if is_up else None
