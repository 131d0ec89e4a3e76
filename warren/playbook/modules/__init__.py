"""Modules: what a task's action does, one Python module per playbook module (or close family).

Start with ``contract``; ``registry`` finds a module by any of its names.
"""
