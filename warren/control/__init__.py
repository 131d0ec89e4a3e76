"""Leader-only loops that make what runs into what was asked for.

Deciders (``orchestrator``, ``scheduler``, ``reconciler``, ``reaper``) are plain functions from a
snapshot to actions; ``dispatch`` and ``observer`` alone reach hosts, through the providers.
"""
