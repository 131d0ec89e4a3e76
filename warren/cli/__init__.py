"""The command line: one module per noun; parse, call, render. No logic.

``main`` is ``warren``, ``playbook`` is ``warren-playbook``. Heavy imports happen inside commands,
so that ``--version`` and completion answer at once.
"""
