"""Playbooks as cases: files and answers of hosts in, what a run tells and counts out."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.playbook.world import World
from warren.model.errors import WarrenError
from warren.playbook.language.problems import explain
from warren.playbook.output.events import ItemEnded, Status, TaskEnded

CASES = sorted((Path(__file__).parents[2] / "cases" / "playbook").glob("*.yaml"))
COUNTS = ("ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored")


def messages(world: World) -> list[str]:
    """What ``debug`` and failures said, with the host before it."""
    found = []
    for event in world.events:
        if isinstance(event, TaskEnded | ItemEnded) and event.status is not Status.SKIPPED:
            is_debug = event.action == "ansible.builtin.debug" and "msg" in event.result
            if isinstance(event, TaskEnded) and event.looped:
                continue
            if is_debug or event.status in (Status.FAILED, Status.UNREACHABLE):
                found.append(f"{event.host}: {event.result.get('msg')}")
    return found


def read(path: Path) -> dict[str, Any]:
    case: dict[str, Any] = yaml.safe_load(path.read_text())
    return case


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
async def test_playbook_does_what_its_case_says(path: Path, tmp_path: Path) -> None:
    case: dict[str, Any] = read(path)
    world = World(
        directory=tmp_path,
        answers=case.get("answers", {}),
        unreachable=case.get("unreachable", ()),
        typed=case.get("typed", []),
    )
    world.write({"hosts": "h1\nh2\n", **case["files"]})
    error = ""
    try:
        status: int | None = await world.run(**case.get("options", {}))
    except WarrenError as raised:
        status, error = None, explain(raised).replace(f"{tmp_path}/", "")
    expected = case["expect"]
    told = world.out.text.replace(f"{tmp_path}/", "")
    assert status == expected.get("status", 0 if "error" not in expected else None), error + told
    if "error" in expected:
        assert expected["error"].rstrip() in error
    if "messages" in expected:
        said = [message.replace(f"{tmp_path}/", "") for message in messages(world)]
        assert said == expected["messages"], told
    for line in expected.get("lines", ()):
        assert line in told
        told = told[told.index(line) + len(line) :]
    for line in expected.get("never", ()):
        assert line not in world.out.text + world.err.text
    for warning in expected.get("warnings", ()):
        assert warning in world.err.text.replace(f"{tmp_path}/", "")
    for host, commands in expected.get("sent", {}).items():
        assert [command for command, _, _ in world.hosts[host].sent] == commands
    if "recap" in expected:
        recap = {
            host: {name: count for name, count in dataclasses.asdict(counts).items() if count}
            for host, counts in world.recap().hosts.items()
        }
        assert recap == expected["recap"]
        assert all(name in COUNTS for counts in recap.values() for name in counts)
