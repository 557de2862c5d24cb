"""What the virtual machines need: QEMU, root, an image, a table."""

import os
import shutil
from typing import Any

import boto3
import pytest

from tests.contract.conftest import ministack
from tests.vm.machine import PROGRAM
from tools.make_vm_image import VmImage, cached

__all__ = ["ministack"]

NEEDED = (PROGRAM, "mmdebstrap", "mke2fs", "unshare", "setpriv")


@pytest.fixture(scope="session")
def image() -> VmImage:
    """A disk with the machine's real boot files, from the cache when nothing in it has changed."""
    missing = [name for name in NEEDED if not shutil.which(name, path="/usr/bin:/usr/sbin:/bin:/sbin")]
    if missing:
        pytest.skip(f"virtual machines need {', '.join(missing)}; `make test` installs them when it is root")
    if os.geteuid() != 0:
        pytest.skip("making the machine's image needs root")
    return cached()


@pytest.fixture(scope="session")
def dynamodb(ministack: str) -> Any:
    session = boto3.Session("test", "test", region_name="us-east-1")
    return session.client("dynamodb", endpoint_url=ministack)
