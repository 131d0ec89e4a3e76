"""What was written: plays, blocks, tasks, roles as frozen nodes, each with its place.

Parsing finds every mistake that can be found without a host: unknown keywords, modules and
arguments, wrong types, missing files. It acts on nothing. Start with ``nodes`` and ``plays``.
"""
