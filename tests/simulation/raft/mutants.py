"""Known faults, put back one at a time: the tests must notice each.

``python -m tests.simulation.raft.mutants [name …]`` copies the tree, makes the change that a file in ``mutations``
describes, and runs the scenarios, then seeds, then the unit tests of consensus, until one of them fails. What no test
notices is a hole in the tests.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
MUTATIONS = Path(__file__).parent / "mutations"
SEEDS = 400
STAGE_SECONDS = 600

say = partial(print, flush=True)


@dataclass(frozen=True, slots=True)
class Edit:
    """One place that is changed."""

    file: str
    before: str
    after: str

    def apply(self, root: Path) -> None:
        """Change it.

        Raises:
            ValueError: the place is not there, or not once.
        """
        path = root / self.file
        text = path.read_text()
        if text.count(self.before) != 1:
            raise ValueError(f"{self.file} has it {text.count(self.before)} times:\n{self.before}")
        path.write_text(text.replace(self.before, self.after))


@dataclass(frozen=True, slots=True)
class Mutation:
    """A known fault."""

    name: str
    about: str
    edits: tuple[Edit, ...]


def load(path: Path) -> Mutation:
    """Read a file of ``mutations``."""
    said = yaml.safe_load(path.read_text())
    return Mutation(path.stem, said["about"], tuple(Edit(**edit) for edit in said["edits"]))


def mutations(names: Sequence[str]) -> list[Mutation]:
    """Those of these names, or all."""
    found = [load(path) for path in sorted(MUTATIONS.glob("*.yaml"))]
    return [each for each in found if not names or each.name in names]


def stages(seeds: int) -> list[tuple[str, list[str]]]:
    """What is run, cheapest first."""
    python, pytest = [sys.executable], ["-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
    simulation = "tests/simulation/raft"
    return [
        ("scenarios", [*python, *pytest, f"{simulation}/test_scenarios.py"]),
        ("seeds", [*python, "-m", "tests.simulation.raft.mutants", "--until-failure", str(seeds)]),
        ("unit tests", [*python, *pytest, "tests/unit/raft"]),
    ]


def copy_tree(source: Path, target: Path) -> None:
    """All that the tests need."""
    for part in ("warren", "tests"):
        ignore = shutil.ignore_patterns("__pycache__", "fleet")
        shutil.copytree(source / part, target / part, ignore=ignore)
    shutil.copy(source / "pyproject.toml", target)


def judge(mutation: Mutation, seeds: int, source: Path) -> tuple[str, str]:
    """Which stage notices the fault, and by what; empty if none does."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        copy_tree(source, root)
        for edit in mutation.edits:
            edit.apply(root)
        environment = dict(os.environ, PYTHONPATH=str(root), PYTHONDONTWRITEBYTECODE="1")
        for stage, command in stages(seeds):
            try:
                done = subprocess.run(
                    command,
                    cwd=root,
                    env=environment,
                    capture_output=True,
                    text=True,
                    check=False,
                    timeout=STAGE_SECONDS,
                )
            except subprocess.TimeoutExpired:
                return stage, f"no end after {STAGE_SECONDS} s"
            if done.returncode:
                return stage, reason(done.stdout)
    return "", ""


def reason(output: str) -> str:
    """The line of a run's output that says what failed."""
    lines = [line for line in output.splitlines() if line.startswith(("FAILED", "seed", "E  "))]
    return (lines or output.splitlines() or [""])[-1][:160]


def run_until_failure(seeds: int) -> int:
    """Run seeds in this tree, as it is, up to the first that fails."""
    from tests.simulation.raft.__main__ import Failure, run_seed  # noqa: PLC0415 - the mutant's

    for seed in range(seeds):
        outcome = run_seed(seed)
        if isinstance(outcome, Failure):
            say(f"seed {seed}: {outcome.reason.splitlines()[0]}")
            return 1
    return 0


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="tests.simulation.raft.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", help="mutations; all if none is given")
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--until-failure", type=int, help="run so many seeds here")
    given = parser.parse_args()
    if given.until_failure:
        return run_until_failure(given.until_failure)
    with tempfile.TemporaryDirectory() as directory:
        source = Path(directory)
        copy_tree(ROOT, source)  # nothing that changes here meanwhile shall matter
        stage, why = judge(Mutation("none", "", ()), given.seeds // 4, source)
        if stage:
            say(f"the tests fail without any mutation: {stage}: {why}")
            return 1
        return judge_all(mutations(given.names), given.seeds, given.workers, source)


def judge_all(chosen: Sequence[Mutation], seeds: int, workers: int, source: Path) -> int:
    """Try all of them; 1 if any survives."""
    began, survivors = time.monotonic(), 0
    with ThreadPoolExecutor(workers) as pool:
        verdicts = pool.map(lambda each: judge(each, seeds, source), chosen)
        for mutation, (stage, why) in zip(chosen, verdicts, strict=True):
            survivors += not stage
            say(f"{mutation.name}: {f'{stage}: {why}' if stage else 'SURVIVES'}")
    say(f"{len(chosen)} mutations, {survivors} survive, {time.monotonic() - began:.0f} s")
    return min(1, survivors)


if __name__ == "__main__":
    sys.exit(main())
