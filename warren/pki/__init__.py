"""Who is who, and what stays sealed: authority, certificates, join tokens, keys of the record.

Nothing is derived from names: every key and every token is random. Randomness and time are
parameters; files are read and written by the daemon.
"""
