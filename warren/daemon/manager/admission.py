"""How a newcomer becomes a manager: a token, a number, a certificate, a record; all or nothing."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from warren.aio.clock import Clock
from warren.daemon.consensus import translate
from warren.daemon.manager.authority import authority_record, issue
from warren.daemon.manager.credentials import identity_as_manager
from warren.daemon.manager.seat import Addresses
from warren.daemon.manager.words import Join, Joined
from warren.model.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    InvalidInput,
    PermanentError,
    Problem,
    WarrenError,
)
from warren.model.hidden import Secret
from warren.model.ids import derived_id
from warren.model.manager import ManagerRecord
from warren.model.token import JoinToken
from warren.pki.sealing import UnlockKey
from warren.pki.tokens import check_token, read_token, used
from warren.raft.errors import RaftError, Unavailable
from warren.raft.node.node import Node
from warren.raft.replica.membership import AddLearner, MembershipRequest, Remove
from warren.store.store import Store

MANAGERS_MAX = 7
CHANGE_SECONDS = 20.0
"""Members change one at a time; for so long it is tried again while another change is under way."""
_PAUSE_SECONDS = 0.2


async def change_members(node: Node, request: MembershipRequest, clock: Clock) -> int:
    """Have the members changed, waiting for changes that are under way; the member's number.

    Raises:
        WarrenError: it cannot be done, or not in time.
    """
    deadline = clock.monotonic() + CHANGE_SECONDS
    while True:
        try:
            return await node.change(request, timeout_seconds=CHANGE_SECONDS / 2)
        except Unavailable as error:
            if clock.monotonic() >= deadline:
                raise translate(error) from error
            await clock.sleep(_PAUSE_SECONDS)
        except RaftError as error:
            raise translate(error) from error


class Admission:
    """Admits managers.

    Args:
        store: the record.
        node: the own member.
        unlock: opens the authority's key.
        clock: see there.
    """

    def __init__(
        self, store: Store, node: Node, unlock: Callable[[], UnlockKey], clock: Clock
    ) -> None:
        self._store = store
        self._node = node
        self._unlock = unlock
        self._clock = clock

    async def admit(self, join: Join) -> Joined:
        """Make a newcomer a member that learns; the leader lets it vote when it has caught up.

        Raises:
            Denied: the token is not good for it, or the request is not acceptable.
            AlreadyExists: a manager of that name or at that address is there.
            InvalidInput: a name or an address is malformed.
            TransientError: it can be tried again with the same token.
        """
        token = await self._check(join)
        try:
            await self._store.write(puts=[used(token, now=self._clock.now())])
        except Conflict as error:
            raise Denied(
                f"join token {token.id} was used at the same moment",
                hint="have a new one made: warren manager token",
            ) from error
        try:
            return await self._admit(join)
        except (WarrenError, asyncio.CancelledError):
            await asyncio.shield(self._give_back(token.id))
            raise

    async def _check(self, join: Join) -> JoinToken:
        presented = read_token(Secret(join.token))
        try:
            await self._node.read(b"")
        except RaftError as error:
            raise translate(error) from error
        token = check_token(self._store.tokens.get(presented.id), presented, now=self._clock.now())
        if token.role != "manager":
            raise Denied(f"join token {token.id} is for role {token.role}, not for a manager")
        _check_name(self._store.cluster_id, join)
        store = self._store
        known = store.managers.named(join.name)
        if known is not None:
            raise AlreadyExists(
                f"manager {known.name} ({known.member}) is known, at {known.peer_address}",
                hint=f"choose another --name, or remove it first: warren manager remove {known.name}",
            )
        if len(store.managers) >= MANAGERS_MAX:
            raise PermanentError(f"there are {MANAGERS_MAX} managers already; more would be slower")
        return token

    async def _admit(self, join: Join) -> Joined:
        store, node = self._store, self._node
        others = dict(node.status.members)
        member = await change_members(node, AddLearner(join.addresses.peer), self._clock)
        try:
            certificate, authority_pem = self._certify(join, member)
            record = record_of(
                store.cluster_id, member, join.name, join.addresses, now=self._clock.now()
            )
            await store.write(puts=[record])
        except WarrenError:
            await change_members(node, Remove(member), self._clock)
            raise
        return Joined(
            cluster_id=store.cluster_id,
            member=member,
            certificate_pem=certificate,
            authority_pem=authority_pem,
            unlock_key=self._unlock().value.reveal(),
            peers=others,
        )

    def _certify(self, join: Join, member: int) -> tuple[bytes, bytes]:
        record = authority_record(self._store)
        certificate = issue(
            self._store,
            self._unlock(),
            join.request_pem,
            identity_as_manager(self._store.cluster_id, join.name, member),
            now=self._clock.now(),
            addresses=join.addresses.certified,
        )
        return certificate, record.certificate_pem.encode()

    async def _give_back(self, token_id: str) -> None:
        token = self._store.tokens.get(token_id)
        if token is not None:
            restored = {"uses_left": token.uses_left + 1, "version": token.version + 1}
            await self._store.write(puts=[token.model_copy(update=restored)])


def record_of(
    cluster_id: str, member: int, name: str, addresses: Addresses, *, now: datetime
) -> ManagerRecord:
    """What is recorded of a manager."""
    return ManagerRecord(
        id=derived_id("manager", cluster_id, str(member)),
        name=name,
        created_at=now,
        updated_at=now,
        member=member,
        api_address=addresses.api,
        peer_address=addresses.peer,
        join_address=addresses.join,
    )


def _check_name(cluster_id: str, join: Join) -> None:
    try:
        identity_as_manager(cluster_id, join.name, 1)
    except ValueError as error:
        raise InvalidInput([Problem(field="name", value=join.name, rule=str(error))]) from error
