"""The garbage collector leaves what is loaded alone."""

import gc
import sys

from warren.raft.node.memory import settle_memory


def test_what_is_loaded_is_not_looked_at_again() -> None:
    thresholds, switch_seconds = gc.get_threshold(), sys.getswitchinterval()
    loaded = [{"a": [number]} for number in range(1000)]
    try:
        settle_memory()
        assert gc.get_freeze_count() > len(loaded)
        assert gc.get_threshold() > thresholds
        assert sys.getswitchinterval() < switch_seconds
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(switch_seconds)
