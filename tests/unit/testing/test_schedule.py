"""Virtual time and the simulated network."""

from random import Random

from warren.testing.network import SimulatedNetwork, Weather
from warren.testing.schedule import Schedule


def test_calls_are_made_in_the_order_of_their_times_and_then_of_their_scheduling() -> None:
    schedule = Schedule()
    made: list[tuple[str, int]] = []
    for name, delay_us in (("late", 30), ("first", 10), ("second", 10), ("now", -5)):
        schedule.after(delay_us, lambda name=name: made.append((name, schedule.now_us)))  # type: ignore[misc]
    schedule.after(20, lambda: made.append(("never", 0))).cancel()
    while schedule.run_next():
        pass
    assert made == [("now", 0), ("first", 10), ("second", 10), ("late", 30)]


def test_time_passes_up_to_what_was_asked_for_and_calls_may_schedule_more() -> None:
    schedule = Schedule()
    made: list[int] = []

    def again() -> None:
        made.append(schedule.now_us)
        schedule.after(10, again)

    schedule.after(10, again)
    schedule.run_until(35)
    assert (made, schedule.now_us) == ([10, 20, 30], 35)
    schedule.run_until(40)
    assert made == [10, 20, 30, 40]


def arrivals(weather: Weather, count: int = 200, seed: int = 1) -> list[tuple[int, bytes]]:
    schedule = Schedule()
    arrived: list[tuple[int, bytes]] = []
    network = SimulatedNetwork[bytes](
        schedule,
        Random(seed),
        lambda to, _, message: arrived.append((to, message)),
        weather,
    )
    for number in range(count):
        network.send(1, 2, b"%d" % number)
    while schedule.run_next():
        pass
    return arrived


def test_clear_weather_delivers_everything_once_and_reorders_it() -> None:
    sent = [(2, b"%d" % number) for number in range(200)]
    arrived = arrivals(Weather())
    assert sorted(arrived) == sorted(sent)
    assert arrived != sent
    assert arrivals(Weather(is_ordered=True)) == sent
    assert arrivals(Weather(is_ordered=True, held_up=0.1)) == sent


def test_weather_loses_and_repeats_as_much_as_it_says_and_the_same_for_one_seed() -> None:
    assert 70 < len(arrivals(Weather(loss=0.5))) < 130
    assert 270 < len(arrivals(Weather(duplication=0.5))) < 330
    stormy = Weather(loss=0.2, duplication=0.2, held_up=0.1)
    assert arrivals(stormy, seed=7) == arrivals(stormy, seed=7) != arrivals(stormy, seed=8)


def test_cut_link_delivers_nothing_not_even_what_was_under_way_and_works_the_other_way() -> None:
    schedule = Schedule()
    arrived: list[tuple[int, int, bytes]] = []
    network = SimulatedNetwork[bytes](
        schedule,
        Random(1),
        lambda to, sender, message: arrived.append((to, sender, message)),
        Weather(),
    )
    network.send(1, 2, b"under way")
    network.cut.add((1, 2))
    network.send(1, 2, b"cut")
    network.send(2, 1, b"back")
    network.partition([{1, 2}, {3}])
    network.send(2, 3, b"across")
    schedule.run_until(10_000)
    assert arrived == [(1, 2, b"back")]
    network.heal()
    network.send(1, 2, b"healed")
    network.send(2, 3, b"across")
    schedule.run_until(20_000)
    assert sorted(arrived[1:]) == [(2, 1, b"healed"), (3, 2, b"across")]
