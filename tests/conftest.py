"""Marks every test with the name of its folder, so that `-m fleet` selects a world."""

from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("patient", deadline=None)  # other work may be under way
hypothesis.settings.load_profile("patient")

WORLDS = ("unit", "simulation", "fleet")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    root = Path(__file__).parent
    for item in items:
        world = item.path.relative_to(root).parts[0]
        if world in WORLDS:
            item.add_marker(world)
