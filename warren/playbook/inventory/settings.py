"""From what the inventory says of a host to what the pool wants to know."""

from dataclasses import fields

from warren.fleet.ssh.settings import ConnectionSettings
from warren.playbook.inventory.connection import Connection

_AUTOMATIC = ("auto", "auto_legacy", "auto_silent", "auto_legacy_silent")


def settings_of(connection: Connection) -> ConnectionSettings:
    """Settings of a host; what the inventory leaves open takes the pool's default."""
    said = {
        field.name: value
        for field in fields(connection)
        if (value := getattr(connection, field.name)) is not None
    }
    if said.get("python_interpreter") in _AUTOMATIC:
        del said["python_interpreter"]
    return ConnectionSettings(**said)
