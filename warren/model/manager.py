"""Managers, and the authority that vouches for whoever talks to them."""

from warren.model.hidden import Sealed
from warren.model.resource import Resource


class AuthorityRecord(Resource):
    """The cluster's certificate authority; there is one record.

    Attributes:
        certificate_pem: its certificate.
        sealed_key: its private key, for the context ``authority/ID``.
        wrapped_keys: the data keys under which things are sealed, wrapped by the unlock key.
        removed_members: numbers of managers that were removed: their certificates count no more.
    """

    certificate_pem: str
    sealed_key: Sealed
    wrapped_keys: Sealed
    removed_members: tuple[int, ...] = ()


class ManagerRecord(Resource):
    """A manager as the others know it.

    Attributes:
        member: its number in the consensus, never used twice.
        api_address: where its API answers (``host:port``).
        peer_address: where the other managers reach it.
        join_address: where it admits new managers and takes what other managers ask of it.
    """

    member: int
    api_address: str
    peer_address: str
    join_address: str
