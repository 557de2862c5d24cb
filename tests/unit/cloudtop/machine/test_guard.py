"""The storage guard never formats what could hold data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.cloudtop.machine.guard import Format, Mount, Refuse, Verdict, judge
from everyday.cloudtop.machine.ports import Probe
from everyday.cloudtop.names import FIRST_USE_TAG, FORMATTED_TAG, FORMATTING_TAG

OURS, OTHER, FRESH = "0000-ours", "1111-other", "2222-fresh"
FIRST = {FIRST_USE_TAG: "yes"}
BEGUN = {**FIRST, FORMATTING_TAG: OURS}
DONE = {**BEGUN, FORMATTED_TAG: OURS}

BLANK = Probe(kind=None, uuid=None, zero=True)
BYTES = Probe(kind=None, uuid=None, zero=False)
"""Random bytes, or a file system whose first superblock is gone."""


def a_disk(kind: str, uuid: str | None = OURS) -> Probe:
    return Probe(kind=kind, uuid=uuid, zero=False)


@pytest.mark.parametrize(
    ("probe", "tags", "verdict"),
    [
        pytest.param(BLANK, FIRST, Format(FRESH), id="the first use of an empty volume"),
        pytest.param(a_disk("ext4"), {}, Mount(OURS), id="ext4 without tags"),
        pytest.param(a_disk("xfs"), {}, Mount(OURS), id="xfs without tags"),
        pytest.param(a_disk("ext4"), FIRST, Mount(OURS), id="ext4 that the owner made before the first use"),
        pytest.param(a_disk("ext4"), DONE, Mount(OURS), id="every later boot"),
        pytest.param(BYTES, BEGUN, Format(OURS), id="a first mkfs that was cut"),
        pytest.param(BLANK, BEGUN, Format(OURS), id="a first mkfs that wrote nothing yet"),
        pytest.param(a_disk("ext4"), BEGUN, Format(OURS), id="a first mkfs that ended and could not say so"),
    ],
)
def test_what_may_be_done(probe: Probe, tags: dict[str, str], verdict: Verdict) -> None:
    assert judge(probe, tags, fresh=FRESH) == verdict


@pytest.mark.parametrize(
    ("probe", "tags", "said"),
    [
        pytest.param(BLANK, {}, FIRST_USE_TAG, id="empty, and not for its first use"),
        pytest.param(BLANK, {FIRST_USE_TAG: "no"}, FIRST_USE_TAG, id="the tag says no"),
        pytest.param(BYTES, FIRST, "bytes that no one knows", id="a superblock of zeros before data"),
        pytest.param(a_disk("gpt"), FIRST, "gpt", id="a partition table"),
        pytest.param(a_disk("LVM2_member"), {}, "LVM2_member", id="somebody's logical volumes"),
        pytest.param(a_disk("ext4", OTHER), DONE, OTHER, id="another file system in place of ours"),
        pytest.param(BLANK, DONE, OURS, id="ours is gone"),
        pytest.param(BYTES, DONE, OURS, id="ours is damaged"),
        pytest.param(a_disk("ext4", OTHER), BEGUN, OTHER, id="another file system after a cut mkfs"),
        pytest.param(a_disk("xfs"), BEGUN, "xfs", id="another kind after a cut mkfs"),
    ],
)
def test_what_is_left_alone_and_why(probe: Probe, tags: dict[str, str], said: str) -> None:
    verdict = judge(probe, tags, fresh=FRESH)
    assert isinstance(verdict, Refuse)
    assert said in verdict.why


UUIDS = st.sampled_from([OURS, OTHER])
PROBES = st.builds(
    Probe,
    kind=st.sampled_from([None, "ext4", "xfs", "gpt", "dos", "LVM2_member", "crypto_LUKS"]),
    uuid=st.none() | UUIDS,
    zero=st.booleans(),
)
TAGS = st.fixed_dictionaries(
    {},
    optional={
        FIRST_USE_TAG: st.sampled_from(["yes", "no", ""]),
        FORMATTING_TAG: UUIDS,
        FORMATTED_TAG: UUIDS,
        "Name": st.just("x"),
    },
)


@given(PROBES, TAGS)
def test_nothing_is_formatted_that_ever_had_a_file_system_of_ours(probe: Probe, tags: dict[str, str]) -> None:
    if FORMATTED_TAG in tags:
        assert not isinstance(judge(probe, tags, fresh=FRESH), Format)


@given(PROBES, TAGS)
def test_only_zeros_are_formatted_but_where_formatting_was_cut(probe: Probe, tags: dict[str, str]) -> None:
    if isinstance(judge(probe, tags, fresh=FRESH), Format) and FORMATTING_TAG not in tags:
        assert probe.zero
        assert probe.kind is None
        assert tags[FIRST_USE_TAG] == "yes"


@given(PROBES, TAGS)
def test_the_uuid_that_is_mounted_is_the_one_that_is_there(probe: Probe, tags: dict[str, str]) -> None:
    verdict = judge(probe, tags, fresh=FRESH)
    if isinstance(verdict, Mount):
        assert verdict.uuid == probe.uuid == tags.get(FORMATTED_TAG, probe.uuid)


@given(PROBES, TAGS)
def test_what_was_formatted_is_mounted_at_the_next_boot(probe: Probe, tags: dict[str, str]) -> None:
    verdict = judge(probe, tags, fresh=FRESH)
    if isinstance(verdict, Format):
        after = {**tags, FORMATTING_TAG: verdict.uuid, FORMATTED_TAG: verdict.uuid}
        assert judge(a_disk("ext4", verdict.uuid), after, fresh=FRESH) == Mount(verdict.uuid)
