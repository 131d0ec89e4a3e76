"""What a run tells: events, and the ways to show them.

The engine emits events and never prints. Start with ``events``; ``plain`` is what tools parse.
"""
