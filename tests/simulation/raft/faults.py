"""What goes wrong in a run, one thing after the other, each for a while.

Whatever is done here may happen to a cluster that must not lose anything: any number of members may crash or
be cut off, but the disks of a minority only may be damaged.
"""

import errno
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Protocol

from tests.simulation.raft.cluster import Cluster
from tests.simulation.raft.plain import Answer
from tests.simulation.raft.plan import Plan
from warren.raft.core.entry import (
    ChangeKind,
    ConfigurationChange,
    MemberChange,
    Transition,
)
from warren.raft.core.progress import ProgressState
from warren.raft.errors import RaftError
from warren.testing.network import SimulatedNetwork, Weather
from warren.testing.schedule import Schedule

VOTERS_MAX = 5
MEMBERS_MAX = 9


class Arena(Protocol):
    """What can be harmed."""

    plan: Plan
    chance: Random
    schedule: Schedule
    cluster: Cluster
    network: SimulatedNetwork[bytes]
    slow: dict[int, int]

    def leader(self) -> int: ...
    def start_ticking(self, member: int) -> None: ...


class Faults:
    """The faults of one run.

    Attributes:
        counts: how often each happened.
    """

    def __init__(self, arena: Arena) -> None:
        self.counts: Counter[str] = Counter()
        self._arena = arena
        self._is_over = False
        self._damaged = 0

    def begin(self) -> None:
        """Let things go wrong from now on."""
        if self._arena.plan.faults:
            self._next()

    def end(self) -> None:
        """Stop all that goes wrong, and start all that can be started."""
        self._is_over = True
        arena = self._arena
        arena.network.heal()
        arena.slow.clear()
        for member, machine in arena.cluster.machines.items():
            machine.disk.capacity_bytes = None
            machine.disk.fail = _sound
            if machine.process is not None and machine.process.is_stopped:
                machine.process.resume()
            if machine.process is None and not machine.is_lost:
                arena.cluster.start(member)
        self._replace_lost()

    def answered(self, answer: Answer) -> None:
        """What became of a change of membership."""
        outcome = "refused" if isinstance(answer, RaftError) else "done"
        self.counts[f"change_{outcome}"] += 1

    def describe(self) -> str:
        """What is wrong with whom."""
        lines = []
        for member, machine in self._arena.cluster.machines.items():
            if machine.process is None:
                lines.append(f"{member}: lost" if machine.is_lost else f"{member}: down")
                continue
            raft = machine.process.logic.raft
            lines.append(
                f"{member}: {raft.role.name} of {raft.term} follows {raft.leader}, log to "
                f"{raft.last_index}, commit {raft.commit}, applied {raft.applied}, "
                f"{raft.configuration}"
            )
        return "\n".join(lines)

    def _next(self) -> None:
        wait_us = int(self._arena.chance.expovariate(1 / self._arena.plan.fault_every_us))
        self._arena.schedule.after(wait_us, self._happen)

    def _happen(self) -> None:
        if self._is_over:
            return
        name = self._arena.chance.choice(self._arena.plan.faults)
        happens: Callable[[], bool] = getattr(self, f"_{name}")
        if happens():
            self.counts[name] += 1
        self._next()

    def _lasting(self, call: Callable[[], None]) -> None:
        """Undo it later, unless peace has undone everything."""
        lasts_us = self._arena.chance.randrange(self._arena.plan.fault_lasts_us)
        self._arena.schedule.after(lasts_us, lambda: None if self._is_over else call())

    def _victim(self) -> int:
        running = self._arena.cluster.running
        leader = self._arena.leader()
        if leader and self._arena.chance.random() < 0.4:
            return leader
        return self._arena.chance.choice(running) if running else 0

    def _start_later(self, member: int) -> None:
        def start() -> None:
            machine = self._arena.cluster.machines[member]
            if machine.process is None and not machine.is_lost:
                machine.disk.capacity_bytes = None
                self._arena.cluster.start(member)

        self._lasting(start)

    def _power(self) -> bool:
        victim = self._victim()
        if victim:
            self._arena.cluster.lose_power(victim)
            self._start_later(victim)
        return bool(victim)

    def _kill(self) -> bool:
        victim = self._victim()
        if victim:
            self._arena.cluster.kill(victim)
            self._start_later(victim)
        return bool(victim)

    def _blackout(self) -> bool:
        """Power fails for all."""
        for member in self._arena.cluster.running:
            self._arena.cluster.lose_power(member)
            self._start_later(member)
        return True

    def _stop(self) -> bool:
        victim = self._victim()
        if not victim or self._arena.plan.sizes.raft.lease_reads:
            return False
        process = self._arena.cluster.process(victim)
        process.is_stopped = True
        self._lasting(process.resume)
        return True

    def _partition(self) -> bool:
        chance, members = self._arena.chance, list(self._arena.cluster.machines)
        groups: list[set[int]] = [set(), set()]
        for member in members:
            groups[chance.randrange(2)].add(member)
        if chance.random() < 0.2:
            groups[1].add(next(iter(groups[0]), 1))  # one member hears both sides
        self._cut(lambda: self._arena.network.partition(groups))
        return True

    def _one_way(self) -> bool:
        members = list(self._arena.cluster.machines)
        one = self._arena.chance.choice(members)
        others = [other for other in members if other != one]
        some = self._arena.chance.sample(others, self._arena.chance.randint(0, len(others)))
        inwards = self._arena.chance.random() < 0.5
        links = {(other, one) if inwards else (one, other) for other in some}
        self._cut(lambda: self._arena.network.cut.update(links))
        return bool(links)

    def _isolate_leader(self) -> bool:
        leader = self._arena.leader()
        others = set(self._arena.cluster.machines) - {leader}
        if leader:
            self._cut(lambda: self._arena.network.partition([{leader}, others]))
        return bool(leader)

    def _cut(self, cut: Callable[[], None]) -> None:
        network = self._arena.network
        before = set(network.cut)
        cut()
        added = network.cut - before
        self._lasting(lambda: network.cut.difference_update(added))

    def _storm(self) -> bool:
        network, before = self._arena.network, self._arena.plan.weather
        network.weather = Weather(
            loss=0.3, duplication=0.2, delay_us_max=100_000, held_up=0.2, held_up_us_max=800_000
        )
        self._lasting(lambda: setattr(network, "weather", before))
        return True

    def _transfer(self) -> bool:
        leader = self._arena.leader()
        if not leader:
            return False
        process = self._arena.cluster.process(leader)
        voters = sorted(process.logic.raft.configuration.voters)
        to = self._arena.chance.choice(voters)
        if to == leader:
            return False
        process.step(lambda: process.logic.transfer(to))
        return True

    def _slow_disk(self) -> bool:
        victim = self._victim()
        if victim:
            self._arena.slow[victim] = 200_000
            self._lasting(lambda: self._arena.slow.update({victim: self._arena.plan.disk_us}))
        return bool(victim)

    def _full_disk(self) -> bool:
        victim = self._victim()
        if victim:
            disk = self._arena.cluster.machines[victim].disk
            disk.capacity_bytes = disk.used_bytes + self._arena.chance.randrange(3_000)

            def free() -> None:
                self._arena.cluster.machines[victim].disk.capacity_bytes = None

            self._lasting(free)
        return bool(victim)

    def _failing_disk(self) -> bool:
        victim = self._victim()
        if not victim:
            return False
        machine, chance = self._arena.cluster.machines[victim], self._arena.chance
        machine.may_fail = True
        failing = chance.choice(("sync", "write", "sync_directory", "rename", "create"))
        left = chance.randrange(4)

        def fail(operation: str, _name: str) -> int | None:
            nonlocal left
            if operation != failing:
                return None
            left -= 1
            return errno.EIO if left < 0 else None

        machine.disk.fail = fail

        def mend() -> None:
            if self._arena.cluster.machines[victim].disk.fail is fail:
                self._arena.cluster.machines[victim].disk.fail = _sound

        self._lasting(mend)
        self._start_later(victim)
        return True

    def _damage(self) -> bool:
        """Power fails, and afterwards some bits of what was safe are not what they were."""
        arena = self._arena
        victim = self._victim()
        if not victim or self._damaged >= (arena.plan.members - 1) // 2:
            return False
        self._damaged += 1
        arena.cluster.lose_power(victim)
        machine = arena.cluster.machines[victim]
        machine.may_be_damaged = True
        names = [name for name in machine.disk.names() if machine.disk.read(name)]
        for _ in range(arena.chance.choice((1, 1, 5))):
            name = arena.chance.choice(names)
            size = len(machine.disk.read(name))
            offset = arena.chance.randrange(arena.chance.choice((size, min(size, 600))))
            machine.disk.damage(name, offset, 1 << arena.chance.randrange(8))
        self._start_later(victim)
        return True

    def _membership(self) -> bool:
        leader = self._arena.leader()
        if not leader or "damage" in self._arena.plan.faults:
            return False  # or a majority of what remains might be lost
        process = self._arena.cluster.process(leader)
        change = self._draw_change(leader)
        if change is not None:
            process.step(lambda: process.logic.change(change, change))
        return change is not None

    def _draw_change(self, leader: int) -> ConfigurationChange | None:
        chance, cluster = self._arena.chance, self._arena.cluster
        raft = cluster.process(leader).logic.raft
        configuration = raft.configuration
        if configuration.outgoing:
            return None if configuration.auto_leave else ConfigurationChange()
        changes: list[MemberChange] = []
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            known = [item.member for item in changes]
            voters = [member for member in configuration.voters if member not in known]
            learners = [member for member in configuration.learners if member not in known]
            kind = chance.random()
            if kind < 0.4 and len(cluster.machines) < MEMBERS_MAX:
                new = max(cluster.machines) + 1
                self._join(new)
                changes.append(MemberChange(ChangeKind.ADD_LEARNER, new))
            elif kind < 0.7 and learners and len(voters) < VOTERS_MAX:
                learner = chance.choice(learners)
                progress = raft.progress.get(learner)
                if progress is not None and progress.state is ProgressState.REPLICATE:
                    changes.append(MemberChange(ChangeKind.ADD_VOTER, learner))
            elif len(voters) > 2:
                kinds = (ChangeKind.REMOVE, ChangeKind.ADD_LEARNER)
                changes.append(MemberChange(chance.choice(kinds), chance.choice(voters)))
        if not changes:
            return None
        transitions = (Transition.AUTO, Transition.JOINT_IMPLICIT, Transition.JOINT_EXPLICIT)
        return ConfigurationChange(tuple(changes), chance.choice(transitions))

    def _join(self, member: int) -> None:
        cluster = self._arena.cluster
        cluster.create(member)
        self._arena.start_ticking(member)
        cluster.start(member)

    def _replace_lost(self) -> None:
        """Remove for good who lost its disk, as soon as there is a leader, and end joint changes."""
        arena = self._arena
        leader = arena.leader()
        if leader:
            process = arena.cluster.process(leader)
            configuration = process.logic.raft.configuration
            lost = [
                member for member in configuration.members if arena.cluster.machines[member].is_lost
            ]
            change = ConfigurationChange(
                tuple(MemberChange(ChangeKind.REMOVE, member) for member in lost)
            )
            if configuration.outgoing and not configuration.auto_leave:
                change = ConfigurationChange()
            if lost or (configuration.outgoing and not configuration.auto_leave):
                process.step(lambda: process.logic.change(change, change))
        arena.schedule.after(500_000, self._replace_lost)


def _sound(_operation: str, _name: str) -> int | None:
    return None
