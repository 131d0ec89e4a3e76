"""Scenarios: text files that direct a cluster step by step, and say what must have come of it.

One command a line; ``#`` begins a comment. Before the first other command, ``members``, ``settings``, ``log`` and
``term`` say what is on the disks. Members are numbers, links are written ``1->2``, with ``*`` for all.

    members 1 2 3            the founders; an index below is one behind their snapshot, which has index 1
    settings name=value …    of the core or the replica
    log 2: 2 2 3             the terms of the entries on its disk, from index 2 on
    term 2: 4                the term that it is in
    campaign 1               it stands for election
    elect 1                  it wins it, and nothing else happens
    propose 1 x=5 as a       a client writes; its answer is called a
    read 2 x as b            a client reads
    change 1 add-learner 4, remove 2 [explicit|joint] as c
    leave 1 as c             ends a joint change
    transfer 1 to 2 / forget 2 / join 4
    tick 1 [5]               its clock goes on
    deliver 1->2 [MsgApp]    what is under way arrives now
    drop 1->2 [MsgApp]       it never does
    stash old 1->* [MsgApp]  it is taken aside; ``replay old`` delivers it, each time anew
    work 1 [log]             its threads do what they are at
    hold 1 log / release 1 log
    stabilize [1 2]          all that can happen between them happens
    partition 1 | 2 3 / cut 1->2 / heal
    crash 2 / kill 2 / restart 2 / stop 2 / resume 2
    expect …                 see ``expectations``
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.simulation.raft import expectations
from tests.simulation.raft.cluster import Founding, Sizes
from tests.simulation.raft.plain import Plain
from tests.simulation.raft.registers import encode_request
from tests.simulation.raft.stage import Flight, Stage, links
from warren.raft.core.entry import (
    ChangeKind,
    ConfigurationChange,
    Entry,
    MemberChange,
    Transition,
)
from warren.raft.core.ready import Role
from warren.raft.core.settings import Settings
from warren.raft.errors import RaftError
from warren.raft.replica.settings import ReplicaSettings

CHANGES = {
    "add-voter": ChangeKind.ADD_VOTER,
    "add-learner": ChangeKind.ADD_LEARNER,
    "remove": ChangeKind.REMOVE,
}
TRANSITIONS = {"explicit": Transition.JOINT_EXPLICIT, "joint": Transition.JOINT_IMPLICIT}


ELECTION_ROUNDS = 5


class ScenarioFailed(AssertionError):
    """A line did not come true."""


@dataclass(slots=True)
class Setting:
    """What is said before the cluster runs."""

    voters: tuple[int, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    logs: dict[int, tuple[int, ...]] = field(default_factory=dict)
    terms: dict[int, int] = field(default_factory=dict)

    def build(self) -> Stage:
        """The cluster, running."""
        core = {name: value for name, value in self.settings.items() if name in Settings.__slots__}
        rest = {name: value for name, value in self.settings.items() if name not in core}
        replica = ReplicaSettings(core=replace(Settings(member=1), **core), **rest)
        stage = Stage(Sizes(is_plain=True, replica=replica))
        for member in self.voters:
            stage.cluster.create(member, self._found(member))
            stage.cluster.start(member)
        return stage

    def _found(self, member: int) -> Founding:
        terms = self.logs.get(member, ())
        entries = tuple(
            Entry(index, term, encode_request("log", ("write", f"{index} of {term}")))
            for index, term in enumerate(terms, 2)
        )
        term = self.terms.get(member, max(terms, default=1))
        return Founding(voters=self.voters, term=term, entries=entries)


class Scenario:
    """A scenario while it is played."""

    def __init__(self) -> None:
        self._setting = Setting()
        self._stage: Stage | None = None
        self._stashes: dict[str, list[Flight]] = {}
        self._tickets = 0

    @property
    def stage(self) -> Stage:
        """The cluster, which runs from the first command on that needs it."""
        if self._stage is None:
            self._stage = self._setting.build()
        return self._stage

    def play(self, text: str) -> None:
        """Carry out all lines.

        Raises:
            ScenarioFailed: one of them did not come true, or broke an invariant.
        """
        for number, line in enumerate(text.splitlines(), 1):
            command = line.split("#")[0].strip()
            if not command:
                continue
            try:
                self._carry_out(command)
            except Exception as error:
                raise ScenarioFailed(f"line {number}: {command}: {error}") from error

    def _carry_out(self, command: str) -> None:
        verb, *words = command.split()
        directions: dict[str, Callable[[Sequence[str]], None]] = {
            "members": self._members,
            "settings": self._settings,
            "log": self._log,
            "term": self._term,
        }
        if verb in directions:
            assert self._stage is None, "the cluster runs already"
            directions[verb](words)
        elif verb == "expect":
            expectations.check(self.stage, words)
        else:
            act: Callable[..., None] = getattr(self, f"_{verb}")
            act(words)

    def _members(self, words: Sequence[str]) -> None:
        self._setting.voters = numbers(words)

    def _settings(self, words: Sequence[str]) -> None:
        for word in words:
            name, value = word.split("=")
            truth = {"true": True, "false": False}
            self._setting.settings[name] = truth[value] if value in truth else int(value)

    def _log(self, words: Sequence[str]) -> None:
        self._setting.logs[int(words[0].rstrip(":"))] = numbers(words[1:])

    def _term(self, words: Sequence[str]) -> None:
        self._setting.terms[int(words[0].rstrip(":"))] = int(words[1])

    def _campaign(self, words: Sequence[str]) -> None:
        member = int(words[0])
        self.stage.step(member, self._logic(member).core.campaign)

    def _forget(self, words: Sequence[str]) -> None:
        member = int(words[0])
        self.stage.step(member, self._logic(member).core.forget_leader)

    def _propose(self, words: Sequence[str]) -> None:
        member, (key, value) = int(words[0]), words[1].split("=")
        payload = encode_request(key, ("write", value))
        ticket = self._ticket(words)
        self.stage.step(member, lambda: self._logic(member).propose(ticket, payload))

    def _read(self, words: Sequence[str]) -> None:
        member, query = int(words[0]), encode_request(words[1], ("read",))
        ticket = self._ticket(words)
        self.stage.step(member, lambda: self._logic(member).read(ticket, query))

    def _change(self, words: Sequence[str]) -> None:
        member, ticket = int(words[0]), self._ticket(words)
        rest = list(words[1 : words.index("as")] if "as" in words else words[1:])
        transition = TRANSITIONS.get(rest[-1], Transition.AUTO)
        if rest[-1] in TRANSITIONS:
            rest.pop()
        changes = tuple(
            MemberChange(CHANGES[part.split()[0]], int(part.split()[1]))
            for part in " ".join(rest).split(",")
        )
        change = ConfigurationChange(changes, transition)
        self.stage.step(member, lambda: self._logic(member).change(ticket, change))

    def _leave(self, words: Sequence[str]) -> None:
        member, ticket = int(words[0]), self._ticket(words)
        self.stage.step(member, lambda: self._logic(member).change(ticket, ConfigurationChange()))

    def _transfer(self, words: Sequence[str]) -> None:
        member, to = int(words[0]), int(words[2])
        try:
            self.stage.step(member, lambda: self._logic(member).transfer(to))
        except RaftError as error:
            self.stage.answers["transfer"] = error

    def _join(self, words: Sequence[str]) -> None:
        self.stage.cluster.join(int(words[0]))

    def _elect(self, words: Sequence[str]) -> None:
        member, stage = int(words[0]), self.stage
        self._campaign(words)
        for _ in range(ELECTION_ROUNDS):
            for kind in ("MsgPreVote", "MsgPreVoteResp", "MsgVote", "MsgVoteResp"):
                stage.deliver(stage.matching(0, 0, kind))
            stage.do_work(stage.cluster.machines, "log")
            if self._logic(member).core.role is Role.LEADER:
                return
        raise AssertionError(f"member {member} was not elected")

    def _tick(self, words: Sequence[str]) -> None:
        members = self._running() if words[0] == "all" else (int(words[0]),)
        for _ in range(int(words[1]) if len(words) > 1 else 1):
            for member in members:
                self.stage.tick(member)

    def _deliver(self, words: Sequence[str]) -> None:
        self.stage.deliver(self._flights(words))

    def _drop(self, words: Sequence[str]) -> None:
        for flight in self._flights(words):
            self.stage.flights.remove(flight)

    def _stash(self, words: Sequence[str]) -> None:
        found = self._flights(words[1:])
        assert found, "nothing of that kind is under way"
        self._stashes.setdefault(words[0], []).extend(found)
        for flight in found:
            self.stage.flights.remove(flight)

    def _replay(self, words: Sequence[str]) -> None:
        self.stage.deliver(self._stashes[words[0]])

    def _work(self, words: Sequence[str]) -> None:
        self.stage.do_work((int(words[0]),), *words[1:])

    def _hold(self, words: Sequence[str]) -> None:
        self.stage.held.add((int(words[0]), words[1]))

    def _release(self, words: Sequence[str]) -> None:
        self.stage.held.discard((int(words[0]), words[1]))

    def _stabilize(self, words: Sequence[str]) -> None:
        self.stage.stabilize(numbers(words) or self.stage.cluster.machines)

    def _partition(self, words: Sequence[str]) -> None:
        groups = [set(numbers(part.split())) for part in " ".join(words).split("|")]
        for one, two in links(member for group in groups for member in group):
            if not any({one, two} <= group for group in groups):
                self.stage.cut.add((one, two))

    def _cut(self, words: Sequence[str]) -> None:
        sender, recipient = link(words[0])
        self.stage.cut.add((sender, recipient))

    def _heal(self, _words: Sequence[str]) -> None:
        self.stage.cut.clear()

    def _crash(self, words: Sequence[str]) -> None:
        self._forget_work(int(words[0]))
        self.stage.cluster.lose_power(int(words[0]), lambda _: False)

    def _kill(self, words: Sequence[str]) -> None:
        self._forget_work(int(words[0]))
        self.stage.cluster.kill(int(words[0]))

    def _restart(self, words: Sequence[str]) -> None:
        self.stage.cluster.start(int(words[0]))

    def _stop(self, words: Sequence[str]) -> None:
        self.stage.cluster.process(int(words[0])).is_stopped = True

    def _resume(self, words: Sequence[str]) -> None:
        self.stage.cluster.process(int(words[0])).resume()

    def _forget_work(self, member: int) -> None:
        self.stage.works = [work for work in self.stage.works if work.member != member]

    def _running(self) -> tuple[int, ...]:
        return tuple(self.stage.cluster.running)

    def _logic(self, member: int) -> Plain:
        logic = self.stage.cluster.process(member).logic
        assert isinstance(logic, Plain), "scenarios direct the core"
        return logic

    def _ticket(self, words: Sequence[str]) -> str:
        self._tickets += 1
        return words[words.index("as") + 1] if "as" in words else f"unnamed {self._tickets}"

    def _flights(self, words: Sequence[str]) -> list[Flight]:
        sender, recipient = link(words[0])
        return self.stage.matching(sender, recipient, words[1] if len(words) > 1 else "")


def numbers(words: Sequence[str]) -> tuple[int, ...]:
    """Words as numbers."""
    return tuple(int(word) for word in words)


def link(word: str) -> tuple[int, int]:
    """``1->2`` as a pair, with 0 for ``*``."""
    sender, recipient = word.replace("*", "0").split("->")
    return int(sender), int(recipient)


def play(path: Path) -> None:
    """Play a file.

    Raises:
        ScenarioFailed: it did not come true.
    """
    Scenario().play(path.read_text())
