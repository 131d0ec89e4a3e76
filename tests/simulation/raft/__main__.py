"""Run seeds on all processors: ``python -m tests.simulation.raft --seeds 1000 --start 0``."""

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

from tests.simulation.raft.run import Outcome, Run

say = partial(print, flush=True)


@dataclass(frozen=True, slots=True)
class Failure:
    """A seed that showed a fault."""

    seed: int
    reason: str

    @property
    def command(self) -> str:
        """What replays it."""
        return f"make simulate SEEDS=1 START={self.seed}"


def run_seed(seed: int) -> Outcome | Failure:
    """One seed; whatever goes wrong in it is a failure."""
    try:
        return Run(seed).run()
    except Exception as error:  # noqa: BLE001 - a broken assertion of the code under test is one, too
        return Failure(seed, f"{type(error).__name__}: {error}")


def replay(seed: int) -> int:
    """One seed with all that happens in it, for whoever looks for the cause."""
    try:
        say(str(Run(seed, say=say).run()))
    except Exception:  # noqa: BLE001
        traceback.print_exc()
        return 1
    return 0


def run_many(start: int, count: int, workers: int) -> int:
    """All seeds; the number of those that failed."""
    began = time.monotonic()
    totals: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    failures = 0
    with ProcessPoolExecutor(workers) as pool:
        for outcome in pool.map(run_seed, range(start, start + count), chunksize=4):
            if isinstance(outcome, Failure):
                failures += 1
                say(f"seed {outcome.seed}: {outcome.reason}\nreplay: {outcome.command}")
                continue
            faults.update(outcome.faults)
            totals.update(
                events=outcome.events,
                operations=outcome.operations,
                committed=outcome.committed,
                elections=outcome.elections,
                seconds=outcome.simulated_us // 1_000_000,
            )
    seconds = time.monotonic() - began
    say(
        f"{count} seeds from {start}, {failures} failed, {seconds:.1f} s "
        f"({count / seconds:.1f}/s); simulated: {dict(totals)}; faults: {dict(faults)}"
    )
    return failures


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="tests.simulation.raft", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--start", type=int, default=0, help="the first one")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--trace", action="store_true", help="say all that happens in one seed")
    given = parser.parse_args()
    if given.trace:
        return replay(given.start)
    return min(1, run_many(given.start, given.seeds, given.workers))


if __name__ == "__main__":
    sys.exit(main())
