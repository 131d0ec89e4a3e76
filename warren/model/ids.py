"""Identifiers: a type prefix and a UUIDv7 (RFC 9562 §5.7), so that they sort by creation.

Randomness and time are parameters: whoever proposes a change makes its ids, and every replica that
applies it sees the same ones.
"""

import hashlib
from collections.abc import Callable
from typing import NewType

NodeName = NewType("NodeName", str)
ServiceId = NewType("ServiceId", str)
InstanceId = NewType("InstanceId", str)

PREFIXES = {
    "service": "svc",
    "instance": "ins",
    "release": "rel",
    "node": "nod",
    "cluster": "clu",
    "secret": "sec",
    "config": "cfg",
    "volume": "vol",
    "network": "net",
    "ingress": "ing",
    "certificate": "crt",
    "template": "tpl",
    "tenant": "tnt",
    "deployment": "dep",
    "manager": "mgr",
    "authority": "aut",
}
"""Type prefix of the ids of each kind."""


def new_id(kind: str, *, now_ms: int, random_bytes: Callable[[int], bytes]) -> str:
    """Make an id such as ``svc_0197c7c0…``.

    Args:
        kind: a key of ``PREFIXES``.
        now_ms: Unix time in milliseconds.
        random_bytes: returns that many random bytes.
    """
    random = int.from_bytes(random_bytes(10), "big")
    value = (now_ms & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | (random >> 64 & 0xFFF) << 64
    value |= 0b10 << 62 | random & (1 << 62) - 1
    return f"{PREFIXES[kind]}_{value:032x}"


def derived_id(kind: str, *parts: str) -> str:
    """Make the id that follows from ``parts``: equal for a plan and for the run that follows it.

    Args:
        kind: a key of ``PREFIXES``.
        parts: together they must name one thing for ever.
    """
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{PREFIXES[kind]}_{digest[:32]}"
