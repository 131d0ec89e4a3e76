"""Filters between values and their written forms: JSON, YAML, base64, digests, UUIDs."""

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from warren.model.errors import PermanentError
from warren.playbook.templating import shadow

_uuid_namespace = "361E6D51-FAEC-444A-9079-341386DA8E2E"


class _Dumper(yaml.SafeDumper):
    """Writes subclasses of plain types as those types, and indents as asked."""


_Dumper.add_multi_representer(str, lambda dumper, value: dumper.represent_str(str(value)))
_Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(dict(value)))
_Dumper.add_multi_representer(list, lambda dumper, value: dumper.represent_list(list(value)))
_Dumper.add_multi_representer(tuple, lambda dumper, value: dumper.represent_list(list(value)))


def to_plain_json(value: Any) -> Any:
    """What JSON cannot hold, as what it can; for ``json.dumps(default=…)``.

    Raises:
        TypeError: nothing comes near.
    """
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    raise TypeError(f"a value of type {type(value).__name__} cannot be written as JSON")


def to_json(value: Any, **settings: Any) -> str:
    """A value as JSON."""
    settings.pop("vault_to_text", None)
    settings.pop("preprocess_unsafe", None)
    return json.dumps(value, default=to_plain_json, **settings)


def to_nice_json(value: Any, indent: int = 4, **settings: Any) -> str:
    """A value as JSON for people: sorted and indented."""
    return to_json(value, indent=indent, **{"sort_keys": True, **settings})


def from_json(text: Any, **settings: Any) -> Any:
    """The value that JSON text means."""
    return json.loads(text, **settings)


def to_yaml(value: Any, default_flow_style: bool | None = None, **settings: Any) -> str:  # noqa: FBT001
    """A value as YAML."""
    written = yaml.dump(
        value, Dumper=_Dumper, allow_unicode=True, default_flow_style=default_flow_style, **settings
    )
    return str(written)


def to_nice_yaml(value: Any, indent: int = 4, **settings: Any) -> str:
    """A value as YAML for people: one item a line."""
    return to_yaml(value, **{"default_flow_style": False, "indent": indent, **settings})


def from_yaml(text: Any) -> Any:
    """The value that YAML text means; what is no text is returned as it is."""
    return yaml.safe_load(text) if isinstance(text, str) else text


def from_yaml_all(text: Any) -> Any:
    """The values of a stream of YAML documents."""
    return list(yaml.safe_load_all(text)) if isinstance(text, str) else text


def b64encode(value: Any, encoding: str = "utf-8") -> str:
    """Text or bytes in base64."""
    data = value if isinstance(value, bytes) else str(value).encode(encoding, "surrogateescape")
    return base64.b64encode(data).decode()


def b64decode(text: str, encoding: str = "utf-8") -> str:
    """The text in base64 text."""
    return base64.b64decode(text).decode(encoding, "surrogateescape")


def digest(value: Any, hashtype: str = "sha1") -> str:
    """The hexadecimal digest of a text."""
    if hashtype not in hashlib.algorithms_available:
        raise PermanentError(f"hash {hashtype!r} is not available on this machine")
    return hashlib.new(hashtype, str(value).encode("utf-8", "surrogateescape")).hexdigest()


def md5(value: Any) -> str:
    """The MD5 digest of a text."""
    return digest(value, "md5")


def sha1(value: Any) -> str:
    """The SHA-1 digest of a text."""
    return digest(value, "sha1")


def password_hash(
    password: str, hashtype: str = "sha512", salt: str | None = None, rounds: int | None = None
) -> str:
    """A password as ``/etc/shadow`` stores it; give a salt to get the same text every time."""
    return shadow.encrypt(password, scheme=hashtype, salt=salt, rounds=rounds)


def to_uuid(text: str, namespace: Any = _uuid_namespace) -> str:
    """A UUID that is always the same for the same text."""
    import uuid  # noqa: PLC0415 - slow to import, seldom used

    return str(uuid.uuid5(uuid.UUID(str(namespace)), text))


filters: dict[str, Callable[..., Any]] = {
    "b64decode": b64decode,
    "b64encode": b64encode,
    "checksum": sha1,
    "from_json": from_json,
    "from_yaml": from_yaml,
    "from_yaml_all": from_yaml_all,
    "hash": digest,
    "md5": md5,
    "password_hash": password_hash,
    "sha1": sha1,
    "to_json": to_json,
    "to_nice_json": to_nice_json,
    "to_nice_yaml": to_nice_yaml,
    "to_uuid": to_uuid,
    "to_yaml": to_yaml,
}
