"""What the log is for: a state machine of the caller's, which knows nothing of consensus.

Every member applies the same entries in the same order, so whatever is computed from anything but the
state and the entry (a clock, chance, the order of a set) makes the members differ. Opaque bytes go in
and come out: what they mean, errors included, is the machine's own affair.
"""

from collections.abc import Iterator
from typing import Protocol


class Restoring(Protocol):
    """A state that is being read back beside the present one."""

    def add(self, piece: bytes) -> None:
        """Take the next piece; may be called on another thread than the machine's.

        Raises:
            RaftError: it cannot be understood; the present state stays.
        """
        ...

    def finish(self) -> None:
        """Put it in the place of the present state.

        Raises:
            RaftError: something is missing or contradicts itself; the present state stays.
        """
        ...


class StateMachine(Protocol):
    """What is replicated."""

    def apply(self, index: int, data: bytes) -> bytes:
        """Carry out a command and return its result.

        Commands come from clients and may be anything. One that makes no sense has a result, too, which
        says so: whatever is raised here ends every member, and again when it starts.

        Args:
            index: of its entry; higher than that of the last command, not always by one.
            data: as it was proposed.

        Raises:
            Broken: this program cannot carry it out, and must stop lest the members differ.
        """
        ...

    def query(self, data: bytes) -> bytes:
        """Answer a question about the present state without changing it."""
        ...

    def fingerprint(self) -> bytes:
        """Equal on two members that applied the same entries, or one of them is wrong; quick."""
        ...

    def freeze(self) -> Iterator[bytes]:
        """The present state as pieces of bytes.

        The call itself takes a copy and must be quick. The pieces, each of which is to take a
        millisecond at most, are made one at a time as they are asked for, perhaps on another thread;
        what is applied meanwhile does not show in them.
        """
        ...

    def restore(self) -> Restoring:
        """Begin to read back what ``freeze`` gave, in the same order."""
        ...
