"""What lies in a manager's data directory, and how it comes there without being half there.

The file ``manager`` is the word of the whole and is written last: while ``beginning`` lies there and
``manager`` does not, nothing was ever acknowledged and everything may be made anew.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from warren.aio.disk import RealDisk, publish, write_temporary
from warren.daemon.directory import FORMAT_NAME, cluster_digest
from warren.daemon.opening import make_directory, unusable
from warren.model.errors import AlreadyExists, CorruptState, Denied, NotFound, PermanentError
from warren.model.hidden import Secret
from warren.pki.sealing import UnlockKey
from warren.raft.storage import Place
from warren.store.lock import hold

API_PORT = 8080
PEER_PORT = 8081
JOIN_PORT = 8082
PROBE_PORT = 8083
TOKEN_PORT = 8084
SEAT_FORMAT = 1
RESERVE_BYTES = 16 << 20
"""Kept back on the disk, to be able to help oneself when it is full."""
_SEAT = "manager"
_BEGINNING = "beginning"
_REMOVED = "removed"
_CONSENSUS = "raft"


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """Where a manager is found.

    Attributes:
        host: name or IP address by which all others reach it.
        listen: address to listen on; empty for that of ``host``.
        names: further names and addresses by which it may be called, for its certificate.
        api_port: of the API.
        peer_port: of the consensus.
        join_port: of the reception.
        token_port: where the API answers those who have no certificate but a token.
        probe_port: of health and metrics over HTTP, on loopback unless ``probe_host`` says otherwise.
        probe_host: where they are listened for.
        socket: path of the API's Unix socket; empty for ``api.sock`` in the data directory.
    """

    host: str
    listen: str = ""
    names: tuple[str, ...] = ()
    api_port: int = API_PORT
    peer_port: int = PEER_PORT
    join_port: int = JOIN_PORT
    token_port: int = TOKEN_PORT
    probe_port: int = PROBE_PORT
    probe_host: str = "127.0.0.1"
    socket: str = ""

    @property
    def listen_host(self) -> str:
        """Where it listens."""
        return self.listen or self.host

    @property
    def api(self) -> str:
        """Of the API, ``host:port``."""
        return with_port(self.host, self.api_port)

    @property
    def peer(self) -> str:
        """Of the consensus."""
        return with_port(self.host, self.peer_port)

    @property
    def join(self) -> str:
        """Of the reception."""
        return with_port(self.host, self.join_port)

    @property
    def certified(self) -> tuple[str, ...]:
        """All names and addresses that its certificate must hold."""
        listened = () if self.listen in {"", "0.0.0.0", "::"} else (self.listen,)  # noqa: S104
        every = (self.host, *listened, *self.names, "localhost", "127.0.0.1", "::1")
        return tuple(dict.fromkeys(every))


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """What a manager knows of itself before it knows anything else.

    Attributes:
        format: of the directory.
        cluster_id: whose it is.
        member: its number in the consensus.
        name: its name.
        addresses: where it is found.
        peers: where the others were when it joined, by number.
        inventory: sources that say how the nodes are reached; without, by their names.
    """

    format: int = SEAT_FORMAT
    cluster_id: str
    member: int
    name: str
    addresses: Addresses
    peers: dict[int, str] = {}
    inventory: tuple[str, ...] = ()


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Seat, strict=False).decode


class Quarters:
    """A data directory's files.

    Args:
        directory: it need not exist.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.identity = directory / "identity.pem"
        self.authority = directory / "authority.pem"
        self.unlock = directory / "unlock.key"
        self.control = directory / "control"
        self.api_socket = directory / "api.sock"

    @contextmanager
    def held(self, *, now: datetime, command: str) -> Iterator[None]:
        """Make the directory if it is missing, and be the only one to use it.

        Raises:
            Busy: another process does; the message says which.
            PermanentError: it cannot be used.
        """
        with ExitStack() as stack:
            try:
                make_directory(self.directory)
                stack.enter_context(hold(self.directory, now=now, command=command))
            except OSError as error:
                raise unusable(self.directory, error) from error
            yield

    def begin(self) -> None:
        """Prepare to make the contents.

        Raises:
            AlreadyExists: there is a manager, or another state.
        """
        disk = RealDisk(self.directory)
        names = set(disk.names())
        if _SEAT in names:
            seat = self.read()
            raise AlreadyExists(
                f"{self.directory} holds manager {seat.name} of cluster {seat.cluster_id}",
                hint="`warren manager run` starts it; another data directory holds another manager",
            )
        if FORMAT_NAME in names or (_CONSENSUS in names and _BEGINNING not in names):
            raise AlreadyExists(
                f"{self.directory} holds a state that is no manager's",
                hint="name another data directory",
            )
        if _BEGINNING not in names:
            self.write(self.directory / _BEGINNING, b"")
        make_directory(self.directory / _CONSENSUS)
        consensus = RealDisk(self.directory / _CONSENSUS)
        for name in consensus.names():  # of an attempt that a crash ended
            consensus.remove(name)
        consensus.sync_directory()

    def finish(self, seat: Seat) -> None:
        """Say that the contents are made."""
        self.write(self.directory / _SEAT, _encode(seat))
        disk = RealDisk(self.directory)
        disk.remove(_BEGINNING)
        disk.sync_directory()

    def read(self) -> Seat:
        """What is said of the manager.

        Raises:
            NotFound: there is none.
            CorruptState: the file is damaged.
            PermanentError: a newer Warren wrote it.
        """
        path = self.directory / _SEAT
        try:
            seat = _decode(path.read_bytes())
        except FileNotFoundError as error:
            raise NotFound(
                f"there is no manager in {self.directory}",
                hint="`warren manager init` begins a cluster, `warren manager join` joins one",
            ) from error
        except OSError as error:
            raise unusable(self.directory, error) from error
        except msgspec.DecodeError as error:
            raise CorruptState(
                f"file {path} is damaged: {error}",
                hint="remove this manager at another one, and let it join again",
            ) from error
        if seat.format > SEAT_FORMAT:
            raise PermanentError(
                f"{path} has format {seat.format}; this Warren knows {SEAT_FORMAT}",
                hint="a newer Warren wrote it: use that version or a later one",
            )
        return seat

    def mark_removed(self) -> None:
        """Remember that this manager was removed: with what it promised it must not come back."""
        self.write(self.directory / _REMOVED, b"")

    def check_not_removed(self, seat: Seat) -> None:
        """Refuse to go on with a manager that was removed.

        Raises:
            Denied: it was.
        """
        if (self.directory / _REMOVED).exists():
            raise Denied(
                f"manager {seat.name} ({seat.member}) was removed from cluster {seat.cluster_id}",
                hint=f"to let it join again, move {self.directory} away and have a token made",
            )

    def place(self, seat: Seat) -> Place:
        """Where the consensus keeps its files."""
        return Place(
            disk=RealDisk(self.directory / _CONSENSUS),
            cluster=cluster_digest(seat.cluster_id),
            member=seat.member,
            reserve_bytes=RESERVE_BYTES,
        )

    def write(self, path: Path, data: bytes) -> None:
        """Write one of the files, 0600, in one step.

        Raises:
            WarrenError: the disk does not let us.
        """
        disk = RealDisk(path.parent)
        try:
            write_temporary(disk, path.name, data)
            publish(disk, path.name)
        except OSError as error:
            raise unusable(path, error) from error

    def unlock_key(self) -> UnlockKey:
        """The key that opens what is sealed.

        Raises:
            PermanentError: it is not there or none.
        """
        try:
            value = self.unlock.read_bytes()
        except OSError as error:
            raise PermanentError(
                f"key file {self.unlock} cannot be read: {error.strerror}",
                hint="copy it from another manager; without it nothing that is sealed can be opened",
            ) from error
        return UnlockKey(method="key_file", value=Secret(value))


def with_port(host: str, port: int) -> str:
    """``host:port``, or ``[v6]:port``."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
