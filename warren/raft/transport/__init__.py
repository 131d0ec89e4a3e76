"""How members and clients talk: TLS 1.3 with certificates on both sides, frames, no copies of gRPC.

Frames with messages, requests and snapshots each have connections of their own, so that a long
snapshot never delays a heartbeat. What is not delivered is dropped and reported: consensus asks again.
"""
