"""Answers recorded from a real gRPC server (grpcio), and ones that a broken one may give."""

import asyncio

import pytest

from tests.unit.providers.scripted import ScriptedStream
from warren.providers.probing import grpc

_BEFORE = (
    "000018040000000000000400400000000500400000000600004000fe0300000001000004080000000000003f0001"
    "00000004010000000000000408000000000000000005000008060000000000af79c0f23a7020c7"
    "00004e01040000000188400c636f6e74656e742d74797065106170706c69636174696f6e2f677270634014677270"
    "632d6163636570742d656e636f64696e67176964656e746974792c206465666c6174652c20677a6970"
)
_AFTER = "00001e010500000001400b677270632d7374617475730130000c677270632d6d65737361676500"
SERVING = bytes.fromhex(_BEFORE + "00000700000000000100000000020801" + _AFTER)
NOT_SERVING = bytes.fromhex(_BEFORE + "00000700000000000100000000020802" + _AFTER)
NO_SUCH_SERVICE = bytes.fromhex(_BEFORE + "0000050000000000010000000000" + _AFTER)
TRAILERS_ONLY = bytes.fromhex("000000040000000000" + _AFTER)
RESET = bytes.fromhex("000000040000000000" + "00000403000000000100000008")
GOAWAY = bytes.fromhex("0000080700000000000000000000000000")
PADDED = bytes.fromhex("00000a000800000001" + "02" + "0000000002" + "0801" + "0000")
COMPRESSED = bytes.fromhex("000007000000000001" + "01000000020801")


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (SERVING, "SERVING"),
        (NOT_SERVING, "NOT_SERVING"),
        (NO_SUCH_SERVICE, "UNKNOWN"),
        (TRAILERS_ONLY, "an error instead of a health status"),
        (RESET, "the server refused the call"),
        (GOAWAY, "the server went away"),
        (PADDED, "SERVING"),
        (COMPRESSED, "a compressed answer"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not an HTTP/2 answer"),
    ],
)
async def test_answer_is_read_however_it_arrives(answer: bytes, status: str) -> None:
    async with asyncio.timeout(5):
        assert await grpc.ask(ScriptedStream(answer), "10.0.0.1:80", "") == status
    whole = grpc.Answer()
    whole.feed(answer)
    assert whole.status == status


async def test_settings_and_pings_of_the_server_are_acknowledged() -> None:
    stream = ScriptedStream(SERVING)
    await grpc.ask(stream, "10.0.0.1:80", "")
    acknowledgements = bytes.fromhex("000000040100000000000008060100000000af79c0f23a7020c7")
    assert stream.written.endswith(acknowledgements)


async def test_connection_that_ends_early_is_a_bad_answer() -> None:
    stream = ScriptedStream(SERVING[:40])
    said = "the connection was closed without an answer"
    assert await grpc.ask(stream, "10.0.0.1:80", "") == said


def test_question_names_path_authority_and_service() -> None:
    sent = grpc.question("10.0.0.1:80", "db")
    assert sent.startswith(
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")
    )
    assert b"/grpc.health.v1.Health/Check" in sent
    assert b"10.0.0.1:80" in sent
    assert sent.endswith(bytes.fromhex("00000900010000000100000000040a02") + b"db")


def test_long_service_name_is_encoded_as_a_varint() -> None:
    assert grpc.question("a", "x" * 300).endswith(b"\x0a\xac\x02" + b"x" * 300)
