"""An authority, certificates of it, and a TLS handshake in memory."""

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from warren.pki.authority import Authority, make_authority, make_request
from warren.pki.identity import Identity, Role
from warren.pki.tls import client_context, server_context

NOW = datetime.now(UTC)  # OpenSSL compares with the machine's clock
CLUSTER = "clu_01"


def authority(cluster: str = CLUSTER, now: datetime = NOW) -> Authority:
    return Authority(*make_authority(cluster, now=now))


def identity(role: Role = Role.OPERATOR, name: str = "ann", **fields: object) -> Identity:
    member = 3 if role is Role.MANAGER else 0
    return Identity(cluster=CLUSTER, role=role, name=name, **{"member": member, **fields})  # type: ignore[arg-type]


@dataclass
class Party:
    """Who takes part in a handshake, with its files."""

    directory: Path
    authority: Authority
    identity: Identity
    now: datetime = NOW
    addresses: tuple[str, ...] = ("127.0.0.1", "manager.example")
    trust: bytes = b""
    revocation: bool = False
    certificate: bytes = field(init=False)

    def __post_init__(self) -> None:
        self.directory.mkdir()
        request = make_request(self.identity.name)
        self.certificate = self.authority.issue(
            request.pem, self.identity, now=self.now, addresses=self.addresses
        )
        (self.directory / "key.pem").write_bytes(request.key.reveal())
        (self.directory / "certificate.pem").write_bytes(self.certificate)
        (self.directory / "trust.pem").write_bytes(self.trust or self.authority.pem)

    def context(self, *, server: bool) -> ssl.SSLContext:
        make = server_context if server else client_context
        files = [self.directory / f"{name}.pem" for name in ("certificate", "key", "trust")]
        return make(*files, revocation=self.revocation)


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str = "127.0.0.1") -> str:
    """Run a handshake; the TLS version agreed on.

    Raises:
        ssl.SSLError: either side refused.
    """
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _round in range(8):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    theirs.write(b"hello")
    assert ours.read(5) == b"hello"
    return ours.version() or ""
