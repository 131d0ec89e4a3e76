"""How a host is reached, read from the variables that Ansible's users write for it.

The same fact has several names (``ansible_password``, ``ansible_ssh_pass``) and may also hide in
arguments for OpenSSH. The order here is Ansible's: a variable of its own beats the arguments, the
name with ``ssh`` in it beats the one without, extra arguments beat common ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from warren.model.errors import InvalidInput, Problem, Unsupported
from warren.model.hidden import Secret
from warren.playbook.inventory.addresses import port_max
from warren.playbook.inventory.layers import VaultText
from warren.playbook.inventory.ssh_arguments import SshOption, parse

HostKeyPolicy = Literal["strict", "accept-new", "off"]
"""An unknown key is refused; is learnt, but a changed one is refused; is not looked at."""

T = TypeVar("T")

_true = ("yes", "on", "1", "true", "t", "y")
_false = ("no", "off", "0", "false", "f", "n")
_policies: dict[str, HostKeyPolicy] = {
    "yes": "strict",
    "ask": "strict",  # nobody is there to be asked
    "accept-new": "accept-new",
    "no": "off",
    "off": "off",
}
_ssh_names = ("ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh")
_local_names = ("local", "ansible.builtin.local")
_argument_variables = ("ansible_ssh_args", "ansible_ssh_common_args", "ansible_ssh_extra_args")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How one host is reached; ``None`` and empty mean that nothing is said about it.

    Attributes:
        name: the host's name in the inventory.
        transport: over SSH, or as a process of this machine.
        address: what to connect to.
        port: TCP port.
        user: who to log in as.
        password: for password log-in.
        private_key_files: keys to offer, in order.
        private_key_passphrase: opens them.
        identities_only: offer only these keys, not those of an agent.
        python_interpreter: the interpreter on the host, or ``auto``.
        host_key_policy: what is done about unknown and changed host keys.
        known_hosts_files: where host keys are looked up.
        jump_hosts: hosts to go through, first hop first, ``[USER@]HOST[:PORT]``.
        proxy_command: a program whose standard streams replace the TCP connection.
        config_file: an ``ssh_config`` to read.
        connect_timeout_seconds: how long a connection may take to be made.
        keepalive_interval_seconds: silence after which the host is asked for a sign of life.
        keepalive_count_max: unanswered questions after which it counts as lost.
    """

    name: str
    transport: Literal["ssh", "local"] = "ssh"
    address: str
    port: int | None = None
    user: str | None = None
    password: Secret | None = field(default=None, compare=False)
    private_key_files: tuple[Path, ...] = ()
    private_key_passphrase: Secret | None = field(default=None, compare=False)
    identities_only: bool = False
    python_interpreter: str | None = None
    host_key_policy: HostKeyPolicy = "strict"
    known_hosts_files: tuple[Path, ...] = ()
    jump_hosts: tuple[str, ...] = ()
    proxy_command: str | None = None
    config_file: Path | None = None
    connect_timeout_seconds: float | None = None
    keepalive_interval_seconds: float | None = None
    keepalive_count_max: int | None = None


def read_connection(host: str, variables: Mapping[str, Any]) -> Connection:
    """Read how a host is reached.

    Args:
        host: its name in the inventory.
        variables: its variables, templated, with encrypted values opened.

    Raises:
        InvalidInput: a value breaks a rule; all such values are listed, secrets without the value.
        Unsupported: the host is to be reached in a way that Warren does not have.
    """
    asked = _Asked(host, variables)
    options = asked.options()
    jumps, proxy = _route(asked, options)
    connection = Connection(
        name=host,
        transport=asked.transport(),
        address=asked.get("ansible_host", "ansible_ssh_host", read=_text) or host,
        port=asked.get("ansible_port", "ansible_ssh_port", read=_port)
        or options.one("port", _port),
        user=asked.get("ansible_user", "ansible_ssh_user", read=_text)
        or options.one("user", _text),
        password=asked.secret("ansible_password", "ansible_ssh_pass", "ansible_ssh_password"),
        private_key_files=_keys(asked, options),
        private_key_passphrase=asked.secret(
            "ansible_private_key_passphrase", "ansible_ssh_private_key_passphrase"
        ),
        identities_only=options.one("identitiesonly", _flag) or False,
        python_interpreter=asked.get("ansible_python_interpreter", read=_text),
        host_key_policy=_trust(asked, options),
        known_hosts_files=(
            *options.many("userknownhostsfile", _path),
            *options.many("globalknownhostsfile", _path),
        ),
        jump_hosts=jumps,
        proxy_command=proxy,
        config_file=options.one("configfile", _path),
        connect_timeout_seconds=asked.get("ansible_timeout", "ansible_ssh_timeout", read=_seconds)
        or options.one("connecttimeout", _seconds),
        keepalive_interval_seconds=options.one("serveraliveinterval", _seconds),
        keepalive_count_max=options.one("serveralivecountmax", _count),
    )
    if asked.problems:
        raise InvalidInput(asked.problems)
    return connection


def _route(asked: "_Asked", options: "_Options") -> tuple[tuple[str, ...], str | None]:
    jumps = options.one("proxyjump", _jumps) or ()
    proxy = options.one("proxycommand", _text)
    if proxy == "none":
        proxy = None
    if proxy is not None and jumps:
        rule = "must not have both ProxyJump and ProxyCommand; keep one"
        asked.refuse("ansible_ssh_common_args", "", rule)
    return jumps, proxy


def _keys(asked: "_Asked", options: "_Options") -> tuple[Path, ...]:
    own = asked.get("ansible_private_key_file", "ansible_ssh_private_key_file", read=_path)
    others = options.many("identityfile", _path)
    return tuple(dict.fromkeys([*([own] if own else []), *others]))


def _trust(asked: "_Asked", options: "_Options") -> HostKeyPolicy:
    checking = asked.get("ansible_host_key_checking", "ansible_ssh_host_key_checking", read=_flag)
    written = options.one("stricthostkeychecking", _policy)
    if written is not None:
        return written
    return "off" if checking is False else "strict"


class _Asked:
    """The variables of one host, and what was found wrong with them."""

    def __init__(self, host: str, variables: Mapping[str, Any]) -> None:
        self._host = host
        self._variables = variables
        self.problems: list[Problem] = []

    def refuse(self, name: str, value: str, rule: str) -> None:
        self.problems.append(Problem(field=f"{name} of {self._host}", value=value, rule=rule))

    def get(self, *names: str, read: Callable[[Any], T]) -> T | None:
        """The value of the last of the names that is set to something."""
        for name in reversed(names):
            value = self._variables.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, VaultText):
                self.refuse(name, "", f"is encrypted at {value.place} and was not opened")
                return None
            try:
                return read(value)
            except ValueError as error:
                self.refuse(name, repr(value), str(error))
                return None
        return None

    def secret(self, *names: str) -> Secret | None:
        for name in reversed(names):
            value = self._variables.get(name)
            if value is None or value == "":
                continue
            if isinstance(value, VaultText):
                self.refuse(name, "", f"is encrypted at {value.place} and was not opened")
            elif isinstance(value, str | int) and not isinstance(value, bool):
                return Secret(str(value))
            else:
                self.refuse(name, "", "must be text")
            return None
        return None

    def transport(self) -> Literal["ssh", "local"]:
        name = self.get("ansible_connection", read=_text) or "ssh"
        if name in _local_names:
            return "local"
        if name in _ssh_names:
            return "ssh"
        raise Unsupported(
            f"host {self._host}: ansible_connection {name!r} is not known",
            hint="use ssh or local",
        )

    def options(self) -> "_Options":
        found: list[SshOption] = []
        for name in reversed(_argument_variables):  # extra arguments come first, the first counts
            text = self.get(name, read=_text)
            if not text:
                continue
            try:
                found.extend(parse(text, field=f"{name} of {self._host}"))
            except InvalidInput as error:
                self.problems.extend(error.problems)
        return _Options(self, found)


class _Options:
    """Options of OpenSSH; of one given twice the first counts."""

    def __init__(self, asked: _Asked, found: list[SshOption]) -> None:
        self._asked = asked
        self._found = found

    def one(self, name: str, read: Callable[[Any], T]) -> T | None:
        values = self._read(name, read)
        return values[0] if values else None

    def many(self, name: str, read: Callable[[Any], T]) -> list[T]:
        return self._read(name, read)

    def _read(self, name: str, read: Callable[[Any], T]) -> list[T]:
        values: list[T] = []
        for option in self._found:
            if option.name != name:
                continue
            try:
                values.append(read(option.value))
            except ValueError as error:
                self._asked.refuse(f"SSH option {name}", repr(option.value), str(error))
        return values


def _text(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be text")  # noqa: TRY004 - caught as a broken rule, not a bug
    return str(value)


def _flag(value: Any) -> bool:
    text = str(value).strip().lower()
    if text not in (*_true, *_false):
        raise ValueError("must be true or false")
    return text in _true


def _port(value: Any) -> int:
    number = _whole(value)
    if not 1 <= number <= port_max:
        raise ValueError(f"must be a port between 1 and {port_max}")
    return number


def _count(value: Any) -> int:
    number = _whole(value)
    if number < 1:
        raise ValueError("must be a whole number above 0")
    return number


def _whole(value: Any) -> int:
    text = str(value).strip()
    digits_max = 9
    if (
        isinstance(value, bool)
        or not text.isascii()
        or not text.isdigit()
        or len(text) > digits_max
    ):
        raise ValueError("must be a whole number")
    return int(text)


def _seconds(value: Any) -> float:
    number = _whole(value)
    if not number:
        raise ValueError("must be a number of seconds above 0")
    return float(number)


def _path(value: Any) -> Path:
    text = _text(value)
    return Path(text).expanduser() if text != "~" else Path.home()


def _jumps(value: Any) -> tuple[str, ...]:
    text = _text(value)
    hops = tuple(hop.strip().removeprefix("ssh://") for hop in text.split(","))
    if text.strip().lower() == "none":
        return ()
    if not all(hops) or any(hop.startswith("-") or set(hop) & set(" '\"") for hop in hops):
        raise ValueError("must be [USER@]HOST[:PORT], several separated by commas")
    return hops


def _policy(value: Any) -> HostKeyPolicy:
    policy = _policies.get(_text(value).strip().lower())
    if policy is None:
        raise ValueError(f"must be one of {', '.join(_policies)}")
    return policy
