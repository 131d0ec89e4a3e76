"""Where instances run: container engines on hosts, behind one contract.

A provider turns nouns into commands by pure functions, has them run through a ``Host``, and reads
the answers; it knows neither the record nor why something is to be done. Start with ``contract``.
"""
