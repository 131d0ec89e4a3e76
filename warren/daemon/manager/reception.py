"""Where questions come in: from this machine over a socket in the data directory, from others over TLS.

Whoever may open the socket owns the manager and may ask everything. Over TLS, managers of the cluster
may ask everything, and anybody may show a token; nobody else is heard.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from warren.daemon.manager import words
from warren.daemon.manager.credentials import Credentials
from warren.daemon.manager.words import Answer, Certify, Greeting, Join, Question
from warren.model.errors import Busy, DeadlineExceeded, Denied, PermanentError, WarrenError
from warren.pki.identity import Role

QUESTION_SECONDS = 5.0
ANSWER_SECONDS = 60.0
GUESTS_MAX = 64
"""Connections at once; more have to wait outside."""

_log = logging.getLogger(__name__)
Respond = Callable[[Question], Awaitable[Answer]]


class Reception:
    """Hears questions and gives answers.

    Args:
        respond: does what is asked.
        credentials: whom to believe.
        authority_pem: the authority's certificate.
    """

    def __init__(self, respond: Respond, credentials: Credentials, authority_pem: bytes) -> None:
        self._respond = respond
        self._credentials = credentials
        self._authority_pem = authority_pem
        self._guests = 0

    @asynccontextmanager
    async def listening(self, host: str, port: int, control: Path) -> AsyncIterator[None]:
        """Listen as long as the block lasts.

        Raises:
            PermanentError: an address cannot be used.
        """
        try:
            there = await asyncio.start_server(
                self._meet_stranger, host, port, ssl=self._credentials.reception,
                ssl_handshake_timeout=QUESTION_SECONDS,
            )  # fmt: skip
        except OSError as error:
            raise PermanentError(
                f"cannot listen on {host}:{port}: {error}",
                hint="another process may; choose another --join-port or --listen",
            ) from error
        async with there:
            try:  # nobody but the owner can enter the directory that this socket is in
                here = await asyncio.start_unix_server(self._meet_owner, control)
            except OSError as error:
                raise PermanentError(
                    f"cannot listen on {control}: {error}", hint="its path may be too long"
                ) from error
            async with here:
                yield

    async def _meet_owner(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._serve(reader, writer, _may_ask_all)

    async def _meet_stranger(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        words.send(writer, Greeting(self._authority_pem))
        session: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = session.getpeercert(binary_form=True)
        await self._serve(reader, writer, lambda question: self._check(question, certificate))

    def _check(self, question: Question, certificate: bytes | None) -> None:
        if isinstance(question, Join):  # its token decides
            return
        if isinstance(question, Certify):
            raise Denied("certificates are asked for beside the manager itself, or at the API")
        if not certificate:
            raise Denied("without a certificate only a join token is heard here")
        identity = self._credentials.caller(certificate)
        if identity.role is not Role.MANAGER:
            raise Denied(f"{identity.role} {identity.name} is not heard here: ask the API")

    async def _serve(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        check: Callable[[Question], None],
    ) -> None:
        self._guests += 1
        try:
            answer = await self._answer(reader, check)
            if answer is not None:
                words.send(writer, answer)
                await writer.drain()
        except OSError as error:
            _log.info("a caller of the reception has gone: %s", error)
        finally:
            self._guests -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _answer(
        self, reader: asyncio.StreamReader, check: Callable[[Question], None]
    ) -> Answer | None:
        try:
            if self._guests > GUESTS_MAX:
                raise Busy(f"{GUESTS_MAX} callers are here already")
            async with asyncio.timeout(QUESTION_SECONDS):
                question = await words.hear_question(reader)
        except TimeoutError:
            return None  # who says nothing is told nothing
        except WarrenError as error:
            return words.failed(error)
        verb = type(question).__name__
        try:
            check(question)
            async with asyncio.timeout(ANSWER_SECONDS):
                answer = await self._respond(question)
        except TimeoutError:
            return words.failed(DeadlineExceeded(f"{verb} was not done in {ANSWER_SECONDS:g} s"))
        except WarrenError as error:
            _log.warning("%s was refused: %s", verb, error.message)
            return words.failed(error)
        _log.info("%s was done", verb)
        return answer


def _may_ask_all(_question: Question) -> None:
    return
