"""What the machine promises, on a virtual one with its real boot files: from an empty volume to its comeback.

One life is lived for all of it, because every boot takes half a minute; each test looks at a part of it.
"""

import random
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from everyday.cloudtop.names import FORMATTED_TAG, HOME_PATH, SCRATCH_PATH
from tests.vm.lab import VOLUME, Lab, lab
from tests.vm.machine import Said, VirtualMachine
from tools.make_vm_image import VmImage

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("vm"), pytest.mark.timeout(600)]

FIRST, SECOND = "i-0aaaaaaaaaaaaaaa1", "i-0aaaaaaaaaaaaaaa2"
READY_SECONDS = 150
RECORDS = f"{HOME_PATH}/records"
HOOK = f"{HOME_PATH}/.config/everyday/on-notice"


@dataclass(frozen=True, kw_only=True)
class Life:
    """What was seen."""

    home: Said
    alias: Said
    uuid: str
    tags: dict[str, str]
    scratch: Said
    scratch_after_reboot: Said
    stripes_after_reboot: Said
    order: Said
    acknowledged: int
    kept: list[str]
    left: dict[str, str]
    lease: str | None
    state: str
    log: list[str]
    snapshots: list[str]
    snapshot_has: str
    hook_ran: str
    fsck: int
    ssh: bool


@pytest.fixture(scope="module")
def life(image: VmImage, dynamodb: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    with lab(image, tmp_path_factory.mktemp("life"), dynamodb, ct_first_use="yes") as place:
        yield live(place)


def live(place: Lab) -> Life:
    machine = place.launch(FIRST)
    first = machine_ready(place, FIRST, machine)
    seen = look(place, machine)
    seen |= reboot(place, machine, first["at"])
    acknowledged = write_until_the_power_goes(machine)
    place.end(FIRST)
    machine = place.launch(SECOND)
    machine_ready(place, SECOND, machine)
    kept = machine.run(f"cat {RECORDS}").text.split()
    seen |= leave(place, machine)
    return Life(acknowledged=acknowledged, kept=kept, **seen)


def machine_ready(place: Lab, instance: str, machine: VirtualMachine) -> dict[str, str]:
    machine.booted()
    return place.wait_for(instance, "ready", READY_SECONDS)


def look(place: Lab, machine: VirtualMachine) -> dict[str, Any]:
    return {
        "home": machine.run(f"findmnt -no SOURCE,FSTYPE {HOME_PATH}; cat /sys/block/*/device/serial"),
        "alias": machine.run(f"test $(readlink -f /dev/xvdj) = $(findmnt -no SOURCE {HOME_PATH})"),
        "uuid": machine.run(f"findmnt -no UUID {HOME_PATH}").text,
        "tags": dict(place.region.tags),
        "scratch": scratch(machine),
        "order": machine.run(
            "systemctl is-active docker; systemctl show -p After,RequiresMountsFor docker.service"
        ),
    }


def scratch(machine: VirtualMachine) -> Said:
    machine.wait(f"mountpoint -q {SCRATCH_PATH}", 60)
    return machine.run(f"findmnt -no SOURCE {SCRATCH_PATH}; grep -c ' raid0 ' /proc/mdstat")


def reboot(place: Lab, machine: VirtualMachine, after: str) -> dict[str, Any]:
    machine.run(f"echo kept > {SCRATCH_PATH}/kept; sync")
    machine.begin("systemctl reboot")
    machine.booted(120)
    place.wait_for(FIRST, "ready", READY_SECONDS, after=after)
    again = scratch(machine)
    return {
        "scratch_after_reboot": again,
        "stripes_after_reboot": machine.run(f"cat {SCRATCH_PATH}/kept"),
    }


def write_until_the_power_goes(machine: VirtualMachine) -> int:
    """How many lines the machine said were on its disk."""
    enough = random.Random().randrange(100, 300)
    machine.begin(f"/usr/local/lib/vm/writer {RECORDS}")
    acknowledged = 0
    for line in machine.lines(60):
        if line.startswith("ACK "):
            acknowledged = int(line.removeprefix("ACK "))
        if acknowledged == enough:
            machine.cut_power()
    return acknowledged


def leave(place: Lab, machine: VirtualMachine) -> dict[str, Any]:
    hook = f"#!/bin/sh\\nid -un > {HOME_PATH}/hook-ran\\n"
    machine.run(f"mkdir -p $(dirname {HOOK}); printf '{hook}' > {HOOK}; chmod 755 {HOOK}")
    machine.run(f"chown -R ubuntu {HOME_PATH}; echo last > {HOME_PATH}/last")
    place.region.give_notice(SECOND)
    left = place.wait_for(SECOND, "left", 110)
    until = time.monotonic() + 20
    while place.region.state != "available" and time.monotonic() < until:
        time.sleep(0.2)
    return {
        "left": left,
        "lease": place.lease(),
        "state": place.region.state,
        "log": list(place.region.log),
        "snapshots": place.region.snapshots,
        "snapshot_has": content(place.hypervisor.file(place.region.snapshots[-1]), "/last"),
        "hook_ran": content(place.bytes, "/hook-ran"),
        "fsck": subprocess.run(["e2fsck", "-fn", place.bytes], capture_output=True, check=False).returncode,
        "ssh": machine.sshd_greets(),
    }


def content(disk: Path, file: str) -> str:
    """A file of an ext4 file system that nobody has mounted."""
    return subprocess.run(
        ["debugfs", "-R", f"cat {file}", disk], capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_home_volume_is_found_by_its_serial_number_and_mounted(life: Life) -> None:
    source, kind = life.home.text.splitlines()[0].split()
    assert source.startswith("/dev/nvme")
    assert kind == "ext4"
    assert VOLUME.replace("-", "") in life.home.text
    assert life.alias.code == 0


def test_a_volume_for_first_use_is_formatted_and_remembered_by_its_uuid(life: Life) -> None:
    assert life.tags[FORMATTED_TAG] == life.uuid


def test_the_disks_that_come_with_the_instance_are_one_stripe(life: Life) -> None:
    source, stripes = life.scratch.text.split()
    assert source.startswith("/dev/md")
    assert stripes == "1"


def test_a_stripe_that_is_there_already_after_a_reboot_is_used_and_not_made_again(life: Life) -> None:
    assert life.scratch_after_reboot.text.split()[1] == "1"
    assert life.stripes_after_reboot.text == "kept"


def test_docker_starts_only_after_the_home_is_mounted(life: Life) -> None:
    assert life.order.text.startswith("active")
    assert f"RequiresMountsFor={HOME_PATH}" in life.order.text
    assert "ct-storage.service" in life.order.text


def test_nothing_that_the_disk_acknowledged_is_lost_with_the_power(life: Life) -> None:
    assert life.acknowledged >= 100
    assert life.kept[: life.acknowledged] == [f"{n:08d}" for n in range(1, life.acknowledged + 1)]


def test_on_notice_the_volume_is_free_and_clean_before_the_machine_ends(life: Life) -> None:
    assert life.state == "available"
    assert life.lease is None
    assert life.fsck == 0
    assert f"DetachVolume {SECOND}" in life.log


def test_on_notice_a_snapshot_of_the_last_moment_is_taken(life: Life) -> None:
    assert life.snapshot_has == "last"
    assert len(life.snapshots) == 1


def test_on_notice_the_owners_hook_runs_as_the_owner(life: Life) -> None:
    assert life.hook_ran == "ubuntu"


def test_the_machine_can_be_reached_after_it_gave_its_volume_away(life: Life) -> None:
    assert life.ssh
