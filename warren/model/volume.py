"""Volumes: named storage."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Annotated, Self

from pydantic import Field, model_validator

from warren.model.quantities import DnsLabel, SizeBytes, Text
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen, nearest

SLOTS_MAX = 100_000


class VolumeDriver(StrEnum):
    """Where the data is."""

    LOCAL = "local"
    NFS = "nfs"
    TMPFS = "tmpfs"
    BIND = "bind"


_OPTIONS: dict[VolumeDriver, tuple[frozenset[str], frozenset[str]]] = {
    VolumeDriver.LOCAL: (frozenset(), frozenset()),
    VolumeDriver.NFS: (frozenset({"server", "path"}), frozenset({"mount_options"})),
    VolumeDriver.TMPFS: (frozenset(), frozenset({"mode"})),
    VolumeDriver.BIND: (frozenset({"path"}), frozenset()),
}
"""The options a driver needs, and those it also knows."""


class VolumeSpec(Frozen):
    """Storage as it is asked for.

    Attributes:
        name: how mounts refer to it; never changes.
        driver: local (a directory of the node that has it), nfs, tmpfs or bind.
        size_bytes: how much it may hold; none leaves it to what it lies on.
        options: of the driver: nfs has ``server``, ``path`` and ``mount_options``; bind ``path``;
            tmpfs ``mode``.
        per_slot: every slot of a stateful service has one of its own.
    """

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    driver: VolumeDriver = VolumeDriver.LOCAL
    size_bytes: Annotated[SizeBytes, Field(ge=1 << 20)] | None = None
    options: dict[str, Text] = Field(default_factory=dict)
    per_slot: bool = False

    @model_validator(mode="after")
    def _options_fit_driver(self) -> Self:
        needed, known = _OPTIONS[self.driver]
        for option in self.options:
            if option not in needed | known:
                close = nearest(option, needed | known)
                meant = f" (did you mean {close!r}?)" if close else ""
                raise ValueError(f"driver {self.driver} has no option {option!r}{meant}")
        for option in sorted(needed - set(self.options)):
            raise ValueError(f"driver {self.driver} needs the option {option!r}")
        for option, check in _OPTION_CHECKS.items():
            if option in self.options:
                check(self.options[option])
        if self.driver in {VolumeDriver.NFS, VolumeDriver.BIND} and self.size_bytes is not None:
            raise ValueError(f"driver {self.driver} cannot hold its data to size_bytes")
        return self


def _check_path(value: str) -> None:
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts or "\0" in value:
        raise ValueError(f"option 'path' {value!r} must be an absolute path without '..'")


def _check_server(value: str) -> None:
    if not value or any(character.isspace() or character in "/\0" for character in value):
        raise ValueError(f"option 'server' {value!r} must be a host name or an address")


def _check_mode(value: str) -> None:
    if not 3 <= len(value) <= 4 or set(value) - set("01234567"):  # noqa: PLR2004 - 755 or 1777
        raise ValueError(f"option 'mode' {value!r} must be three or four octal digits")


_OPTION_CHECKS: dict[str, Callable[[str], None]] = {
    "path": _check_path,
    "server": _check_server,
    "mode": _check_mode,
}


class Holding(Frozen):
    """A node that has data of a volume.

    Attributes:
        node: its name.
        slot: whose data it is; 0 where the volume is not per slot.
        path: where the data lies on the node.
    """

    node: str
    slot: Annotated[int, Field(ge=0, le=SLOTS_MAX)] = 0
    path: str = ""


class Volume(Resource):
    """Storage as Warren records it.

    Attributes:
        spec: what was asked for.
        holdings: where data is; local data pins its users to that node.
    """

    spec: VolumeSpec
    holdings: tuple[Holding, ...] = ()
