"""Variables: which value of a name holds for a host and a task, and where it comes from.

Values stay in the layers they were written in; nothing is merged or evaluated before it is asked
for. Start with ``scope``.
"""
