"""Two tasks that describe the same service are refused before anything is done."""

from pathlib import Path

import pytest

from tests.unit.playbook.world import World
from warren.model.errors import InvalidInput
from warren.playbook.modules import cluster

FIRST = "warren.core.service: {name: web, image: 'app:1'}"


async def run(directory: Path, text: str) -> World:
    world = World(directory=directory, modules=cluster.MODULES)
    world.write({"hosts": "h1\n", "site.yml": text})
    await world.run()
    return world


def play(*tasks: str) -> str:
    return "- hosts: all\n  gather_facts: false\n  tasks:\n" + "".join(
        f"    - {x}\n" for x in tasks
    )


async def test_a_second_description_is_refused_with_both_places(tmp_path: Path) -> None:
    text = play("command: run first", FIRST) + play(FIRST.replace("app:1", "app:2"))
    with pytest.raises(InvalidInput) as caught:
        await run(tmp_path, text)
    assert caught.value.message == (
        f"{tmp_path}/site.yml:9:7: service web: is described a second time;"
        f" the first is at {tmp_path}/site.yml:5:7"
    )
    assert "when" in caught.value.hint


async def test_blocks_are_looked_into_and_a_tenant_is_part_of_the_name(tmp_path: Path) -> None:
    other = FIRST.replace("}", ", tenant: b}")
    block = "block:\n        - " + other
    with pytest.raises(InvalidInput, match="service web of tenant b: is described a second"):
        await run(tmp_path, play(FIRST, block, other))


@pytest.mark.parametrize(
    "second",
    [
        "warren.core.service: {name: other, image: 'app:1'}",
        "warren.core.service: {name: web, image: 'app:1', tenant: b}",
        "warren.core.service: {name: web, state: absent}",
        "warren.core.service: {name: web, state: scaled, replicas: 2}",
        "{" + FIRST + ", when: inventory_hostname == 'h2'}",
        "{" + FIRST.replace("web", "'{{ item }}'") + ", loop: [a, web]}",
        "{block: [{command: a}], rescue: [{" + FIRST + "}]}",
    ],
)
async def test_what_may_not_happen_or_means_another_is_no_contradiction(
    tmp_path: Path, second: str
) -> None:
    world = await run(tmp_path, play(FIRST, second))
    assert "no manager" in world.out.text, "the run went as far as the first task"
