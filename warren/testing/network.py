"""A network that loses, repeats, delays and reorders what is sent, and that can be cut.

Every message takes a time of its own, so that later ones overtake earlier ones; with ``is_ordered``
each link delivers in order, as one connection does. A cut is of one direction: a member that can
send but not receive is the harder case. What is under way when a link is cut does not arrive.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from random import Random
from typing import Generic, TypeVar

from warren.testing.schedule import Schedule

Payload = TypeVar("Payload")


@dataclass(slots=True, kw_only=True)
class Weather:
    """What the network does to messages; may be changed at any time.

    Attributes:
        loss: the share of messages that never arrive.
        duplication: the share that arrives twice, the second time later.
        delay_us_min: what each message takes at least.
        delay_us_max: what it takes at most unless it is held up.
        held_up: the share that takes up to ``held_up_us_max`` instead.
        held_up_us_max: long enough to be overtaken by elections.
        is_ordered: whether each link keeps the order.
    """

    loss: float = 0.0
    duplication: float = 0.0
    delay_us_min: int = 50
    delay_us_max: int = 500
    held_up: float = 0.0
    held_up_us_max: int = 1_000_000
    is_ordered: bool = False


class SimulatedNetwork(Generic[Payload]):
    """Links between numbered members.

    Args:
        schedule: whose time passes while messages are under way.
        chance: decides what happens to each.
        deliver: called with the recipient, the sender and the message.
        weather: see below.

    Attributes:
        weather: see there.
        cut: links, as (sender, recipient), over which nothing passes.
    """

    def __init__(
        self,
        schedule: Schedule,
        chance: Random,
        deliver: Callable[[int, int, Payload], None],
        weather: Weather,
    ) -> None:
        self.weather = weather
        self.cut: set[tuple[int, int]] = set()
        self._schedule = schedule
        self._chance = chance
        self._deliver = deliver
        self._last_us: dict[tuple[int, int], int] = {}

    def send(self, sender: int, recipient: int, message: Payload) -> None:
        """Deliver it later, more than once, or never."""
        weather, chance = self.weather, self._chance
        if (sender, recipient) in self.cut or chance.random() < weather.loss:
            return
        self._schedule_delivery(sender, recipient, message)
        if weather.duplication and chance.random() < weather.duplication:
            self._schedule_delivery(sender, recipient, message)

    def partition(self, groups: Iterable[Collection[int]]) -> None:
        """Let nothing pass between the groups, besides what is cut already."""
        parts = [set(group) for group in groups]
        for part in parts:
            for other in parts:
                if other is not part:
                    self.cut.update((one, two) for one in part for two in other)

    def heal(self) -> None:
        """Let everything pass again."""
        self.cut.clear()

    def _schedule_delivery(self, sender: int, recipient: int, message: Payload) -> None:
        weather, chance, now_us = self.weather, self._chance, self._schedule.now_us
        longest = weather.delay_us_max
        if weather.held_up and chance.random() < weather.held_up:
            longest = weather.held_up_us_max
        at_us = now_us + chance.randint(weather.delay_us_min, longest)
        if weather.is_ordered:
            link = (sender, recipient)
            at_us = self._last_us[link] = max(at_us, self._last_us.get(link, 0))
        self._schedule.after(at_us - now_us, lambda: self._arrive(sender, recipient, message))

    def _arrive(self, sender: int, recipient: int, message: Payload) -> None:
        if (sender, recipient) not in self.cut:
            self._deliver(recipient, sender, message)
