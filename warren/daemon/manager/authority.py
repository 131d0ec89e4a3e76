"""The cluster's authority out of the record: who vouches for managers, and for whom it stopped to."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from warren.model.errors import CorruptState, Denied
from warren.model.hidden import Secret
from warren.model.ids import derived_id
from warren.model.manager import AuthorityRecord
from warren.model.token import JoinToken
from warren.pki.authority import Authority, fingerprint, make_authority
from warren.pki.identity import Identity
from warren.pki.sealing import UnlockKey, new_key_ring, unwrap
from warren.pki.tokens import LIFETIME, digest_of, new_token_secret, write_token
from warren.store.store import Store

RandomBytes = Callable[[int], bytes]
TokenRole = Literal["admin", "operator", "viewer", "manager", "tool"]


def found_authority(
    cluster_id: str, unlock: UnlockKey, *, now: datetime, random_bytes: RandomBytes
) -> AuthorityRecord:
    """A new authority, whose key is sealed under a new data key, which ``unlock`` opens."""
    certificate, key = make_authority(cluster_id, now=now)
    ring = new_key_ring(random_bytes)
    record_id = derived_id("authority", cluster_id)
    return AuthorityRecord(
        id=record_id,
        name="authority",
        created_at=now,
        updated_at=now,
        certificate_pem=certificate.decode(),
        sealed_key=ring.seal(key, context=_context(record_id), random_bytes=random_bytes),
        wrapped_keys=ring.wrap(unlock, random_bytes=random_bytes),
    )


def authority_record(store: Store) -> AuthorityRecord:
    """The record of the authority.

    Raises:
        CorruptState: there is none.
    """
    for record in store.authority:
        return record
    raise CorruptState(
        "the record holds no authority",
        hint="a manager that has just joined receives it from the leader: is the leader reachable?",
    )


def open_authority(record: AuthorityRecord, unlock: UnlockKey) -> Authority:
    """The authority, able to sign.

    Raises:
        Denied: the key does not open it.
        CorruptState: what is recorded is damaged.
    """
    key = unwrap(record.wrapped_keys, unlock).open(record.sealed_key, context=_context(record.id))
    return Authority(record.certificate_pem.encode(), key)


def issue(
    store: Store,
    unlock: UnlockKey,
    request_pem: bytes,
    identity: Identity,
    *,
    now: datetime,
    addresses: Sequence[str] = (),
) -> bytes:
    """A certificate, PEM, for the key of a request.

    Raises:
        Denied: the manager was removed, the key file is wrong, or the request is not acceptable.
        InvalidInput: it is no request.
    """
    record = authority_record(store)
    if identity.member in record.removed_members:
        raise Denied(
            f"manager {identity.name} ({identity.member}) was removed from the cluster",
            hint="let it join again with an empty data directory",
        )
    authority = open_authority(record, unlock)
    return authority.issue(request_pem, identity, now=now, addresses=addresses)


class Signing:
    """Implements the API's ``Signer`` over the record.

    Args:
        store: the record.
        unlock: reads the key that opens the authority's.
    """

    def __init__(self, store: Store, unlock: Callable[[], UnlockKey]) -> None:
        self._store = store
        self._unlock = unlock

    def certificate(self) -> bytes:
        """The authority's own certificate, PEM; raises as ``authority_record``."""
        return authority_record(self._store).certificate_pem.encode()

    def issue(
        self,
        request_pem: bytes,
        identity: Identity,
        *,
        now: datetime,
        addresses: Sequence[str] = (),
    ) -> bytes:
        """A certificate, PEM, for the key of a request; raises as ``issue``."""
        return issue(
            self._store, self._unlock(), request_pem, identity, now=now, addresses=addresses
        )


def make_token(
    record: AuthorityRecord,
    role: TokenRole,
    *,
    now: datetime,
    random_bytes: RandomBytes,
    lifetime: timedelta = LIFETIME,
) -> tuple[JoinToken, Secret]:
    """A token for one use: what is to be recorded of it, and its text."""
    token_id, secret = new_token_secret(random_bytes)
    token = JoinToken(
        id=token_id,
        name=token_id,
        created_at=now,
        updated_at=now,
        role=role,
        expires_at=now + lifetime,
        digest=digest_of(secret),
    )
    return token, write_token(token_id, secret, fingerprint(record.certificate_pem.encode()))


def _context(record_id: str) -> str:
    return f"authority/{record_id}"
