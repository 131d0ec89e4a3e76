"""Consensus in a virtual world: production code on simulated time, network, disks and processes."""
