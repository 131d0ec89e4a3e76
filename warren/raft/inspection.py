"""What a lone member's directory says, read beside whoever writes it and without a trace."""

from warren.raft.core.entry import EntryKind
from warren.raft.machine import StateMachine
from warren.raft.replica.replicated import Replicated
from warren.raft.storage import Place, read_pieces
from warren.raft.wal.recovery import inspect


def replay(place: Place, machine: StateMachine) -> None:
    """Bring a fresh state machine to the end of the log.

    Only of a lone member is all that is durable committed, too.

    Raises:
        Damaged: something acknowledged is altered or missing, or is just being written: look again.
        Incompatible: it is another member's or another cluster's, or of a newer program.
        OSError: as the disk says; a file may just have been dropped.
    """
    log = inspect(place.disk, cluster=place.cluster, member=place.member)
    replicated = Replicated(machine)
    restoring = replicated.restore()
    read_pieces(place.disk, log.snapshot, restoring)
    restoring.finish()
    for entry in log.entries:
        if entry.kind is EntryKind.NORMAL and entry.data:
            replicated.apply(entry.index, entry.data)
