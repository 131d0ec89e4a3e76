"""The api: turns a request into one transaction on the desired state, and reads for lists.

It writes what is wanted; ``control`` sees the change and acts. Neither imports the other. Start
with ``changes``.
"""
