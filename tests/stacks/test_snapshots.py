"""Snapshots of the templates: no judge, only a help in refactoring. Asset hashes are left out."""

import json
import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from tests.stacks.conftest import Synthesised

_HASH = re.compile(r"[0-9a-f]{64}")


def _without_hashes(template: dict[str, Any]) -> Any:
    return json.loads(_HASH.sub("[hash]", json.dumps(template)))


STACKS = [
    "EverydayAlarms",
    "EverydayCloudtop",
    "EverydayCloudtopData",
    "EverydayData",
    "EverydayJobs",
    "EverydayJobsData",
    "EverydayPhotos",
    "EverydaySite",
    "EverydaySiteNames",
]


@pytest.mark.parametrize("stack", STACKS)
def test_the_template_is_as_it_was(stack: str, aws: Synthesised, snapshot: SnapshotAssertion) -> None:
    assert _without_hashes(aws.stacks[stack]) == snapshot(extension_class=JSONSnapshotExtension)
