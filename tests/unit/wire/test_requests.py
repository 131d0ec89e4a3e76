import pytest

from warren.model.errors import InvalidInput
from warren.wire.methods import METHODS
from warren.wire.requests import check, read_options, redacted, tenant_of, trim, write_options
from warren.wire.v1 import (
    change_pb2,
    identity_pb2,
    instance_pb2,
    manager_pb2,
    secret_pb2,
    service_api_pb2,
    service_pb2,
)


def service() -> service_pb2.Service:
    return service_pb2.Service(
        id="svc_1",
        name="web",
        version=0,
        labels={"a": "b"},
        spec={"name": "web", "replicas": 0, "containers": [{"image": "nginx"}]},
        releases=[{"number": 1, "spec_hash": "x"}],
    )


def test_known_request_passes() -> None:
    request = service_api_pb2.CreateServiceRequest(tenant="shop", spec=service().spec)
    check(request)
    assert tenant_of(request) == "shop"


def test_unknown_field_is_refused_by_its_path() -> None:
    request = change_pb2.PlanRequest()
    document = request.changes.documents.add()
    document.service.MergeFromString(b"\xfa\x07\x01a")
    with pytest.raises(InvalidInput) as caught:
        check(request)
    (problem,) = caught.value.problems
    assert problem.field == "changes.documents.0.service"
    assert "number 127" in problem.rule


def test_unknown_members_of_enumerations_are_refused_in_lists_too() -> None:
    request = instance_pb2.ListInstancesRequest(states=[1, 99])  # type: ignore[list-item]
    with pytest.raises(InvalidInput, match=r"states.1: 99 is no member of InstanceState"):
        check(request)


def test_time_out_of_range_is_refused() -> None:
    request = instance_pb2.StreamLogsRequest()
    request.since.seconds = 1 << 50
    with pytest.raises(InvalidInput, match=r"since: .* must be a time in the years 1 to 9999"):
        check(request)


def test_options_are_read_where_a_request_has_them() -> None:
    request = secret_pb2.DeleteSecretRequest()
    request.write.idempotency_key = "k"
    assert write_options(request).idempotency_key == "k"
    assert not read_options(request).stale
    assert read_options(secret_pb2.GetSecretRequest(read={"stale": True})).stale
    assert tenant_of(manager_pb2.BackupRequest()) == ""


def test_options_are_found_in_every_request_that_has_them() -> None:
    for method in METHODS.values():
        request = method.request()
        for field in request.DESCRIPTOR.fields[:1]:
            if field.name == "write":
                request.write.idempotency_key = "k"  # type: ignore[attr-defined]
                assert write_options(request).idempotency_key == "k"


@pytest.mark.parametrize(
    "message",
    [
        secret_pb2.CreateSecretRequest(spec={"name": "a", "value": b"hunter2"}),
        secret_pb2.GetSecretDataResponse(value=b"hunter2"),
        change_pb2.ApplyRequest(
            changes={"documents": [{"secret": {"name": "a", "value": b"hunter2"}}]}
        ),
        identity_pb2.RequestCertificateRequest(token="hunter2"),
        identity_pb2.GenerateJoinTokenResponse(secret="hunter2"),
        manager_pb2.UnlockRequest(key={"value": b"hunter2"}),
    ],
    ids=lambda message: str(message.DESCRIPTOR.name),
)
def test_redacted_message_shows_no_secret(message: object) -> None:
    shown = str(redacted(message))  # type: ignore[arg-type]
    assert "hunter2" not in shown
    assert "***" in shown


def test_redacted_message_shows_everything_else() -> None:
    assert redacted(service()) == {
        "id": "svc_1",
        "name": "web",
        "version": 0,
        "labels": {"a": "b"},
        "spec": {"name": "web", "replicas": 0, "containers": [{"image": "nginx"}]},
        "releases": [{"number": 1, "spec_hash": "x"}],
    }


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], service()),
        (["name"], service_pb2.Service(name="web")),
        (["name", "version"], service_pb2.Service(name="web", version=0)),
        (["labels"], service_pb2.Service(labels={"a": "b"})),
        (["releases"], service_pb2.Service(releases=[{"number": 1, "spec_hash": "x"}])),
        (["spec.replicas"], service_pb2.Service(spec={"replicas": 0})),
        (["spec.placement"], service_pb2.Service(spec={})),
        (["spec.replicas", "spec"], service_pb2.Service(spec=service().spec)),
        (["paused_at"], service_pb2.Service()),
        (["state"], service_pb2.Service()),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, list) else "",
)
def test_trimmed_message_has_the_named_fields_only(
    paths: list[str], expected: service_pb2.Service
) -> None:
    message = service()
    trim(message, paths)
    assert message == expected


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nmae", "fields: nmae is no field .did you mean 'name'"),
        ("spec.image", "fields: image is no field"),
        ("releases.number", "fields: releases has no fields that could be named"),
        ("name.x", "fields: name has no fields that could be named"),
        ("", "fields: is no field"),
    ],
)
def test_path_that_names_nothing_is_refused(path: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        trim(service(), [path], path=("fields",))
