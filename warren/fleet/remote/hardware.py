"""Processors, memory and the machine's names for itself."""

import os
from typing import Any

REQUIRES = ()


def gather() -> "dict[str, Any]":
    """Facts about processors and memory."""
    facts = _memory()
    facts.update(_processors())
    facts["uptime_seconds"] = int(float((_lines("/proc/uptime") or ["0"])[0].split()[0]))
    load = os.getloadavg()
    facts["loadavg"] = {"1m": load[0], "5m": load[1], "15m": load[2]}
    for name in ("product_name", "product_version", "sys_vendor", "bios_version"):
        lines = _lines("/sys/class/dmi/id/" + name)
        facts["system_vendor" if name == "sys_vendor" else name] = lines[0] if lines else "NA"
    return facts


def _lines(path: str) -> "list[str]":
    try:
        with open(path, errors="replace") as stream:
            return stream.read().splitlines()
    except OSError:
        return []


def _memory() -> "dict[str, Any]":
    sizes = {}
    for line in _lines("/proc/meminfo"):
        key, _, value = line.partition(":")
        sizes[key] = int(value.split()[0]) // 1024
    total, free = sizes.get("MemTotal", 0), sizes.get("MemFree", 0)
    spare = free + sizes.get("Buffers", 0) + sizes.get("Cached", 0)
    swap, swap_free = sizes.get("SwapTotal", 0), sizes.get("SwapFree", 0)
    cached = sizes.get("SwapCached", 0)
    return {
        "memtotal_mb": total,
        "memfree_mb": free,
        "swaptotal_mb": swap,
        "swapfree_mb": swap_free,
        "memory_mb": {
            "real": {"total": total, "free": free, "used": total - free},
            "nocache": {"free": spare, "used": total - spare},
            "swap": {"total": swap, "free": swap_free, "used": swap - swap_free, "cached": cached},
        },
    }


def _processors() -> "dict[str, Any]":
    names, sockets = [], set()
    cores = siblings = 1
    for line in _lines("/proc/cpuinfo"):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key in ("processor", "vendor_id", "model name"):
            names.append(value)
        elif key == "physical id":
            sockets.add(value)
        elif key == "cpu cores":
            cores = int(value)
        elif key == "siblings":
            siblings = int(value)
    usable = len(os.sched_getaffinity(0))
    vcpus = os.cpu_count() or 1
    count = len(sockets)
    if not count:  # other architectures, and containers, do not tell sockets
        count, cores, siblings = vcpus, 1, 1
    return {
        "processor": names,
        "processor_count": count,
        "processor_cores": cores,
        "processor_threads_per_core": max(1, siblings // cores),
        "processor_vcpus": vcpus,
        "processor_nproc": usable,
    }
