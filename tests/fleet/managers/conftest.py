"""Clusters of managers, each a process in a network namespace of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.managers.managers import Managers
from tests.fleet.raft.grounds import Grounds


@pytest.fixture
def managers(tmp_path: Path, able_machine: None) -> Iterator[Managers]:
    """Room for four managers; none runs."""
    with Grounds(4) as grounds:
        cluster = Managers(tmp_path, grounds)
        try:
            yield cluster
        finally:
            cluster.stop()
            print(cluster.diagnosis())  # noqa: T201 - pytest shows it if the test failed
