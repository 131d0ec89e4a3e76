"""What the owner of a manager asks it, beside it on its machine."""

import asyncio
from pathlib import Path

from warren.aio.disk import RealDisk, publish, write_temporary
from warren.daemon.manager.asking import ask_here
from warren.daemon.manager.seat import Quarters
from warren.daemon.manager.words import (
    Certified,
    Certify,
    Done,
    MadeToken,
    MakeToken,
    Managers,
    Remove,
    ShowManagers,
    Transfer,
)
from warren.daemon.opening import unusable
from warren.pki.authority import make_request


class Visitor:
    """Asks the manager of a data directory; every method raises as ``ask_here``.

    Args:
        directory: the data directory.
    """

    def __init__(self, directory: Path) -> None:
        self._control = Quarters(directory).control

    def managers(self) -> Managers:
        """The managers of the cluster."""
        answer = asyncio.run(ask_here(self._control, ShowManagers()))
        assert isinstance(answer, Managers), "the answer goes with the question"
        return answer

    def remove(self, manager: str) -> str:
        """Take a manager out; what was done."""
        return self._done(Remove(manager))

    def transfer(self, manager: str) -> str:
        """Let another manager lead; what was done."""
        return self._done(Transfer(manager))

    def token(self) -> MadeToken:
        """A token with which one more manager can join."""
        answer = asyncio.run(ask_here(self._control, MakeToken()))
        assert isinstance(answer, MadeToken), "the answer goes with the question"
        return answer

    def certify(self, role: str, name: str, tenant: str, path: Path) -> str:
        """Write a certificate of a new key, the key, and the authority's certificate to a file, 0600.

        Returns:
            Where the API answers.
        """
        request = make_request(name)
        question = Certify(role=role, name=name, tenant=tenant, request_pem=request.pem)
        answer = asyncio.run(ask_here(self._control, question))
        assert isinstance(answer, Certified), "the answer goes with the question"
        disk = RealDisk(path.parent)
        try:
            content = answer.certificate_pem + request.key.reveal() + answer.authority_pem
            write_temporary(disk, path.name, content)
            publish(disk, path.name)
        except OSError as error:
            raise unusable(path, error) from error
        return answer.api_address

    def _done(self, question: Remove | Transfer) -> str:
        answer = asyncio.run(ask_here(self._control, question))
        assert isinstance(answer, Done), "the answer goes with the question"
        return answer.message
