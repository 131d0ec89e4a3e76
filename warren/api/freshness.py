"""How recent the record must be for a read, and waiting until it is."""

from google.protobuf.message import Message

from warren.api.recorder import Recorder
from warren.store.watch import WatchLost
from warren.wire.methods import Access
from warren.wire.requests import read_options


async def await_record(recorder: Recorder, access: Access, request: Message) -> None:
    """Return when the replica is as recent as the request asks.

    By default it misses no change that was acknowledged before; a stale read takes what is here, or
    waits for one change. What is about the called manager itself waits for nothing.

    Raises:
        TransientError: no majority could be asked.
    """
    if access.answered_by == "called":
        return
    options = read_options(request)
    if not options.stale:
        await recorder.fence()
        return
    while recorder.store.sequence < options.after_sequence:
        try:
            await recorder.store.watch().take()
        except WatchLost:
            continue
