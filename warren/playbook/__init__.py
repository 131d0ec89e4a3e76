"""The playbook engine: parse → plan → run, in the language Ansible's users know.

It works host by host over ``fleet`` and asks the manager for services through ``client``; it never
sees the store or the control loops. Start with ``language`` (what was written), then ``run``.
"""
