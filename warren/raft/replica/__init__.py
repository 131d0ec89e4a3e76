"""A member without waiting: the algorithm, the state machine, sessions and those who asked.

``replica`` is the whole; ``outbox`` is what it wants done, ``settings`` what can be set. ``replicated``
is what all members share, ``tickets`` who waits for what, ``membership`` which changes make sense.
"""
