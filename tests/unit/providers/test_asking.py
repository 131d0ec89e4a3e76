"""What each kind of check takes for an answer."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from tests.unit.providers.cases import dialect, node
from tests.unit.providers.scripted import ScriptedHost, ends
from warren.model.container import HealthCheck
from warren.model.errors import CommandTimedOut, HostUnreachable
from warren.model.observed import ObservedContainer
from warren.providers.contract import Target
from warren.providers.engine.provider import EngineProvider
from warren.providers.probing.asking import ask, request
from warren.providers.probing.verdicts import Probe

CONTAINER = ObservedContainer(name="main", engine_id="abc", state="running", address="10.88.0.2")
CHECK: TypeAdapter[Any] = TypeAdapter(HealthCheck)


async def probe(host: ScriptedHost, **fields: Any) -> Probe:
    target = Target(node=node(), host=host, cluster="clu_1")
    check = CHECK.validate_python({"timeout_seconds": 0.2, **fields})
    return await ask(EngineProvider(dialect("podman")), target, CONTAINER, check)


def serving(answer: bytes) -> ScriptedHost:
    return ScriptedHost(
        listener=lambda address, port: answer if (address, port) == ("10.88.0.2", 80) else None
    )


@pytest.mark.parametrize(
    ("answer", "fields", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", {}, Probe(good=True, message="GET / answered 200")),
        (b"HTTP/1.0 302 Found\r\n", {}, Probe(good=True, message="GET / answered 302")),
        (b"HTTP/1.1 204\r\n", {"path": "/up"}, Probe(good=True, message="GET /up answered 204")),
        (b"HTTP/1.1 404 No\r\n", {}, Probe(good=False, message="GET / answered 404, not 200-399")),
        (
            b"HTTP/1.1 200 OK\r\n",
            {"status_min": 204, "status_max": 204},
            Probe(good=False, message="GET / answered 200, not 204-204"),
        ),
        (b"SSH-2.0-x\r\n", {}, Probe(good=False, message="not an HTTP answer: 'SSH-2.0-x'")),
        (b"\n", {}, Probe(good=False, message="not an HTTP answer: ''")),
        (b"", {}, Probe(good=False, message="no answer within 0.2 s")),
    ],
)
async def test_http_check_reads_the_status(
    answer: bytes, fields: dict[str, Any], expected: Probe
) -> None:
    assert await probe(serving(answer), type="http", port=80, **fields) == expected


async def test_http_check_of_an_endless_line_ends() -> None:
    answer = await probe(serving(b"x" * 20_000), type="http", port=80, timeout_seconds=5)
    assert not answer.good


def test_request_carries_the_given_headers_once() -> None:
    assert request("10.0.0.1:80", "/a?b", {"host": "shop.example", "X-Key": "1"}) == (
        b"GET /a?b HTTP/1.1\r\nUser-Agent: warren-health-check\r\nhost: shop.example\r\n"
        b"X-Key: 1\r\nConnection: close\r\n\r\n"
    )


@pytest.mark.parametrize("kind", ["tcp", "http", "grpc"])
async def test_nobody_listening_is_a_bad_answer(kind: str) -> None:
    answer = await probe(ScriptedHost(), type=kind, port=80)
    assert answer == Probe(good=False, message="nothing listens on 10.88.0.2:80")


async def test_tcp_check_is_content_with_a_connection() -> None:
    assert (await probe(serving(b""), type="tcp", port=80)).good


@pytest.mark.parametrize(
    ("status", "stderr", "expected"),
    [
        (0, "", Probe(good=True, message="fine")),
        (3, "", Probe(good=False, message="status 3: fine")),
        (1, "bad", Probe(good=False, message="status 1: bad")),
    ],
)
async def test_exec_check_reads_status_and_words(status: int, stderr: str, expected: Probe) -> None:
    host = ScriptedHost(lambda _: ends(status, stdout="fine\n", stderr=stderr))
    assert await probe(host, type="exec", command=["test", "-f", "/a b"]) == expected
    assert host.batches[0][0].argv == ("podman", "exec", "abc", "test", "-f", "/a b")
    assert host.batches[0][0].timeout_seconds == 0.2


async def test_exec_check_that_hangs_is_a_bad_answer() -> None:
    host = ScriptedHost(
        lambda command: CommandTimedOut(host="host1", command=str(command), timeout_seconds=0.2)
    )
    assert not (await probe(host, type="exec", command=["sleep", "9"])).good


async def test_unreachable_host_says_nothing_about_the_container() -> None:
    host = ScriptedHost(lambda _: HostUnreachable("host1", "lost"))
    with pytest.raises(HostUnreachable):
        await probe(host, type="exec", command=["true"])
