"""Tokens: what they are exchanged for, and every way in which they are not."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.fleet.api.world import Caller, Refused, World, world
from warren.api.keys import Keys
from warren.model import errors
from warren.pki.authority import fingerprint, make_request
from warren.pki.identity import Role
from warren.wire.v1 import access_pb2, identity_pb2 as api

OPERATOR = access_pb2.CALLER_ROLE_OPERATOR


def asking(token: str, name: str = "ann", pem: bytes = b"") -> api.RequestCertificateRequest:
    request = pem or make_request(name).pem
    return api.RequestCertificateRequest(token=token, name=name, request_pem=request)


async def refusal(caller: Caller, name: str, request: Any) -> errors.WarrenError:
    with pytest.raises(Refused) as refused:
        await caller.call(name, request)
    return refused.value.error


async def test_a_token_is_exchanged_once_for_a_certificate_that_works(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as made,
        made.calling_as(Role.ADMIN) as admin,
        made.calling_without_certificate(made.listening.join_port) as nobody,
    ):
        token = await admin.call(
            "GenerateJoinToken", api.GenerateJoinTokenRequest(role=OPERATOR, scope="shop")
        )
        mine = make_request("eve")
        grant = await nobody.call(
            "RequestCertificate", asking(token.secret, name="eve", pem=mine.pem)
        )
        assert grant.authority_pem == made.authority.pem
        keys = Keys(certificate=grant.certificate_pem, key=mine.key, authority=grant.authority_pem)
        async with made.calling(keys) as eve:
            who = await eve.call("WhoAmI")
            assert (who.name, who.role, who.tenant) == ("eve", OPERATOR, "shop")
            assert who == grant.identity
            again = make_request("eve")
            renewed = await eve.call(
                "RenewIdentity", api.RenewIdentityRequest(request_pem=again.pem)
            )
            assert renewed.identity.serial != who.serial
            assert (renewed.identity.name, renewed.identity.tenant) == ("eve", "shop")
        error = await refusal(nobody, "RequestCertificate", asking(token.secret))
        assert isinstance(error, errors.Denied)
        assert "used already" in str(error)
        assert token.secret not in "".join(map(repr, made.calls))
        assert token.secret.split(".")[1] not in _everything_recorded(tmp_path)


def _everything_recorded(directory: Path) -> str:
    files = [each for each in (directory / "state").rglob("*") if each.is_file()]
    assert files
    return b"".join(each.read_bytes() for each in files).decode(errors="replace")


async def test_a_token_that_was_altered_or_withdrawn_or_is_old_is_refused(tmp_path: Path) -> None:
    async with (
        world(tmp_path / "a") as made,
        made.calling_as(Role.ADMIN) as admin,
        made.calling_without_certificate(made.listening.join_port) as nobody,
    ):
        make = api.GenerateJoinTokenRequest(role=OPERATOR, name="first", uses=5)
        token = await admin.call("GenerateJoinToken", make)
        text = token.secret
        error = await refusal(nobody, "RequestCertificate", asking(text[:-3] + "aaa"))
        assert isinstance(error, errors.InvalidInput)
        assert text not in str(error)
        await admin.call("RevokeToken", api.RevokeTokenRequest(token="first"))
        error = await refusal(nobody, "RequestCertificate", asking(text))
        assert "revoked" in str(error)

        second = await admin.call("GenerateJoinToken", api.GenerateJoinTokenRequest(role=OPERATOR))
        third = await admin.call("RotateTokens", api.RotateTokensRequest(role=OPERATOR))
        error = await refusal(nobody, "RequestCertificate", asking(second.secret))
        assert "revoked" in str(error)
        listed = await admin.call("ListTokens")
        assert [each.id for each in listed.tokens] == [third.token.id]
        every = await admin.call("ListTokens", api.ListTokensRequest(all=True))
        assert len(every.tokens) == 3

        await age(made, third.token.id)
        error = await refusal(nobody, "RequestCertificate", asking(third.secret))
        assert "expired" in str(error)


async def age(made: World, token_id: str) -> None:
    record = made.store.tokens.get(token_id)
    assert record is not None
    old = {"expires_at": record.created_at - timedelta(seconds=1), "version": record.version + 1}
    await made.store.write(puts=[record.model_copy(update=old)])


async def test_a_mistake_in_the_request_costs_no_use(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as made,
        made.calling_as(Role.ADMIN) as admin,
        made.calling_without_certificate(made.listening.join_port) as nobody,
    ):
        token = await admin.call("GenerateJoinToken", api.GenerateJoinTokenRequest(role=OPERATOR))
        for request in (
            asking(token.secret, pem=b"nonsense"),
            replace_name(asking(token.secret), "two words"),
        ):
            error = await refusal(nobody, "RequestCertificate", request)
            assert isinstance(error, errors.InvalidInput)
        await nobody.call("RequestCertificate", asking(token.secret))
        manager = await admin.call(
            "GenerateJoinToken",
            api.GenerateJoinTokenRequest(role=access_pb2.CALLER_ROLE_MANAGER),
        )
        error = await refusal(nobody, "RequestCertificate", asking(manager.secret))
        assert isinstance(error, errors.Unsupported)


def replace_name(
    request: api.RequestCertificateRequest, name: str
) -> api.RequestCertificateRequest:
    request.name = name
    return request


async def test_a_token_of_another_cluster_is_refused(tmp_path: Path) -> None:
    async with (
        world(tmp_path / "a") as ours,
        world(tmp_path / "b") as theirs,
        theirs.calling_as(Role.ADMIN) as admin,
        ours.calling_without_certificate(ours.listening.join_port) as nobody,
    ):
        token = await admin.call("GenerateJoinToken", api.GenerateJoinTokenRequest(role=OPERATOR))
        error = await refusal(nobody, "RequestCertificate", asking(token.secret))
        assert isinstance(error, errors.Denied)
        assert "another cluster" in str(error)


async def test_tokens_that_make_no_sense_are_not_made(tmp_path: Path) -> None:
    async with world(tmp_path) as made, made.calling_as(Role.ADMIN) as admin:
        for request in (
            api.GenerateJoinTokenRequest(),
            api.GenerateJoinTokenRequest(role=OPERATOR, lifetime_seconds=-1),
            api.GenerateJoinTokenRequest(role=OPERATOR, lifetime_seconds=float("nan")),
            api.GenerateJoinTokenRequest(role=OPERATOR, uses=5000),
            api.GenerateJoinTokenRequest(role=access_pb2.CALLER_ROLE_ADMIN, scope="shop"),
        ):
            error = await refusal(admin, "GenerateJoinToken", request)
            assert isinstance(error, errors.InvalidInput)
        assert not made.store.tokens.list()
        shown = await admin.call("GetAuthority")
        assert shown.fingerprint == fingerprint(made.authority.pem)
