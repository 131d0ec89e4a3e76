from pathlib import Path
from typing import Any

import pytest

from warren.model.errors import InvalidInput, Place, Unsupported
from warren.playbook.inventory.connection import read_connection
from warren.playbook.inventory.layers import VaultText


def test_host_without_variables_is_reached_by_its_name_strictly() -> None:
    connection = read_connection("web1", {})
    assert (connection.transport, connection.address, connection.port) == ("ssh", "web1", None)
    assert connection.host_key_policy == "strict"
    assert connection.jump_hosts == ()


@pytest.mark.parametrize(
    ("variables", "field", "value"),
    [
        ({"ansible_host": "10.0.0.1"}, "address", "10.0.0.1"),
        ({"ansible_host": "a", "ansible_ssh_host": "b"}, "address", "b"),
        ({"ansible_port": "2222"}, "port", 2222),
        ({"ansible_ssh_port": 22}, "port", 22),
        ({"ansible_user": "deploy"}, "user", "deploy"),
        ({"ansible_user": "a", "ansible_ssh_user": "b"}, "user", "b"),
        ({"ansible_user": "a", "ansible_ssh_user": ""}, "user", "a"),
        ({"ansible_connection": "local"}, "transport", "local"),
        ({"ansible_connection": "smart"}, "transport", "ssh"),
        ({"ansible_python_interpreter": "auto"}, "python_interpreter", "auto"),
        ({"ansible_ssh_private_key_file": "/k"}, "private_key_files", (Path("/k"),)),
        ({"ansible_host_key_checking": False}, "host_key_policy", "off"),
        ({"ansible_ssh_host_key_checking": "no"}, "host_key_policy", "off"),
        ({"ansible_host_key_checking": "true"}, "host_key_policy", "strict"),
        ({"ansible_timeout": 7}, "connect_timeout_seconds", 7.0),
        ({"ansible_ssh_common_args": "-J a,u@b:2200"}, "jump_hosts", ("a", "u@b:2200")),
        ({"ansible_ssh_common_args": "-oProxyJump=a"}, "jump_hosts", ("a",)),
        ({"ansible_ssh_common_args": "-o ProxyJump=none"}, "jump_hosts", ()),
        (
            {"ansible_ssh_common_args": "-o ProxyCommand='ssh -W %h:%p gate'"},
            "proxy_command",
            "ssh -W %h:%p gate",
        ),
        ({"ansible_ssh_common_args": "-F /c"}, "config_file", Path("/c")),
        (
            {"ansible_ssh_private_key_file": "/a", "ansible_ssh_extra_args": "-i /b -i /a"},
            "private_key_files",
            (Path("/a"), Path("/b")),
        ),
        ({"ansible_ssh_args": "-o IdentitiesOnly=yes"}, "identities_only", True),
        (
            {"ansible_ssh_args": "-o UserKnownHostsFile=/dev/null"},
            "known_hosts_files",
            (Path("/dev/null"),),
        ),
        (
            {"ansible_ssh_args": "-o StrictHostKeyChecking=accept-new"},
            "host_key_policy",
            "accept-new",
        ),
        ({"ansible_ssh_args": '-o "StrictHostKeyChecking no"'}, "host_key_policy", "off"),
        ({"ansible_ssh_args": "-p 23 -l me"}, "port", 23),
        ({"ansible_ssh_args": "-p 23", "ansible_port": 24}, "port", 24),
        ({"ansible_ssh_common_args": "-p 1", "ansible_ssh_extra_args": "-p 2"}, "port", 2),
        ({"ansible_ssh_args": "-C -o ControlMaster=auto -o ControlPersist=60s"}, "port", None),
        ({"ansible_ssh_args": "-o ServerAliveInterval=5"}, "keepalive_interval_seconds", 5.0),
        ({"ansible_ssh_args": "-o ServerAliveCountMax=2"}, "keepalive_count_max", 2),
        ({"ansible_ssh_args": "-o ConnectTimeout=3"}, "connect_timeout_seconds", 3.0),
    ],
)
def test_variable_sets(variables: dict[str, Any], field: str, value: Any) -> None:
    assert getattr(read_connection("web1", variables), field) == value


@pytest.mark.parametrize("name", ["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])
def test_password_is_a_secret(name: str) -> None:
    connection = read_connection("web1", {name: "hunter2"})
    assert connection.password is not None
    assert connection.password.reveal() == b"hunter2"
    assert "hunter2" not in repr(connection)


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"ansible_port": "ssh"}, "ansible_port of web1: 'ssh' must be a whole number"),
        ({"ansible_port": 0}, "between 1 and 65535"),
        ({"ansible_port": True}, "must be a whole number"),
        ({"ansible_user": ["a"]}, "ansible_user of web1: ['a'] must be text"),
        ({"ansible_host_key_checking": "maybe"}, "must be true or false"),
        ({"ansible_password": ["hunter2"]}, "ansible_password of web1: must be text"),
        ({"ansible_ssh_args": "-o ProxyJmp=a"}, "did you mean 'ProxyJump'?"),
        ({"ansible_ssh_args": "-R 80:x:80"}, "'-R' is not known; known are -o NAME=VALUE"),
        ({"ansible_ssh_args": "-o"}, "'-o' needs a value"),
        ({"ansible_ssh_args": "-o Port"}, "needs a value: -o NAME=VALUE"),
        ({"ansible_ssh_args": "host"}, "'host' is not known"),
        ({"ansible_ssh_args": "-o 'x"}, "cannot be split into words"),
        ({"ansible_ssh_args": "-o StrictHostKeyChecking=perhaps"}, "must be one of yes, ask"),
        ({"ansible_ssh_args": "-o ServerAliveCountMax=0"}, "above 0"),
        ({"ansible_ssh_args": "-J 'a,,b'"}, "[USER@]HOST[:PORT]"),
        ({"ansible_ssh_args": "-J -oProxyCommand=x"}, "[USER@]HOST[:PORT]"),
        ({"ansible_ssh_args": "-J a -o ProxyCommand=b"}, "both ProxyJump and"),
        (
            {"ansible_user": VaultText("$ANSIBLE_VAULT", Place("v.yml", 3, 1))},
            "is encrypted at v.yml:3:1 and was not opened",
        ),
        (
            {"ansible_password": VaultText("$ANSIBLE_VAULT", Place("v.yml", 3, 1))},
            "is encrypted at v.yml:3:1 and was not opened",
        ),
    ],
)
def test_bad_value_is_refused(variables: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_connection("web1", variables)
    assert message in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_all_bad_values_are_listed_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        read_connection("web1", {"ansible_port": "x", "ansible_ssh_args": "-o Prt=1"})
    assert len(caught.value.problems) == 2


def test_foreign_connection_is_refused() -> None:
    with pytest.raises(Unsupported, match="ansible_connection 'winrm' is not known"):
        read_connection("web1", {"ansible_connection": "winrm"})
