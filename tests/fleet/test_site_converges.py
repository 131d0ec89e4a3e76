"""What a user sees of `warren-playbook site.yml` on real hosts: it converges, and says what it did."""

import os
import re
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.fleet.hosts import FleetHosts
from tests.fleet.runs import SECONDS_MAX, Site, until

WEB = """
- warren.core.service:
    name: web
    image: localhost/web:1
    replicas: 6
    ports: [{container_port: 8080}]
    resources: {cpu_limit: 0.5, memory_limit_bytes: 64MiB}
    health_check: {type: http, port: 8080, path: /healthz, interval_seconds: 1}
    update: {parallelism: 3}
"""
STATUS = """
- warren.core.service: {name: status, mode: global, image: "localhost/web:1"}
"""
JOURNAL = """
- warren.core.service:
    name: journal
    image: localhost/writer:1
    env: {FILE: /data/lines, INTERVAL_SECONDS: "0.2"}
    volumes: [{source: journal, target: /data}]
    stop_timeout_seconds: 1
"""


@pytest.fixture
def site(fleet: FleetHosts, tmp_path: Path) -> Site:
    return Site(fleet, tmp_path)


def test_first_run_converges_and_the_second_changes_and_sends_nothing(site: Site) -> None:
    first = site.play(WEB + STATUS + JOURNAL).ok()
    assert first.changed > 0
    spread = Counter(row["node"] for row in site.instances("web"))
    assert spread == dict.fromkeys(site.hosts, 2)
    before = site.containers(up_only=False)
    assert sum(map(len, before.values())) == 6 + 3 + 1
    second = site.play(WEB + STATUS + JOURNAL).ok()
    assert second.changed == 0
    assert site.containers(up_only=False) == before
    again = site.play(WEB + STATUS + JOURNAL, "--output", "json").ok()
    sent = [event for event in again.events if event.get("result", {}).get("commands")]
    assert not sent


def test_changing_one_field_replaces_exactly_the_instances_concerned(site: Site) -> None:
    site.play(WEB + STATUS).ok()
    web, status = site.of("web"), site.of("status")
    changed = WEB.replace("parallelism: 3}", "parallelism: 3}\n    env: {COLOUR: blue}")
    site.play(changed + STATUS).ok()
    assert site.of("status") == status
    assert not set(site.of("web")) & set(web)
    assert len(site.of("web")) == 6


def test_a_change_of_limits_alone_is_made_in_place(site: Site) -> None:
    site.play(WEB).ok()
    before = site.of("web")
    site.play(WEB.replace("64MiB", "96MiB")).ok()
    assert site.of("web") == before
    for host, ids in site.containers("label=warren.service=web").items():
        for container in ids:
            path = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
            limit = site.fleet.exec(host, ["podman", "exec", container, "cat", path])
            assert int(limit) == 96 << 20


def test_scaling_down_takes_the_highest_slots(site: Site) -> None:
    site.play(WEB).ok()
    site.play(WEB.replace("replicas: 6", "replicas: 2")).ok()
    assert [row["instance"] for row in site.instances("web")] == ["web.1", "web.2"]
    assert len(site.of("web")) == 2


def test_stopped_started_scaled_and_absent_do_as_they_say(site: Site) -> None:
    site.play(WEB).ok()
    site.play("- warren.core.service: {name: web, state: stopped}").ok()
    assert site.of("web") == []
    site.play("- warren.core.service: {name: web, state: started}").ok()
    assert len(site.of("web")) == 6
    site.play("- warren.core.service: {name: web, state: scaled, replicas: 1}").ok()
    assert len(site.of("web")) == 1
    site.play("- warren.core.service: {name: web, state: absent}").ok()
    assert site.containers(up_only=False) == {host: [] for host in site.hosts}
    assert site.play("- warren.core.service: {name: web, state: absent}").ok().changed == 0


def test_the_data_of_a_volume_survives_replacement(site: Site) -> None:
    site.play(JOURNAL).ok()
    (row,) = site.instances("journal")
    until(lambda: len(lines_of(site, row["node"])) > 2)
    before = lines_of(site, row["node"])
    site.play(JOURNAL.replace('"0.2"', '"0.1"')).ok()
    (moved,) = site.instances("journal")
    assert moved["node"] == row["node"]
    assert moved["engine_ids"] != row["engine_ids"]
    after = lines_of(site, row["node"])
    assert after[: len(before)] == before


def lines_of(site: Site, node: str) -> list[str]:
    (container,) = site.containers("label=warren.service=journal")[node]
    return site.fleet.exec(node, ["podman", "exec", container, "cat", "/data/lines"]).splitlines()


def test_check_with_diff_prints_the_commands_that_the_run_then_sends(site: Site) -> None:
    site.play(WEB).ok()
    tasks = WEB.replace("web:1", "web:2") + STATUS
    before = {host: picture(site, host) for host in site.hosts}
    planned = site.play(tasks, "--check", "--diff", "--output", "json").ok()
    assert {host: picture(site, host) for host in site.hosts} == before
    shown = site.play(tasks, "--check", "--diff").ok()
    assert "localhost/web:2" in shown.out
    assert "podman run" in shown.out
    done = site.play(tasks, "--output", "json").ok()
    assert commands(planned.events) == commands(done.events)
    assert commands(done.events)


def commands(events: list[dict[str, object]]) -> list[tuple[str, str]]:
    found = []
    for event in events:
        result = event.get("result")
        if isinstance(result, dict):
            found += [(one["node"], one["command"]) for one in result.get("commands", [])]
    return sorted(found)


def picture(site: Site, host: str) -> str:
    """Everything a run could change on a host: containers, volumes, images, files outside of them."""
    engine = [
        "podman ps -a --no-trunc --format '{{.ID}} {{.Status}} {{.Names}}' | sed 's/Up .*s ago//'",
        "podman ps -aq --no-trunc | sort",
        "podman volume ls -q",
        "podman images -q --no-trunc",
        "find /var/lib/warren /etc /root /run/warren -type f -exec sha256sum {} + 2>/dev/null | sort",
    ]
    return "".join(site.fleet.exec(host, ["sh", "-c", line]) for line in engine[1:])


def test_killed_and_removed_containers_are_healed_by_the_next_run(site: Site) -> None:
    site.play(WEB).ok()
    killed, removed = site.instances("web")[:2]
    pid = site.inspect(killed["node"], killed["engine_ids"]["main"])["State"]["Pid"]
    site.fleet.exec(killed["node"], ["kill", "-9", str(pid)])
    site.fleet.exec(removed["node"], ["podman", "rm", "-f", removed["engine_ids"]["main"]])
    healed = site.play(WEB).ok()
    assert healed.changed > 0
    assert len(site.of("web")) == 6
    assert len({row["instance"] for row in site.instances("web")}) == 6


def test_a_host_without_power_loses_its_instances_to_the_others_and_gets_none_twice(
    site: Site,
) -> None:
    site.play(WEB + JOURNAL).ok()
    keeper = site.instances("journal")[0]["node"]
    lost = next(host for host in site.hosts if host != keeper)
    site.fleet.faults.power_off(lost)
    run = site.play(WEB + JOURNAL)
    assert run.code == 4, run.out + run.err
    assert run.recap[lost]["unreachable"] == 1
    assert all(run.recap[host]["failed"] == 0 for host in site.hosts)
    assert len(site.of("web")) == 6
    site.fleet.faults.boot(lost)
    site.play(WEB + JOURNAL).ok()
    assert len(site.of("web")) == 6
    assert len({row["instance"] for row in site.instances("web")}) == 6
    assert len(site.of("journal")) == 1


def test_a_frozen_host_delays_the_run_by_no_more_than_its_timeout(site: Site) -> None:
    site.play(WEB).ok()
    site.fleet.faults.freeze(site.hosts[2])
    started = time.monotonic()
    run = site.play(WEB, "-T", "5")
    seconds = time.monotonic() - started
    assert run.code == 4, run.out + run.err
    assert run.recap[site.hosts[2]]["unreachable"] == 1
    assert seconds < 45
    on_others = [ids for host, ids in site_containers(site).items() if host != site.hosts[2]]
    assert sum(map(len, on_others)) == 6
    site.fleet.faults.thaw(site.hosts[2])
    site.play(WEB).ok()
    assert len(site.of("web")) == 6


def site_containers(site: Site) -> dict[str, list[str]]:
    command = ["podman", "ps", "-q", "--filter", "label=warren.service=web"]
    return {host: site.fleet.exec(host, command).split() for host in site.hosts[:2]}


def test_the_second_of_two_runs_at_once_says_who_holds_the_state(site: Site) -> None:
    slow = STATUS + "- ansible.builtin.pause: {seconds: 8}\n"
    path = site.write(slow)
    first = subprocess.Popen(site.command(str(path)), cwd=site.folder, stdout=subprocess.DEVNULL)
    try:
        until(lambda: len(site.of("status")) == 3)
        second = site.play(STATUS)
        assert second.code != 0
        assert str(first.pid) in second.out + second.err
    finally:
        assert first.wait(SECONDS_MAX) == 0


def test_a_run_killed_in_the_middle_is_completed_by_the_next(site: Site) -> None:
    path = site.write(WEB.replace("replicas: 6", "replicas: 12"))
    running = subprocess.Popen(site.command(str(path)), cwd=site.folder, stdout=subprocess.DEVNULL)
    until(lambda: len(site.of("web")) >= 3)
    running.send_signal(signal.SIGKILL)
    running.wait()
    site.play(WEB.replace("replicas: 6", "replicas: 12")).ok()
    everything = site.containers(up_only=False)
    assert sum(map(len, everything.values())) == 12
    assert len({row["instance"] for row in site.instances("web")}) == 12


def test_a_stale_controller_is_refused_by_the_hosts(site: Site) -> None:
    site.play(STATUS).ok()
    copy = site.folder / "stale"
    subprocess.run(["cp", "-a", site.state, copy], check=True)
    site.play(STATUS.replace("web:1", "web:2")).ok()
    site.play(STATUS).ok()
    before = site.of("status")
    late = site.play(STATUS.replace("web:1", "web:2"), "--state-dir", str(copy))
    assert late.code != 0
    assert re.search(r"epoch \d+", late.out + late.err)
    assert site.of("status") == before


def test_containers_without_our_label_are_never_touched(site: Site) -> None:
    host = site.hosts[0]
    foreign = site.fleet.exec(host, ["podman", "run", "-d", "localhost/web:1"]).split()[-1]
    site.play(WEB).ok()
    site.play("- warren.core.service: {name: web, state: absent}").ok()
    assert site.containers(up_only=False)[host] == [foreign]


def test_the_shipped_site_runs_on_the_fleet(site: Site) -> None:
    """playbooks/site.yml with the role, twice."""
    shipped = Path(__file__).parents[2] / "playbooks" / "site.yml"
    command = site.command(str(shipped))
    for changes in (True, False):
        done = subprocess.run(
            command, cwd=site.folder, capture_output=True, text=True, check=False,
            timeout=SECONDS_MAX, env={**os.environ, "NO_COLOR": "1"},
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert bool(re.search(r"changed=[1-9]", done.stdout)) is changes
