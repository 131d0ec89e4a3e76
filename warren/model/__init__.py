"""The nouns of Warren: frozen models, ids, states, validation, errors, YAML with positions.

This package knows no disk, network or clock; every other package may import it. Start with
``service``, then ``errors`` and ``marked``.
"""
