"""What a user sees of a site: every listing, in words and as data, logs, deletion, an interrupted run."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleet.hosts import FleetHosts
from tests.fleet.runs import BIN, SECONDS_MAX, Site, until

WEB = """
- warren.core.service:
    name: web
    image: localhost/web:1
    replicas: 3
    ports: [{container_port: 8080}]
    health_check: {type: http, port: 8080, path: /healthz, interval_seconds: 1}
"""
TICKING = """
- warren.core.service:
    name: ticking
    image: localhost/web:1
    command: [sh, -c, "while sleep 0.2; do echo tick; done"]
    replicas: 3
    stop_timeout_seconds: 0
"""
LOGS = ("service", "logs", "web", "--tail", "1")
KEEPER = """
- warren.core.service:
    name: keeper
    image: localhost/writer:1
    env: {FILE: /data/lines, INTERVAL_SECONDS: "0.2"}
    volumes: [{source: kept, target: /data}]
    stop_timeout_seconds: 1
"""


@pytest.fixture
def site(fleet: FleetHosts, tmp_path: Path) -> Site:
    return Site(fleet, tmp_path)


def data(site: Site, *words: str) -> Any:
    """A listing, which must be the same in JSON and YAML."""
    found = json.loads(site.warren(*words, "--output", "json").ok().out)
    assert yaml.safe_load(site.warren(*words, "--output", "yaml").ok().out) == found
    return found


def lines(site: Site, *words: str) -> list[list[str]]:
    """A listing's lines as words, without rules."""
    text = site.warren(*words).ok().out
    return [line.split() for line in text.splitlines() if line.strip(" ─")]


def test_services_and_instances_are_listed_as_the_engines_have_them(site: Site) -> None:
    site.play(WEB + KEEPER).ok()
    rows = {row["service"]: row for row in data(site, "service", "list")}
    assert {name: row["running"] for name, row in rows.items()} == {"web": "3/3", "keeper": "1/1"}
    assert rows["web"] | {"nodes": site.hosts, "state": "active", "release": 1} == rows["web"]
    assert lines(site, "service", "list")[0][:2] == ["SERVICE", "STATE"]
    assert ["web", "active", "replicated", "3/3", "localhost/web:1", "1", "-"] in lines(
        site, "service", "list"
    )
    instances = data(site, "service", "ps", "web")
    assert sorted(row["engine_ids"]["main"] for row in instances) == site.of("web")
    for row in instances:
        document = site.inspect(row["node"], row["engine_ids"]["main"])
        (published,) = document["NetworkSettings"]["Ports"]["8080/tcp"]
        assert row["endpoints"][0].endswith(f":{published['HostPort']}->8080/tcp")
        assert (row["state"], row["health"], row["restarts"]) == ("running", "healthy", 0)
        shown = [
            row["instance"],
            row["node"],
            "running",
            "healthy",
            "1",
            "0",
            *row["endpoints"],
            "-",
        ]
        assert shown in lines(site, "service", "ps", "web")


def test_inspect_tells_what_was_asked_and_an_unknown_name_is_named(site: Site) -> None:
    site.play(WEB).ok()
    document = data(site, "service", "inspect", "web")
    assert document["spec"]["replicas"] == 3
    assert document["spec"]["containers"][0]["health_check"]["path"] == "/healthz"
    assert yaml.safe_load(site.warren("service", "inspect", "web").ok().out) == document
    for words in (("inspect", "wbe"), ("ps", "wbe"), ("logs", "wbe"), ("delete", "wbe")):
        missing = site.warren("service", *words)
        assert missing.code == 3
        assert "wbe" in missing.err
        assert "web" in missing.err


def test_nodes_are_listed_as_the_hosts_are(site: Site) -> None:
    site.play(WEB).ok()
    rows = {row["name"]: row for row in data(site, "node", "list")}
    assert list(rows) == site.hosts
    for name, row in rows.items():
        assert row["address"] == site.fleet.addresses[name]
        version = site.fleet.exec(name, ["podman", "--version"]).split()[-1]
        assert row["engine"] == f"podman {version}"
        assert row["cpus"] == int(site.fleet.exec(name, ["nproc"]))
        assert row["instances"] == 1
    assert [line[:2] for line in lines(site, "node", "list")[1:]] == [
        [name, "ready"] for name in site.hosts
    ]


def test_status_shows_a_host_that_is_off_and_the_whole_cluster(site: Site) -> None:
    site.play(WEB).ok()
    whole = data(site, "status")
    assert [node["state"] for node in whole["nodes"]] == ["ready"] * 3
    assert [service["running"] for service in whole["services"]] == ["3/3"]
    site.fleet.faults.power_off(site.hosts[2])
    assert site.play(WEB).code == 4
    states = {node["name"]: node["state"] for node in data(site, "status")["nodes"]}
    assert states[site.hosts[2]] == "down"
    assert [site.hosts[2], "down"] in [line[:2] for line in lines(site, "status")]
    assert ["web", "active", "3/3"] in [line[:3] for line in lines(site, "status")]


def test_logs_carry_the_instances_and_stop_at_the_tail(site: Site) -> None:
    site.play(WEB + KEEPER).ok()
    said = site.warren("service", "logs", "web").ok().out.splitlines()
    assert {line.partition(" | ")[0] for line in said} == {"web.1", "web.2", "web.3"}
    assert all("listens on port 8080" in line for line in said if "listens" in line)
    last = site.warren("service", "logs", "web", "--tail", "1").ok().out.splitlines()
    assert len(last) == 3
    entries = [
        json.loads(line) for line in site.warren(*LOGS, "--output", "json").ok().out.splitlines()
    ]
    assert entries == yaml.safe_load(site.warren(*LOGS, "--output", "yaml").ok().out)
    assert last == [f"{entry['instance']} | {entry['line']}" for entry in entries]


def test_logs_of_all_instances_are_followed_at_once(site: Site) -> None:
    site.play(TICKING).ok()
    following = subprocess.Popen(
        [BIN / "warren", "service", "logs", "ticking", "--follow", "--tail", "0", "-i", "hosts.ini"],
        cwd=site.folder, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert following.stdout is not None
    seen: dict[str, int] = {}
    for line in following.stdout:
        instance = line.partition(" | ")[0]
        seen[instance] = seen.get(instance, 0) + 1
        if len(seen) == 3 and min(seen.values()) == 2:
            break
    following.send_signal(signal.SIGINT)
    assert following.wait(SECONDS_MAX) == 130
    following.stdout.close()
    assert set(seen) == {"ticking.1", "ticking.2", "ticking.3"}
    site.play(TICKING.replace("replicas: 3", "replicas: 18")).ok()
    refused = site.warren("service", "logs", "ticking", "--follow")
    assert refused.code != 0
    assert "no more than 5" in refused.err


def test_the_inventory_and_its_place_before_the_command(site: Site) -> None:
    site.play(WEB).ok()
    graph = site.warren("inventory", "--graph").ok().out
    assert all(f"--{host}" in graph for host in site.hosts)
    listed = json.loads(site.warren("inventory", "--list").ok().out)
    assert listed["workers"]["hosts"] == site.hosts
    assert data(site, "inventory", "--list") == listed
    before = ["-i", str(site.folder / "hosts.ini")]
    assert site.warren_plain(*before, "service", "ps", "web").ok().out == (
        site.warren("service", "ps", "web").ok().out
    )
    assert site.warren_plain(*before, "inventory", "--graph").ok().out == graph


def test_deletion_takes_the_containers_and_leaves_the_volume(site: Site) -> None:
    site.play(WEB + KEEPER).ok()
    (row,) = site.instances("keeper")
    assert site.warren("service", "delete", "keeper").ok().out == "service keeper is deleted\n"
    everything = site.containers(up_only=False)
    assert sorted(one for ids in everything.values() for one in ids) == site.of("web")
    assert [one["service"] for one in data(site, "service", "list")] == ["web"]
    volumes = site.fleet.exec(row["node"], ["podman", "volume", "ls", "-q"])
    assert "kept" in volumes
    assert site.warren("service", "delete", "keeper").code == 3


@pytest.mark.parametrize("begun", [0, 1, 6])
def test_an_interrupted_run_says_so_and_leaves_nothing_half_done(site: Site, begun: int) -> None:
    """While it still loads itself, at the first container, in the midst of them."""
    wanted = WEB.replace("replicas: 3", "replicas: 18")
    path = site.write(wanted)
    running = subprocess.Popen(
        site.command(str(path)), cwd=site.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    time.sleep(0.2)
    until(lambda: len(site.of("web")) >= begun)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=SECONDS_MAX)
    assert running.returncode == 99, errors
    assert "interrupted" in errors
    assert "Traceback" not in errors
    left = sorted(one for ids in site.containers(up_only=False).values() for one in ids)
    time.sleep(1)
    assert sorted(one for ids in site.containers(up_only=False).values() for one in ids) == left
    for host in site.hosts:
        leftover = site.fleet.exec(host, ["sh", "-c", "pgrep -af 'podman (run|create)' || true"])
        assert not leftover.strip()
    site.play(wanted).ok()
    assert len(site.of("web")) == 18
    assert sum(map(len, site.containers(up_only=False).values())) == 18
