"""A secret that a playbook uses is seen nowhere it should not be."""

import threading
import time
from pathlib import Path

import pytest

from tests.fleet.hosts import FleetHosts
from tests.fleet.runs import Site

SECRET = "s3cr3t-" + "0123456789abcdef"

TASKS = """
- name: Hand it to a command by its input
  ansible.builtin.command: {cmd: sh -c 'sleep 1; wc -c', stdin: "{{ password }}"}
  no_log: true
- name: Write it to a file that only root reads
  ansible.builtin.copy: {content: "{{ password }}", dest: /root/password, mode: "0600"}
  no_log: true
- name: Use it in a task that fails
  ansible.builtin.command: {cmd: "false", stdin: "{{ password }}"}
  no_log: true
  ignore_errors: true
- warren.core.service: {name: web, mode: global, image: "localhost/web:1"}
"""


@pytest.mark.parametrize("flags", [("-vvv", "--diff"), ("--output", "json", "-vvv")])
def test_a_secret_is_in_no_output_argv_state_or_log(
    fleet: FleetHosts, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    site = Site(fleet, tmp_path)
    (tmp_path / "vault.yml").write_text(f"password: {SECRET}\n")
    seen: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.is_set():
            seen.append(
                fleet.exec("host1", ["sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '"])
            )
            time.sleep(0.1)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        ended = site.play(TASKS, *flags, "-e", f"@{tmp_path / 'vault.yml'}").ok()
    finally:
        over.set()
        watcher.join()
    assert any("wc" in listing for listing in seen), "the watch saw nothing of the run"
    assert not any(SECRET in listing for listing in seen)
    assert SECRET not in ended.out + ended.err
    for path in site.state.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes(), path
    for host in site.hosts:
        assert fleet.exec(host, ["cat", "/root/password"]) == SECRET
        script = (
            f"grep -rl {SECRET[:8]} /var/lib/warren /var/log /tmp /run/warren 2>/dev/null; true"
        )
        assert fleet.exec(host, ["sh", "-c", script]) == ""
        assert SECRET not in fleet.boot_log(host)
        for container in site.containers()[host]:
            assert SECRET not in fleet.exec(host, ["podman", "inspect", container])
