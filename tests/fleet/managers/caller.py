"""Calls one RPC with a certificate: a process of its own, because it has to begin in a namespace.

python -m tests.fleet.managers.caller ADDRESS FILE NAME < REQUEST.json > ANSWER.json
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

from google.protobuf import json_format

from warren.api.keys import Keys, client_credentials
from warren.model.hidden import Secret
from warren.wire.methods import METHODS

_KEY = b"-----BEGIN PRIVATE KEY-----"
_END = b"-----END PRIVATE KEY-----\n"


def keys_of(path: Path) -> Keys:
    """What ``warren manager certify`` wrote."""
    certificate, _, rest = path.read_bytes().partition(_KEY)
    key, end, authority = rest.partition(_END)
    return Keys(certificate=certificate, key=Secret(_KEY + key + end), authority=authority)


async def call(address: str, path: Path, name: str) -> str:
    import grpc.aio  # noqa: PLC0415 - after warren.api

    (method,) = [each for each in METHODS.values() if each.name == name]
    request = json_format.Parse(sys.stdin.read() or "{}", method.request())
    async with grpc.aio.secure_channel(address, client_credentials(keys_of(path))) as channel:
        send: Any = channel.unary_unary(method.path)
        answer: bytes = await send(request.SerializeToString(), timeout=15)
    return json_format.MessageToJson(
        method.response.FromString(answer), always_print_fields_with_no_presence=True
    )


def main() -> None:
    import grpc  # noqa: PLC0415

    address, path, name = sys.argv[1:]
    try:
        sys.stdout.write(asyncio.run(call(address, Path(path), name)))
    except grpc.aio.AioRpcError as error:
        sys.stderr.write(f"{error.code().name}: {error.details()}\n")
        sys.exit(1)


if __name__ == "__main__":
    main()
