"""Both sides as their clients see them."""

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from itertools import cycle
from pathlib import Path
from typing import Any, Protocol, Self

from raft_parts.etcd_client import Connection, EtcdFailed, field, fields
from raft_parts.records import instance
from tests.fleet.raft.certificates import Files
from tests.fleet.raft.values import put_value
from warren.aio.clock import SystemClock
from warren.model.service import Service
from warren.raft.client import Client
from warren.raft.errors import RaftError
from warren.store.entry import Put, encode_entry
from warren.store.outcome import decode_outcome

PUT = "/etcdserverpb.KV/Put"
RANGE = "/etcdserverpb.KV/Range"


class Failed(Exception):
    """A call was not carried out, as far as its caller knows."""


class Target(Protocol):
    """One side."""

    async def put(self, key: bytes, value: bytes) -> None: ...

    async def get(self, key: bytes) -> bytes: ...

    async def record(self, document: Service) -> None: ...

    async def close(self) -> None: ...


class EtcdTarget:
    """Etcd: the first address, and after a failure the next one, as its own clients do it."""

    def __init__(self, addresses: list[str]) -> None:
        self._addresses = cycle(addresses)
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()

    @classmethod
    async def connect(cls, addresses: list[str], _folder: Path) -> "EtcdTarget":
        target = cls(addresses)
        await target._connect()
        return target

    async def put(self, key: bytes, value: bytes) -> None:
        await self._call(PUT, field(1, key) + field(2, value))

    async def get(self, key: bytes) -> bytes:
        answer = await self._call(RANGE, field(1, key))
        found = fields(answer).get(2)
        return b"" if found is None else fields(found).get(5, b"")

    async def record(self, document: Service) -> None:
        await self.put(document.id.encode(), document.model_dump_json().encode())

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    async def _call(self, path: str, message: bytes) -> bytes:
        connection = self._connection
        if connection is None or connection.is_lost:
            connection = await self._connect()
        try:
            return await connection.call(path, message)
        except EtcdFailed as error:
            if self._connection is connection:
                self._connection = None
            raise Failed(str(error)) from error

    async def _connect(self) -> Connection:
        async with self._connecting:
            if self._connection is None or self._connection.is_lost:
                address = next(self._addresses)
                host, port = address.rsplit(":", 1)
                loop = asyncio.get_running_loop()
                try:
                    _transport, self._connection = await loop.create_connection(
                        lambda: Connection(address), host, int(port)
                    )
                except OSError as error:
                    raise Failed(f"{address}: {error}") from error
            return self._connection


class ValuesTarget:
    """Ours, keeping bytes by key: what consensus alone costs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    @classmethod
    async def connect(cls, addresses: list[str], folder: Path) -> Self:
        stem = folder / "certificates" / "party-0"
        files = Files(
            stem.with_suffix(".pem"), stem.with_suffix(".key"), stem.with_name("authority.pem")
        )
        client = Client(addresses, files.security(), clock=SystemClock(), random=random.random)
        return cls(client)

    async def put(self, key: bytes, value: bytes) -> None:
        await self._propose(put_value(key, value))

    async def get(self, key: bytes) -> bytes:
        return await self._client.read(key)

    async def record(self, document: Service) -> None:
        await self.put(document.id.encode(), document.model_dump_json().encode())

    async def close(self) -> None:
        await self._client.end()

    async def _propose(self, command: bytes) -> bytes:
        try:
            return await self._client.propose(command)
        except RaftError as error:
            raise Failed(str(error)) from error


class StoreTarget(ValuesTarget):
    """Ours with the store: each put writes the next version of a document that holds the value."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        self._documents: dict[bytes, dict[str, Any]] = {}

    async def put(self, key: bytes, value: bytes) -> None:
        before = self._documents.get(key)
        if before is None:
            before = instance(secrets.randbits(120)).model_dump(mode="json")
            before["version"] = 0
        document = {**before, "version": before["version"] + 1, "message": value.hex()}
        self._documents[key] = document
        await self._write(Put("instances", before["version"], document))

    async def get(self, key: bytes) -> bytes:
        return await self._client.read(self._documents[key]["id"].encode())

    async def record(self, document: Service) -> None:
        await self._write(Put("services", 0, document.model_dump(mode="json")))

    async def _write(self, put: Put) -> None:
        outcome = decode_outcome(await self._propose(encode_entry([put])))
        assert outcome.refusal is None, outcome.refusal


CONNECT: dict[str, Callable[[list[str], Path], Awaitable[Target]]] = {
    "etcd": EtcdTarget.connect,
    "warren": ValuesTarget.connect,
    "store": StoreTarget.connect,
}
