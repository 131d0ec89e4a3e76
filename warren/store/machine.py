"""The store as the state machine of a replicated log: entries in, outcomes out, the state as pieces.

It satisfies ``warren.raft.machine.StateMachine`` without knowing of it.
"""

import asyncio
from collections.abc import Callable, Iterator

import msgspec

from warren.model.errors import CorruptState, PermanentError
from warren.store.outcome import encode_outcome
from warren.store.sharing import Sharing
from warren.store.state import State, StateChange, add_fingerprints, apply, row_fingerprint
from warren.store.storage import Document, Rows

PIECES_FORMAT = 1
SLICE_DOCUMENTS = 250


class Meta(msgspec.Struct, frozen=True):
    """What the pieces of a state begin with; ``fingerprint`` in hexadecimal."""

    format: int
    cluster_id: str
    index: int
    sequence: int
    fingerprint: str


class Slice(msgspec.Struct, frozen=True, array_like=True):
    """Some documents of one table, in their order."""

    table: str
    documents: list[tuple[int, Document]]


_encode = msgspec.msgpack.Encoder().encode
_decode_meta = msgspec.msgpack.Decoder(Meta).decode
_decode_slice = msgspec.msgpack.Decoder(Slice).decode


class StoreMachine:
    """One state, changed by nothing but entries and restored snapshots.

    Args:
        state: to begin with.
        cluster_id: whose state it is; a snapshot of another cluster is refused.

    Attributes:
        changed: called after every entry with its index and what it changed.
        restored: called when a snapshot has replaced the state.
    """

    def __init__(self, state: State, cluster_id: str) -> None:
        self.state = state
        self.cluster_id = cluster_id
        self.changed: Callable[[int, tuple[StateChange, ...]], None] = _ignore
        self.restored: Callable[[], None] = _nothing
        self._awaited: list[tuple[int, asyncio.Future[None]]] = []

    def reach(self, index: int) -> "asyncio.Future[None]":
        """Done when the state has come to ``index``; may be cancelled by whoever asked."""
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited.append((index, reached))
        self._tell_reached()
        return reached

    def apply(self, index: int, data: bytes) -> bytes:
        """Carry out an entry; the answer is a ``store.outcome``.

        Raises:
            PermanentError: a newer Warren wrote it; the state must not be used any further.
        """
        applied = apply(self.state, data, index)
        self.changed(index, applied.changes)
        if self._awaited:
            self._tell_reached()
        return encode_outcome(index, applied.refusal)

    def query(self, data: bytes) -> bytes:
        """Reads are made at the tables once the index is known: there is nothing to answer here."""
        return data

    def fingerprint(self) -> bytes:
        """Equal on two managers at an equal index, or one of them is wrong."""
        return self.state.fingerprint.to_bytes(16, "big")

    def freeze(self) -> Iterator[bytes]:
        """The state as it is now, in pieces that each take about a millisecond to make."""
        state = self.state
        meta = Meta(
            format=PIECES_FORMAT,
            cluster_id=self.cluster_id,
            index=state.index,
            sequence=state.sequence,
            fingerprint=f"{state.fingerprint:032x}",
        )
        return _pieces(meta, state.rows())

    def restore(self) -> "Restoring":
        """Begin to take over a state from its pieces."""
        return Restoring(self)

    def replace(
        self, rows: dict[str, Rows], *, index: int, sequence: int, fingerprint: int
    ) -> None:
        """Put a whole state in the place of the present one."""
        state = self.state
        state.load(rows)
        state.index, state.sequence, state.fingerprint = index, sequence, fingerprint
        self.restored()
        self._tell_reached()

    def _tell_reached(self) -> None:
        awaited, self._awaited = self._awaited, []
        for index, reached in awaited:
            if reached.done():
                continue
            if index <= self.state.index:
                reached.set_result(None)
            else:
                self._awaited.append((index, reached))


class Restoring:
    """Collects pieces beside the state and replaces it at the end, or not at all.

    Args:
        machine: whose state is to be replaced.
    """

    def __init__(self, machine: StoreMachine) -> None:
        self._machine = machine
        self._meta: Meta | None = None
        self._rows: dict[str, Rows] = {name: {} for name in machine.state.tables}
        self._fingerprint = 0
        self._sharing = Sharing()  # its own, for this may run on another thread

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            CorruptState: it is none.
            PermanentError: a newer Warren made it, or it is that of another cluster.
        """
        try:
            if self._meta is None:
                self._meta = _decode_meta(piece)
                self._check(self._meta)
                return
            part = _decode_slice(piece)
        except msgspec.DecodeError as error:
            raise CorruptState(f"a snapshot of the state cannot be decoded: {error}") from error
        if part.table not in self._rows:
            raise PermanentError(
                f"a snapshot holds table {part.table!r}, which this Warren does not know",
                hint="a newer Warren wrote it: use that version or a later one",
            )
        rows, share = self._rows[part.table], self._sharing.share
        rows.update((str(doc_id), share(document)) for doc_id, document in part.documents)
        self._fingerprint = add_fingerprints(
            (
                self._fingerprint,
                *(row_fingerprint(part.table, doc_id, row) for doc_id, row in part.documents),
            )
        )

    def finish(self) -> None:
        """Replace the state.

        Raises:
            CorruptState: the documents are not those that the snapshot was taken of.
        """
        meta = self._meta
        if meta is None or f"{self._fingerprint:032x}" != meta.fingerprint:
            raise CorruptState("a snapshot's documents are not those that it was taken of")
        self._machine.replace(
            self._rows,
            index=meta.index,
            sequence=meta.sequence,
            fingerprint=self._fingerprint,
        )

    def _check(self, meta: Meta) -> None:
        if meta.format != PIECES_FORMAT:
            raise PermanentError(
                f"a snapshot has format {meta.format}; this Warren knows {PIECES_FORMAT}",
                hint="a newer Warren wrote it: use that version or a later one",
            )
        if meta.cluster_id != self._machine.cluster_id:
            raise PermanentError(
                f"a snapshot is that of cluster {meta.cluster_id}; "
                f"this is cluster {self._machine.cluster_id}",
                hint="bring back the files that belong together",
            )


def _pieces(meta: Meta, rows: dict[str, Rows]) -> Iterator[bytes]:
    yield _encode(meta)
    for table, documents in rows.items():
        part: list[tuple[int, Document]] = []
        for doc_id, document in documents.items():
            part.append((int(doc_id), document))
            if len(part) == SLICE_DOCUMENTS:
                yield _encode(Slice(table, part))
                part = []
        if part:
            yield _encode(Slice(table, part))


def _ignore(_index: int, _changes: tuple[StateChange, ...]) -> None:
    return


def _nothing() -> None:
    return
