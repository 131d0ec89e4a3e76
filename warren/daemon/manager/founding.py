"""The first manager of a cluster: an authority, a certificate, a log with both in it."""

from collections.abc import Sequence
from dataclasses import dataclass

from warren.aio.clock import Clock
from warren.daemon.consensus import translate
from warren.daemon.manager.admission import record_of
from warren.daemon.manager.authority import (
    RandomBytes,
    found_authority,
    make_token,
    open_authority,
)
from warren.daemon.manager.credentials import identity_as_manager, keep
from warren.daemon.manager.seat import Addresses, Quarters, Seat
from warren.model.cluster import Cluster
from warren.model.errors import InvalidInput, Problem
from warren.model.hidden import Secret
from warren.model.ids import new_id
from warren.model.resource import Resource
from warren.pki.authority import fingerprint, make_request
from warren.pki.identity import Identity
from warren.pki.sealing import KEY_BYTES, UnlockKey
from warren.raft.errors import RaftError
from warren.raft.storage import bootstrap
from warren.store.machine import StoreMachine
from warren.store.proposer import InMemoryProposer
from warren.store.state import State
from warren.store.store import Store

FIRST_MEMBER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A cluster that has just begun.

    Attributes:
        seat: of its first manager.
        fingerprint: SHA-256 of its authority's certificate.
        tokens: with each of which one manager can join.
    """

    seat: Seat
    fingerprint: bytes
    tokens: tuple[Secret, ...]


async def found(
    quarters: Quarters,
    name: str,
    addresses: Addresses,
    *,
    tokens: int,
    inventory: tuple[str, ...] = (),
    clock: Clock,
    random_bytes: RandomBytes,
) -> Founded:
    """Begin a cluster in an empty data directory, which the caller holds.

    Whatever the moment of a crash, it may be called again: nobody has heard of the one before.

    Args:
        quarters: the data directory.
        name: of the first manager.
        addresses: where it is found.
        tokens: how many join tokens to make.
        inventory: sources that say how the nodes are reached.
        clock: see there.
        random_bytes: for ids and keys.

    Raises:
        AlreadyExists: there is a manager, or another state.
        InvalidInput: the name is malformed.
        WarrenError: the disk does not let us.
    """
    now = clock.now()
    cluster_id = new_id("cluster", now_ms=int(now.timestamp() * 1000), random_bytes=random_bytes)
    identity = checked_identity(cluster_id, name)
    quarters.begin()
    unlock = UnlockKey(method="key_file", value=Secret(random_bytes(KEY_BYTES)))
    quarters.write(quarters.unlock, unlock.value.reveal())
    record = found_authority(cluster_id, unlock, now=now, random_bytes=random_bytes)
    authority_pem = record.certificate_pem.encode()
    quarters.write(quarters.authority, authority_pem)
    request = make_request(name)
    authority = open_authority(record, unlock)
    certified = authority.issue(request.pem, identity, now=now, addresses=addresses.certified)
    keep(quarters, request, certified)
    seat = Seat(
        cluster_id=cluster_id,
        member=FIRST_MEMBER,
        name=name,
        addresses=addresses,
        inventory=inventory,
    )
    made = [
        make_token(record, "manager", now=now, random_bytes=random_bytes) for _ in range(tokens)
    ]
    cluster = Cluster(id=cluster_id, name="cluster", created_at=now, updated_at=now)
    manager = record_of(cluster_id, FIRST_MEMBER, name, addresses, now=now)
    await _begin_log(quarters, seat, [cluster, record, manager, *(token for token, _ in made)])
    quarters.finish(seat)
    return Founded(
        seat=seat, fingerprint=fingerprint(authority_pem), tokens=tuple(text for _, text in made)
    )


def checked_identity(cluster_id: str, name: str) -> Identity:
    """Who the first manager of that name is.

    Raises:
        InvalidInput: the name is malformed.
    """
    try:
        return identity_as_manager(cluster_id, name, FIRST_MEMBER)
    except ValueError as error:
        raise InvalidInput([Problem(field="name", value=name, rule=str(error))]) from error


async def _begin_log(quarters: Quarters, seat: Seat, records: Sequence[Resource]) -> None:
    machine = StoreMachine(State(), seat.cluster_id)
    await Store(machine, InMemoryProposer(machine)).write(puts=records)
    members = {seat.member: seat.addresses.peer}
    try:
        bootstrap(quarters.place(seat), members, machine.freeze(), index=machine.state.index)
    except RaftError as error:
        raise translate(error) from error
