"""The garbage collector of a process that holds a large state and must not pause."""

import gc
import sys

_THRESHOLDS = (20_000, 20, 50)
_SWITCH_SECONDS = 0.001


def settle_memory() -> None:
    """Call it once, when the state is loaded: what there is now is never looked at again.

    What comes later is mostly bytes and structs without cycles, so that looking for cycles finds
    nothing and takes the longer the more there is. The young are looked at less often than Python would, and
    the old seldom. Threads give way after a millisecond rather than five: the thread of the log needs
    the interpreter only for moments, while entries wait for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    sys.setswitchinterval(_SWITCH_SECONDS)
