"""A state directory of format 1, as the state that the replicated log begins with."""

from warren.aio.disk import Disk
from warren.store.format1.recovery import read_state
from warren.store.state import State, add_fingerprints, row_fingerprint
from warren.store.storage import Rows


def take_over(disk: Disk, cluster_id: str) -> tuple[State, int]:
    """Read what was recorded.

    Returns:
        The state, and the highest epoch that may have commanded a host: the log's term has to begin
        there, for the epoch is the term from now on and is recorded nowhere else.

    Raises:
        CorruptState: something acknowledged is damaged or missing; says where.
        PermanentError: a newer Warren wrote it.
    """
    state = read_state(disk, cluster_id)
    rows = state.rows()
    epoch = max((int(row["epoch"]) for row in rows["cluster"].values()), default=0)
    rows["cluster"] = {
        doc_id: {name: value for name, value in row.items() if name != "epoch"}
        for doc_id, row in rows["cluster"].items()
    }
    state.load(rows)
    state.fingerprint = _fingerprint(rows)
    return state, epoch


def _fingerprint(rows: dict[str, Rows]) -> int:
    return add_fingerprints(
        row_fingerprint(table, int(doc_id), document)
        for table, documents in rows.items()
        for doc_id, document in documents.items()
    )
