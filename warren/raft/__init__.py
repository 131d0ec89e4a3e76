"""Consensus over opaque bytes: Raft with a log on disk, snapshots, transport and client sessions.

``core`` decides and touches nothing; ``wal`` and ``snapshots`` keep; ``transport`` carries;
``replica`` joins core, state machine and sessions without waiting for anything; ``node`` runs a
replica on an event loop. There is no word of containers or services in here.
"""
