"""How a machine comes to its volume: never by force, never without the lease."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.cloudtop.machine.boarding import (
    LONGEST_WAIT_SECONDS,
    PATIENCE_SECONDS,
    STUCK_SECONDS,
    Attach,
    Detach,
    GiveUp,
    Step,
    TakeLease,
    UseDevice,
    View,
    Wait,
    may_release,
    step,
)
from everyday.cloudtop.machine.ports import VolumeView
from everyday.cloudtop.names import STALE_TAG

ME, OTHER, ZONE = "i-me", "i-other", "us-east-1a"
FREE = VolumeView(id="vol-1", zone=ZONE, state="available", attached_to=None, attachment=None, tags={})
MINE = replace(FREE, state="in-use", attached_to=ME, attachment="attached")
THEIRS = replace(MINE, attached_to=OTHER)


def a_view(**changes: Any) -> View:
    return View(**{"me": ME, "zone": ZONE, "volume": FREE, "holder": ME, **changes})


@pytest.mark.parametrize(
    ("view", "wanted"),
    [
        pytest.param(a_view(holder=None), TakeLease, id="nobody has the lease"),
        pytest.param(a_view(holder=OTHER), Wait, id="somebody else has the lease"),
        pytest.param(a_view(), Attach, id="the lease is ours, and the volume free"),
        pytest.param(a_view(volume=THEIRS), Wait, id="the volume is still at another machine"),
        pytest.param(a_view(volume=replace(FREE, state="creating")), Wait, id="the volume is being made"),
        pytest.param(a_view(volume=replace(MINE, attachment="attaching")), Wait, id="it is being attached"),
        pytest.param(a_view(volume=MINE), Wait, id="attached, and the disk not there yet"),
        pytest.param(a_view(volume=MINE, device=True), UseDevice, id="attached, and the disk there"),
        pytest.param(a_view(volume=MINE, hanging=STUCK_SECONDS), Detach, id="it hangs"),
        pytest.param(a_view(volume=MINE, hanging=STUCK_SECONDS, detached=1), GiveUp, id="it hangs again"),
        pytest.param(
            a_view(volume=replace(MINE, attachment="busy"), hanging=STUCK_SECONDS), Wait, id="it is busy"
        ),
        pytest.param(a_view(zone="us-east-1b"), GiveUp, id="no volume crosses zones"),
        pytest.param(a_view(volume=replace(FREE, state="deleted")), GiveUp, id="the volume is gone"),
        pytest.param(a_view(volume=replace(FREE, tags={STALE_TAG: "2026"})), GiveUp, id="left by a move"),
        pytest.param(a_view(holder=OTHER, waited=PATIENCE_SECONDS), GiveUp, id="twenty minutes are over"),
    ],
)
def test_the_next_thing_to_do(view: View, wanted: type[Step]) -> None:
    assert isinstance(step(view), wanted)


def test_who_waits_says_for_whom() -> None:
    said = [step(a_view(holder=OTHER)), step(a_view(volume=THEIRS))]
    assert all(isinstance(each, Wait) and OTHER in each.why for each in said)


def test_who_gives_up_names_both_zones() -> None:
    found = step(a_view(zone="us-east-1b"))
    assert isinstance(found, GiveUp)
    assert "us-east-1a" in found.why
    assert "us-east-1b" in found.why


VOLUMES = st.builds(
    VolumeView,
    id=st.just("vol-1"),
    zone=st.sampled_from([ZONE, "us-east-1b"]),
    state=st.sampled_from(["creating", "available", "in-use", "deleting", "deleted", "error"]),
    attached_to=st.sampled_from([None, ME, OTHER]),
    attachment=st.sampled_from([None, "attaching", "attached", "detaching", "busy"]),
    tags=st.sampled_from([{}, {STALE_TAG: "2026"}]),
)
VIEWS = st.builds(
    View,
    me=st.just(ME),
    zone=st.just(ZONE),
    volume=VOLUMES,
    holder=st.sampled_from([None, ME, OTHER]),
    device=st.booleans(),
    waited=st.floats(0, 3000),
    hanging=st.floats(0, 300),
    detached=st.integers(0, 3),
)


@given(VIEWS)
def test_attached_is_only_a_free_volume_by_the_holder_of_the_lease(view: View) -> None:
    if isinstance(step(view), Attach):
        assert (view.holder, view.volume.state, view.volume.attached_to) == (ME, "available", None)


@given(VIEWS)
def test_only_what_is_ours_is_used_or_taken_off(view: View) -> None:
    if isinstance(step(view), UseDevice | Detach):
        assert (view.holder, view.volume.attached_to) == (ME, ME)


@given(VIEWS)
def test_every_wait_is_short_and_the_waiting_ends(view: View) -> None:
    found = step(view)
    if isinstance(found, Wait):
        assert 1.0 <= found.seconds <= LONGEST_WAIT_SECONDS
        assert not isinstance(step(replace(view, waited=PATIENCE_SECONDS, hanging=STUCK_SECONDS)), Wait)


@pytest.mark.parametrize(
    ("volume", "free"),
    [(FREE, True), (THEIRS, True), (MINE, False), (replace(MINE, attachment="detaching"), True)],
)
def test_the_lease_is_given_back_only_without_the_volume(volume: VolumeView, free: bool) -> None:
    assert may_release(volume, ME) is free
