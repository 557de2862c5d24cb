"""How many more instances are asked for."""

from hypothesis import given
from hypothesis import strategies as st

from everyday.jobs.model import Amount, Demand
from everyday.jobs.plan import Shape
from everyday.jobs.scaling import desired


def demands(*memories, cpu=0):
    return [Demand(Amount(cpu, memory)) for memory in memories]


def a_shape(name, memory, more=100, attributes=None):
    return Shape(name, Amount(1024, memory), attributes or {}, more)


def test_jobs_are_packed_largest_first():
    assert desired(demands(30, 70, 40, 60), [a_shape("only", 100)]) == {"only": 2}


def test_a_new_instance_is_of_the_smallest_shape_that_holds_the_job():
    shapes = [a_shape("large", 400), a_shape("small", 100)]
    assert desired(demands(300, 90), shapes) == {"large": 1}
    assert desired(demands(90, 90), shapes) == {"small": 2}


def test_no_more_than_there_are_is_asked_for():
    assert desired(demands(*[90] * 9), [a_shape("small", 100, more=4), a_shape("large", 200, more=1)]) == {
        "large": 1,
        "small": 4,
    }


def test_what_no_shape_holds_asks_for_nothing():
    assert desired(demands(500), [a_shape("only", 100)]) == {}
    assert desired(demands(50), [a_shape("gone", 100, more=0)]) == {}
    assert desired(demands(50), []) == {}


def test_one_port_on_an_instance_is_for_one_job():
    web = Demand(Amount(0, 10), ("80/tcp",))
    assert desired([web, web, web], [a_shape("only", 100)]) == {"only": 3}


def test_attributes_choose_the_shape():
    wants = Demand(Amount(0, 10), (), ("ssd",))
    shapes = [a_shape("plain", 100), a_shape("quick", 400, attributes={"ssd": ""})]
    assert desired([wants], shapes) == {"quick": 1}


def test_every_dimension_counts():
    assert desired(demands(10, 10, 10, cpu=1000), [a_shape("only", 100)]) == {"only": 3}


@given(st.lists(st.integers(1, 120), max_size=30), st.integers(0, 3), st.integers(0, 3))
def test_as_many_as_needed_are_asked_for_and_not_one_idle(memories, few, many):
    shapes = [a_shape("small", 50, more=few), a_shape("large", 100, more=many)]
    asked = desired(demands(*memories), shapes)
    largest = max([shape.registered.memory for shape in shapes if shape.more], default=0)
    held = [memory for memory in memories if memory <= largest]
    assert asked.get("small", 0) <= few
    assert asked.get("large", 0) <= many
    assert sum(asked.values()) <= len(held)
    assert bool(asked) is bool(held)
    if sum(asked.values()) < few + many and asked.get("large", 0) < many:  # nothing was left for want of more
        assert 50 * asked.get("small", 0) + 100 * asked.get("large", 0) >= sum(held)
