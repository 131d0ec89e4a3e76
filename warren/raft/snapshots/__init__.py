"""Snapshots on disk: the state machine's pieces, checked one by one and as a whole.

``format`` is the bytes, ``files`` their names, ``writing`` makes one, ``reading`` gives back its
pieces or its raw bytes for sending, ``receiving`` takes those in. Everything blocks and belongs on a
thread; a file has its name only when all of it is durable.
"""
