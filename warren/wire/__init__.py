"""What travels between callers and managers: the ``.proto`` files, and the nouns to and from messages.

It knows no socket and no server: ``api`` answers and ``client`` asks. Start with
``v1/service_api.proto``, then ``methods`` (every RPC with its access options) and ``conversion``.
"""
