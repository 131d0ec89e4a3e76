"""Templating: Jinja2 over lazy variables, with native types.

It owns what a template is (``values``), how it is evaluated (``engine``), and what it may call
(``filters``, ``tests``, ``lookups``). It knows nothing of hosts or tasks: variables come as a
mapping that resolves names when they are asked for. Start with ``engine``.
"""
