"""Every field of a container reaches it: each is read back from inside or from the engine itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.fleet.engines import ENGINES, Ground, ground_of, service
from warren.model.container import ContainerSpec
from warren.model.service import ServiceSpec

LONG = "x" * 100_000


@pytest.fixture(params=ENGINES)
async def ground(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    async with ground_of(request) as found:
        yield found


@dataclass(frozen=True)
class Case:
    """What is asked for, and how to see it in the container `engine_id`."""

    covers: str
    fields: dict[str, Any]
    look: Callable[[Ground, str], Any]
    expected: Any = True
    prepare: tuple[str, ...] = field(default=())


def environment(ground: Ground, engine_id: str) -> dict[str, str]:
    raw = ground.inside(engine_id, "cat", "/proc/1/environ")
    return dict(item.split("=", 1) for item in raw.split("\0") if item)


def mounted(target: str) -> Callable[[Ground, str], Any]:
    def look(ground: Ground, engine_id: str) -> list[str]:
        lines = ground.inside(engine_id, "cat", "/proc/mounts").splitlines()
        (line,) = (line for line in lines if line.split()[1] == target)
        options = line.split()[3].split(",")
        return [line.split()[2], options[0], *(one for one in options if one.startswith("size="))]

    return look


def capabilities(ground: Ground, engine_id: str) -> int:
    lines = ground.inside(engine_id, "cat", "/proc/1/status").splitlines()
    return int(next(line for line in lines if line.startswith("CapBnd")).split()[1], 16)


def cgroup(controller: str, name: str) -> Callable[[Ground, str], int]:
    """A figure that the kernel enforces, read on the host."""

    def look(ground: Ground, engine_id: str) -> int:
        script = f"cat /sys/fs/cgroup/{controller}/*/*{engine_id}*/{name}"
        return int(ground.fleet.exec(ground.target.node.name, ["sh", "-c", script]))

    return look


def annotations(ground: Ground, engine_id: str) -> Any:
    found = ground.inspect(engine_id)["Config"]
    return (found["Annotations"] if ground.engine == "podman" else found["Labels"])["team.io/owner"]


def restart_policy(ground: Ground, engine_id: str) -> tuple[str, int]:
    found = ground.inspect(engine_id)["HostConfig"]["RestartPolicy"]
    return found["Name"].replace("no", "") if found["Name"] == "no" else found["Name"], found[
        "MaximumRetryCount"
    ]


def write_denied(ground: Ground, engine_id: str) -> str:
    return ground.inside(
        engine_id, "sh", "-c", "for d in / /tmp /run; do touch $d/x 2>&1 || true; done"
    ).replace("touch: ", "")


NET_ADMIN, CHOWN = 1 << 12, 1 << 0

CASES = [
    Case("image", {"image": "localhost/web:2"}, lambda g, i: g.inside(i, "cat", "/etc/image-version"), "2"),
    Case("command", {"command": ["/bin/sh", "-c", "exec sleep 60"]}, lambda g, i: g.inside(i, "cat", "/proc/1/cmdline").split("\0")[:2], ["sleep", "60"]),
    Case("command with args", {"command": ["/bin/sh", "-c"], "args": ['echo $0 "$1" >/tmp/said; sleep 60', "a", "b c"]}, lambda g, i: g.inside(i, "cat", "/tmp/said"), "a b c"),
    Case("args", {"args": ["-x", "two words", ""]}, lambda g, i: g.inside(i, "cat", "/dev/shm/web-8080/args"), "-x\ntwo words"),
    Case("env", {"env": {"PLAIN": "a", "LINES": "x\ny z\n\"q\" 'r' $HOME", "EMPTY": "", "LONG": LONG}}, lambda g, i: {k: environment(g, i)[k] for k in ("PLAIN", "LINES", "EMPTY", "LONG")}, {"PLAIN": "a", "LINES": "x\ny z\n\"q\" 'r' $HOME", "EMPTY": "", "LONG": LONG}),
    Case("user", {"user": "1000:1000"}, lambda g, i: g.inside(i, "id", "-u") + g.inside(i, "id", "-g"), "10001000"),
    Case("user by name", {"user": "app"}, lambda g, i: g.inside(i, "id", "-un"), "app"),
    Case("working_dir", {"working_dir": "/dev"}, lambda g, i: g.inside(i, "readlink", "/proc/1/cwd"), "/dev"),
    Case("read_only", {"read_only": True}, lambda g, i: write_denied(g, i).count("Read-only file system"), 3),
    Case("capabilities", {"capabilities": {"add": ["NET_ADMIN"], "drop": ["CHOWN"]}}, lambda g, i: capabilities(g, i) & (NET_ADMIN | CHOWN), NET_ADMIN),
    Case("capabilities: all dropped", {"capabilities": {"drop": ["ALL"]}}, capabilities, 0),
    Case("extra_hosts", {"extra_hosts": {"db.internal": "10.9.8.7"}}, lambda g, i: [line.split() for line in g.inside(i, "cat", "/etc/hosts").splitlines() if "db.internal" in line], [["10.9.8.7", "db.internal"]]),
    Case("volumes: named", {"volumes": [{"source": "data", "target": "/data"}]}, lambda g, i: (g.inside(i, "touch", "/data/kept"), g.fleet.exec(g.target.node.name, ["sh", "-c", f"ls $({g.engine} volume inspect --format '{{{{.Mountpoint}}}}' data)"]).strip(), g.ask("volume", "inspect", "--format", '{{index .Labels "warren.cluster"}}', "data"))[1:], ("kept", "clu_test")),
    Case("volumes: named, read-only", {"volumes": [{"source": "data", "target": "/data", "read_only": True}]}, lambda g, i: mounted("/data")(g, i)[1], "ro"),
    Case("volumes: bind", {"volumes": [{"type": "bind", "source": "/srv/a,b c", "target": "/in,side"}]}, lambda g, i: g.inside(i, "cat", "/in,side/file"), "from the host", prepare=("mkdir -p '/srv/a,b c'", "echo from the host >'/srv/a,b c/file'")),
    Case("volumes: bind, read-only", {"volumes": [{"type": "bind", "source": "/srv", "target": "/in", "read_only": True}]}, lambda g, i: mounted("/in")(g, i)[1], "ro", prepare=("mkdir -p /srv",)),
    Case("volumes: tmpfs", {"volumes": [{"type": "tmpfs", "target": "/scratch", "size_bytes": "1MiB"}]}, mounted("/scratch"), ["tmpfs", "rw", "size=1024k"]),
    Case("volumes: tmpfs, read-only", {"volumes": [{"type": "tmpfs", "target": "/scratch", "read_only": True}]}, lambda g, i: mounted("/scratch")(g, i)[:2], ["tmpfs", "ro"]),
    Case("resources: cpu_limit", {"resources": {"cpu_limit": 0.25}}, cgroup("cpu", "cpu.cfs_quota_us"), 25_000),
    Case("resources: cpu_reservation", {"resources": {"cpu_reservation": 0.5}}, cgroup("cpu", "cpu.shares"), 512),
    Case("resources: memory_limit_bytes", {"resources": {"memory_limit_bytes": "32MiB"}}, cgroup("memory", "memory.limit_in_bytes"), 32 << 20),
    Case("resources: memory and swap", {"resources": {"memory_limit_bytes": "32MiB"}}, cgroup("memory", "memory.memsw.limit_in_bytes"), 32 << 20),
    Case("resources: memory_reservation_bytes", {"resources": {"memory_reservation_bytes": "16MiB"}}, cgroup("memory", "memory.soft_limit_in_bytes"), 16 << 20),
    Case("annotations", {"annotations": {"team.io/owner": "a b"}}, annotations, "a b"),
    Case("service labels", {"labels": {"tier": "front"}}, lambda g, i: g.inspect(i)["Config"]["Labels"]["tier"], "front"),
    Case("service stop_timeout_seconds", {"stop_timeout_seconds": 7.5}, lambda g, i: g.inspect(i)["Config"]["StopTimeout"], 8),
    Case("service restart: default", {}, restart_policy, ("always", 0)),
    Case("service restart: never", {"restart": {"condition": "never"}}, restart_policy, ("", 0)),
    Case("service restart: on-failure", {"restart": {"condition": "on-failure", "max_attempts": 3}}, restart_policy, ("on-failure", 3)),
    Case("service name: hostname", {}, lambda g, i: g.inside(i, "hostname"), "web-1"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.covers)
async def test_container_field_reaches_the_container(ground: Ground, case: Case) -> None:
    for line in case.prepare:
        ground.fleet.exec(ground.target.node.name, ["sh", "-c", line])
    spec = service(**case.fields)

    engine_id = await ground.start(spec)
    await asyncio.sleep(0.3)

    assert case.look(ground, engine_id) == case.expected


async def test_ports_answer_where_the_listing_says(ground: Ground) -> None:
    ports = [
        {"name": "http", "container_port": 8080, "host_port": 9080},
        {"container_port": 8080},
        {"container_port": 5353, "protocol": "udp"},
    ]
    engine_id = await ground.start(service(ports=ports))

    (seen,) = await ground.seen()

    found = {
        (one.name, one.container_port, one.protocol): one for one in seen.containers[0].endpoints
    }
    if ground.engine == "podman":
        assert ground.inspect(engine_id)["HostConfig"]["PortBindings"]["8080/tcp"]
    fixed = [one for one in seen.containers[0].endpoints if one.port == 9080]
    assert [(one.name, one.container_port, one.protocol) for one in fixed] == [
        ("http", 8080, "tcp")
    ]
    assert (None, 5353, "udp") in found
    for one in seen.containers[0].endpoints:
        if one.protocol == "tcp":
            assert one.address == ground.target.node.address
            reader, writer = await _connect(one.address, one.port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            assert b'"hostname": "web-1"' in await reader.read()
            writer.close()


async def _connect(address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(50):
        try:
            return await asyncio.open_connection(address, port)
        except OSError:
            await asyncio.sleep(0.1)
    return await asyncio.open_connection(address, port)


COVERED_ELSEWHERE = {
    "name": "labels, in test_providers_contract",
    "role": "refused but for main, in tests/unit/providers/test_support",
    "depends_on": "concerns several containers, which are refused",
    "health_check": "test_providers_health",
    "ports": "above",
}


def test_every_container_field_has_a_case() -> None:
    covered = {case.covers.partition(":")[0].split()[0] for case in CASES} | set(COVERED_ELSEWHERE)
    assert set(ContainerSpec.model_fields) - covered == set()
    of_service = {"restart", "stop_timeout_seconds", "labels", "name"}
    assert of_service <= set(ServiceSpec.model_fields)
