"""What Warren remembers: typed tables, transactions, a journal, watches, snapshots.

The state is TinyDB in memory; what makes it durable is the log of the entries that led to it
(``journal``) and snapshots of it. Start with ``opening`` and ``store``, then ``state`` (what an entry
means) and ``journal`` (how it survives).
"""
