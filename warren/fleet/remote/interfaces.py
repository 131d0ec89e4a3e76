"""The network interfaces of this host and their addresses.

``ip -json`` tells everything in two calls; where there is none, ``/sys`` and ``/proc`` tell the
names, and the default route its address.
"""

import json
import os
import socket
import struct
from typing import Any

from warren.fleet.remote import programs

REQUIRES = ("programs",)


def gather() -> "dict[str, Any]":
    """Interfaces by name, the default route's, and all addresses but loopback's."""
    rows = _from_ip() if programs.find("ip") else _from_sys()
    facts = {"interfaces": [row["device"] for row in rows]}  # type: dict[str, Any]
    for row in rows:
        facts[row["device"].replace("-", "_").replace(".", "_").replace(":", "_")] = row
    everything = [address for row in rows for address in _addresses(row, "ipv4")]
    facts["all_ipv4_addresses"] = [a for a in everything if not a.startswith("127.")]
    six = [address for row in rows for address in _addresses(row, "ipv6")]
    facts["all_ipv6_addresses"] = [address for address in six if address != "::1"]
    facts["default_ipv4"] = _default(rows)
    facts["default_ipv6"] = _default_six(rows)
    facts["dns"] = _resolvers()
    return facts


def _addresses(row: "dict[str, Any]", family: str) -> "list[str]":
    entries = row.get(family, [])
    first = [entries] if isinstance(entries, dict) else entries
    return [entry["address"] for entry in first] + [
        entry["address"] for entry in row.get(family + "_secondaries", [])
    ]


def _from_ip() -> "list[dict[str, Any]]":
    status, out, _ = programs.run(["ip", "-json", "addr"])
    try:
        found = json.loads(out) if status == 0 else None
    except ValueError:
        found = None
    if found is None:
        return _from_sys()
    return [_row(link) for link in found if link.get("ifname")]


def _row(link: "dict[str, Any]") -> "dict[str, Any]":
    row = {
        "device": link["ifname"],
        "active": "UP" in link.get("flags", []),
        "mtu": link.get("mtu"),
        "type": "loopback" if link.get("link_type") == "loopback" else _kind(link["ifname"]),
        "promisc": "PROMISC" in link.get("flags", []),
    }  # type: dict[str, Any]
    if link.get("address") and row["type"] != "loopback":
        row["macaddress"] = link["address"]
    fours = [_four(each) for each in link.get("addr_info", []) if each.get("family") == "inet"]
    if fours:
        row["ipv4"] = fours[0]
    if fours[1:]:
        row["ipv4_secondaries"] = fours[1:]
    row["ipv6"] = [
        {"address": each["local"], "prefix": str(each["prefixlen"]), "scope": each.get("scope", "")}
        for each in link.get("addr_info", [])
        if each.get("family") == "inet6"
    ]
    return row


def _kind(name: str) -> str:
    return "bridge" if os.path.isdir("/sys/class/net/%s/bridge" % name) else "ether"


def _four(each: "dict[str, Any]") -> "dict[str, Any]":
    prefix = int(each["prefixlen"])
    mask = 0xFFFFFFFF << (32 - prefix) & 0xFFFFFFFF
    address = struct.unpack("!I", socket.inet_aton(each["local"]))[0]
    return {
        "address": each["local"],
        "netmask": socket.inet_ntoa(struct.pack("!I", mask)),
        "network": socket.inet_ntoa(struct.pack("!I", address & mask)),
        "prefix": str(prefix),
        "broadcast": each.get("broadcast", ""),
    }


def _from_sys() -> "list[dict[str, Any]]":
    try:
        names = sorted(os.listdir("/sys/class/net"))
    except OSError:
        return []
    return [{"device": name, "active": True, "type": _kind(name)} for name in names]


def _default(rows: "list[dict[str, Any]]") -> "dict[str, Any]":
    try:
        with open("/proc/net/route") as stream:
            routes = [line.split() for line in stream.readlines()[1:]]
    except OSError:
        routes = []
    for name, target, gateway in (route[:3] for route in routes if route[2:]):
        if target != "00000000":
            continue
        answer = {"interface": name, "alias": name}
        answer["gateway"] = socket.inet_ntoa(struct.pack("=I", int(gateway, 16)))
        for row in rows:
            if row["device"] == name:
                answer.update(row.get("ipv4", {}))
                answer.update(
                    {key: row[key] for key in ("macaddress", "mtu", "type") if key in row}
                )
        answer.setdefault("address", _address_towards_the_world())
        return answer
    return {}


def _default_six(rows: "list[dict[str, Any]]") -> "dict[str, Any]":
    try:
        with open("/proc/net/ipv6_route") as stream:
            routes = [line.split() for line in stream]
    except OSError:
        return {}
    for route in routes:
        target, prefix, gateway, name = route[0], route[1], route[4], route[9]
        if target.strip("0") or prefix != "00" or name == "lo":
            continue
        answer = {"interface": name}  # type: dict[str, Any]
        answer["gateway"] = socket.inet_ntop(socket.AF_INET6, bytes.fromhex(gateway))
        for row in rows:
            six = [each for each in row.get("ipv6", []) if each["scope"] == "global"]
            if row["device"] == name and six:
                answer.update(six[0])
                answer.update(
                    {key: row[key] for key in ("macaddress", "mtu", "type") if key in row}
                )
        return answer
    return {}


def _address_towards_the_world() -> str:
    """The address a packet to the world would carry; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(probe.getsockname()[0])


def _resolvers() -> "dict[str, Any]":
    answer = {}  # type: dict[str, Any]
    try:
        with open("/etc/resolv.conf", errors="replace") as stream:
            rows = [line.split() for line in stream]
    except OSError:
        return answer
    servers = [row[1] for row in rows if len(row) > 1 and row[0] == "nameserver"]
    search = [word for row in rows if row and row[0] == "search" for word in row[1:]]
    if servers:
        answer["nameservers"] = servers
    if search:
        answer["search"] = search
    return answer
