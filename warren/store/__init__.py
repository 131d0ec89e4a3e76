"""What Warren remembers: typed tables, transactions, watches.

The state is TinyDB in memory, changed by nothing but entries of a replicated log. Start with ``store``
and ``state`` (what an entry means); ``machine`` is the side that the log sees. ``format1`` reads what
earlier versions wrote.
"""
