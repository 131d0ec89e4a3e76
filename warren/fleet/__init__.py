"""Hosts: one SSH connection each, a shell and a Python runner kept open on it, and their facts.

This package knows commands, not containers: what an argv means is the providers' and the
playbook's business. Start with ``command`` and ``host`` (the contract), then ``ssh``.
"""
