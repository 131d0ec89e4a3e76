"""From what the inventory says of a host to what the pool wants to know."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from warren.fleet.ssh.settings import ConnectionSettings
from warren.playbook.inventory.connection import read_connection

_AUTOMATIC = ("auto", "auto_legacy", "auto_silent", "auto_legacy_silent")


def connection_settings(host: str, variables: Mapping[str, Any]) -> ConnectionSettings:
    """Settings of a host; what the inventory leaves open takes the pool's default.

    Args:
        host: its name in the inventory.
        variables: its variables, templated, with encrypted values opened.

    Raises:
        InvalidInput: a value breaks a rule.
        Unsupported: the host is to be reached in a way that Warren does not have.
    """
    connection = read_connection(host, variables)
    said = {
        field.name: value
        for field in fields(connection)
        if (value := getattr(connection, field.name)) is not None
    }
    if said.get("python_interpreter") in _AUTOMATIC:
        del said["python_interpreter"]
    return ConnectionSettings(**said)
