"""``ansible.cfg``: the settings that decide where things are and how hosts are reached.

A project that has one expects it to count. Only what means the same to Warren is read; the command
line wins over it.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from warren.model.errors import InvalidInput, Problem

forks_default = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a file of settings says; empty where it says nothing."""

    inventory: tuple[str, ...] = ()
    role_directories: tuple[Path, ...] = ()
    forks: int = forks_default
    remote_user: str = ""
    private_key_file: str = ""
    host_key_checking: str = ""
    gathering: str = "implicit"
    become: bool = False
    become_user: str = ""
    become_method: str = ""


def read_settings(directory: Path, environment: Mapping[str, str]) -> Settings:
    """Read the file that ``ANSIBLE_CONFIG`` names, or ``ansible.cfg`` in a directory.

    Raises:
        InvalidInput: it does not parse, or a number in it is none.
    """
    path = Path(environment.get("ANSIBLE_CONFIG") or directory / "ansible.cfg")
    if not path.is_file():
        return Settings(role_directories=_usual_roles(directory))
    from configparser import ConfigParser, Error  # noqa: PLC0415 - only where there is a file

    parser = ConfigParser(interpolation=None, inline_comment_prefixes=(";",), strict=False)
    try:
        parser.read_string(path.read_text(encoding="utf-8"), str(path))
    except (Error, UnicodeDecodeError) as error:
        rule = f"does not parse: {str(error).splitlines()[0]}"
        raise InvalidInput([Problem(field=str(path), value="", rule=rule)]) from error

    def get(name: str, section: str = "defaults") -> str:
        return parser.get(section, name, fallback="").strip()

    base = path.absolute().parent
    forks = get("forks") or str(forks_default)
    if not forks.isdigit():
        raise InvalidInput([Problem(field=f"{path}: forks", value=forks, rule="must be a number")])
    own_roles = tuple(_beside(base, text) for text in get("roles_path").split(":") if text)
    return Settings(
        inventory=tuple(_source(base, text) for text in _split(get("inventory"))),
        role_directories=own_roles or _usual_roles(directory),
        forks=int(forks),
        remote_user=get("remote_user"),
        private_key_file=get("private_key_file"),
        host_key_checking=get("host_key_checking"),
        gathering=get("gathering") or "implicit",
        become=get("become", "privilege_escalation").lower() in ("true", "yes", "1", "on"),
        become_user=get("become_user", "privilege_escalation"),
        become_method=get("become_method", "privilege_escalation"),
    )


def _usual_roles(directory: Path) -> tuple[Path, ...]:
    return (directory / "roles", Path("~/.ansible/roles").expanduser())


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _source(base: Path, text: str) -> str:
    path = _beside(base, text)
    return str(path) if path.exists() else f"{text},"


def _beside(base: Path, text: str) -> Path:
    return base / Path(os.path.expandvars(text.strip())).expanduser()
