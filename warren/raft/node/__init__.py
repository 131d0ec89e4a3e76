"""A member on an event loop: a replica, its storage on threads, its connections, its timer.

``node`` is the whole, ``writing`` the log's thread and what a full disk means, ``exchange`` snapshots on
their way to and from the disk and other members, ``statistics`` what is measured, ``memory`` how the
garbage collector is set.
"""
