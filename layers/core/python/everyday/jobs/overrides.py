"""RunTask's `overrides`: what a job's own fields mean in them, and the place of an array's child."""

from typing import Any

from everyday.jobs.model import Overrides

ARRAY_INDEX = "EVERYDAY_ARRAY_INDEX"
"""The environment variable by which a child of an array knows its place, from 0."""


def of_child(overrides: Overrides, index: int) -> Overrides:
    """An array's overrides for one child: its place is in the environment of the first container named."""
    first, *others = overrides.value.get("containerOverrides") or [{}]
    kept = [each for each in first.get("environment", []) if each.get("name") != ARRAY_INDEX]
    environment = [*kept, {"name": ARRAY_INDEX, "value": str(index)}]
    containers: list[Any] = [{**first, "environment": environment}, *others]
    return Overrides({**overrides.value, "containerOverrides": containers})
