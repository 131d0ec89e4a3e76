"""Types of single fields: names, sizes, image references.

Each accepts what people write (``512MiB``) and stores the plain value (bytes), so that a record
never needs to be parsed again.
"""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

LABEL_CHARACTERS_MAX = 63
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_SIZE = re.compile(r"(?P<number>\d+(\.\d+)?)\s*(?P<unit>[a-zA-Z]*)")
_UNITS = {
    "": 1, "b": 1,
    "k": 1 << 10, "kb": 1 << 10, "kib": 1 << 10, "ki": 1 << 10,
    "m": 1 << 20, "mb": 1 << 20, "mib": 1 << 20, "mi": 1 << 20,
    "g": 1 << 30, "gb": 1 << 30, "gib": 1 << 30, "gi": 1 << 30,
    "t": 1 << 40, "tb": 1 << 40, "tib": 1 << 40, "ti": 1 << 40,
}  # fmt: skip
"""Powers of 1024, as container engines read them."""

# The grammar of github.com/distribution/reference: domain, path components, tag, digest.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = (
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*"
)
_IMAGE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN}(?::\d{{1,5}})?|\[[0-9a-fA-F:]+\](?::\d{{1,5}})?)/)?"
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?:@(?P<digest>[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
IMAGE_NAME_CHARACTERS_MAX = 255


def check_dns_label(value: str) -> str:
    """Check a DNS label in lower case (RFC 1123 §2.1, RFC 1035 §2.3.4).

    Raises:
        ValueError: it is none.
    """
    if len(value) > LABEL_CHARACTERS_MAX or not _DNS_LABEL.fullmatch(value):
        raise ValueError(
            "must be a DNS label: 1 to 63 of a-z, 0-9 and '-', not beginning or ending with '-'"
        )
    return value


def check_image(value: str) -> str:
    """Check a container image reference.

    Raises:
        ValueError: it does not parse.
    """
    match = _IMAGE.fullmatch(value)
    if match is None:
        raise ValueError("must be an image reference: [registry/]name[:tag][@digest]")
    if len(match["path"]) + len(match["domain"] or "") + 1 > IMAGE_NAME_CHARACTERS_MAX:
        raise ValueError(f"must be at most {IMAGE_NAME_CHARACTERS_MAX} characters without its tag")
    return value


def parse_size(value: Any) -> Any:
    """Read a size in bytes from a number or a text such as ``512MiB`` or ``1.5g``.

    Raises:
        ValueError: the text is no size.
    """
    if not isinstance(value, str):
        return value
    match = _SIZE.fullmatch(value.strip())
    if match is None or match["unit"].lower() not in _UNITS:
        raise ValueError("must be a size: a number of bytes, or with a unit such as 512MiB or 2GiB")
    return int(float(match["number"]) * _UNITS[match["unit"].lower()])


def _refuse_bool(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("must be a number, not true or false")  # noqa: TRY004 - pydantic wants ValueError
    return value


def _text_of_number(value: Any) -> Any:
    """YAML reads ``8080`` and ``1.5`` as numbers where text is meant."""
    if isinstance(value, bool):
        raise ValueError("must be text: write it in quotes")  # noqa: TRY004 - pydantic wants ValueError
    return str(value) if isinstance(value, int | float) else value


def check_absolute(value: str) -> str:
    """Check an absolute path without ``..`` or NUL.

    Raises:
        ValueError: it is none.
    """
    if not value.startswith("/") or "\0" in value or ".." in value.split("/"):
        raise ValueError("must be an absolute path without '..'")
    return value


DnsLabel = Annotated[str, AfterValidator(check_dns_label)]
Image = Annotated[str, AfterValidator(check_image)]
SIZE_BYTES_MAX = (1 << 63) - 1
"""What a signed 64-bit number holds: records and messages carry sizes as such."""
SizeBytes = Annotated[
    int,
    BeforeValidator(parse_size),
    BeforeValidator(_refuse_bool),
    Field(ge=0, le=SIZE_BYTES_MAX),
]
PortNumber = Annotated[int, BeforeValidator(_refuse_bool), Field(ge=1, le=65535)]
Seconds = Annotated[float, BeforeValidator(_refuse_bool), Field(ge=0, le=31_536_000)]
Text = Annotated[str, BeforeValidator(_text_of_number)]
AbsolutePath = Annotated[str, AfterValidator(check_absolute)]
