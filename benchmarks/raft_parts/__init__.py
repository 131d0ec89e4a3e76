"""The two sides that benchmarks/raft.py compares, and what is done to both."""
