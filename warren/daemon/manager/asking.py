"""Asking a manager: the one on this machine over its socket, another one over TLS."""

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from warren.daemon.manager import words
from warren.daemon.manager.seat import JOIN_PORT, with_port
from warren.daemon.manager.words import Answer, Failed, Question
from warren.model.errors import (
    DeadlineExceeded,
    Denied,
    InvalidInput,
    NotFound,
    PermanentError,
    Problem,
    TransientError,
)
from warren.pki.authority import read_certificate

ASK_SECONDS = 60.0
CONNECT_SECONDS = 5.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def ask_here(
    control: Path, question: Question, *, timeout_seconds: float = ASK_SECONDS
) -> Answer:
    """Ask the manager of a data directory.

    Raises:
        NotFound: it does not run.
        WarrenError: what it answered, or that it did not.
    """
    async with _within(timeout_seconds, f"the manager of {control.parent}"):
        try:
            streams = await asyncio.open_unix_connection(control)
        except PermissionError as error:
            raise Denied(
                f"{control}: {error.strerror}", hint="become its owner, or root"
            ) from error
        except OSError as error:
            raise NotFound(
                f"no manager runs on {control.parent}: {error.strerror or error}",
                hint="start it: warren manager run --data-dir " + str(control.parent),
            ) from error
        async with _closing(streams) as (reader, writer):
            return await _exchange(reader, writer, question)


async def ask_there(
    address: str,
    question: Question,
    context: ssl.SSLContext,
    *,
    timeout_seconds: float = ASK_SECONDS,
) -> Answer:
    """Ask a manager whose authority we know.

    Args:
        address: of its reception.
        question: what to ask.
        context: whom we trust, and who we are.
        timeout_seconds: for everything.

    Raises:
        WarrenError: what it answered, or that it did not.
    """
    async with (
        _within(timeout_seconds, address),
        _connected(address, context) as (reader, writer),
    ):
        await words.hear_greeting(reader)
        return await _exchange(reader, writer, question)


async def fetch_authority(address: str, expected: bytes) -> bytes:
    """The authority's certificate (PEM) from a manager whom we have no reason to believe yet.

    Nothing is told to it. What it says is believed only if it has the fingerprint that our token says.

    Raises:
        Denied: it has not.
        WarrenError: it cannot be reached.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with (
        _within(2 * CONNECT_SECONDS, address),
        _connected(address, context) as (reader, _writer),
    ):
        greeting = await words.hear_greeting(reader)
    certificate = read_certificate(greeting.authority_pem)
    found = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    if not hmac.compare_digest(found, expected):
        raise Denied(
            f"{address} answers for another authority than the token's: nothing was sent there",
            hint="check the address; or somebody is in between",
        )
    return certificate.public_bytes(Encoding.PEM)


def trusting(authority_pem: bytes) -> ssl.SSLContext:
    """For connections to managers of that authority, without a certificate of our own."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=authority_pem.decode())
    return context


def reception_address(address: str) -> str:
    """An address as a user writes it, with the port.

    Raises:
        InvalidInput: it is none.
    """
    host, port = _split(address if _has_port(address) else with_port(address, JOIN_PORT))
    return with_port(host, port)


def _has_port(address: str) -> bool:
    return address.startswith("[") or address.count(":") == 1


def _split(address: str) -> tuple[str, int]:
    host, _colon, port = address.rpartition(":")
    is_closed = host.startswith("[") == host.endswith("]")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not is_closed or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        rule = "must be a host, or host:port"
        raise InvalidInput([Problem(field="address", value=address, rule=rule)])
    return host, int(port)


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, question: Question
) -> Answer:
    words.send(writer, question)
    answer = await words.hear_answer(reader)
    if isinstance(answer, Failed):
        raise words.error_of(answer)
    return answer


@asynccontextmanager
async def _connected(address: str, context: ssl.SSLContext) -> AsyncIterator[Streams]:
    host, port = _split(address)
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            streams = await asyncio.open_connection(host, port, ssl=context)
    except ssl.SSLCertVerificationError as error:
        raise Denied(
            f"{address} has no certificate for that name that we trust: {error.verify_message}",
            hint="use an address that the manager was told of: --address or --also",
        ) from error
    except ssl.SSLError as error:
        raise PermanentError(
            f"{address} refused TLS: {error}", hint="is it a reception?"
        ) from error
    except (OSError, TimeoutError) as error:
        raise TransientError(
            f"cannot connect to {address}: {str(error) or 'no answer'}",
            hint="does a manager run there, and is the port of its reception open?",
        ) from error
    async with _closing(streams):
        yield streams


@asynccontextmanager
async def _closing(streams: Streams) -> AsyncIterator[Streams]:
    try:
        yield streams
    finally:
        streams[1].close()
        with suppress(OSError):
            await streams[1].wait_closed()


@asynccontextmanager
async def _within(timeout_seconds: float, whom: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(timeout_seconds):
            yield
    except TimeoutError as error:
        raise DeadlineExceeded(f"{whom} did not answer in {timeout_seconds:g} s") from error
