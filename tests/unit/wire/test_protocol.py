"""The rules that the ``.proto`` files keep: documented, numbered, named, and nothing unguarded."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import descriptor_pb2

from warren.pki.identity import Role
from warren.wire.files import FILES
from warren.wire.methods import METHODS, Method
from warren.wire.schema import enum_texts
from warren.wire.v1 import access_pb2
from warren.wire.v1.call_pb2 import ReadOptions, WriteOptions

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "warren" / "wire" / "v1"
SOURCES = sorted(FOLDER.glob("*.proto"))
DEADLINE_SECONDS_MAX = 60


def compiled(*arguments: str) -> None:
    files = [str(path.relative_to(ROOT)) for path in SOURCES]
    command = [sys.executable, "-m", "grpc_tools.protoc", "-I", ".", *arguments, *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def described(tmp_path_factory: pytest.TempPathFactory) -> list[descriptor_pb2.FileDescriptorProto]:
    path = tmp_path_factory.mktemp("proto") / "all.bin"
    compiled(f"--descriptor_set_out={path}", "--include_source_info")
    return list(descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes()).file)


def test_generated_files_are_what_the_sources_say(tmp_path: Path) -> None:
    compiled(f"--python_out={tmp_path}", f"--pyi_out={tmp_path}")
    made = {path.name: path.read_bytes() for path in (tmp_path / "warren/wire/v1").iterdir()}
    kept = {path.name: path.read_bytes() for path in FOLDER.glob("*_pb2.py*")}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == [], "run `make proto`"


def test_every_source_file_is_loaded() -> None:
    assert [Path(file.name).name for file in FILES] == [path.name for path in SOURCES]
    assert {file.package for file in FILES} == {"warren.v1"}


def nodes(
    file: descriptor_pb2.FileDescriptorProto,
) -> Iterator[tuple[tuple[int, ...], str]]:
    """Everything that has to be documented, by its path in the descriptor."""
    for index, message in enumerate(file.message_type):
        yield from message_nodes((4, index), message, message.name)
    for index, enum in enumerate(file.enum_type):
        yield (5, index), enum.name
        for number, value in enumerate(enum.value):
            yield (5, index, 2, number), value.name
    for index, service in enumerate(file.service):
        yield (6, index), service.name
        for number, method in enumerate(service.method):
            yield (6, index, 2, number), f"{service.name}.{method.name}"
    for index, extension in enumerate(file.extension):
        yield (7, index), extension.name


def message_nodes(
    path: tuple[int, ...], message: descriptor_pb2.DescriptorProto, name: str
) -> Iterator[tuple[tuple[int, ...], str]]:
    yield path, name
    for index, field in enumerate(message.field):
        yield (*path, 2, index), f"{name}.{field.name}"
    for index, oneof in enumerate(message.oneof_decl):
        if not oneof.name.startswith("_"):  # those of optional fields are the compiler's
            yield (*path, 8, index), f"{name}.{oneof.name}"
    for index, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from message_nodes((*path, 3, index), nested, f"{name}.{nested.name}")


def test_everything_is_documented_in_whole_sentences(
    described: list[descriptor_pb2.FileDescriptorProto],
) -> None:
    wrong, seen = [], 0
    for file in described:
        comments = {
            tuple(each.path): each.leading_comments.strip()
            for each in file.source_code_info.location
        }
        for path, name in nodes(file):
            seen += 1
            if not re.fullmatch(r"[A-Z`0-9].*[.!]", comments.get(path, ""), re.DOTALL):
                wrong.append(f"{file.name}: {name}: {comments.get(path, '')!r}")
    assert seen > 1000
    assert not wrong, "\n".join(wrong)


def test_every_file_says_what_it_is_about() -> None:
    assert [path.name for path in SOURCES if not path.read_text().startswith("// ")] == []


def test_fields_and_enumerations_are_numbered_without_gaps() -> None:
    wrong = []
    for name, message in messages().items():
        numbers = [field.number for field in message.fields]
        if numbers != list(range(1, len(numbers) + 1)):
            wrong.append(f"{name}: {numbers}")
    for enum in enums():
        numbers = [value.number for value in enum.values]
        if numbers != list(range(len(numbers))):
            wrong.append(f"{enum.name}: {numbers}")
    assert not wrong, "\n".join(wrong)


def test_names_are_of_one_kind() -> None:
    wrong = [name for name in messages() if not re.fullmatch(r"([A-Z][a-z0-9]*)+", name)]
    wrong += [
        f"{name}.{field.name}"
        for name, message in messages().items()
        for field in message.fields
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z][a-z0-9]*|_p95)*", field.name)
    ]
    for enum in enums():
        prefix = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", enum.name).upper() + "_"
        wrong += [each.name for each in enum.values if not each.name.startswith(prefix)]
        if enum.values[0].name != f"{prefix}UNSPECIFIED":
            wrong.append(f"{enum.name} has no {prefix}UNSPECIFIED")
    assert not wrong


def test_quantities_end_in_their_unit() -> None:
    wrong = [
        f"{name}.{field.name}"
        for name, message in messages().items()
        for field in message.fields
        if re.search(r"(timeout|delay|interval|period|deadline|lifetime|memory|size)$", field.name)
        and field.message_type is None
        and f"{name}.{field.name}" != "Page.size"
    ]
    assert not wrong


def test_requests_and_responses_are_named_after_their_rpc() -> None:
    wrong = []
    for method in METHODS.values():
        request, response = method.request.DESCRIPTOR.name, method.response.DESCRIPTOR.name
        if request != f"{method.name}Request":
            wrong.append(f"{method.name} takes {request}")
        if response.endswith("Response") and response != f"{method.name}Response":
            wrong.append(f"{method.name} answers {response}")
    assert wrong == ["RotateTokens answers GenerateJoinTokenResponse", "Exec takes ExecInput"]


def test_every_rpc_name_is_unique_in_the_package() -> None:
    names = [method.name for method in METHODS.values()]
    assert sorted(names) == sorted(set(names))
    assert {method.service.rsplit("Api", 1)[1] for method in METHODS.values()} == {""}


@pytest.fixture(params=sorted(METHODS), ids=lambda path: path.removeprefix("/warren.v1."))
def method(request: pytest.FixtureRequest) -> Method:
    return METHODS[str(request.param)]


def test_rpc_says_who_may_call_it(method: Method) -> None:
    access = method.access
    assert access.roles
    assert access.roles <= {role.value for role in Role}
    assert access.scope != "tenant" or "tenant" in fields_of(method.request) or streams_in(method)
    streams = method.client_streaming or method.server_streaming
    assert (access.deadline_seconds is None) == streams
    assert access.deadline_seconds is None or access.deadline_seconds <= DEADLINE_SECONDS_MAX


def test_rpc_lets_nobody_do_more_than_its_role(method: Method) -> None:
    access = method.access
    if access.effect == "write":
        assert access.scope == "self" or "viewer" not in access.roles
        assert access.answered_by != "any", "followers pass writes on"
        assert not access.on_socket
    if access.yields_secrets:
        assert not access.on_socket
        assert "viewer" not in access.roles
    if access.on_socket:
        assert "viewer" in access.roles, "the socket's callers are viewers"
    if "operator" in access.roles:
        assert "admin" in access.roles
    if "viewer" in access.roles and access.scope != "self":
        assert "operator" in access.roles
    if access.by_token:
        assert "token" in fields_of(method.request)
    if access.scope == "cluster" and access.effect == "write":
        assert "operator" not in access.roles, "operators may be of one tenant"


def test_rpc_yields_secrets_if_its_answer_holds_what_is_redacted(method: Method) -> None:
    redacted = [
        field.name for field in method.response.DESCRIPTOR.fields if field.GetOptions().debug_redact
    ]
    assert bool(redacted) == method.access.yields_secrets


def test_request_begins_with_how_it_is_to_be_made(method: Method) -> None:
    if streams_in(method):
        return
    fields = method.request.DESCRIPTOR.fields
    expected = ("write", WriteOptions) if method.access.effect == "write" else ("read", ReadOptions)
    assert fields[0].name == expected[0]
    assert fields[0].message_type is expected[1].DESCRIPTOR
    if method.access.scope == "tenant":
        assert fields[1].name == "tenant"


def test_lists_have_pages_and_watches_have_sequence_numbers(method: Method) -> None:
    fields = fields_of(method.request)
    if method.name.startswith("List") and method.name not in {"ListReleases", "ListManagers"}:
        assert "page" in fields
        assert "page" in fields_of(method.response)
    if method.server_streaming and not method.client_streaming:
        assert fields_of(method.response) & {"sequence", "offset"}
    if method.name.startswith("Watch") and method.access.answered_by == "any":
        assert "after_sequence" in fields


def test_seed_rpcs_are_all_there() -> None:
    names = {method.name for method in METHODS.values()}
    assert not {SEED_RPCS.get(name, name) for name in SEED_NAMES} - names


SEED_NAMES = [
    "RegisterNode",
    "Heartbeat",
    "ListNodes",
    "GetNode",
    "RemoveNode",
    "CreateService",
    "UpdateService",
    "UpdateServiceImage",
    "RollbackService",
    "DeleteService",
    "GetService",
    "ListServices",
    "ScaleService",
    "UpdateContainerStatus",
    "ListContainers",
    "GetContainer",
    "WatchContainers",
    "ReportContainerHealth",
    "CreateSecret",
    "GetSecretByName",
    "DeleteSecret",
    "ListSecrets",
    "GetSecretData",
    "CreateVolume",
    "GetVolumeByName",
    "DeleteVolume",
    "ListVolumes",
    "GenerateJoinToken",
    "JoinCluster",
    "GetClusterInfo",
    "RequestCertificate",
    "CreateIngress",
    "UpdateIngress",
    "DeleteIngress",
    "GetIngress",
    "ListIngresses",
    "CreateTLSCertificate",
    "GetTLSCertificate",
    "ListTLSCertificates",
    "DeleteTLSCertificate",
    "UpdateCertificate",
    "StreamEvents",
    "GetHealthStatus",
    "UpdateNode",
]
SEED_RPCS = {
    "UpdateContainerStatus": "ReportContainerStatus",
    "ListContainers": "ListInstances",
    "GetContainer": "GetInstance",
    "WatchContainers": "WatchInstances",
    "ReportContainerHealth": "ReportInstanceHealth",
    "GetSecretByName": "GetSecret",
    "GetVolumeByName": "GetVolume",
    "CreateTLSCertificate": "CreateCertificate",
    "GetTLSCertificate": "GetCertificate",
    "ListTLSCertificates": "ListCertificates",
    "DeleteTLSCertificate": "DeleteCertificate",
}


def test_roles_of_callers_are_those_of_certificates() -> None:
    roles = enum_texts(access_pb2.DESCRIPTOR.enum_types_by_name["CallerRole"])
    assert set(roles.values()) == {role.value for role in Role}


@cache
def messages() -> dict[str, Any]:
    return {name: each for file in FILES for name, each in file.message_types_by_name.items()}


@cache
def enums() -> list[Any]:
    return [each for file in FILES for each in file.enum_types_by_name.values()]


def fields_of(message: Any) -> set[str]:
    return set(message.DESCRIPTOR.fields_by_name)


def streams_in(method: Method) -> bool:
    return method.client_streaming
