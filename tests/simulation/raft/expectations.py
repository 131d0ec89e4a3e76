"""What a scenario can expect.

expect leader 1 / expect no leader         it leads, in the highest term of all; nobody leads
expect role 2 follower                     or pre_candidate, candidate, leader
expect follows 2 1                         it knows that leader (0: none)
expect term 2 3
expect commit 2 4 / expect applied 2 4
expect log 2: 2 2 3                        the terms of its entries from index 2 on
expect value 2 x 5                         what its state machine holds
expect answer a ok / NotLeader / none      what became of a request; the name of the error
expect read a 5                            what a read answered
expect voters 1: 1 2 3 / expect learners 1: 4 / expect joint 1
expect under way 1->2 MsgApp / expect not under way 1->2 MsgApp
"""

from collections.abc import Callable, Sequence

from tests.simulation.raft.registers import Registers, decode_answer
from tests.simulation.raft.stage import Stage
from warren.raft.core.raft import Raft
from warren.raft.core.ready import Role


def check(stage: Stage, words: Sequence[str]) -> None:
    """Compare what is with what was expected.

    Raises:
        AssertionError: they differ.
    """
    wanted = " ".join(words).replace(":", "").split()
    if wanted[0] == "no":
        leaders = _leaders(stage)
        assert not leaders, f"{leaders} lead"
        return
    if wanted[0] == "not":
        flights = _under_way(stage, wanted[3:])
        assert not flights, f"under way: {flights}"
        return
    _CHECKS[wanted[0]](stage, wanted[1:])


def _core(stage: Stage, member: str) -> Raft:
    return stage.cluster.process(int(member)).logic.core


def _leaders(stage: Stage) -> list[int]:
    running = stage.cluster.running
    return [member for member in running if _core(stage, str(member)).role is Role.LEADER]


def _leader(stage: Stage, words: Sequence[str]) -> None:
    terms = {_core(stage, str(member)).term: member for member in _leaders(stage)}
    assert terms, "nobody leads"
    assert terms[max(terms)] == int(words[0]), f"{terms} lead by term"


def _role(stage: Stage, words: Sequence[str]) -> None:
    _equal(_core(stage, words[0]).role.name.lower(), words[1])


def _follows(stage: Stage, words: Sequence[str]) -> None:
    _equal(_core(stage, words[0]).leader, int(words[1]))


def _term(stage: Stage, words: Sequence[str]) -> None:
    _equal(_core(stage, words[0]).term, int(words[1]))


def _commit(stage: Stage, words: Sequence[str]) -> None:
    _equal(_core(stage, words[0]).commit, int(words[1]))


def _applied(stage: Stage, words: Sequence[str]) -> None:
    _equal(_core(stage, words[0]).applied, int(words[1]))


def _log(stage: Stage, words: Sequence[str]) -> None:
    log = stage.cluster.invariants.terms(int(words[0]))
    _equal(log.terms, [int(word) for word in words[1:]])


def _value(stage: Stage, words: Sequence[str]) -> None:
    machine = stage.cluster.process(int(words[0])).state.machine
    assert isinstance(machine, Registers)
    found = machine.values.get(words[1])
    _equal(found, None if words[2] == "none" else words[2])


def _answer(stage: Stage, words: Sequence[str]) -> None:
    answer = stage.answers.get(words[0])
    found = "none" if answer is None else "ok"
    if isinstance(answer, Exception):
        found = type(answer).__name__
    _equal(found, words[1])


def _read(stage: Stage, words: Sequence[str]) -> None:
    answer = stage.answers.get(words[0])
    assert isinstance(answer, bytes), f"the answer is {answer!r}"
    _equal(decode_answer(answer), None if words[1] == "none" else words[1])


def _voters(stage: Stage, words: Sequence[str]) -> None:
    found = _core(stage, words[0]).configuration.voters
    _equal(found, tuple(int(word) for word in words[1:]))


def _learners(stage: Stage, words: Sequence[str]) -> None:
    found = _core(stage, words[0]).configuration.learners
    _equal(found, tuple(int(word) for word in words[1:]))


def _joint(stage: Stage, words: Sequence[str]) -> None:
    configuration = _core(stage, words[0]).configuration
    assert configuration.outgoing, f"{configuration} is not joint"


def _expect_under_way(stage: Stage, words: Sequence[str]) -> None:
    assert _under_way(stage, words[1:]), f"under way: {[each.message for each in stage.flights]}"


def _under_way(stage: Stage, words: Sequence[str]) -> list[object]:
    sender, recipient = words[0].replace("*", "0").split("->")
    kind = words[1] if len(words) > 1 else ""
    return [each.message for each in stage.matching(int(sender), int(recipient), kind)]


def _equal(found: object, wanted: object) -> None:
    assert found == wanted, f"it is {found}"


_CHECKS: dict[str, Callable[[Stage, Sequence[str]], None]] = {
    "leader": _leader,
    "role": _role,
    "follows": _follows,
    "term": _term,
    "commit": _commit,
    "applied": _applied,
    "log": _log,
    "value": _value,
    "answer": _answer,
    "read": _read,
    "voters": _voters,
    "learners": _learners,
    "joint": _joint,
    "under": _expect_under_way,
}
