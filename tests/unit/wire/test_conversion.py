"""What is refused on the way, and that the refusal names the field."""

from datetime import UTC, datetime

import pytest

from warren.model.container import ContainerSpec
from warren.model.errors import InvalidInput, Problem
from warren.model.event import Event
from warren.model.instance import Endpoint
from warren.model.node import Node
from warren.model.secret import SealedSecret, Secret, SecretSpec
from warren.model.service import ServiceSpec
from warren.wire.conversion import decode, encode, message_type_of
from warren.wire.v1 import container_pb2, event_pb2, instance_pb2, node_pb2, secret_pb2, service_pb2

NOW = datetime(2026, 10, 1, 12, 30, 15, 123456, tzinfo=UTC)


def problems_of(message: service_pb2.ServiceSpec, *, strict: bool = True) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        decode(message, ServiceSpec, path=("spec",), strict=strict)
    return [str(problem) for problem in caught.value.problems]


def web(**changes: object) -> service_pb2.ServiceSpec:
    spec = service_pb2.ServiceSpec(name="web", containers=[{"image": "nginx"}])
    spec.MergeFrom(service_pb2.ServiceSpec(**changes))  # type: ignore[arg-type]
    return spec


def test_absent_fields_take_the_defaults_of_the_model() -> None:
    spec = decode(web(), ServiceSpec)
    assert spec == ServiceSpec(name="web", containers=(ContainerSpec(image="nginx"),))
    assert spec.replicas == 1


def test_zero_is_told_apart_from_absent_where_the_default_is_another() -> None:
    assert decode(web(replicas=0), ServiceSpec).replicas == 0
    update = service_pb2.UpdateConfig(auto_rollback=False, drain_seconds=0)
    spec = decode(web(update=update), ServiceSpec)
    assert (spec.update.auto_rollback, spec.update.drain_seconds) == (False, 0.0)


def test_every_broken_rule_is_named_with_its_field() -> None:
    message = web(replicas=-1, networks=["ok", "Not Ok"])
    message.containers[0].image = "!"
    assert problems_of(message) == [
        "spec.replicas: -1 must be greater than or equal to 0",
        "spec.containers.0.image: '!' must be an image reference: [registry/]name[:tag][@digest]",
        "spec.networks.1: 'Not Ok' must be a DNS label: 1 to 63 of a-z, 0-9 and '-', not beginning or ending with '-'",
    ]


def test_missing_message_is_required() -> None:
    with pytest.raises(InvalidInput, match=r"spec\.image: is required"):
        decode(service_pb2.ServiceSpec(name="web"), ServiceSpec, path=("spec",))
    with pytest.raises(InvalidInput, match="created_at: is required"):
        decode(node_pb2.Node(id="nod_1", name="n"), Node)


def test_choice_without_a_member_is_refused_with_the_members() -> None:
    message = web()
    message.containers[0].health_check.SetInParent()
    (problem,) = problems_of(message)
    assert problem.startswith("spec.containers.0.health_check:")
    assert "'http', 'tcp', 'exec', 'grpc'" in problem


def test_member_of_a_choice_is_validated_under_its_path() -> None:
    message = web()
    message.containers[0].health_check.http.port = 70_000
    assert problems_of(message) == [
        "spec.containers.0.health_check.port: 70000 must be less than or equal to 65535"
    ]


def test_unknown_field_is_refused_where_it_stands() -> None:
    alien = container_pb2.ContainerSpec.FromString(
        container_pb2.ContainerSpec(image="nginx").SerializeToString() + b"\xfa\x07\x01a"
    )
    message = service_pb2.ServiceSpec(name="web", containers=[alien])
    assert problems_of(message) == [
        "spec.containers.0: has a field with number 127, which is not known"
    ]
    assert decode(message, ServiceSpec, strict=False) == decode(web(), ServiceSpec)


def test_unknown_member_of_an_enumeration_is_refused_also_when_lenient() -> None:
    message = web()
    message.mode = 77  # type: ignore[assignment]
    assert problems_of(message) == ["spec.mode: 77 is no member of Mode"]
    assert problems_of(message, strict=False) == [
        "spec.mode: '#77' must be 'replicated', 'global' or 'stateful'"
    ]


@pytest.mark.parametrize(
    ("seconds", "nanos"), [(1 << 40, 0), (-(1 << 40), 0), (0, -1), (0, 1_000_000_000)]
)
def test_time_out_of_range_is_refused(seconds: int, nanos: int) -> None:
    message = event_pb2.Event(sequence=1, type="service.created")
    message.at.seconds, message.at.nanos = seconds, nanos
    with pytest.raises(InvalidInput, match=r"at: .*must be a time in the years 1 to 9999"):
        decode(message, Event)
    with pytest.raises(InvalidInput, match="at: '#"):
        decode(message, Event, strict=False)


def test_time_keeps_its_microseconds_and_drops_finer_parts() -> None:
    message = event_pb2.Event(sequence=1, type="service.created")
    message.at.FromDatetime(NOW)
    message.at.nanos += 999
    assert decode(message, Event).at == NOW


def test_time_without_a_zone_is_a_broken_invariant() -> None:
    event = Event(sequence=1, type="service.created", at=NOW.replace(tzinfo=None))
    with pytest.raises(AssertionError, match="in no time zone"):
        encode(event, event_pb2.Event)


def test_value_that_does_not_fit_its_field_is_refused_with_its_path() -> None:
    endpoint = Endpoint(
        container="main", name=None, address="x", port=1 << 40, container_port=1, protocol="tcp"
    )
    with pytest.raises(InvalidInput) as caught:
        encode(endpoint, instance_pb2.Endpoint)
    assert caught.value.problems == (
        Problem(field="port", value=str(1 << 40), rule="must be a number that fits its field"),
    )


def test_text_that_is_no_utf8_is_refused_with_its_path() -> None:
    args = ("ok", "\ud800")
    spec = ServiceSpec(
        name="web",
        containers=(
            ContainerSpec(image="nginx"),
            ContainerSpec(name="two", role="sidecar", image="nginx", args=args),
        ),
    )
    with pytest.raises(InvalidInput) as caught:
        encode(spec, service_pb2.ServiceSpec)
    (problem,) = caught.value.problems
    assert problem.field == "containers.1.args"
    assert problem.rule == "holds characters that UTF-8 cannot carry"


def test_required_value_that_may_be_none_stays_none() -> None:
    endpoint = Endpoint(
        container="main", name=None, address="x", port=1, container_port=1, protocol="tcp"
    )
    assert decode(encode(endpoint, instance_pb2.Endpoint), Endpoint) == endpoint


def test_sealed_secret_travels_as_what_may_be_seen_of_it() -> None:
    record = SealedSecret(
        id="sec_1", name="key", created_at=NOW, updated_at=NOW, size_bytes=3, sealed=b"\x00sealed"
    )
    message = encode(record, secret_pb2.Secret)
    assert message_type_of(SealedSecret) is secret_pb2.Secret
    assert b"sealed" not in message.SerializeToString()
    assert decode(message, Secret).size_bytes == 3


def test_value_of_a_secret_is_in_no_error() -> None:
    message = secret_pb2.SecretSpec(name="key", type="SECRET_TYPE_TLS", value=b"hunter2")
    with pytest.raises(InvalidInput) as caught:
        decode(message, SecretSpec, path=("spec",))
    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(caught.value.__cause__)
    assert "hunter2" not in str(caught.value.__cause__)
