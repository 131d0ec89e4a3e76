"""How a newcomer learns whom to trust, asks to be let in, and keeps what it is given.

The key of its certificate is made here and stays here. The token goes to nobody who has not shown, by
a certificate of the very authority whose fingerprint the token holds, that it is a manager.
"""

from warren.daemon.consensus import translate
from warren.daemon.manager.asking import ask_there, fetch_authority, trusting
from warren.daemon.manager.credentials import keep
from warren.daemon.manager.founding import checked_identity
from warren.daemon.manager.seat import Addresses, Quarters, Seat
from warren.daemon.manager.words import Join, Joined
from warren.model.errors import PermanentError
from warren.model.hidden import Secret
from warren.pki.authority import make_request
from warren.pki.tokens import read_token
from warren.raft.errors import RaftError
from warren.raft.storage import join as begin_log


async def join(
    quarters: Quarters,
    name: str,
    addresses: Addresses,
    *,
    token: Secret,
    address: str,
    inventory: tuple[str, ...] = (),
) -> Seat:
    """Become a manager of a cluster, in an empty data directory, which the caller holds.

    Args:
        quarters: the data directory.
        name: for the manager.
        addresses: where it will be found.
        token: the whole text of a join token.
        address: of the reception of a manager.
        inventory: sources that say how the nodes are reached.

    Raises:
        InvalidInput: the token or the name is malformed.
        Denied: the token is refused, or it is not for the cluster at that address.
        AlreadyExists: there is a manager here, or one of that name there.
        WarrenError: it could not be done.
    """
    presented = read_token(token)
    checked_identity("unknown", name)
    quarters.begin()
    authority_pem = await fetch_authority(address, presented.fingerprint)
    request = make_request(name)
    answer = await ask_there(
        address,
        Join(
            token=token.reveal(), name=name, addresses=addresses, request_pem=request.pem
        ),
        trusting(authority_pem),
    )  # fmt: skip
    if not isinstance(answer, Joined):
        raise PermanentError(f"{address} answered {type(answer).__name__}: it is no manager")
    quarters.write(quarters.authority, authority_pem)
    quarters.write(quarters.unlock, answer.unlock_key)
    keep(quarters, request, answer.certificate_pem)
    seat = Seat(
        cluster_id=answer.cluster_id,
        member=answer.member,
        name=name,
        addresses=addresses,
        peers=answer.peers,
        inventory=inventory,
    )
    try:
        begin_log(quarters.place(seat))
    except RaftError as error:
        raise translate(error) from error
    quarters.finish(seat)
    return seat
