"""What a manager does for those who ask: admit, show, remove, hand over.

What only the leader can do is passed on to it, by the manager's own certificate. Asked again, each of
these does no harm: a caller who heard nothing may repeat.
"""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from warren.aio.clock import Clock
from warren.daemon.consensus import translate
from warren.daemon.manager.admission import Admission, change_members
from warren.daemon.manager.asking import ask_there
from warren.daemon.manager.authority import RandomBytes, authority_record, issue, make_token
from warren.daemon.manager.words import (
    Answer,
    Certified,
    Certify,
    Done,
    Join,
    MadeToken,
    MakeToken,
    ManagerRow,
    Managers,
    Question,
    Remove,
    ShowManagers,
    Transfer,
)
from warren.model.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    NotLeader,
    Problem,
    TransientError,
)
from warren.model.manager import ManagerRecord
from warren.pki.identity import Identity, Role
from warren.pki.sealing import UnlockKey
from warren.raft.core.ready import Role as ConsensusRole
from warren.raft.errors import RaftError
from warren.raft.node.node import Node
from warren.raft.replica import membership
from warren.raft.replica.status import Status
from warren.store.store import Store

HAND_OVER_SECONDS = 5.0
LEADER_SECONDS = 10.0
_PAUSE_SECONDS = 0.05
_CONFLICTS_MAX = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What an office works with.

    Attributes:
        store: the record.
        node: the own member.
        context: for connections to other managers.
        unlock: reads the key that opens what is sealed.
        clock: see there.
        random_bytes: for tokens.
        address: of the own reception.
        api_address: of the own API.
    """

    store: Store
    node: Node
    context: ssl.SSLContext
    unlock: Callable[[], UnlockKey]
    clock: Clock
    random_bytes: RandomBytes
    address: str
    api_address: str


class Office:
    """Answers questions; who may ask what was decided before."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._store = tools.store
        self._node = tools.node
        self._admission = Admission(tools.store, tools.node, tools.unlock, tools.clock)

    async def answer(self, question: Question) -> Answer:
        """Do what is asked.

        Raises:
            WarrenError: it cannot be done.
        """
        match question:
            case Join():
                return await self._admission.admit(question)
            case MakeToken():
                return await self._make_token()
            case Certify():
                return self._certify(question)
            case _ if self._node.status.role is not ConsensusRole.LEADER:
                return await self._pass_on(question)
        return await self._lead(question)

    async def _lead(self, question: ShowManagers | Remove | Transfer) -> Answer:
        match question:
            case ShowManagers():
                return await self._show()
            case Remove(manager=manager):
                return await self._remove(manager, question)
            case Transfer(manager=manager):
                return await self._transfer(manager)

    async def _pass_on(self, question: Question) -> Answer:
        leader = await self._leader()
        if leader == self._node.status.member:
            return await self.answer(question)
        known = self._record(leader)
        if known is None:
            raise NotLeader(f"member {leader} leads, and where it answers is not recorded yet")
        return await ask_there(known.join_address, question, self._tools.context)

    async def _leader(self, *, other_than: int = 0) -> int:
        """The number of the leader, as soon as one is known.

        Raises:
            NotLeader: none is.
        """
        clock = self._tools.clock
        deadline = clock.monotonic() + LEADER_SECONDS
        while (leader := self._node.status.leader) in {0, other_than}:
            if clock.monotonic() >= deadline:
                raise NotLeader(
                    "no manager leads: too few of them reach each other",
                    hint="start the others, or repair the network between them",
                    retry_after_seconds=1.0,
                )
            await clock.sleep(_PAUSE_SECONDS)
        return leader

    async def _make_token(self) -> MadeToken:
        token, text = make_token(
            authority_record(self._store),
            "manager",
            now=self._tools.clock.now(),
            random_bytes=self._tools.random_bytes,
        )
        await self._store.write(puts=[token])
        return MadeToken(text.reveal(), self._tools.address)

    def _certify(self, question: Certify) -> Certified:
        tools = self._tools
        try:
            identity = Identity(
                cluster=self._store.cluster_id,
                role=Role(question.role),
                name=question.name,
                tenant=question.tenant,
            )
        except ValueError as error:
            raise InvalidInput([Problem(field="name", value="", rule=str(error))]) from error
        pem = issue(
            self._store, tools.unlock(), question.request_pem, identity, now=tools.clock.now()
        )
        authority_pem = authority_record(self._store).certificate_pem.encode()
        return Certified(
            certificate_pem=pem, authority_pem=authority_pem, api_address=tools.api_address
        )

    async def _show(self) -> Managers:
        try:
            await self._node.read(b"")
        except RaftError as error:
            raise translate(error) from error
        status = self._node.status
        records = {record.member: record for record in self._store.managers}
        rows = [
            row_of(member, records.get(member), status)
            for member in sorted(status.configuration.members)
        ]
        return Managers(cluster_id=self._store.cluster_id, term=status.term, managers=rows)

    async def _remove(self, manager: str, question: Question) -> Answer:
        member, name = self._find(manager)
        if member == self._node.status.member and len(self._node.status.configuration.voters) > 1:
            await self._hand_over(0)
            return await self._pass_on(question)
        await change_members(self._node, membership.Remove(member), self._tools.clock)
        await self._forget(member)
        return Done(f"manager {name} ({member}) is removed")

    async def _forget(self, member: int) -> None:
        for _attempt in range(_CONFLICTS_MAX):
            authority = authority_record(self._store)
            known = self._record(member)
            removed = (*authority.removed_members, member)
            updated = authority.model_copy(
                update={
                    "removed_members": tuple(sorted(set(removed))),
                    "updated_at": self._tools.clock.now(),
                    "version": authority.version + 1,
                }
            )
            try:
                await self._store.write(puts=[updated], deletes=[known] if known else [])
            except Conflict:
                continue
            return
        raise TransientError("the record of the managers changes too fast; try again")

    async def _transfer(self, manager: str) -> Done:
        to = self._find(manager)[0] if manager else 0
        status = self._node.status
        if to == status.member:
            return Done(f"manager {manager} leads already")
        if to and to not in status.configuration.voters:
            rule = "does not vote yet, so it cannot lead"
            raise InvalidInput([Problem(field="manager", value=manager, rule=rule)])
        if len(status.configuration.voters) == 1:
            raise NotFound("there is no other manager that could lead")
        await self._hand_over(to)
        leader = await self._leader(other_than=status.member)
        known = self._record(leader)
        return Done(f"manager {known.name if known else '?'} ({leader}) leads now")

    async def _hand_over(self, to: int) -> None:
        if not await self._node.hand_over(to, timeout_seconds=HAND_OVER_SECONDS):
            raise TransientError(
                f"{f'manager {to}' if to else 'no other manager'} took over "
                f"within {HAND_OVER_SECONDS:g} s; this one still leads",
                hint="`warren manager list` shows which managers are reachable",
            )

    def _record(self, member: int) -> ManagerRecord | None:
        return next((each for each in self._store.managers if each.member == member), None)

    def _find(self, manager: str) -> tuple[int, str]:
        """Number and name of a manager that a user named by either."""
        known = self._store.managers.named(manager)
        if known is not None:
            return known.member, known.name
        if manager.isdecimal() and int(manager) in self._node.status.configuration.members:
            record = self._record(int(manager))
            return int(manager), record.name if record else manager
        names = ", ".join(sorted(f"{each.name} ({each.member})" for each in self._store.managers))
        raise NotFound(f"there is no manager {manager!r}", hint=f"there are {names}")


def row_of(member: int, record: ManagerRecord | None, status: Status) -> ManagerRow:
    """How the leader sees a manager."""
    peer = status.peers.get(member)
    is_own = member == status.member
    match = status.last_index if is_own else (peer.match if peer else 0)
    return ManagerRow(
        member=member,
        name=record.name if record else "",
        suffrage="voter" if member in status.configuration.voters else "learner",
        is_leader=is_own,
        is_reachable=is_own or (peer is not None and peer.is_live),
        lacks_entries=max(0, status.last_index - match),
        peer_address=status.members.get(member, ""),
        api_address=record.api_address if record else "",
    )
