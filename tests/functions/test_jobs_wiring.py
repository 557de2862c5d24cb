"""The composition root of jobs builds what settings describe, and connects to nothing by itself."""

import socket
from typing import Any, NoReturn

import boto3
import pytest

from everyday import jobs_wiring
from everyday.errors import SettingsError
from everyday.jobs.model import JobClass
from everyday.jobs.plan import ClassPolicy
from everyday.settings import ClusterSettings, SchedulerSettings

CLUSTER: dict[str, Any] = {
    "jobs_table": "jobs",
    "wake_queue_url": "https://sqs.us-east-1.amazonaws.com/1/wakes.fifo",
    "events_queue_url": "https://sqs.us-east-1.amazonaws.com/1/events",
    "clusters": ("everyday",),
    "state_url": "rediss://state.example.com:6379",
    "state_secret": "secret",
}
SCHEDULER = SchedulerSettings(
    **CLUSTER,
    dead_letters_url="https://sqs.us-east-1.amazonaws.com/1/dead",
    policies=("strict", "reserve", "greedy"),
    weights=("default=1", "batch=3"),
    fairness_seconds=60,
    starve_after_seconds=120,
    waiting_limit=7,
    groups=("everyday=group",),
)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session with no network at all."""

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("connected while wiring")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return boto3.Session("test", "test", region_name="us-east-1")


def test_a_scheduler_is_built_from_its_settings(session: boto3.Session) -> None:
    scheduler = jobs_wiring.scheduler(SCHEDULER, session)
    rules = scheduler.rules
    assert rules.policies == {
        JobClass.HIGH: ClassPolicy.STRICT,
        JobClass.NORMAL: ClassPolicy.RESERVE,
        JobClass.LOW: ClassPolicy.GREEDY,
    }
    assert (rules.weights, rules.fairness, rules.starve_after) == (
        {"default": 1, "batch": 3},
        60_000,
        120_000,
    )
    assert scheduler.waiting_limit == 7
    assert scheduler.scaling.fleet is not None


def test_clusters_without_a_group_have_no_fleet(session: boto3.Session) -> None:
    settings = SchedulerSettings(**CLUSTER, dead_letters_url="https://sqs.us-east-1.amazonaws.com/1/dead")
    assert jobs_wiring.scheduler(settings, session).scaling.fleet is None


def test_a_snapshotter_is_built_from_its_settings(session: boto3.Session) -> None:
    snapshotter = jobs_wiring.snapshotter(ClusterSettings(**CLUSTER), session)
    assert snapshotter.state
    assert snapshotter.tracker.ecs


@pytest.mark.parametrize(
    "changes",
    [
        {"policies": ("strict",)},
        {"policies": ("strict", "reserve", "whatever")},
        {"weights": ("batch=heavy",)},
        {"weights": ("batch",)},
    ],
)
def test_a_malformed_setting_is_refused_by_name(changes: dict[str, Any]) -> None:
    settings = SchedulerSettings(**{**CLUSTER, "dead_letters_url": "x", **changes})
    with pytest.raises(SettingsError, match=next(iter(changes)).upper()):
        jobs_wiring.rules_of(settings)
