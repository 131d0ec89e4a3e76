"""The garbage collector of a process that holds a large state and must not pause."""

import gc
import sys

_THRESHOLDS = (5_000, 5, 1_000)
_SWITCH_SECONDS = 0.001


def settle_memory() -> None:
    """Call it once, when the state is loaded: what there is now is never looked at again.

    What comes later is mostly bytes and structs without cycles: looking for cycles among all of it finds
    nothing and takes the longer the more there is. With 50,000 documents and 96,000 more coming, the
    longest pause was 216 ms as Python has it, 106 ms with the first ones frozen, and 4 ms with these
    thresholds, by which only the young are looked at, 25,000 at most, and the old practically never.

    Threads give way after a millisecond rather than five: the thread of the log needs the interpreter
    only for moments, while entries wait for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    sys.setswitchinterval(_SWITCH_SECONDS)
