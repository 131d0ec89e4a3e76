"""The composition root: builds store, loops and client, and owns the one task group.

``embedded`` is a manager inside the caller's process, ``reader`` shows the state without being one,
``session`` finds the state directory and the hosts of an inventory for the command line.
"""
