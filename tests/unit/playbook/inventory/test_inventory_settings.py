from pathlib import Path

from warren.playbook.inventory.connection import read_connection
from warren.playbook.inventory.settings import settings_of


def test_settings_take_what_the_inventory_says_and_defaults_for_the_rest() -> None:
    settings = settings_of(
        read_connection(
            "h",
            {
                "ansible_host": "192.0.2.1",
                "ansible_port": 2222,
                "ansible_user": "deploy",
                "ansible_ssh_private_key_file": "/keys/id",
                "ansible_python_interpreter": "auto",
                "ansible_ssh_common_args": "-o UserKnownHostsFile=/keys/known -J jump.example.com",
            },
        )
    )
    assert (settings.address, settings.port, settings.user) == ("192.0.2.1", 2222, "deploy")
    assert settings.private_key_files == (Path("/keys/id"),)
    assert settings.known_hosts_files == (Path("/keys/known"),)
    assert settings.jump_hosts == ("jump.example.com",)
    assert settings.python_interpreter is None
    assert settings.connect_timeout_seconds == 10.0


def test_a_local_host_needs_no_address() -> None:
    connection = read_connection("localhost", {"ansible_connection": "local"})
    assert settings_of(connection).transport == "local"
