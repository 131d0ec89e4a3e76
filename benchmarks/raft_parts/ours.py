"""Members of ours as processes on loopback, with mutual TLS between all of them."""

from pathlib import Path

from tests.fleet.raft.members import Members, ordered


class Cluster:
    """The same face as `EtcdCluster`; members are numbered from 1."""

    name = "warren"
    machine = "values"

    def __init__(self, folder: Path) -> None:
        self._members = Members(folder, machine=self.machine)

    def start(self) -> None:
        self._members.start()
        self.leader()

    def leader(self) -> int:
        return self._members.wait_for_leader()

    def addresses(self, first: int) -> list[str]:
        return [self._members.address(each) for each in ordered([*self._members.addresses], first)]

    def process_id(self, member: int) -> int:
        return self._members.processes[member].pid

    def kill(self, member: int) -> float:
        return self._members.kill(member)

    def revive(self, member: int) -> None:
        self._members.start(member)
        self.leader()

    def stop(self) -> None:
        self._members.stop()


class StoreCluster(Cluster):
    """With the store, as managers run it, in place of bytes by key."""

    name = machine = "store"
