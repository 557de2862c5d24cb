"""The keeper looks, decides and does, whoever comes in between."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from everyday.cloudtop.events import Ask, Look
from everyday.cloudtop.model import Notes, Wish
from everyday.errors import BookConflict
from tests.unit.cloudtop.keeper_world import World
from tests.unit.cloudtop.situations import NONE, NOON, ON_DEMAND, SPOT, UP, held_by, lease, machine, report

TICK = Look("Scheduled Event")


@pytest.fixture
def world() -> World:
    world = World()
    world.book.put_wish(UP)
    return world


def test_a_wish_becomes_a_request_for_a_machine(world: World) -> None:
    kept = world.keeper().hear(Look("now"))
    assert world.fleets.asked == {"a": SPOT, "b": NONE}
    assert [type(it).__name__ for it in kept.did] == ["SetCapacity"]
    assert world.keeper().hear(Look("now")).did == ()


def test_minutes_without_spot_become_a_machine_on_demand_which_the_owner_hears_of_once(world: World) -> None:
    for _ in range(10):
        world.keeper().hear(TICK)
        world.now += timedelta(minutes=1)
    assert world.fleets.asked["a"] == ON_DEMAND
    assert len(world.owner.told) == 1
    assert "On demand" in world.owner.told[0]


def test_an_owner_who_could_not_be_told_is_told_at_the_next_look(world: World) -> None:
    world.book.put_notes(Notes(missing_since=NOON - timedelta(minutes=6), version=1))
    world.owner.away = True
    world.keeper().hear(TICK)
    assert world.fleets.asked["a"] == ON_DEMAND
    world.owner.away = False
    world.keeper().hear(TICK)
    assert len(world.owner.told) == 1


def test_a_name_that_could_not_be_pointed_is_pointed_at_the_next_look(world: World) -> None:
    world.ec2.shown = [machine(address="198.51.100.7")]
    world.ec2.disk = held_by("i-1")
    world.book.say(report("ready"))
    world.owner.away = True
    world.keeper(named=True).hear(TICK)
    world.owner.away = False
    for _ in range(3):
        world.keeper(named=True).hear(TICK)
    assert world.owner.told == ["198.51.100.7"]


@pytest.mark.parametrize(
    ("asked", "hold", "up"),
    [
        (Ask(up=False, reason="schedule"), None, False),
        (Ask(up=False, reason="schedule"), NOON + timedelta(hours=1), True),
        (Ask(up=False, reason="budget"), NOON + timedelta(hours=1), False),
        (Ask(up=True, reason="schedule"), None, True),
    ],
)
def test_a_hold_suspends_a_scheduled_stop_and_no_budget(asked: Ask, hold: object, up: bool) -> None:
    world = World()
    world.book.put_wish(replace(UP, hold_until=hold))
    world.keeper().hear(asked)
    assert world.book.wish().up is up


def test_what_is_wished_already_is_not_wished_again(world: World) -> None:
    world.keeper().hear(Ask(up=True, reason="schedule"))
    assert world.book.wish() == UP


def test_the_owner_hears_of_a_used_up_budget_once(world: World) -> None:
    for _ in range(2):
        world.keeper().hear(Ask(up=False, reason="budget"))
    assert len(world.owner.told) == 1
    assert "monthly_cap_usd" in world.owner.told[0]


def test_no_schedule_starts_it_in_a_month_whose_budget_is_used_up(world: World) -> None:
    world.keeper().hear(Ask(up=False, reason="budget"))
    world.keeper().hear(Ask(up=True, reason="schedule"))
    assert not world.book.wish().up
    world.now += timedelta(days=31)
    world.keeper().hear(Ask(up=True, reason="schedule"))
    assert world.book.wish().up


def test_the_owner_starts_it_whatever_the_budget(world: World) -> None:
    world.keeper().hear(Ask(up=False, reason="budget"))
    world.keeper().hear(Ask(up=True, reason="owner"))
    assert world.book.wish().up


def test_the_same_schedule_twice_is_one_wish(world: World) -> None:
    for _ in range(2):
        world.keeper().hear(Ask(up=False, reason="schedule"))
    assert world.book.wish() == Wish(up=False, asked_at=NOON, reason="schedule", version=2)


def test_a_lease_of_a_machine_whose_tags_are_not_shown_yet_is_left_alone(world: World) -> None:
    world.book.take_lease("i-1", "vol-1", NOON - timedelta(hours=1))
    world.ec2.untagged = [machine()]
    world.keeper().hear(TICK)
    assert world.book.lease() is not None


def test_the_lease_of_an_ended_machine_is_freed(world: World) -> None:
    world.book.take_lease("i-1", "vol-1", lease().since)
    world.ec2.shown = [machine(state="terminated")]
    world.keeper().hear(TICK)
    assert world.book.lease() is None


def test_the_owners_word_counts_when_it_comes_between_the_look_and_the_decision(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ec2.shown = [machine()]
    world.ec2.disk = held_by("i-1")
    world.book.say(report("idle"))
    write = world.book.put_wish
    again = replace(UP, asked_at=NOON, version=2)

    def late(wish: Wish) -> None:
        monkeypatch.undo()
        write(again)
        write(wish)

    monkeypatch.setattr(world.book, "put_wish", late)
    world.keeper().hear(TICK)
    assert world.book.wish() == again
    assert world.fleets.asked["a"] == SPOT


def test_a_keeper_that_is_always_too_late_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(_: Notes) -> None:
        raise BookConflict("somebody wrote it since it was read")

    monkeypatch.setattr(world.book, "put_notes", always)
    with pytest.raises(BookConflict):
        world.keeper().hear(TICK)


def test_three_failed_boots_stop_the_fleet(world: World) -> None:
    for number in range(1, 4):
        name = f"i-{number}"
        world.ec2.shown = [machine(name)]
        world.book.say(report("failed", name))
        world.keeper().hear(TICK)
        world.now += timedelta(minutes=2)
    assert world.ec2.ended == ["i-1", "i-2", "i-3"]
    assert world.fleets.asked == {"a": NONE, "b": NONE}
    assert world.book.wish().reason == "boot failures"
    assert "i-1, i-2, i-3" in world.owner.told[0]
