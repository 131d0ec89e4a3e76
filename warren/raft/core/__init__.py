"""The consensus algorithm: no clock, randomness, disk, network or event loop of its own.

The same state and the same input give the same output. After Ongaro, "Consensus: Bridging Theory
and Practice" (2014), in the shape that etcd-io/raft gave it.
"""
