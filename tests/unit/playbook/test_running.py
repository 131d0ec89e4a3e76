"""What a run does beside what its cases show: concurrency, the client, settings, output."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.unit.playbook.world import Lines, World
from warren.fleet.command import Become
from warren.model.errors import CommandTimedOut, HostRefused, Place, Unsupported
from warren.model.hidden import Secret
from warren.model.validation import Frozen
from warren.playbook.language.plays import Sources, parse_playbook
from warren.playbook.modules.contract import Call, Module, ModuleResult, Runs
from warren.playbook.output.events import (
    Counts,
    Progress,
    Recap,
    Status,
    TaskEnded,
    TaskStarted,
)
from warren.playbook.output.json_lines import JsonLines
from warren.playbook.output.live import LiveLine
from warren.playbook.output.plain import recap_line
from warren.playbook.output.shapes import diff_lines, to_text
from warren.playbook.run import listing
from warren.playbook.run.playbook import plan
from warren.playbook.run.selection import Selection


class Nothing(Frozen):
    pass


def site(tasks: str, *, head: str = "") -> dict[str, str]:
    return {
        "hosts": "h1\nh2\nh3\nh4\n",
        "site.yml": f"- hosts: all\n  gather_facts: false\n{head}  tasks:\n{tasks}",
    }


def counting_module(most: list[int]) -> Module:
    busy = 0

    async def run(call: Call) -> ModuleResult:
        nonlocal busy
        busy += 1
        most.append(busy)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        busy -= 1
        return {"changed": False, "name": call.host_name}

    return Module(names=("test.count",), arguments=Nothing, run=run)


@pytest.mark.parametrize(("forks", "throttle", "most"), [(2, "", 2), (10, "", 4), (10, "1", 1)])
async def test_hosts_are_busy_at_once_up_to_forks_and_throttle(
    tmp_path: Path, forks: int, throttle: str, most: int
) -> None:
    seen: list[int] = []
    world = World(directory=tmp_path, modules=(counting_module(seen),))
    tail = f"      throttle: {throttle}\n" if throttle else ""
    world.write(site(f"    - test.count: {{}}\n{tail}"))
    assert await world.run(forks=forks) == 0
    assert max(seen) == most


class Desk:
    """Opens a client and counts."""

    def __init__(self) -> None:
        self.log: list[str] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        entered = asyncio.current_task()
        self.log.append("open")
        yield "the client"
        assert asyncio.current_task() is entered
        self.log.append("close")


def managed_module(calls: list[tuple[str, Any]], *, fails: bool = False) -> Module:
    async def run(call: Call) -> ModuleResult:
        calls.append((call.host_name, call.client))
        return {"changed": True, "failed": fails, "msg": "asked"}

    return Module(names=("test.managed",), arguments=Nothing, run=run, runs=Runs.ON_MANAGER)


async def test_manager_is_never_opened_without_a_task_that_asks_it(tmp_path: Path) -> None:
    desk = Desk()
    world = World(directory=tmp_path, open_client=desk.open)
    world.write(site("    - command: echo a\n"))
    assert await world.run() == 0
    assert desk.log == []


async def test_manager_is_asked_once_for_all_hosts_and_closed_at_the_end(tmp_path: Path) -> None:
    desk, calls = Desk(), list[tuple[str, Any]]()
    world = World(directory=tmp_path, open_client=desk.open, modules=(managed_module(calls),))
    tasks = "    - test.managed: {}\n      register: result\n"
    tasks += "    - debug: msg={{ result.msg }}\n    - test.managed: {}\n"
    world.write(site(tasks))
    assert await world.run() == 0
    assert calls == [("h1", "the client")] * 2
    assert desk.log == ["open", "close"]
    assert world.recap().hosts == {
        "h1": Counts(ok=3, changed=2),
        **{name: Counts(ok=1) for name in ("h2", "h3", "h4")},
    }


async def test_manager_that_refuses_fails_all_hosts(tmp_path: Path) -> None:
    calls: list[tuple[str, Any]] = []
    world = World(
        directory=tmp_path, open_client=Desk().open, modules=(managed_module(calls, fails=True),)
    )
    world.write(site("    - test.managed: {}\n    - debug: msg=never\n"))
    assert await world.run() == 2
    assert world.recap().hosts == {"h1": Counts(failed=1)}


async def test_manager_that_cannot_be_opened_is_a_failure_of_the_task(tmp_path: Path) -> None:
    @asynccontextmanager
    async def closed() -> AsyncIterator[str]:
        raise Unsupported("the state is held by somebody else")
        yield ""

    world = World(directory=tmp_path, open_client=closed, modules=(managed_module([]),))
    world.write(site("    - test.managed: {}\n"))
    assert await world.run() == 2
    assert "the state is held by somebody else" in world.out.text


async def test_refused_and_slow_hosts_are_told_apart(tmp_path: Path) -> None:
    async def refuse(call: Call) -> ModuleResult:
        if call.host_name == "h1":
            raise HostRefused("h1", "wrong key")
        if call.host_name == "h2":
            raise CommandTimedOut(host="h2", command="slow", timeout_seconds=1)
        return {}

    module = Module(names=("test.refuse",), arguments=Nothing, run=refuse)
    world = World(directory=tmp_path, modules=(module,))
    world.write(site("    - test.refuse: {}\n"))
    assert await world.run() == 4
    assert world.recap().hosts == {
        "h1": Counts(unreachable=1),
        "h2": Counts(failed=1),
        "h3": Counts(ok=1),
        "h4": Counts(ok=1),
    }


async def test_defect_of_a_module_ends_the_run_as_it_is(tmp_path: Path) -> None:
    async def break_(_call: Call) -> ModuleResult:
        raise ZeroDivisionError("a bug")

    world = World(
        directory=tmp_path, modules=(Module(names=("test.bug",), arguments=Nothing, run=break_),)
    )
    world.write(site("    - test.bug: {}\n"))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await world.run()
    assert isinstance(world.events[-1], Recap)


async def test_become_and_environment_reach_the_host(tmp_path: Path) -> None:
    world = World(directory=tmp_path)
    world.write(
        {
            "hosts": "h1 ansible_user=me\nh2 ansible_user=me ansible_become_user=vars "
            "ansible_become_method=doas ansible_become_password=sesame\n",
            "site.yml": "- hosts: all\n  gather_facts: false\n  become: true\n"
            "  become_user: play\n  environment: {A: play, B: play}\n  tasks:\n"
            "    - command: one\n"
            "    - {command: two, become: false}\n"
            "    - {command: three, become_user: me, environment: {B: '{{ inventory_hostname }}'}}\n",
        }
    )
    assert await world.run() == 0
    first, second = world.hosts["h1"].sent, world.hosts["h2"].sent
    assert [become for _, become, _ in first] == [Become(user="play"), None, None]
    assert [become for _, become, _ in second] == [
        Become(user="vars", method="doas"),
        None,
        Become(user="vars", method="doas"),
    ]
    password = second[0][1].password if second[0][1] else None
    assert password is not None
    assert password.reveal() == b"sesame"
    assert dict(first[0][2]) == {"A": "play", "B": "play"}
    assert dict(first[2][2]) == {"A": "play", "B": "h1"}
    assert "sesame" not in world.out.text


async def test_keywords_of_the_connection_are_weaker_than_variables(tmp_path: Path) -> None:
    world = World(directory=tmp_path)
    world.write(
        {
            "hosts": "h1\nh2 ansible_user=vars ansible_port=22\n",
            "site.yml": "- hosts: all\n  gather_facts: false\n  remote_user: play\n  port: 2222\n"
            "  tasks:\n    - command: one\n",
        }
    )
    assert await world.run(variables={"ansible_user": "option", "ansible_timeout": 7}) == 0
    found = [(one.user, one.port, one.connect_timeout_seconds) for one in world.settings.values()]
    assert found == [("play", 2222, 7), ("vars", 22, 7)]


async def test_pause_and_delay_pass_on_the_clock(tmp_path: Path) -> None:
    world = World(directory=tmp_path)
    world.write(
        {
            "hosts": "h1\n",
            "site.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n"
            "    - command: echo {{ item }}\n      loop: [1, 2, 3]\n"
            "      loop_control: {pause: 4}\n"
            "    - command: 'false'\n      retries: 2\n      delay: 10\n      until: false\n"
            "      ignore_errors: true\n",
        }
    )
    assert await world.run() == 0
    assert world.clock.seconds == 2 * 4 + 2 * 10


async def test_listing_shows_tasks_tags_hosts_and_where_variables_are_set(tmp_path: Path) -> None:
    world = World(directory=tmp_path)
    world.write(
        {
            "hosts": "[web]\nh1 port=1\n",
            "group_vars/web.yml": "port: 2\n",
            "site.yml": "- name: first\n  hosts: web\n  tags: p\n  vars: {port: 3}\n  tasks:\n"
            "    - {name: one, debug: {msg: a}, tags: [x]}\n    - debug: {msg: b}\n",
        }
    )
    session = world.session(extra=["port=4"])
    sources = Sources(
        library=session.library, engine=session.engine, variables=session.hostless_scope()
    )
    planned = plan(parse_playbook(tmp_path / "site.yml", sources), session)
    shows = [listing.tasks, listing.tags, lambda play: listing.hosts(play, session)]
    assert "".join(listing.plays(planned, shows)) == (
        "\n  play #1 (web): first\tTAGS: [p]\n"
        "    tasks:\n      one\tTAGS: [p, x]\n      debug\tTAGS: [p]\n"
        "      TASK TAGS: [p, x]\n"
        "    pattern: ['web']\n    hosts (1):\n      h1\n"
    )
    told = listing.origins(planned, session, "port").replace(f"{tmp_path}/", "")
    assert told == (
        "first: port of h1 is set by --extra-vars at --extra-vars:1:1\n"
        "  hides vars of the play at site.yml:4:10\n"
        "  hides host variable of the inventory (h1) at hosts:2:4\n"
        "  hides group_vars beside the playbook (web) at group_vars/web.yml:1:1\n"
        "  hides group_vars beside the inventory (web) at group_vars/web.yml:1:1\n"
    )
    assert "nope of h1 is not set" in listing.origins(planned, session, "nope")


@pytest.mark.parametrize(
    ("only", "skip", "tags", "wanted"),
    [
        ({"all"}, set(), set(), True),
        ({"all"}, set(), {"never"}, False),
        ({"a"}, set(), {"never", "a"}, True),
        ({"a"}, set(), {"always"}, True),
        ({"a"}, {"always"}, {"always"}, False),
        ({"tagged"}, set(), {"a"}, True),
        ({"tagged"}, set(), set(), False),
        ({"untagged"}, set(), set(), True),
        ({"untagged"}, set(), {"a"}, False),
        ({"all"}, {"tagged"}, {"a"}, False),
        ({"all"}, {"untagged"}, set(), False),
        ({"all"}, {"all"}, {"always"}, True),
        ({"all"}, {"all"}, {"a"}, False),
    ],
)
def test_tags_choose(only: set[str], skip: set[str], tags: set[str], wanted: object) -> None:
    selection = Selection(only=frozenset(only), skip=frozenset(skip))
    assert selection.wants(tags) is wanted


async def test_json_output_is_one_event_a_line_and_hides_secrets(tmp_path: Path) -> None:
    out = Lines()
    show = JsonLines(out)
    world = World(directory=tmp_path)
    world.write(site("    - command: echo a\n      register: x\n"))
    await world.run()
    for event in world.events:
        show(event)
    lines = [json.loads(line) for line in out.text.splitlines()]
    assert [line["event"] for line in lines] == [
        "playbook_started",
        "play_started",
        "task_started",
        *["task_ended"] * 4,
        "recap",
    ]
    assert lines[3]["status"] == "changed"
    assert lines[3]["place"] == {"file": str(tmp_path / "site.yml"), "line": 4, "column": 7}
    assert lines[-1]["hosts"]["h1"]["changed"] == 1
    assert to_text({"password": Secret("sesame"), "set": {1}}) == '{"password": "***", "set": [1]}'


def test_recap_line_is_what_tools_parse() -> None:
    counts = Counts(ok=17, changed=2, failed=1, ignored=5)
    assert recap_line("h1", counts) == (
        "h1                         : ok=17   changed=2    unreachable=0    failed=1    "
        "skipped=0    rescued=0    ignored=5   "
    )


def test_live_line_follows_the_hosts_and_is_cleared_before_output() -> None:
    out = Lines()
    shown: list[object] = []
    live = LiveLine(shown.append, out, 200)
    where = Place("site.yml", 1, 1)
    live(TaskStarted(kind="task", name="copy", action="copy", place=where, hosts=("h1", "h2")))
    assert out.text == "… copy: 0/2 done, waiting for h1, h2"
    live(Progress(host="h2", line="2 of 3 run"))
    assert out.text.endswith("\r\x1b[2K… copy: 0/2 done, waiting for h1, h2: 2 of 3 run")
    for host in ("h1", "h2"):
        live(
            TaskEnded(
                host=host, status=Status.OK, result={}, action="copy", task="copy", place=where
            )
        )
    assert out.text.endswith("\r\x1b[2K")
    assert len(shown) == 3


def test_diff_is_unified_with_its_headers() -> None:
    diff = {"before": "a\nb\n", "after": "a\nc\n", "before_header": "/x", "after_header": "/x"}
    assert list(diff_lines(diff)) == [
        "--- before: /x",
        "+++ after: /x",
        "@@ -1,2 +1,2 @@",
        " a",
        "-b",
        "+c",
    ]
    assert list(diff_lines([{"prepared": "as it is"}, {"before": "x", "after": "x"}])) == [
        "as it is"
    ]
