"""Networks: overlays that instances join."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from warren.model.quantities import DnsLabel
from warren.model.resource import Labels, Resource
from warren.model.validation import Frozen

NODE_PREFIX_LENGTH = 24
"""Every node gets a block of this size, so a network needs room for at least one."""
PREFIX_LENGTH_MIN = 8


class NetworkDriver(StrEnum):
    """How packets travel between nodes."""

    WIREGUARD = "wireguard"
    VXLAN = "vxlan"
    ROUTES = "routes"


def check_subnet(value: str) -> str:
    """Check an IPv4 subnet that is private and large enough for a node's block.

    Raises:
        ValueError: it is none.
    """
    try:
        subnet = IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"must be an IPv4 subnet such as 10.210.0.0/16: {error}") from None
    if not PREFIX_LENGTH_MIN <= subnet.prefixlen <= NODE_PREFIX_LENGTH:
        raise ValueError(
            f"must be between /{PREFIX_LENGTH_MIN} and /{NODE_PREFIX_LENGTH}: every node gets a /{NODE_PREFIX_LENGTH} of it"
        )
    if not subnet.is_private or subnet.is_loopback or subnet.is_link_local:
        raise ValueError("must be of the private ranges (RFC 1918, RFC 6598)")
    return str(subnet)


Subnet = Annotated[str, AfterValidator(check_subnet)]


class NetworkSpec(Frozen):
    """An overlay as it is asked for.

    Attributes:
        name: how services refer to it; never changes.
        driver: how packets travel between nodes.
        subnet: its addresses; none lets Warren take a free block.
        gateway: its first hop in the subnet; none is the first address of each node's block.
        isolated: instances of other networks cannot reach it.
    """

    name: DnsLabel
    tenant: DnsLabel = "default"
    labels: Labels = Field(default_factory=dict)
    driver: NetworkDriver = NetworkDriver.WIREGUARD
    subnet: Subnet | None = None
    gateway: str | None = None
    isolated: bool = True

    @model_validator(mode="after")
    def _gateway_is_inside(self) -> Self:
        if self.gateway is None:
            return self
        if self.subnet is None:
            raise ValueError("gateway needs a subnet that it is in")
        try:
            gateway = IPv4Address(self.gateway)
        except ValueError:
            raise ValueError(f"gateway {self.gateway!r} must be an IPv4 address") from None
        subnet = IPv4Network(self.subnet)
        edges = {subnet.network_address, subnet.broadcast_address}
        if gateway not in subnet or gateway in edges:
            raise ValueError(f"gateway {self.gateway} must be an address of hosts in {self.subnet}")
        return self


class Network(Resource):
    """An overlay as Warren records it.

    Attributes:
        spec: what was asked for.
        subnet: what it has; empty until one was taken.
    """

    spec: NetworkSpec
    subnet: str = ""
