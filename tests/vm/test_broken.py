"""A machine whose storage cannot be used can still be reached, and says why."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.vm.lab import lab
from tools.make_vm_image import VmImage

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("vm"), pytest.mark.timeout(300)]

INSTANCE = "i-0bbbbbbbbbbbbbbb1"
GPT = b"EFI PART\0\0\1\0\\\0\0\0"


def test_a_volume_with_a_strangers_partitions_is_left_alone_and_the_machine_stays_reachable(
    image: VmImage, dynamodb: Any, tmp_path: Path
) -> None:
    with lab(image, tmp_path, dynamodb, ct_first_use="yes") as place:
        with place.bytes.open("r+b") as volume:
            volume.seek(512)
            volume.write(GPT)
        before = digest(place.bytes)
        machine = place.launch(INSTANCE)
        machine.booted()
        report = place.wait_for(INSTANCE, "failed", 150)
        assert machine.sshd_greets()
    assert report["detail"]
    assert digest(place.bytes) == before


def digest(file: Path) -> str:
    with file.open("rb") as volume:
        return hashlib.file_digest(volume, "sha256").hexdigest()
