"""What goes wrong in a run, one thing after the other, each for a while.

Whatever is done here may happen to a cluster that must not lose anything: any number of members may crash or
be cut off, but the disks of a minority only may be damaged.
"""

import errno
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Protocol

from tests.simulation.raft.changes import Wish, change, draw_change, draw_request, removal
from tests.simulation.raft.cluster import Cluster
from tests.simulation.raft.plain import Ticket
from tests.simulation.raft.plan import Plan
from tests.simulation.raft.process import Process
from warren.raft.errors import RaftError
from warren.raft.replica.membership import AddLearner
from warren.raft.replica.outbox import Answer
from warren.raft.session import decode_number
from warren.testing.network import SimulatedNetwork, Weather
from warren.testing.schedule import Schedule


class Arena(Protocol):
    """What can be harmed."""

    plan: Plan
    chance: Random
    schedule: Schedule
    cluster: Cluster
    network: SimulatedNetwork[bytes]
    slow: dict[int, int]

    def leader(self) -> int: ...
    def note(self, what: str) -> None: ...
    def jump(self, member: int, forward_ms: int) -> None: ...


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
        self._arena.note("peace")
        self._is_over = True
        arena = self._arena
        arena.network.heal()
        arena.slow.clear()
        for member, machine in list(arena.cluster.machines.items()):
            machine.disk.capacity_bytes = None
            machine.disk.fail = _sound
            if machine.process is not None and machine.process.is_stopped:
                machine.process.resume()
            if machine.process is None and not machine.is_lost:
                arena.cluster.start(member)
        self._replace_lost()

    def answered(self, wish: Ticket, answer: Answer) -> None:
        """What became of a change of membership."""
        outcome = "refused" if isinstance(answer, RaftError) else "done"
        self.counts[f"change_{outcome}"] += 1
        if isinstance(wish, AddLearner) and not isinstance(answer, RaftError):
            self._arena.cluster.join(decode_number(answer))

    def describe(self) -> str:
        """What is wrong with whom."""
        lines = []
        for member, machine in self._arena.cluster.machines.items():
            if machine.process is None:
                lines.append(f"{member}: lost" if machine.is_lost else f"{member}: down")
                continue
            core = machine.process.logic.core
            lines.append(
                f"{member}: {core.role.name} of {core.term} follows {core.leader}, log to "
                f"{core.last_index}, commit {core.commit}, applied {core.applied}, "
                f"{core.configuration}"
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
            self._arena.note(f"{name}: running {self._arena.cluster.running}")
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
        if not victim:
            return False
        process = self._arena.cluster.process(victim)
        process.is_stopped = True
        self._lasting(process.resume)
        return True

    def _draw_wish(self, process: Process) -> Wish | None:
        cluster, chance = self._arena.cluster, self._arena.chance
        if cluster.sizes.is_plain:
            return draw_change(process, cluster, chance)
        return draw_request(process, cluster, chance)

    def _clock_jump(self) -> bool:
        """As after a machine was asleep."""
        victim = self._victim()
        if not victim or self._arena.plan.sizes.replica.core.lease_reads:
            return False
        self._arena.jump(victim, self._arena.chance.choice((200, 1_000, 1_000, 1_000, 4_000_000)))
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
        voters = sorted(process.logic.core.configuration.voters)
        to = self._arena.chance.choice(voters)
        if to == leader:
            return False
        process.step(partial(_transfer, process, to))
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
        if not leader:
            return False
        process = self._arena.cluster.process(leader)
        wish = self._draw_wish(process)
        if wish is not None:
            process.step(partial(change, process, wish))
        return wish is not None

    def _replace_lost(self) -> None:
        """Remove for good who lost its disk, as soon as there is a leader, and end joint changes."""
        arena = self._arena
        leader = arena.leader()
        if leader:
            process = arena.cluster.process(leader)
            machines = arena.cluster.machines
            members = process.logic.core.configuration.members
            for member in sorted(members - machines.keys()):
                arena.cluster.join(member)  # nobody had learned which number it was given
            lost = [member for member in sorted(members) if machines[member].is_lost]
            wish = removal(process, lost)
            if wish is not None:
                process.step(partial(change, process, wish))
        arena.schedule.after(500_000, self._replace_lost)


def _transfer(process: Process, to: int) -> None:
    with suppress(RaftError):
        process.logic.transfer(to)


def _sound(_operation: str, _name: str) -> int | None:
    return None
