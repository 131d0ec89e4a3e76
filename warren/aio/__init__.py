"""Time and concurrency without any Warren words: clocks, back-off, supervised loops.

Everything that waits takes a clock from here, so that tests and the simulation decide what time
it is. Start with ``clock``.
"""
