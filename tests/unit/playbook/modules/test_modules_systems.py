"""Package managers, service managers and account tools are programs of the host: here they are
small scripts on the PATH which keep their state in files and record how they were called."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Perform = Callable[..., Any]

DPKG_QUERY = """\
for name; do :; done
[ -e "$STATE/$name" ] || { echo "no packages found matching $name" >&2; exit 1; }
echo "installed $(cat "$STATE/$name")"
"""
APT_GET = """\
simulate= count=0
for word; do
  case $word in -s) simulate=1;; install|remove|update) verb=$word;; esac
done
[ "$verb" = update ] && { echo fetched; exit 0; }
seen=
for word; do
  [ "$word" = "$verb" ] && { seen=1; continue; }
  [ -n "$seen" ] || continue
  case $word in broken*) echo "E: Unable to locate package $word" >&2; exit 100;; esac
  [ "$verb" = install ] && [ "$word" != virtual ] && [ ! -e "$STATE/$word" ] && count=$((count+1)) &&
    [ -z "$simulate" ] && echo 1.0 > "$STATE/$word"
  [ "$verb" = remove ] && [ -e "$STATE/$word" ] && count=$((count+1)) &&
    [ -z "$simulate" ] && rm "$STATE/$word"
done
if [ "$verb" = install ]; then echo "0 upgraded, $count newly installed, 0 to remove and 5 not upgraded."
else echo "0 upgraded, 0 newly installed, $count to remove and 5 not upgraded."; fi
"""
SYSTEMCTL = """\
verb=$1; [ "$verb" = --no-block ] && { shift; verb=$1; }
unit=; for unit; do :; done
case $verb in
show)
  [ "$unit" = absent ] && { echo LoadState=not-found; exit 0; }
  echo LoadState=loaded
  if [ -e "$STATE/active" ]; then echo ActiveState=active; else echo ActiveState=inactive; fi
  if [ -e "$STATE/enabled" ]; then echo UnitFileState=enabled; else echo UnitFileState=disabled; fi;;
start|restart) [ "$unit" = failing ] && { echo "Job for failing failed" >&2; exit 1; }
  touch "$STATE/active";;
stop) rm "$STATE/active";;
enable) touch "$STATE/enabled";;
disable) rm "$STATE/enabled";;
esac
"""


class Programs:
    """Scripts that stand for programs of the host."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.bin = folder / "bin"
        self.state.mkdir()
        self.bin.mkdir()

    def add(self, name: str, body: str) -> None:
        record = f'echo "{name} $*" >> "{self.state}/.calls"\nSTATE="{self.state}"\n'
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{record}{body}")
        path.chmod(0o755)

    def calls(self) -> list[str]:
        path = self.state / ".calls"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Programs:
    found = Programs(tmp_path)
    monkeypatch.setenv("PATH", f"{found.bin}:{os.environ['PATH']}")
    return found


@pytest.fixture
def debian(programs: Programs) -> Programs:
    programs.add("dpkg-query", DPKG_QUERY)
    programs.add("apt-get", APT_GET)
    return programs


async def test_package_is_installed_once(debian: Programs, perform: Perform) -> None:
    first = await perform("package", {"name": ["one", "two"]}, diff=True)
    assert first["changed"]
    assert first["diff"]["after"] == "one\ntwo\n"
    assert sorted(path.name for path in debian.state.iterdir())[-2:] == ["one", "two"]
    installing = [call for call in debian.calls() if call.startswith("apt-get")]
    assert len(installing) == 1
    assert " -y " in installing[0]
    second = await perform("package", {"name": "one,two"})
    assert second["changed"] is False
    assert [call for call in debian.calls() if call.startswith("apt-get")] == installing


async def test_package_that_another_one_provides_changes_nothing(
    debian: Programs, perform: Perform
) -> None:
    assert (await perform("apt", {"name": "virtual"}))["changed"] is False
    assert (await perform("apt", {"name": "virtual"}, check=True))["changed"] is False


async def test_package_under_check_is_simulated(debian: Programs, perform: Perform) -> None:
    result = await perform("package", {"name": "one"}, check=True)
    assert result["changed"]
    assert not (debian.state / "one").exists()
    assert [" -s " in call for call in debian.calls() if call.startswith("apt-get")] == [True]


async def test_package_is_removed_once(debian: Programs, perform: Perform) -> None:
    (debian.state / "one").write_text("1.0\n")
    assert (await perform("package", {"name": "one", "state": "absent"}))["changed"]
    assert not (debian.state / "one").exists()
    again = await perform("package", {"name": "one", "state": "removed"})
    assert again["changed"] is False


async def test_package_of_a_version_is_compared_with_the_one_there(
    debian: Programs, perform: Perform
) -> None:
    (debian.state / "one").write_text("1.0-3\n")
    for name in ("one=1.0-3", "one=1.0*"):
        assert (await perform("apt", {"name": name}))["changed"] is False
    assert [call for call in debian.calls() if call.startswith("apt-get")] == []
    assert (await perform("apt", {"name": "one=2.0"}))["changed"]


async def test_unknown_package_fails_with_what_the_manager_says(
    debian: Programs, perform: Perform
) -> None:
    result = await perform("package", {"name": "broken"})
    assert result["failed"]
    assert "Unable to locate package broken" in result["msg"]
    assert result["rc"] == 100


async def test_lists_are_refreshed_when_asked(debian: Programs, perform: Perform) -> None:
    result = await perform("apt", {"update_cache": True})
    assert (result["changed"], result["cache_updated"]) == (True, True)
    with_names = await perform("apt", {"update_cache": True, "name": "one"}, check=True)
    assert with_names["cache_updated"]
    assert [call for call in debian.calls() if call == "apt-get update -q"] == ["apt-get update -q"]


@pytest.mark.parametrize(
    ("manager", "query", "install"),
    [
        ("dnf", "rpm -q --whatprovides one", "dnf -y -q install one"),
        ("yum", "rpm -q --whatprovides one", "yum -y -q install one"),
        ("apk", "apk info -e one", "apk --no-interactive add one"),
    ],
)
async def test_other_managers_are_asked_and_told_in_their_own_words(
    programs: Programs, perform: Perform, manager: str, query: str, install: str
) -> None:
    tool = query.split(maxsplit=1)[0]
    programs.add(
        manager, 'case "$*" in *info*) [ -e "$STATE/one" ];; *) touch "$STATE/one";; esac\n'
    )
    if tool != manager:
        programs.add(tool, '[ -e "$STATE/one" ]\n')
    assert (await perform(manager, {"name": "one"}))["changed"]
    assert (await perform(manager, {"name": "one"}))["changed"] is False
    assert programs.calls() == [query, install, query]


async def test_manager_that_is_not_there_is_named(perform: Perform) -> None:
    result = await perform("apk", {"name": "one"})
    assert result["msg"] == "this host has no apk"


async def test_service_is_started_and_enabled_once(programs: Programs, perform: Perform) -> None:
    programs.add("systemctl", SYSTEMCTL)
    wanted = {"name": "web", "state": "started", "enabled": True}
    first = await perform("service", wanted)
    assert (first["changed"], first["state"], first["enabled"]) == (True, "started", True)
    assert programs.calls()[1:] == ["systemctl enable web", "systemctl start web"]
    assert (await perform("service", wanted))["changed"] is False
    stopped = await perform("systemd", {"name": "web", "state": "stopped", "enabled": "no"})
    assert (stopped["changed"], stopped["state"]) == (True, "stopped")


async def test_service_under_check_is_only_looked_at(programs: Programs, perform: Perform) -> None:
    programs.add("systemctl", SYSTEMCTL)
    result = await perform("service", {"name": "web", "state": "restarted"}, check=True)
    assert result["changed"]
    assert all(call.startswith("systemctl show") for call in programs.calls())
    absent = await perform("service", {"name": "absent", "state": "started"}, check=True)
    assert absent["changed"]


async def test_service_that_is_unknown_or_fails_says_so(
    programs: Programs, perform: Perform
) -> None:
    programs.add("systemctl", SYSTEMCTL)
    unknown = await perform("service", {"name": "absent", "state": "started"})
    assert unknown["msg"] == "there is no service absent on this host"
    failing = await perform("service", {"name": "failing", "state": "started"})
    assert "Job for failing failed" in failing["msg"]


async def test_reload_of_the_daemon_needs_no_service(programs: Programs, perform: Perform) -> None:
    programs.add("systemctl", SYSTEMCTL)
    result = await perform("systemd", {"daemon_reload": True})
    assert result["changed"] is False
    assert "systemctl daemon-reload" in programs.calls()


async def test_service_without_a_manager_is_a_clear_failure(
    programs: Programs, perform: Perform
) -> None:
    programs.add("systemctl", 'echo "System has not been booted with systemd" >&2; exit 1\n')
    result = await perform("service", {"name": "web", "state": "started"})
    assert "runs no service manager" in result["msg"]


async def test_openrc_is_used_where_it_is(programs: Programs, perform: Perform) -> None:
    programs.add("systemctl", 'echo "System has not been booted with systemd" >&2; exit 1\n')
    programs.add(
        "rc-service",
        'case "$*" in *status) [ -e "$STATE/on" ];; *start) touch "$STATE/on";; esac\n',
    )
    programs.add(
        "rc-update",
        'case $1 in show) cat "$STATE/list" 2>/dev/null;; add) echo "  web | default" > "$STATE/list";; esac\n',
    )
    wanted = {"name": "web", "state": "started", "enabled": True}
    assert (await perform("service", wanted))["changed"]
    assert (await perform("service", wanted))["changed"] is False


async def test_new_user_is_described_to_useradd_and_its_hash_goes_by_stdin(
    programs: Programs, perform: Perform
) -> None:
    programs.add("useradd", "exit 9\n")
    programs.add("chpasswd", 'cat > "$STATE/stdin"\n')
    arguments = {
        "name": "warren-test-user", "uid": 45678, "groups": "daemon,bin", "shell": "/bin/sh",
        "comment": "A B", "create_home": False, "system": True, "password": "$6$secret",
    }  # fmt: skip
    result = await perform("user", arguments)
    assert "status 9" in result["msg"]
    assert programs.calls() == [
        "useradd -u 45678 -s /bin/sh -c A B -G daemon,bin -r -M warren-test-user"
    ]
    assert "secret" not in str(result)


async def test_user_that_is_as_wanted_is_left_alone(programs: Programs, perform: Perform) -> None:
    programs.add("usermod", "exit 1\n")
    arguments = {"name": "root", "uid": 0, "home": "/root", "create_home": False}
    result = await perform("user", arguments)
    assert (result["changed"], result["uid"], result["home"]) == (False, 0, "/root")
    assert programs.calls() == []


async def test_password_of_a_user_never_reaches_argv(programs: Programs, perform: Perform) -> None:
    programs.add("chpasswd", 'cat > "$STATE/stdin"\n')
    arguments = {"name": "root", "password": "$6$other", "create_home": False}
    assert (await perform("user", arguments))["changed"]
    assert programs.calls() == ["chpasswd -e"]
    assert (programs.state / "stdin").read_text() == "root:$6$other\n"


async def test_group_is_made_changed_and_removed_by_its_tools(
    programs: Programs, perform: Perform
) -> None:
    for name in ("groupadd", "groupmod", "groupdel"):
        programs.add(name, "")
    await perform("group", {"name": "warren-none", "gid": 4567, "system": True}, check=True)
    assert programs.calls() == []
    assert (await perform("group", {"name": "daemon", "gid": 4567}))["changed"]
    assert (await perform("group", {"name": "daemon", "state": "absent"}))["changed"]
    assert (await perform("group", {"name": "warren-none", "state": "absent"}))["changed"] is False
    assert programs.calls() == ["groupmod -g 4567 daemon", "groupdel daemon"]
