"""Work that makes no sense any more when something it rests on has ended.

Whoever only waits (for hosts, for a clock) would never learn of it: so the block is ended from outside,
as a timeout ends one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def resting_on(base: "asyncio.Future[None]") -> AsyncIterator[None]:
    """End the block as soon as ``base`` fails, and raise what it failed with.

    If the block ends before that with an error of its own, or is cancelled by somebody else, that is
    what comes out. If it ends well but ``base`` has failed, the failure is raised, too.
    """
    task = asyncio.current_task()
    assert task is not None, "a coroutine runs in a task"
    requests = task.cancelling()
    is_cut = is_over = False

    def cut(_base: "asyncio.Future[None]") -> None:
        nonlocal is_cut
        if not is_over:  # it may be on its way when the block ends
            is_cut = True
            task.cancel()

    base.add_done_callback(cut)
    try:
        yield
    except asyncio.CancelledError:
        if is_cut and task.uncancel() <= requests:
            base.result()
        raise
    except BaseException:
        if is_cut:
            task.uncancel()
        raise
    else:
        if is_cut:
            task.uncancel()
        if base.done():
            base.result()
    finally:
        is_over = True
        base.remove_done_callback(cut)
