"""What the keeper does about a situation."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from everyday.cloudtop.actions import Action, ChangeWish, FreeLease, PointName, SetCapacity, Tell, Terminate
from everyday.cloudtop.deciding import decide
from everyday.cloudtop.model import FleetEvent, Notes, Rules, Situation, Wish
from tests.unit.cloudtop.situations import (
    DOWN,
    FREE,
    NONE,
    NOON,
    ON_DEMAND,
    SPOT,
    UP,
    ago,
    at_work,
    held_by,
    lease,
    machine,
    report,
    situation,
)

RULES = Rules()


def _acts(seen: Situation, rules: Rules = RULES) -> list[str]:
    """In short, without what is told."""
    return [short for it in decide(seen, rules, NOON).actions if (short := _short(it))]


def _told(seen: Situation, rules: Rules = RULES) -> list[str]:
    return [it.key for it in decide(seen, rules, NOON).actions if isinstance(it, Tell)]


def _short(action: Action) -> str:
    match action:
        case SetCapacity():
            return f"{action.zone}={action.capacity.total}/{action.capacity.on_demand}"
        case Terminate():
            return f"end {action.instance}"
        case FreeLease():
            return f"free {action.holder}"
        case ChangeWish():
            return f"down: {action.wish.reason}"
        case PointName():
            return f"name {action.address}"
        case Tell():
            return ""


def _missing(**span: float) -> Notes:
    return Notes(missing_since=ago(**span), version=3)


CASES: dict[str, tuple[Situation, list[str]]] = {
    "wanted, nothing asked for": (situation(), ["a=1/0"]),
    "wanted on demand": (situation(wish=replace(UP, market="on-demand")), ["a=1/1"]),
    "wanted, asked for": (situation(fleets={"a": SPOT, "b": NONE}), []),
    "there and at work": (at_work(), []),
    "not wanted": (situation(wish=DOWN), []),
    "to stop": (at_work(wish=DOWN), ["a=0/0"]),
    "another zone's fleet is asked too": (at_work(fleets={"a": SPOT, "b": SPOT}), ["b=0/0"]),
    "others are lowered before home is raised": (
        situation(fleets={"a": NONE, "b": SPOT}),
        ["b=0/0", "a=1/0"],
    ),
    "a machine of another zone still runs": (
        situation(machines=(machine("i-2", zone="b"),), fleets={"a": NONE, "b": SPOT}),
        ["b=0/0"],
    ),
    "a machine of another zone shuts down": (
        situation(machines=(machine("i-2", zone="b", state="shutting-down"),)),
        ["a=1/0"],
    ),
    "spot stays away, not long": (
        situation(fleets={"a": SPOT, "b": NONE}, notes=_missing(minutes=4)),
        [],
    ),
    "spot stays away": (situation(fleets={"a": SPOT, "b": NONE}, notes=_missing(minutes=5)), ["a=1/1"]),
    "an interrupted machine does not count": (
        at_work(report=report("notice"), notes=_missing(minutes=5)),
        ["a=1/1"],
    ),
    "a run that fell back keeps its machine": (
        at_work(fleets={"a": ON_DEMAND, "b": NONE}, notes=Notes(fell_back=True)),
        [],
    ),
    "nobody loses a spot machine for `up --on-demand`": (at_work(wish=replace(UP, market="on-demand")), []),
    "back to spot in the next run": (
        situation(fleets={"a": ON_DEMAND, "b": NONE}, wish=DOWN, notes=Notes(fell_back=True)),
        ["a=0/0"],
    ),
    "the volume is gone": (situation(volume=None, fleets={"a": SPOT, "b": NONE}), ["a=0/0"]),
    "the volume is in another zone": (situation(volume=replace(FREE, zone="b")), []),
    "the volume is not shown, the machine is there": (at_work(volume=None), []),
    "the lease's holder has ended": (
        situation(lease=lease("i-0"), ended=("i-0",), fleets={"a": SPOT, "b": NONE}),
        ["free i-0"],
    ),
    "the holder shuts down": (
        situation(
            lease=lease("i-0"),
            machines=(machine("i-0", state="shutting-down"),),
            fleets={"a": SPOT, "b": NONE},
        ),
        [],
    ),
    "the holder has ended, the volume is still at it": (
        situation(lease=lease("i-0"), ended=("i-0",), volume=held_by("i-0"), fleets={"a": SPOT, "b": NONE}),
        [],
    ),
    "the holder is unknown, but young": (
        situation(lease=lease("i-0", minutes=4), fleets={"a": SPOT, "b": NONE}),
        [],
    ),
    "the holder is unknown": (
        situation(lease=lease("i-0", minutes=5), fleets={"a": SPOT, "b": NONE}),
        ["free i-0"],
    ),
    "one too many": (at_work(machines=(machine(), machine("i-2"))), ["end i-2"]),
    "one too many, the younger has the data": (
        at_work(machines=(machine(), machine("i-2")), lease=lease("i-2"), volume=held_by("i-2")),
        ["end i-1"],
    ),
    "two that both have a part of it": (
        at_work(machines=(machine(), machine("i-2")), lease=lease("i-2"), volume=held_by("i-1")),
        [],
    ),
    "a boot failed": (at_work(report=report("failed"), lease=None, volume=FREE), ["end i-1"]),
    "the third boot failed": (
        at_work(report=report("failed"), lease=None, volume=FREE, notes=Notes(failed=("i-x", "i-y"))),
        ["down: boot failures", "a=0/0", "end i-1"],
    ),
    "it runs and never said a word": (
        at_work(report=None, lease=None, volume=FREE, machines=(machine(launched_at=ago(minutes=10)),)),
        ["end i-1"],
    ),
    "it waits for its volume": (
        at_work(report=report("waiting"), lease=lease(), machines=(machine(launched_at=ago(minutes=15)),)),
        [],
    ),
    "it left and still runs": (
        situation(machines=(machine(),), report=report("left", minutes=10), fleets={"a": SPOT, "b": NONE}),
        ["end i-1"],
    ),
    "it runs long after it was to stop": (
        situation(machines=(machine(),), wish=replace(DOWN, asked_at=ago(minutes=10))),
        ["end i-1"],
    ),
    "idle": (at_work(report=report("idle")), ["down: idle", "a=0/0"]),
    "idle, but held": (
        at_work(report=report("idle"), wish=replace(UP, hold_until=NOON + timedelta(seconds=1))),
        [],
    ),
    "idle, and the hold has passed": (
        at_work(report=report("idle"), wish=replace(UP, hold_until=NOON)),
        ["down: idle", "a=0/0"],
    ),
    "idle before it was asked for again": (
        at_work(report=report("idle"), wish=replace(UP, asked_at=ago(seconds=30))),
        [],
    ),
    "another machine was idle": (at_work(report=report("idle", "i-0")), []),
}


@pytest.mark.parametrize(("seen", "acts"), CASES.values(), ids=CASES)
def test_a_situation_leads_to_its_actions(seen: Situation, acts: list[str]) -> None:
    assert _acts(seen) == acts


@pytest.mark.parametrize("seen", [it for it, _ in CASES.values()], ids=CASES)
def test_the_same_situation_leads_to_the_same_decision(seen: Situation) -> None:
    assert decide(seen, RULES, NOON) == decide(seen, RULES, NOON)


def test_without_the_fallback_spot_is_waited_for() -> None:
    waiting = situation(fleets={"a": SPOT, "b": NONE}, notes=_missing(hours=5))
    assert _acts(waiting, Rules(fallback=False)) == []


def test_the_clock_of_the_fallback_starts_when_the_machine_is_gone_and_stops_when_one_is_there() -> None:
    gone = situation(fleets={"a": SPOT, "b": NONE})
    assert decide(gone, RULES, NOON).notes.missing_since == NOON
    coming = replace(gone, machines=(machine(state="pending"),), notes=_missing(minutes=2))
    assert decide(coming, RULES, NOON).notes.missing_since is None


def test_a_run_that_is_over_is_forgotten() -> None:
    notes = Notes(fell_back=True, failed=("i-1",), told=("fallback",), version=7)
    assert decide(situation(wish=DOWN, notes=notes), RULES, NOON).notes == Notes(version=7)


def test_a_machine_that_became_usable_ends_the_series_of_failed_boots() -> None:
    assert decide(at_work(notes=Notes(failed=("i-x", "i-y"))), RULES, NOON).notes.failed == ()


def test_a_failed_boot_is_counted_once_also_when_its_machine_is_gone_by_then() -> None:
    seen = situation(report=report("failed"), ended=("i-1",), fleets={"a": SPOT, "b": NONE})
    once = decide(seen, RULES, NOON).notes
    assert once.failed == ("i-1",)
    assert decide(replace(seen, notes=once), RULES, NOON).notes.failed == ("i-1",)


def test_a_boot_that_failed_before_the_owner_asked_again_does_not_count() -> None:
    seen = situation(report=report("failed"), wish=replace(UP, asked_at=NOON))
    assert decide(seen, RULES, NOON).notes.failed == ()


LONG = {"fleets": {"a": SPOT, "b": NONE}, "notes": _missing(minutes=30)}


@pytest.mark.parametrize(
    ("seen", "keys"),
    [
        (at_work(), []),
        (situation(fleets={"a": SPOT, "b": NONE}, notes=_missing(minutes=5)), ["fallback"]),
        (situation(**LONG), ["fallback", "move"]),
        (situation(volume=None), ["volume"]),
        (at_work(report=report("read-only")), ["read-only"]),
        (at_work(report=report("failed"), lease=None, notes=Notes(failed=("i-x", "i-y"))), ["failed"]),
        (situation(**LONG, wish=DOWN), []),
    ],
)
def test_the_owner_is_told_what_they_should_know(seen: Situation, keys: list[str]) -> None:
    assert _told(seen) == keys


def test_nothing_is_told_twice_in_a_run() -> None:
    seen = situation(**LONG)
    again = replace(seen, notes=decide(seen, RULES, NOON).notes)
    assert _told(again) == []


def test_what_no_market_helps_against_is_told_and_not_fallen_back_from() -> None:
    event = FleetEvent(kind="iamFleetRoleInvalid", at=NOON, text="the role is gone")
    seen = situation(**LONG, trouble=(event,))
    assert _told(seen) == ["hopeless"]
    assert _acts(seen) == []


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("fleetProgressHalted", "above `max_price`"),
        ("allLaunchSpecsTemporarilyBlacklisted", "no capacity"),
        ("spotInstanceCountLimitExceeded", "quota"),
        ("launched", "no reason"),
    ],
)
def test_the_reason_for_the_fallback_is_in_the_owners_words(kind: str, words: str) -> None:
    seen = situation(**LONG, trouble=(FleetEvent(kind=kind, at=NOON),))
    told = [it.text for it in decide(seen, RULES, NOON).actions if isinstance(it, Tell)]
    assert words in told[0]


def test_a_stable_name_follows_the_usable_machine_once() -> None:
    rules = Rules(named=True)
    seen = at_work(machines=(machine(address="198.51.100.7"),))
    assert _acts(seen, rules) == ["name 198.51.100.7"]
    assert _acts(replace(seen, notes=decide(seen, rules, NOON).notes), rules) == []
    assert _acts(replace(seen, report=report("booting")), rules) == []


def test_a_wish_that_the_keeper_changes_is_the_successor_of_the_one_it_read() -> None:
    changed = next(
        it.wish
        for it in decide(at_work(report=report("idle")), RULES, NOON).actions
        if isinstance(it, ChangeWish)
    )
    assert changed == Wish(up=False, asked_at=NOON, reason="idle", version=UP.version + 1)
