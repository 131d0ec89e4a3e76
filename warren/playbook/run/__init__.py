"""Running plays: batches of hosts go through steps together, each step once per host.

``plan`` flattens what was written, ``steps`` walks it, ``attempt`` does one task on one host.
Everything outside comes in through ``session``. Start with ``playbook``.
"""
