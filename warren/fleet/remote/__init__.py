"""What runs on hosts: small functions sent as source to the persistent Python runner.

Each module answers ``run(arguments)`` with a plain mapping and uses only the standard library of
Python 3.6 or later and, named in ``REQUIRES``, its neighbours here. Nothing is written to the
host's disk to run them, and nothing happens when they are imported.
"""
