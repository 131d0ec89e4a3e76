"""Warren: an agentless container orchestrator whose desired state is agreed on by Raft.

ARCHITECTURE.md names every package and the direction of imports; start reading there.
"""

__version__ = "0.1.0"
