"""Many documents at once: what would change, and changing it, all or nothing.

The documents are decided on one after the other, on a copy of the record in memory, so each sees those
before it. What comes out is the plan; applying it is writing what was decided in one transaction, which
is refused as a whole where anything is not any more what was decided on.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from warren.aio.clock import Clock
from warren.api import decisions
from warren.api.decisions import Decision
from warren.api.guard import Call
from warren.api.lookup import has_labels
from warren.api.recorder import Recorder
from warren.api.services import Rules, spec_of
from warren.api.writing import ATTEMPTS_MAX, verb_of, write
from warren.model.errors import AlreadyExists, Conflict, InvalidInput, Problem, Unsupported
from warren.model.resource import Resource
from warren.model.service import Service, ServiceSpec
from warren.store.store import Store
from warren.wire.v1 import change_pb2 as api

DOCUMENTS_MAX = 1000
_KIND = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What becomes of one thing.

    Attributes:
        tenant: its namespace.
        name: its name.
        document: which one asks for it, from 0; ``None`` for what is pruned.
        decision: see there.
    """

    tenant: str
    name: str
    document: int | None
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    specs: Sequence[ServiceSpec]
    tenant: str
    is_delete: bool
    prune_labels: dict[str, str]
    keep_replicas: bool


class Plans:
    """The RPCs of ``ChangeApi``; each method is one, and its name is the RPC's.

    Args:
        recorder: the manager that is spoken for.
        rules: what specs are held to.
        clock: stamps records.
        new_id: makes the id of a thing of a kind.
    """

    def __init__(
        self, recorder: Recorder, rules: Rules, clock: Clock, new_id: Callable[[str], str]
    ) -> None:
        self._recorder = recorder
        self._rules = rules
        self._clock = clock
        self._new_id = new_id

    async def plan(self, request: api.PlanRequest, call: Call) -> api.PlanResponse:
        """Say what documents would change; nothing is changed."""
        if request.commands:
            raise Unsupported(
                "a plan over the API tells what changes in the record, not the commands on hosts",
                hint="leave `commands` out",
            )
        planned = await self._decide(wanted_of(request.changes, call))
        return api.PlanResponse(
            changes=list(map(_shown, planned)),
            fingerprint=fingerprint_of(planned),
            sequence=self._recorder.store.sequence,
        )

    async def apply(self, request: api.ApplyRequest, call: Call) -> api.ApplyResponse:
        """Make documents true, all or none of them."""
        wanted = wanted_of(request.changes, call)
        for attempt in range(1, ATTEMPTS_MAX + 1):
            await self._recorder.fence()
            planned = await self._decide(wanted)
            if request.fingerprint not in {"", fingerprint_of(planned)}:
                raise Conflict(
                    "the record is not any more what the plan was made on",
                    hint="somebody changed one of these things meanwhile: plan again",
                )
            try:
                await self._write(planned)
            except (Conflict, AlreadyExists):
                if attempt == ATTEMPTS_MAX:
                    raise
            else:
                break
        return api.ApplyResponse(
            changes=list(map(_shown, planned)), sequence=self._recorder.store.sequence
        )

    async def _decide(self, wanted: _Wanted) -> list[Planned]:
        copy = self._recorder.store.scratch()
        planned = []
        for number, spec in enumerate(wanted.specs):
            decision = self._decision(copy, spec, wanted)
            await write(copy, decision)
            planned.append(
                Planned(tenant=spec.tenant, name=spec.name, document=number, decision=decision)
            )
        for service in _pruned(copy, wanted):
            decision = decisions.delete_service(service, now=self._clock.now())
            planned.append(
                Planned(tenant=service.tenant, name=service.name, document=None, decision=decision)
            )
        return planned

    def _decision(self, store: Store, spec: ServiceSpec, wanted: _Wanted) -> Decision:
        now = self._clock.now()
        existing = store.services.named(spec.name, spec.tenant)
        if wanted.is_delete:
            return decisions.delete_service(existing, now=now)
        decision = decisions.apply_service(
            existing,
            spec,
            now=now,
            new_id=lambda: self._new_id(_KIND),
            keep_replicas=wanted.keep_replicas,
        )
        if decision.verb != "unchanged":
            self._rules.check(store, spec)
        return decision

    async def _write(self, planned: Sequence[Planned]) -> None:
        async with self._recorder.store.transaction() as transaction:
            for each in planned:
                after = each.decision.after
                if each.decision.verb != "unchanged" and after is not None:
                    transaction.put(after)


def wanted_of(changes: api.ChangeSet, call: Call) -> _Wanted:
    """What a set of changes asks for.

    Raises:
        InvalidInput: with all that is wrong with any of the documents.
        Unsupported: a document is of a kind that cannot be applied.
        Denied: a document is of another tenant than the caller.
    """
    if len(changes.documents) > DOCUMENTS_MAX:
        rule = f"are {len(changes.documents)}; at most {DOCUMENTS_MAX} are taken at once"
        raise InvalidInput([Problem(field="changes.documents", value="", rule=rule)])
    specs: list[ServiceSpec] = []
    problems: list[Problem] = []
    for number, document in enumerate(changes.documents):
        kind = document.WhichOneof("spec")
        if kind not in {None, _KIND}:
            raise Unsupported(
                f"document {number} is a {kind}: this version applies services only",
                hint="leave the document out",
            )
        path = ("changes", "documents", number, _KIND)
        try:
            specs.append(spec_of(document.service, "", call, path=path))
        except InvalidInput as error:
            problems += error.problems
    problems += _repeated(specs) if not problems else ()
    if problems:
        raise InvalidInput(problems)
    return _Wanted(
        specs=specs,
        tenant=call.tenant,
        is_delete=changes.intent == api.INTENT_DELETE,
        prune_labels=dict(changes.prune_labels),
        keep_replicas=changes.keep_replicas,
    )


def fingerprint_of(planned: Sequence[Planned]) -> str:
    """Names exactly these changes of exactly these versions."""
    lines = [
        [each.tenant, each.name, each.decision.verb, _version(each.decision.before), *_sides(each)]
        for each in planned
    ]
    return hashlib.sha256(json.dumps(lines).encode()).hexdigest()


def _repeated(specs: Sequence[ServiceSpec]) -> list[Problem]:
    seen: dict[tuple[str, str], int] = {}
    problems = []
    for number, spec in enumerate(specs):
        first = seen.setdefault((spec.tenant, spec.name), number)
        if first != number:
            field = f"changes.documents.{number}.{_KIND}.name"
            rule = f"is that of document {first}, too"
            problems.append(Problem(field=field, value=spec.name, rule=rule))
    return problems


def _pruned(store: Store, wanted: _Wanted) -> list[Service]:
    if not wanted.prune_labels:
        return []
    kept = {(spec.tenant, spec.name) for spec in wanted.specs}
    return [
        service
        for service in sorted(store.services, key=lambda each: each.name)
        if service.tenant == wanted.tenant
        and has_labels(service, wanted.prune_labels)
        and (service.tenant, service.name) not in kept
    ]


def _shown(planned: Planned) -> api.PlannedChange:
    before, after = _sides(planned)
    return api.PlannedChange(
        kind=_KIND,
        tenant=planned.tenant,
        name=planned.name,
        verb=verb_of(planned.decision.verb),
        document=planned.document,
        before_json=before,
        after_json=after,
        base_version=_version(planned.decision.before),
    )


def _sides(planned: Planned) -> tuple[str, str]:
    decision = planned.decision
    after = None if decision.verb == "deleted" else decision.after
    return _json(decision.before), _json(after)


def _json(thing: Resource | None) -> str:
    if not isinstance(thing, Service):
        return ""
    document = thing.spec.model_dump(mode="json", exclude_defaults=True)
    return json.dumps(document, sort_keys=True)


def _version(thing: Resource | None) -> int:
    return thing.version if thing else 0
