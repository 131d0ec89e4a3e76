"""Join tokens over the wire, and the certificates that they are exchanged for."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from warren.aio.clock import Clock
from warren.api.decisions import Decision
from warren.api.guard import Call
from warren.api.lookup import find, page_of, words_of
from warren.api.recorder import Recorder
from warren.api.writing import carry_out, written_of
from warren.model.errors import Denied, InvalidInput, Problem, Unsupported
from warren.model.hidden import Secret
from warren.model.resource import Resource
from warren.model.token import JoinToken
from warren.model.validation import parse
from warren.pki.authority import fingerprint, read_certificate
from warren.pki.identity import Identity, Role
from warren.pki.tokens import (
    LIFETIME,
    Presented,
    check_token,
    digest_of,
    new_token_secret,
    read_token,
    used,
    write_token,
)
from warren.store.store import Store
from warren.wire.conversion import encode
from warren.wire.v1 import access_pb2, call_pb2, identity_pb2 as api

LIFETIME_DAYS_MAX = 30
_ROLES = access_pb2.DESCRIPTOR.enum_types_by_name["CallerRole"]


class Signer(Protocol):
    """The cluster's authority."""

    def certificate(self) -> bytes:
        """The authority's own certificate, PEM."""
        ...

    def issue(
        self,
        request_pem: bytes,
        identity: Identity,
        *,
        now: datetime,
        addresses: Sequence[str] = (),
    ) -> bytes:
        """A certificate, PEM, for the key of a request.

        Raises:
            Denied: the request is not acceptable, or the identity is not any more.
            InvalidInput: it is no request.
        """
        ...


class Tokens:
    """The RPCs of ``IdentityApi`` about tokens; each method is one, and its name is the RPC's.

    Args:
        recorder: the manager that is spoken for.
        signer: see there.
        clock: stamps records.
        random_bytes: for ids and secrets.
    """

    def __init__(
        self,
        recorder: Recorder,
        signer: Signer,
        clock: Clock,
        random_bytes: Callable[[int], bytes],
    ) -> None:
        self._recorder = recorder
        self._signer = signer
        self._clock = clock
        self._random_bytes = random_bytes

    async def generate_join_token(
        self, request: api.GenerateJoinTokenRequest, _call: Call
    ) -> api.GenerateJoinTokenResponse:
        """Make one; it is shown this once."""
        record, text = self._make(
            _role_of(request.role),
            name=request.name,
            scope=request.scope,
            lifetime=_lifetime_of(request.lifetime_seconds),
            uses=request.uses or 1,
        )
        await self._recorder.store.write(puts=[record])
        return _shown(record, text)

    async def list_tokens(
        self, request: api.ListTokensRequest, _call: Call
    ) -> api.ListTokensResponse:
        """List them, newest first; never themselves."""
        store, now = self._recorder.store, self._clock.now()
        chosen = [each for each in store.tokens if request.all or _is_usable(each, now)]
        part, page = page_of(chosen, _newest_first, request.page, sequence=store.sequence)
        return api.ListTokensResponse(tokens=[encode(each, api.Token) for each in part], page=page)

    async def revoke_token(self, request: api.RevokeTokenRequest, _call: Call) -> call_pb2.Written:
        """Withdraw one."""

        def decide(store: Store) -> Decision:
            existing = find(store.tokens, request.token, "token")
            if existing.revoked:
                return Decision(verb="unchanged", before=existing, after=existing)
            revoked = self._revoked(existing)
            return Decision(verb="updated", before=existing, after=revoked)

        return written_of(await carry_out(self._recorder, decide), self._recorder.store)

    async def rotate_tokens(
        self, request: api.RotateTokensRequest, _call: Call
    ) -> api.GenerateJoinTokenResponse:
        """Withdraw all of a role and make a new one, together."""
        role, now = _role_of(request.role), self._clock.now()
        await self._recorder.fence()  # one that was made just now is withdrawn, too
        old = [
            self._revoked(each)
            for each in self._recorder.store.tokens
            if each.role == role and _is_usable(each, now)
        ]
        record, text = self._make(role, name="", scope="", lifetime=LIFETIME, uses=1)
        await self._recorder.store.write(puts=[*old, record])
        return _shown(record, text)

    def _make(
        self, role: str, *, name: str, scope: str, lifetime: timedelta, uses: int
    ) -> tuple[JoinToken, Secret]:
        if scope and role in {"admin", "manager"}:
            rule = f"must be empty: role {role} is for all tenants"
            raise InvalidInput([Problem(field="scope", value=scope, rule=rule)])
        now = self._clock.now()
        token_id, secret = new_token_secret(self._random_bytes)
        record = parse(
            JoinToken,
            {
                "id": token_id,
                "name": name or token_id,
                "created_at": now,
                "updated_at": now,
                "role": role,
                "scope": scope,
                "expires_at": now + lifetime,
                "uses_left": uses,
                "digest": digest_of(secret),
            },
        )
        return record, write_token(token_id, secret, fingerprint(self._signer.certificate()))

    def _revoked(self, existing: JoinToken) -> JoinToken:
        return existing.model_copy(
            update={
                "revoked": True,
                "updated_at": self._clock.now(),
                "version": existing.version + 1,
            }
        )


class Certificates:
    """The RPCs of ``IdentityApi`` about certificates of callers.

    Args:
        recorder: the manager that is spoken for.
        signer: see there.
        clock: see there.
    """

    def __init__(self, recorder: Recorder, signer: Signer, clock: Clock) -> None:
        self._recorder = recorder
        self._signer = signer
        self._clock = clock

    async def request_certificate(
        self, request: api.RequestCertificateRequest, _call: Call
    ) -> api.CertificateGrant:
        """Exchange a token and a certificate request for a certificate.

        A use of the token is written off before anything is issued, so no failure multiplies it.
        """
        presented = read_token(Secret(request.token))
        if presented.fingerprint != fingerprint(self._signer.certificate()):
            raise Denied(
                "this join token is for another cluster",
                hint="ask a manager of the cluster that made it",
            )
        await self._refuse_what_cannot_be_issued(request, presented)

        def decide(store: Store) -> Decision:
            now = self._clock.now()
            record = check_token(store.tokens.get(presented.id), presented, now=now)
            return Decision(verb="updated", before=record, after=used(record, now=now))

        spent = (await carry_out(self._recorder, decide)).before
        assert isinstance(spent, JoinToken), "a token was written"
        return self._grant(request.request_pem, self._identity(spent, request.name))

    async def renew_identity(
        self, request: api.RenewIdentityRequest, call: Call
    ) -> api.CertificateGrant:
        """Exchange a certificate request for a new certificate of the caller's own identity."""
        identity = call.caller.identity
        assert identity is not None, "only those with a certificate are let in"
        if identity.role is Role.MANAGER:
            raise Unsupported("managers renew their certificates among themselves")
        return self._grant(request.request_pem, identity)

    async def get_authority(
        self, _request: api.GetAuthorityRequest, _call: Call
    ) -> api.GetAuthorityResponse:
        """Read the authority's certificate."""
        certificate = self._signer.certificate()
        return api.GetAuthorityResponse(
            authority_pem=certificate, fingerprint=fingerprint(certificate)
        )

    async def _refuse_what_cannot_be_issued(
        self, request: api.RequestCertificateRequest, presented: Presented
    ) -> None:
        """A mistake in the request costs no use of the token."""
        record = self._recorder.store.tokens.get(presented.id)
        if record is None:
            await self._recorder.fence()
            record = self._recorder.store.tokens.get(presented.id)
        now = self._clock.now()
        record = check_token(record, presented, now=now)
        if record.role == "manager":
            raise Unsupported(
                "a manager's certificate is issued when it joins",
                hint="on the new manager: warren manager join TOKEN ADDRESS",
            )
        self._signer.issue(request.request_pem, self._identity(record, request.name), now=now)

    def _identity(self, record: JoinToken, name: str) -> Identity:
        try:
            return Identity(
                cluster=self._recorder.store.cluster_id,
                role=Role(record.role),
                name=name,
                tenant=record.scope,
            )
        except ValueError as error:
            problem = Problem(field="name", value=name, rule=str(error))
            raise InvalidInput([problem]) from error

    def _grant(self, request_pem: bytes, identity: Identity) -> api.CertificateGrant:
        certificate = self._signer.issue(request_pem, identity, now=self._clock.now())
        read = read_certificate(certificate)
        managers = sorted(self._recorder.store.managers, key=lambda each: each.name)
        return api.CertificateGrant(
            certificate_pem=certificate,
            authority_pem=self._signer.certificate(),
            identity=api.Identity(
                cluster=identity.cluster,
                role=_number_of(identity.role.value),
                name=identity.name,
                tenant=identity.tenant,
                serial=f"{read.serial_number:x}",
                not_after=read.not_valid_after_utc,
            ),
            managers=[each.api_address for each in managers],
        )


def _role_of(number: int) -> str:
    words = words_of(_ROLES, [number])
    if not words:
        raise InvalidInput([Problem(field="role", value="", rule="is required")])
    return next(iter(words))


def _number_of(role: str) -> Any:
    return access_pb2.CallerRole.Value(f"CALLER_ROLE_{role.upper()}")


def _lifetime_of(seconds: float) -> timedelta:
    longest = timedelta(days=LIFETIME_DAYS_MAX)
    if not 0 <= seconds <= longest.total_seconds():  # NaN is not, either
        rule = f"must be 0 to {longest.total_seconds():g}, and 0 is an hour"
        raise InvalidInput([Problem(field="lifetime_seconds", value=f"{seconds:g}", rule=rule)])
    return timedelta(seconds=seconds) if seconds else LIFETIME


def _is_usable(token: JoinToken, now: datetime) -> bool:
    return not token.revoked and token.uses_left > 0 and now < token.expires_at


def _newest_first(token: Resource) -> tuple[str, ...]:
    return (f"{99_999_999_999_999 - int(token.created_at.timestamp() * 1000):014}", token.id)


def _shown(record: JoinToken, text: Secret) -> api.GenerateJoinTokenResponse:
    return api.GenerateJoinTokenResponse(
        token=encode(record, api.Token), secret=text.reveal().decode()
    )
