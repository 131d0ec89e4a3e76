"""Podman and Docker: one shape of argv and one way to read it back, with a small dialect for each.

Everything but ``provider`` and ``performing`` is pure. Start with ``creation``.
"""
