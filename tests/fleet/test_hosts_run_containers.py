"""Podman on a host behaves as on a machine, and the images do what their names say."""

import json
import time
import urllib.error
import urllib.request

import pytest

from tests.fleet.hosts import IMAGES, FleetError, FleetHosts, start_docker, stop_docker


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:
        return str(answer.read().decode())


def get_soon(url: str) -> str:
    end = time.monotonic() + 10
    while True:
        try:
            return get(url)
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def podman(fleet: FleetHosts, name: str, *arguments: str) -> str:
    return fleet.exec(name, ["podman", *arguments]).strip()


def test_every_image_is_on_every_host_without_a_registry(fleet: FleetHosts) -> None:
    for name in fleet.addresses:
        listed = podman(fleet, name, "images", "--format", "{{.Repository}}:{{.Tag}}").split()
        assert sorted(listed) == sorted(image.reference for image in IMAGES)


def test_a_container_on_the_hosts_network_answers_at_the_hosts_address(fleet: FleetHosts) -> None:
    podman(fleet, "host1", "run", "-d", "--pull=never", "--net=host", "localhost/web:1")
    podman(fleet, "host2", "run", "-d", "--net=host", "-e", "PORT=81", "localhost/web:2", "--extra")

    first = json.loads(get_soon(f"http://{fleet.addresses['host1']}:8080/"))
    second = json.loads(get_soon(f"http://{fleet.addresses['host2']}:81/"))

    assert (first["version"], first["hostname"]) == ("1", "host1")
    assert (second["version"], second["hostname"]) == ("2", "host2")
    assert get(f"http://{fleet.addresses['host2']}:81/args") == "--extra\n"


def test_a_container_on_a_bridge_answers_at_its_published_port(fleet: FleetHosts) -> None:
    podman(fleet, "host1", "run", "-d", "-p", "9000:8080", "-e", "COLOUR=green", "localhost/web:1")

    address = f"http://{fleet.addresses['host1']}:9000"

    assert json.loads(get_soon(f"{address}/"))["version"] == "1"
    assert "COLOUR=green" in get(f"{address}/env").splitlines()


def test_the_limits_of_a_container_are_read_back_from_inside(fleet: FleetHosts) -> None:
    limits = ["--memory=64m", "--cpus=0.5", "--pids-limit=50"]
    podman(fleet, "host1", "run", "-d", "--net=host", *limits, "localhost/web:1")
    file = f"http://{fleet.addresses['host1']}:8080/cgi-bin/file?/sys/fs/cgroup"
    get_soon(f"http://{fleet.addresses['host1']}:8080/")
    v2 = "cgroup2" in fleet.exec("host1", ["stat", "-f", "-c", "%T", "/sys/fs/cgroup"])

    read = {
        name: get(f"{file}/{path}").strip()
        for name, path in {
            "memory": "memory.max" if v2 else "memory/memory.limit_in_bytes",
            "pids": "pids.max" if v2 else "pids/pids.max",
            "cpu": "cpu.max" if v2 else "cpu/cpu.cfs_quota_us",
        }.items()
    }

    assert read == {
        "memory": str(64 << 20),
        "pids": "50",
        "cpu": "50000 100000" if v2 else "50000",
    }


@pytest.mark.parametrize("options", [["--read-only"], ["--user=1000"]], ids=["read-only", "user"])
def test_the_web_image_runs_in_a_restricted_container(
    fleet: FleetHosts, options: list[str]
) -> None:
    podman(fleet, "host1", "run", "-d", "--net=host", *options, "localhost/web:1")

    assert get_soon(f"http://{fleet.addresses['host1']}:8080/healthz") == "ok\n"


def test_health_fails_and_recovers_on_demand(fleet: FleetHosts) -> None:
    podman(fleet, "host1", "run", "-d", "--name=web", "--net=host", "localhost/web:1")
    site = f"http://{fleet.addresses['host1']}:8080"
    assert get_soon(f"{site}/healthz") == "ok\n"
    podman(fleet, "host1", "exec", "web", "healthy")

    get(f"{site}/cgi-bin/fail")

    with pytest.raises(urllib.error.HTTPError, match="404") as refusal:
        get(f"{site}/healthz")
    refusal.value.close()
    with pytest.raises(FleetError, match="exited with 1"):
        podman(fleet, "host1", "exec", "web", "healthy")
    get(f"{site}/cgi-bin/recover")
    assert get(f"{site}/healthz") == "ok\n"


def test_a_web_server_may_never_become_healthy(fleet: FleetHosts) -> None:
    never = ["-e", "READY_AFTER_SECONDS=never"]
    podman(fleet, "host1", "run", "-d", "--net=host", *never, "localhost/web:1")
    site = f"http://{fleet.addresses['host1']}:8080"

    assert json.loads(get_soon(f"{site}/"))["version"] == "1"
    with pytest.raises(urllib.error.HTTPError, match="404") as refusal:
        get(f"{site}/healthz")
    refusal.value.close()


def test_web_stops_when_asked_and_stubborn_only_when_killed(fleet: FleetHosts) -> None:
    for image in ("web", "stubborn"):
        podman(fleet, "host1", "run", "-d", f"--name={image}", f"localhost/{image}:1")
        podman(fleet, "host1", "stop", "--time=2", image)

    codes = podman(fleet, "host1", "inspect", "--format={{.State.ExitCode}}", "web", "stubborn")

    assert codes.split() == ["0", "137"]
    assert "SIGTERM ignored" in podman(fleet, "host1", "logs", "stubborn")


def test_oneshot_exits_with_the_code_it_is_given(fleet: FleetHosts) -> None:
    with pytest.raises(FleetError, match="exited with 7"):
        podman(fleet, "host1", "run", "--rm", "-e", "EXIT_CODE=7", "localhost/oneshot:1")
    assert "exits with 0" in podman(fleet, "host1", "run", "--rm", "localhost/oneshot:1")


def test_writer_goes_on_where_the_volumes_file_ends(fleet: FleetHosts) -> None:
    run = ["run", "--detach", "--rm", "-v", "data:/data", "localhost/writer:1"]
    for _ in range(2):
        writer = podman(fleet, "host1", *run).strip()
        time.sleep(1)
        podman(fleet, "host1", "rm", "--force", "--time", "0", writer)

    read = ["run", "--rm", "-v", "data:/data", "localhost/writer:1", "cat", "/data/log"]
    numbers = [int(line.split()[0]) for line in podman(fleet, "host1", *read).splitlines()]

    assert len(numbers) >= 4
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_real_dockerd_runs_the_same_images(docker_host: FleetHosts) -> None:
    fleet = docker_host
    listed = fleet.exec("docker1", ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}"])
    assert sorted(listed.split()) == sorted(image.reference for image in IMAGES)

    run = ["docker", "run", "-d", "--memory=64m", "-p", "9000:8080", "localhost/web:2"]
    container = fleet.exec("docker1", run).strip()

    site = f"http://{fleet.addresses['docker1']}:9000"
    assert json.loads(get_soon(f"{site}/"))["version"] == "2"
    memory = ["docker", "inspect", "--format={{.HostConfig.Memory}}", container]
    assert fleet.exec("docker1", memory).strip() == str(64 << 20)


def test_dockerd_stops_and_starts_with_its_images_kept(docker_host: FleetHosts) -> None:
    stop_docker(docker_host, "docker1")
    stop_docker(docker_host, "docker1")
    with pytest.raises(FleetError, match="docker1"):
        docker_host.exec("docker1", ["docker", "ps"])

    start_docker(docker_host, "docker1")

    assert "localhost/web" in docker_host.exec("docker1", ["docker", "images"])
