"""The timeline of an instance, against what is true at every single moment."""

from hypothesis import given
from hypothesis import strategies as st

from everyday.jobs.fit import FOREVER, UNKNOWN, Need
from everyday.jobs.model import Amount, Demand
from everyday.jobs.timeline import Timeline, expected_end

HORIZON = 40
spans = st.tuples(st.integers(0, 30), st.integers(1, 10), st.integers(0, 6)).map(
    lambda it: (it[0], it[0] + it[1], it[2])
)
ends = st.lists(st.tuples(st.integers(1, 30), st.integers(1, 5)), max_size=5).map(sorted)


def need(memory, ports=()):
    return Need(Demand(Amount(memory=memory), ports))


def a_timeline(free, given_back, held):
    """The timeline, and what is free at each moment of the horizon."""
    timeline = Timeline(0, (0, free, 0))
    timeline.give_back([(time, 0, amount, 0) for time, amount in given_back])
    truth = [free + sum(amount for time, amount in given_back if time <= now) for now in range(HORIZON)]
    for start, end, amount in held:
        timeline.take(need(amount), start, end)
        truth[start:end] = [left - amount for left in truth[start:end]]
    return timeline, truth


@given(st.integers(0, 10), ends, st.lists(spans, max_size=5), st.integers(0, 8), st.integers(1, 39))
def test_it_admits_what_fits_at_every_moment_until_the_end(free, given_back, held, amount, until):
    timeline, truth = a_timeline(free, given_back, held)
    assert timeline.admits(need(amount), until) is all(left >= amount for left in truth[:until])


@given(st.integers(0, 10), ends, st.lists(spans, max_size=5), st.integers(0, 20), st.integers(1, 9))
def test_the_earliest_time_is_the_first_from_which_it_fits_for_so_long(
    free, given_back, held, amount, lasting
):
    timeline, truth = a_timeline(free, given_back, held)
    truth += [truth[-1]] * lasting
    fits = (now for now in range(HORIZON + 1) if all(left >= amount for left in truth[now : now + lasting]))
    assert timeline.earliest(need(amount), lasting) == next(fits, None)


@given(st.integers(0, 10), ends, st.integers(0, 20), st.integers(0, 40))
def test_it_is_not_looked_for_after_the_latest_time(free, given_back, amount, latest):
    timeline, _ = a_timeline(free, given_back, [])
    found = timeline.earliest(need(amount), 5)
    in_time = found if found is not None and found <= latest else None
    assert timeline.earliest(need(amount), 5, latest) == in_time


@given(st.integers(0, 10), ends, st.lists(spans, max_size=3), st.integers(1, 30))
def test_draining_leaves_only_what_is_free_at_its_end_too(free, given_back, held, until):
    timeline, truth = a_timeline(free, given_back, held)
    timeline.drain(until)
    for amount in range(8):
        fits = all(left >= amount for left in [*truth[:until], truth[until]])
        assert timeline.admits(need(amount), until + 1) is fits


@given(st.integers(0, 10), ends, st.lists(spans, max_size=3), spans)
def test_a_copy_is_no_part_of_the_original(free, given_back, held, more):
    timeline, truth = a_timeline(free, given_back, held)
    twin = timeline.copy()
    twin.take(need(5, ("80/tcp",)), more[0], more[1])
    assert [timeline.admits(need(1, ("80/tcp",)), until) for until in range(1, HORIZON)] == [
        all(left >= 1 for left in truth[:until]) for until in range(1, HORIZON)
    ]


def test_a_port_is_free_between_those_who_hold_it():
    timeline = Timeline(0, (0, 100, 0))
    timeline.take(need(1, ("80/tcp",)), 0, 10)
    timeline.take(need(1, ("80/tcp",)), 20, 30)
    assert timeline.earliest(need(1, ("80/tcp",)), 10) == 10
    assert timeline.earliest(need(1, ("80/tcp",)), 11) == 30
    assert timeline.earliest(need(1, ("81/tcp",)), 11) == 0


def test_what_is_held_for_ever_is_not_waited_for():
    timeline = Timeline(0, (0, 100, 0))
    timeline.take(need(60), 0, FOREVER)
    assert timeline.earliest(need(50), 1) is None


def test_an_unknown_end_comes_after_every_known_one():
    timeline = Timeline(0, (0, 0, 0))
    timeline.give_back([(10**15, 0, 50, 0), (UNKNOWN, 0, 50, 0)])
    assert timeline.earliest(need(50), 1) == 10**15
    assert timeline.earliest(need(100), FOREVER) == UNKNOWN


def test_an_end_in_the_past_is_moved_as_far_ahead():
    assert expected_end(None, 100) == UNKNOWN
    assert expected_end(101, 100) == 101
    assert expected_end(5_000, 20_000) == 35_000
    assert expected_end(20_000, 20_000) == 21_000
