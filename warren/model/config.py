"""Configs: files that reach containers. Their content is sealed at rest, too, but may be read."""

import json
from enum import StrEnum
from typing import Annotated, Self

import yaml
from pydantic import Field, model_validator

from warren.model.hidden import Sealed
from warren.model.quantities import DnsLabel
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen

CONFIG_BYTES_MAX = 1 << 20


class ConfigFormat(StrEnum):
    """How a config's content is written, and so how it is checked."""

    TEXT = "text"
    JSON = "json"
    YAML = "yaml"
    ENV = "env"


class ConfigSpec(Frozen):
    """A config as it is handed over.

    Attributes:
        name: how containers refer to it; never changes.
        format: the content must be well-formed in it.
        content: at most 1 MiB as UTF-8.
    """

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    format: ConfigFormat = ConfigFormat.TEXT
    content: str

    @model_validator(mode="after")
    def _content_is_well_formed(self) -> Self:
        try:
            size = len(self.content.encode())
        except UnicodeEncodeError:
            raise ValueError("content must be text that UTF-8 can carry") from None
        if size > CONFIG_BYTES_MAX:
            raise ValueError(f"content is {size} bytes; at most {CONFIG_BYTES_MAX} are kept")
        _CHECKS[self.format](self.content)
        return self


def _check_text(_content: str) -> None:
    """Any text will do."""


def _check_json(content: str) -> None:
    try:
        json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"content is no JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from None
    except RecursionError:
        raise ValueError("content is nested too deeply") from None


def _check_yaml(content: str) -> None:
    try:
        for _ in yaml.parse(content, Loader=yaml.SafeLoader):
            pass
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise ValueError(f"content is no YAML: {where}{error.problem}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"content is no YAML: {str(error).splitlines()[0]}") from None


def _check_env(content: str) -> None:
    for number, line in enumerate(content.splitlines(), 1):
        text = line.strip()
        if text and not text.startswith("#") and not text.partition("=")[0].strip().isidentifier():
            raise ValueError(f"content must be lines NAME=VALUE; line {number} is none")


_CHECKS = {
    ConfigFormat.TEXT: _check_text,
    ConfigFormat.JSON: _check_json,
    ConfigFormat.YAML: _check_yaml,
    ConfigFormat.ENV: _check_env,
}


class Config(Resource):
    """What lists show of a config.

    Attributes:
        format: of the content.
        size_bytes: of the content as UTF-8.
        digest: SHA-256 of the content as UTF-8, in hexadecimal.
    """

    format: ConfigFormat = ConfigFormat.TEXT
    size_bytes: Annotated[int, Field(ge=0, le=CONFIG_BYTES_MAX)] = 0
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class SealedConfig(Config):
    """A config as Warren records it.

    Attributes:
        sealed: the content, for the context ``config/ID/VERSION``.
    """

    sealed: Sealed
