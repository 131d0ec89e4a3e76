"""Bad input on real hosts: a clear message, a non-zero exit, and nothing changed."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.hosts import FleetHosts
from tests.fleet.runs import Run, Site, run

GOOD = '- warren.core.service: {name: good, mode: global, image: "localhost/web:1"}\n'


@pytest.fixture
def site(fleet: FleetHosts, tmp_path: Path) -> Site:
    site = Site(fleet, tmp_path)
    site.play(GOOD).ok()
    return site


def picture(site: Site) -> tuple[Any, Any]:
    """All containers, and all services as recorded."""
    listed = json.loads(site.warren("service", "list", "--output", "json").ok().out)
    return site.containers(up_only=False), listed


def refused(site: Site, tasks: str, *words: str, flags: tuple[str, ...] = ()) -> Run:
    """Run tasks that must be refused with these words in the message, changing nothing."""
    before = picture(site)
    ended = site.play(tasks, *flags)
    said = ended.out + ended.err
    assert ended.code != 0, said
    for word in words:
        assert word in said, said
    assert "defect of Warren" not in said
    assert picture(site) == before
    return ended


SERVICE = '- warren.core.service: {{name: bad, image: "localhost/web:1", {}}}\n'


@pytest.mark.parametrize(
    ("tasks", "words"),
    [
        ("- warren.core.service: {name: bad, image: [", ("site.yml:",)),
        ("- warren.core.servce: {name: bad}", ("site.yml:8:7", "warren.core.service")),
        (SERVICE.format("replcas: 2"), ("site.yml:8:", "replcas", "replicas")),
        ("- ansible.builtin.debug: {msg: hi}\n  whn: true", ("site.yml:9:", "whn", "when")),
        (SERVICE.format("replicas: many"), ("site.yml:8:", "replicas", "many")),
        (SERVICE.format("replicas: -1"), ("replicas", "-1", "0")),
        (SERVICE.replace("bad", "Bad_Name").format("replicas: 1"), ("Bad_Name", "DNS label")),
        (SERVICE.format("labels: {warren.x: y}"), ("warren.x", "reserved")),
        (SERVICE.format("networks: [back]"), ("networks", "not supported")),
        (SERVICE.format("mode: stateful"), ("mode", "stateful", "not supported")),
        (SERVICE.format("resources: {gpus: 1}"), ("gpus",)),
        (SERVICE.format("ports: [{container_port: 80, mode: ingress}]"), ("ingress",)),
        (SERVICE.format('env: {A: "{{ no_such_variable }}"}'), ("no_such_variable",)),
        (SERVICE.format("resources: {memory_reservation_bytes: 900GiB}"), ("memory",)),
        (
            '- warren.core.service: {name: good, mode: replicated, image: "localhost/web:1"}',
            ("mode", "global"),
        ),
        (
            SERVICE.format("replicas: 1") + SERVICE.format("replicas: 2"),
            ("site.yml:9:7", "service bad", "site.yml:8:7"),
        ),
    ],
    ids=[
        "broken YAML", "unknown module", "unknown field", "unknown keyword", "wrong type",
        "out of range", "invalid name", "reserved label", "networks", "stateful", "gpus", "ingress port",
        "undefined variable", "impossible reservation", "another mode", "two of one name",
    ],
)  # fmt: skip
def test_wrong_input_changes_nothing(site: Site, tasks: str, words: tuple[str, ...]) -> None:
    refused(site, tasks, *words)


def test_a_host_port_that_another_service_holds_everywhere_is_refused(site: Site) -> None:
    first = GOOD.replace("good", "first").replace(
        "}", ", ports: [{container_port: 8080, host_port: 9000}]}"
    )
    site.play(first).ok()
    refused(site, first.replace("first", "second"), "9000", "first")


def test_a_host_port_that_a_foreign_process_holds_is_named_with_it(site: Site) -> None:
    for host in site.hosts:
        serve = "setsid python3 -m http.server 9000 >/dev/null 2>&1 </dev/null & echo $!"
        site.fleet.exec(host, ["sh", "-c", serve])
    running = site.of("good")
    ended = site.play(
        '- warren.core.service: {name: bad, image: "localhost/web:1",'
        " ports: [{container_port: 8080, host_port: 9000}]}\n"
    )
    assert ended.code == 2
    assert "node host" in ended.out
    assert "port 9000 is held by python3 (process " in ended.out
    assert site.of("good") == running
    assert site.of("bad") == []


def test_a_missing_image_is_named_with_its_node_and_the_old_instances_stay(site: Site) -> None:
    running = site.of("good")
    ended = site.play(GOOD.replace("web:1", "web:404"))
    assert ended.code == 2
    assert "localhost/web:404" in ended.out
    assert "host" in ended.out
    assert site.of("good") == running
    site.play(GOOD).ok()
    assert site.of("good") == running


def test_an_unknown_host_key_and_a_wrong_client_key_drop_the_host_out(site: Site) -> None:
    inventory = site.folder / "hosts.ini"
    text = inventory.read_text()
    before = picture(site)
    (site.folder / "empty").touch()
    known = str(site.fleet.place.state / "known_hosts")
    inventory.write_text(text.replace(known, str(site.folder / "empty")))
    unknown = site.play(GOOD)
    assert unknown.code == 4
    assert "host key" in unknown.out + unknown.err
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "other"], site.folder).ok()
    inventory.write_text(text.replace(str(site.fleet.place.key), str(site.folder / "other")))
    wrong = site.play(GOOD)
    assert wrong.code == 4
    assert "key" in wrong.out + wrong.err
    inventory.write_text(text)
    assert picture(site) == before


def test_a_state_directory_that_cannot_be_made_is_refused_by_name(site: Site) -> None:
    below_a_file = str(site.folder / "hosts.ini" / "state")
    refused(site, GOOD, below_a_file, flags=("--state-dir", below_a_file))


def test_a_full_disk_on_a_host_is_said_and_costs_nothing(site: Site) -> None:
    running = site.of("good")
    for host in site.hosts:
        site.fleet.faults.fill_disk(host)
    ended = site.play(GOOD + GOOD.replace("good", "more"))
    for host in site.hosts:
        site.fleet.faults.free_disk(host)
    assert ended.code != 0
    said = (ended.out + ended.err).lower()
    assert "no space left on device" in said
    assert "/var/lib/" in said
    assert all(f"host {host}" in said or f"node {host}" in said for host in site.hosts)
    assert site.of("good") == running
    site.play(GOOD + GOOD.replace("good", "more")).ok()
    assert len(site.of("more")) == 3
