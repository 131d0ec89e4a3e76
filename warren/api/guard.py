"""The one way in: every call of every RPC passes here, before and after it is carried out.

What is to be done stands in the RPC's ``access`` option and nowhere else: who the caller is, whether
it may, whether the leader has to answer, how recent the record must be, how long it may take, and
what becomes of a request that was sent before. What a call ends with is turned into a status here,
and told to whoever counts and logs.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError, Message

from warren.api.admission import admit, tenant_for
from warren.api.callers import ON_BEHALF_OF, Caller, Callers
from warren.api.forwarding import Forwarder
from warren.api.freshness import await_record
from warren.api.recorder import Recorder
from warren.api.repetition import Repetitions
from warren.model.errors import DeadlineExceeded, InvalidInput, Problem, WarrenError
from warren.wire.failures import TRAILER, StatusCode, answer_of
from warren.wire.methods import METHODS, Access, Method
from warren.wire.requests import check, write_options

_log = logging.getLogger(__name__)
_CODES = {code.value[0]: code for code in grpc.StatusCode}
_ROLES = frozenset({"admin", "operator", "viewer", "manager", "tool"})
_FOREIGN = Access(
    roles=_ROLES,
    scope="self",
    effect="read",
    answered_by="called",
    on_socket=True,
    yields_secrets=False,
    deadline_seconds=None,
    by_token=False,
)
"""For what is no part of Warren's own protocol: gRPC's health protocol and reflection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What an RPC is told beside its request.

    Attributes:
        caller: see there.
        tenant: what the call is about, where its scope is a tenant; else the caller's own, if any.
    """

    caller: Caller
    tenant: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a call ended.

    Attributes:
        path: of the RPC.
        caller: as logs name it; empty if it was not accepted.
        code: the status it was answered with.
        seconds: it took.
        message: why it failed.
    """

    path: str
    caller: str
    code: StatusCode
    seconds: float
    message: str = ""


Operation = Callable[[Any, Call], Awaitable[Message]]
StreamOperation = Callable[[Any, Call], AsyncIterator[Message]]
_Context = Any  # grpc.aio.ServicerContext; its types differ between unary calls and streams


@dataclass(slots=True)
class _Course:
    """One call on its way."""

    caller: Caller | None = None


class Guard(grpc.aio.ServerInterceptor):
    """The interceptor.

    Args:
        recorder: the manager that is spoken for.
        callers: tells who calls.
        forwarder: passes on what the leader has to answer.
        repetitions: remembers answers of changes.
        monotonic: seconds.
        ended: is told of every call; must be quick and not raise.
    """

    def __init__(
        self,
        recorder: Recorder,
        callers: Callers,
        forwarder: Forwarder,
        repetitions: Repetitions,
        *,
        monotonic: Callable[[], float],
        ended: Callable[[Ended], None],
    ) -> None:
        self._recorder = recorder
        self._callers = callers
        self._forwarder = forwarder
        self._repetitions = repetitions
        self._monotonic = monotonic
        self._ended = ended
        self._guarded: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Put the guard around an RPC; one that is not there stays so, and gRPC says so."""
        path = handler_call_details.method
        guarded = self._guarded.get(path)
        if guarded is None:
            found = await continuation(handler_call_details)
            if found is None:
                return None
            method = METHODS.get(path)
            guarded = self._foreign(path, found) if method is None else self._own(method, found)
            self._guarded[path] = guarded
        return guarded

    def _own(self, method: Method, found: Any) -> Any:
        """Requests and answers stay bytes for gRPC, so that broken ones are refused by name.

        gRPC looks at what kind of function a behaviour is, so these are written out.
        """
        operate = _behaviour(found)

        async def unary(data: bytes, context: _Context) -> bytes:
            return await self._unary(method, operate, data, context)

        async def stream(data: bytes, context: _Context) -> AsyncIterator[bytes]:
            async for answer in self._stream(method, operate, data, context):
                yield answer

        async def sent(requests: AsyncIterator[bytes], context: _Context) -> bytes:
            return await self._sent_stream(method, operate, requests, context)

        async def both(requests: AsyncIterator[bytes], context: _Context) -> AsyncIterator[bytes]:
            async for answer in self._both_streams(method, operate, requests, context):
                yield answer

        match method.client_streaming, method.server_streaming:
            case False, False:
                return grpc.unary_unary_rpc_method_handler(unary)
            case False, True:
                return grpc.unary_stream_rpc_method_handler(stream)
            case True, False:
                return grpc.stream_unary_rpc_method_handler(sent)
            case _:
                return grpc.stream_stream_rpc_method_handler(both)

    def _foreign(self, path: str, found: Any) -> Any:
        async def answer(request: Any, context: _Context) -> Any:
            async with self._course(path, _FOREIGN, context):
                return await found.unary_unary(request, context)

        async def stream(request: Any, context: _Context) -> AsyncIterator[Any]:
            async with self._course(path, _FOREIGN, context):
                async for each in _behaviour(found)(request, context):
                    yield each

        coders = {
            "request_deserializer": found.request_deserializer,
            "response_serializer": found.response_serializer,
        }
        if found.unary_unary:
            return grpc.unary_unary_rpc_method_handler(answer, **coders)
        if found.unary_stream:
            return grpc.unary_stream_rpc_method_handler(stream, **coders)
        return grpc.stream_stream_rpc_method_handler(stream, **coders)

    async def _unary(
        self, method: Method, operate: Operation, data: bytes, context: _Context
    ) -> bytes:
        async with self._course(method.path, method.access, context) as course:
            caller = course.caller
            assert caller is not None, "it was admitted"
            limit = _seconds_left(method.access, context)
            if method.access.answered_by == "leader" and self._forwarder.is_due(caller):
                return await self._forwarder.unary(method, data, caller, limit)
            async with _within(limit, method.name):
                return await self._carry_out(method, operate, data, caller)

    async def _carry_out(
        self, method: Method, operate: Operation, data: bytes, caller: Caller
    ) -> bytes:
        request = _read(method, data)
        call = Call(caller=caller, tenant=tenant_for(method.access, caller, request))
        if method.access.effect == "read":
            await await_record(self._recorder, method.access, request)
            return (await operate(request, call)).SerializeToString()

        async def work() -> bytes:
            return (await operate(request, call)).SerializeToString()

        key = write_options(request).idempotency_key
        if not key:
            return await work()
        return await self._repetitions.once((caller.passed_on_as, method.path, key), data, work)

    async def _stream(
        self, method: Method, operate: StreamOperation, data: bytes, context: _Context
    ) -> AsyncIterator[bytes]:
        async with self._course(method.path, method.access, context) as course:
            caller = course.caller
            assert caller is not None, "it was admitted"
            if method.access.answered_by == "leader" and self._forwarder.is_due(caller):
                limit = _seconds_left(method.access, context)
                async for answer in self._forwarder.stream(method, data, caller, limit):
                    yield answer
                return
            request = _read(method, data)
            call = Call(caller=caller, tenant=tenant_for(method.access, caller, request))
            if method.access.effect == "read":
                await await_record(self._recorder, method.access, request)
            async for message in operate(request, call):
                yield message.SerializeToString()

    async def _sent_stream(
        self, method: Method, operate: Operation, sent: AsyncIterator[bytes], context: _Context
    ) -> bytes:
        async with self._course(method.path, method.access, context) as course:
            requests, call = await self._begin(method, sent, course)
            return (await operate(requests, call)).SerializeToString()

    async def _both_streams(
        self,
        method: Method,
        operate: StreamOperation,
        sent: AsyncIterator[bytes],
        context: _Context,
    ) -> AsyncIterator[bytes]:
        async with self._course(method.path, method.access, context) as course:
            requests, call = await self._begin(method, sent, course)
            async for message in operate(requests, call):
                yield message.SerializeToString()

    async def _begin(
        self, method: Method, sent: AsyncIterator[bytes], course: _Course
    ) -> tuple[AsyncIterator[Message], Call]:
        """What is sent, from the first on; the first says what the call is about.

        Raises:
            NotLeader: streams to the leader are not passed on: the caller has to go there.
        """
        caller = course.caller
        assert caller is not None, "it was admitted"
        if method.access.answered_by == "leader":
            self._forwarder.expect_leader()
        rest = aiter(sent)
        first = _read(method, await anext(rest, b""))
        call = Call(caller=caller, tenant=tenant_for(method.access, caller, first))
        return _decoded(method, first, rest), call

    @asynccontextmanager
    async def _course(self, path: str, access: Access, context: _Context) -> AsyncIterator[_Course]:
        """Admit the caller, and see to how the call ends."""
        began = self._monotonic()
        course = _Course()
        code, message = StatusCode.OK, ""
        try:
            course.caller = self._callers.caller_of(context, _on_behalf_of(context))
            admit(access, course.caller, path.rpartition("/")[2])
            yield course
        except WarrenError as error:
            answer = answer_of(error)
            code, message = answer.code, answer.message
            await context.abort(
                _CODES[code.value], message, trailing_metadata=((TRAILER, answer.details),)
            )
        except (asyncio.CancelledError, GeneratorExit):
            code, message = StatusCode.CANCELLED, "the caller has gone"
            raise
        except grpc.aio.AbortError:
            code = StatusCode.UNKNOWN
            raise
        except Exception:  # noqa: BLE001 - a broken invariant: the caller learns that, the log learns which
            code, message = StatusCode.INTERNAL, "a fault of Warren; the manager's log says which"
            _log.exception("call failed", extra={"rpc": path})
            await context.abort(grpc.StatusCode.INTERNAL, message)
        finally:
            seconds = self._monotonic() - began
            name = course.caller.called if course.caller else ""
            self._ended(Ended(path=path, caller=name, code=code, seconds=seconds, message=message))


def _behaviour(found: Any) -> Any:
    return found.unary_unary or found.unary_stream or found.stream_unary or found.stream_stream


def log_ended(ended: Ended) -> None:
    """Write one line about a call."""
    level = logging.DEBUG if ended.code is StatusCode.OK else logging.INFO
    if _log.isEnabledFor(level):
        said = {
            "rpc": ended.path,
            "caller": ended.caller,
            "code": ended.code.name,
            "milliseconds": round(ended.seconds * 1000, 3),
            "reason": ended.message,
        }
        _log.log(level, "call ended", extra=said)


def _on_behalf_of(context: _Context) -> str | None:
    for key, value in context.invocation_metadata() or ():
        if key == ON_BEHALF_OF:
            return str(value)
    return None


def _seconds_left(access: Access, context: _Context) -> float | None:
    """Until the caller's deadline, or the RPC's own if the caller has none."""
    left: float | None = context.time_remaining()
    return access.deadline_seconds if left is None else left


@asynccontextmanager
async def _within(seconds: float | None, name: str) -> AsyncIterator[None]:
    limit: AbstractAsyncContextManager[Any] = (
        nullcontext() if seconds is None else asyncio.timeout(seconds)
    )
    try:
        async with limit:
            yield
    except TimeoutError as error:
        raise DeadlineExceeded(
            f"{name} was not answered within {seconds:g} s",
            hint="the managers may have lost their majority: `warren manager list`",
        ) from error


def _read(method: Method, data: bytes) -> Message:
    try:
        request = method.request.FromString(data)
    except DecodeError as error:
        rule = f"is no {method.request.DESCRIPTOR.name}: {error}"
        raise InvalidInput([Problem(field="", value="", rule=rule)]) from error
    check(request)
    return request


async def _decoded(
    method: Method, first: Message, rest: AsyncIterator[bytes]
) -> AsyncIterator[Message]:
    yield first
    async for data in rest:
        yield _read(method, data)
