"""The inventory: hosts, groups and their variables, as Ansible's users write them.

It owns the reading of inventory sources (INI, YAML, directories, scripts, host lists), of
``group_vars`` and ``host_vars``, and the patterns that choose hosts. It knows nothing of plays,
templates or connections in use: values are kept as written, each with the place it came from.
Start with ``sources.load``, then ``inventory.Inventory`` and ``patterns.select``.
"""
