"""A machine comes to its data, or says why not and endangers nothing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from everyday.cloudtop.machine.ports import CloudError, Probe
from everyday.cloudtop.machine.settings import MachineSettings
from everyday.cloudtop.machine.storage import NoStorageError, NoticeError, Storage
from everyday.cloudtop.names import FIRST_USE_TAG, FORMATTED_TAG
from tests.unit.cloudtop.machine.machine_world import VOLUME, MemoryCloud, MemoryHost

DATA = Probe(kind="ext4", uuid="u-1", zero=False)


class Boot:
    """One boot, with a clock that only waiting moves."""

    def __init__(self, folder: Path, cloud: MemoryCloud, disk: Probe = DATA) -> None:
        self.cloud, self.host, self.now = cloud, MemoryHost(cloud, disk), 0.0
        self.folder = folder
        self.noticed: Callable[[], bool] = lambda: False

    def open(self) -> str:
        settings = MachineSettings(table="t", volume=VOLUME, home=self.folder / "home", run=self.folder)
        return Storage(
            host=self.host,
            cloud=self.cloud,
            settings=settings,
            noticed=lambda: self.noticed(),
            clock=lambda: self.now,
            sleep=self._sleep,
            fresh=lambda: "u-new",
        ).open()

    def _sleep(self, seconds: float) -> None:
        self.now += seconds
        assert self.now < 3600, "waits for ever"


def test_a_volume_with_data_is_mounted_and_its_file_system_remembered(tmp_path: Path) -> None:
    boot = Boot(tmp_path, MemoryCloud())
    assert boot.open() == "ready"
    assert boot.cloud.tags[FORMATTED_TAG] == "u-1"
    assert boot.cloud.stages == ["booting", "attaching", "checking", "ready"]
    assert (tmp_path / "stage").read_text() == "ready\n"
    assert (tmp_path / "volume").read_text() == f"{VOLUME}\n"


def test_a_volume_for_its_first_use_is_formatted_once(tmp_path: Path) -> None:
    cloud = MemoryCloud({FIRST_USE_TAG: "yes"})
    boot = Boot(tmp_path, cloud, Probe(kind=None, uuid=None, zero=True))
    assert boot.open() == "ready"
    assert cloud.tags[FORMATTED_TAG] == "u-new"
    assert boot.host.log.count("mkfs") == 1
    assert boot.open() == "ready"
    assert boot.host.log.count("mkfs") == 1


def test_bytes_that_no_one_knows_are_never_formatted(tmp_path: Path) -> None:
    boot = Boot(tmp_path, MemoryCloud({FIRST_USE_TAG: "yes"}), Probe(kind=None, uuid=None, zero=False))
    with pytest.raises(NoStorageError, match="left as it is"):
        boot.open()
    assert "mkfs" not in boot.host.log
    assert boot.cloud.lease == "i-me", "the volume is still at the machine"


def test_a_file_system_that_wants_a_person_can_be_read(tmp_path: Path) -> None:
    boot = Boot(tmp_path, MemoryCloud())
    boot.host.sound = False
    assert boot.open() == "read-only"
    assert boot.host.read_only
    assert "grow" not in boot.host.log


def test_a_machine_waits_for_the_one_before_it(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.at, cloud.attachment, cloud.state, cloud.lease = "i-other", "attached", "in-use", "i-other"
    cloud.other_leaves_after = 30
    boot = Boot(tmp_path, cloud)
    assert boot.open() == "ready"
    assert boot.now > 60
    assert ("waiting", "i-other has the lease of vol-1") in cloud.reports
    assert cloud.stages.count("waiting") == 1


def test_a_machine_does_not_wait_for_ever(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.at, cloud.attachment, cloud.state, cloud.lease = "i-other", "attached", "in-use", "i-other"
    cloud.other_leaves_after = 10_000
    boot = Boot(tmp_path, cloud)
    with pytest.raises(NoStorageError, match="after 20 minutes"):
        boot.open()
    assert cloud.lease == "i-other"


def test_what_passes_is_tried_again(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.fail = {"home": [True, True], "attach": [True], "take_lease": [True], "volume": [True]}
    assert Boot(tmp_path, cloud).open() == "ready"


def test_what_does_not_pass_ends_the_boot_and_frees_the_lease(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.fail = {"attach": [False]}
    with pytest.raises(CloudError, match="attach"):
        Boot(tmp_path, cloud).open()
    assert cloud.lease is None


def test_a_disk_that_never_comes_is_taken_off_and_tried_once_more(tmp_path: Path) -> None:
    boot = Boot(tmp_path, MemoryCloud())
    boot.host.there = False
    with pytest.raises(NoStorageError, match="for the second time"):
        boot.open()


@pytest.mark.parametrize("looks", range(8))
def test_a_notice_at_any_step_leaves_volume_and_lease_free(tmp_path: Path, looks: int) -> None:
    boot = Boot(tmp_path, MemoryCloud())
    left = [looks]

    def noticed() -> bool:
        left[0] -= 1
        return left[0] < 0

    boot.noticed = noticed
    try:
        assert boot.open() == "ready"
    except NoticeError:
        assert boot.cloud.at is None
        assert boot.cloud.lease is None
        assert boot.cloud.stages[-1] == "left"


def test_a_program_that_is_started_anew_finds_the_mount(tmp_path: Path) -> None:
    boot = Boot(tmp_path, MemoryCloud())
    boot.open()
    assert boot.open() == "ready"
    assert boot.host.log.count("mount") == 1


def test_a_boot_does_not_fail_because_aws_was_busy_for_a_moment(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.fail["tag"] = [True, True]
    assert Boot(tmp_path, cloud).open() == "ready"
    assert cloud.tags[FORMATTED_TAG] == "u-1"


def test_a_boot_that_may_not_tag_says_so_at_once(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.fail["tag"] = [False]
    boot = Boot(tmp_path, cloud)
    with pytest.raises(CloudError, match="tag"):
        boot.open()
    assert boot.now < 60


def test_a_boot_does_not_try_to_tag_for_ever(tmp_path: Path) -> None:
    cloud = MemoryCloud()
    cloud.fail["tag"] = [True] * 50
    with pytest.raises(CloudError, match="tag"):
        Boot(tmp_path, cloud).open()
