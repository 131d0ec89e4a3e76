"""Many documents at once: planned, applied, applied again, and refused as a whole."""

from pathlib import Path
from typing import Any

import pytest

from tests.fleet.api.world import Refused, world
from warren.model import errors
from warren.pki.identity import Role
from warren.wire.v1 import (
    call_pb2,
    change_pb2 as api,
    secret_pb2,
    service_api_pb2,
    service_pb2,
)

CREATED, UPDATED = call_pb2.VERB_CREATED, call_pb2.VERB_UPDATED
DELETED, UNCHANGED = call_pb2.VERB_DELETED, call_pb2.VERB_UNCHANGED


def spec(name: str, image: str = "web:1", **fields: Any) -> service_pb2.ServiceSpec:
    container = {"name": "main", "image": image}
    return service_pb2.ServiceSpec(name=name, containers=[container], replicas=1, **fields)


def documents(*specs: service_pb2.ServiceSpec, **fields: Any) -> api.ChangeSet:
    return api.ChangeSet(documents=[api.Document(service=each) for each in specs], **fields)


async def test_200_documents_are_applied_once_and_the_second_time_write_nothing(
    tmp_path: Path,
) -> None:
    changes = documents(*(spec(f"s{number:03}") for number in range(200)))
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        first = await caller.call("Apply", api.ApplyRequest(changes=changes))
        assert {each.verb for each in first.changes} == {CREATED}
        assert [each.document for each in first.changes] == list(range(200))
        assert made.store.sequence == first.sequence == 200
        index = made.store.index
        second = await caller.call("Apply", api.ApplyRequest(changes=changes))
        assert {each.verb for each in second.changes} == {UNCHANGED}
        assert (made.store.sequence, made.store.index) == (200, index)


async def test_a_plan_changes_nothing_and_is_what_is_applied(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        label = {"app": "shop"}
        before = documents(spec("a", labels=label), spec("b", labels=label), spec("c"))
        await caller.call("Apply", api.ApplyRequest(changes=before))
        changes = documents(spec("a", labels=label), spec("d", labels=label), prune_labels=label)
        plan = await caller.call("Plan", api.PlanRequest(changes=changes))
        assert [(each.name, each.verb) for each in plan.changes] == [
            ("a", UNCHANGED),
            ("d", CREATED),
            ("b", DELETED),
        ]
        assert not plan.changes[2].HasField("document")
        assert plan.changes[2].base_version == 1
        assert '"web:1"' in plan.changes[1].after_json
        assert made.store.sequence == 3
        applied = await caller.call(
            "Apply", api.ApplyRequest(changes=changes, fingerprint=plan.fingerprint)
        )
        assert applied.changes == plan.changes


async def test_a_change_between_plan_and_apply_is_a_conflict_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        await caller.call("Apply", api.ApplyRequest(changes=documents(spec("a"))))
        changes = documents(spec("a", "web:2"), spec("b"))
        plan = await caller.call("Plan", api.PlanRequest(changes=changes))
        await caller.call(
            "ScaleService", service_api_pb2.ScaleServiceRequest(service="a", replicas=4)
        )
        sequence = made.store.sequence
        with pytest.raises(Refused) as refused:
            await caller.call(
                "Apply", api.ApplyRequest(changes=changes, fingerprint=plan.fingerprint)
            )
        assert isinstance(refused.value.error, errors.Conflict)
        assert made.store.sequence == sequence
        anew = await caller.call(
            "Apply", api.ApplyRequest(changes=documents(spec("a", "web:2"), keep_replicas=True))
        )
        assert [each.verb for each in anew.changes] == [UPDATED]
        assert made.store.services.list()[0].spec.replicas == 4


async def test_one_bad_document_leaves_all_of_them_out(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR, tenant="shop") as caller:
        cases: list[tuple[api.ChangeSet, type[Exception], str]] = [
            (
                documents(spec("a"), spec("not a name"), spec("b", "")),
                errors.InvalidInput,
                "changes.documents.1.service.name",
            ),
            (documents(spec("a"), spec("a")), errors.InvalidInput, "document 0, too"),
            (documents(spec("a"), spec("b", tenant="other")), errors.InvalidInput, "tenant"),
            (
                documents(spec("a"), spec("b", mode=service_pb2.MODE_STATEFUL)),
                errors.Unsupported,
                "stateful",
            ),
            (
                api.ChangeSet(
                    documents=[api.Document(secret=secret_pb2.SecretSpec(name="s", value=b"v"))]
                ),
                errors.Unsupported,
                "secret",
            ),
            (api.ChangeSet(documents=[api.Document()]), errors.InvalidInput, "documents.0"),
        ]
        for changes, kind, text in cases:
            with pytest.raises(Refused) as refused:
                await caller.call("Apply", api.ApplyRequest(changes=changes))
            assert type(refused.value.error) is kind, refused.value.error
            assert text in str(refused.value.error)
        assert made.store.sequence == 0


async def test_documents_are_deleted_by_name(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.OPERATOR) as caller:
        await caller.call("Apply", api.ApplyRequest(changes=documents(spec("a"), spec("b"))))
        gone = await caller.call(
            "Apply",
            api.ApplyRequest(changes=documents(spec("a"), spec("never"), intent=api.INTENT_DELETE)),
        )
        assert [each.verb for each in gone.changes] == [DELETED, UNCHANGED]
        states = {each.name: each.state.value for each in made.store.services}
        assert states == {"a": "destroying", "b": "provisioning"}
