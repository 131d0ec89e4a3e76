"""The only package that knows asyncssh: settings, one connection per host, the pool of hosts.

It translates asyncssh's errors once, in ``translation``, and loads asyncssh when the first connection is
opened. Start with ``pool``.
"""
