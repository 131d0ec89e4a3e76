"""Requests made of chance: every one is answered, and none is Warren's fault."""

import random
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from tests.fleet.api.world import Refused, world
from warren.pki.identity import Role
from warren.wire.methods import METHODS

FAULTS = {grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.UNAVAILABLE}
REQUESTS_PER_RPC = 12
DEPTH_MAX = 5
TEXTS = ["", "web", "svc_0", "a" * 5000, "ä\0\n", "../../etc", "{{ x }}", "-1", "node.label.a == b"]
NUMBERS = [0, 1, -1, 2**31 - 1, -(2**31), 7]
FLOATS = [0.0, -1.0, 1e308, float("nan"), float("inf")]


def fill(message: Any, chance: random.Random, depth: int = 0) -> Any:
    for field in message.DESCRIPTOR.fields:
        if chance.random() < 0.4 or (depth > DEPTH_MAX and field.message_type):
            continue
        if field.message_type and field.message_type.GetOptions().map_entry:
            getattr(message, field.name)[chance.choice(TEXTS)] = chance.choice(TEXTS)
        elif field.message_type:
            part = getattr(message, field.name)
            if field.is_repeated:
                fill(part.add(), chance, depth + 1)
            else:
                part.SetInParent()
                fill(part, chance, depth + 1)
        elif field.is_repeated:
            getattr(message, field.name).extend(_value(field, chance) for _ in range(2))
        elif field.name != "after_sequence":  # waiting for it is right, and long
            setattr(message, field.name, _value(field, chance))
    return message


def _value(field: FieldDescriptor, chance: random.Random) -> Any:
    match field.cpp_type:
        case FieldDescriptor.CPPTYPE_STRING:
            text = chance.choice(TEXTS)
            return text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
        case FieldDescriptor.CPPTYPE_BOOL:
            return chance.random() < 0.5
        case FieldDescriptor.CPPTYPE_DOUBLE | FieldDescriptor.CPPTYPE_FLOAT:
            return chance.choice(FLOATS)
        case FieldDescriptor.CPPTYPE_ENUM:
            return chance.choice([0, 1, 2, 99])
        case _:
            return chance.choice(NUMBERS)


def requests_of(request: type[Message], chance: random.Random) -> list[bytes]:
    made = [fill(request(), chance).SerializeToString() for _ in range(REQUESTS_PER_RPC)]
    broken = [bytes(chance.randbytes(chance.randrange(40))) for _ in range(4)]
    cut = [each[: chance.randrange(len(each) + 1)] for each in made[:4]]
    return [*made, *broken, *cut]


@pytest.mark.parametrize("seed", range(3))
async def test_no_request_is_answered_by_a_fault(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    wrong, codes = [], set()
    async with world(tmp_path) as made, made.calling_as(Role.ADMIN) as caller:
        for path, method in METHODS.items():
            for data in requests_of(method.request, chance):
                code = grpc.StatusCode.OK
                try:
                    await caller.send(path, data, timeout=5)
                except Refused as refused:
                    code = refused.code
                except StopAsyncIteration:
                    continue
                codes.add(code)
                if code in FAULTS:
                    wrong.append(f"{path}: {code.name} for {data.hex()}")
                if code is grpc.StatusCode.UNIMPLEMENTED:
                    break
        assert await caller.call("GetClusterInfo")
    assert not wrong, "\n".join(wrong)
    assert {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT} <= codes
