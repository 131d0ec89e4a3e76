"""Every known fault can still be put back: ``mutants`` shows that the other tests notice it."""

from pathlib import Path

import pytest

from tests.simulation.raft import mutants


@pytest.mark.parametrize("mutation", mutants.mutations(()), ids=lambda each: each.name)
def test_mutation_finds_its_place(mutation: mutants.Mutation, tmp_path: Path) -> None:
    for edit in mutation.edits:
        target = tmp_path / edit.file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((mutants.ROOT / edit.file).read_text())
    for edit in mutation.edits:
        edit.apply(tmp_path)
