"""site_publish: a job of CodePipeline goes through one use case, and is answered."""

import os
from typing import Any

import boto3
import pytest

from everyday import site_wiring
from everyday.errors import InvalidMessageError, SiteBroken
from everyday.settings import SiteSettings
from functions.site_publish import handler
from tests.functions.handling import AContext, an_event
from tests.functions.test_wiring import session
from tests.unit.site.test_pipeline_job import JOB, RELEASE, NotedPublisher, World

__all__ = ["session"]

SITE = SiteSettings(
    site="oblique",
    bucket="bucket",
    key_value_store="arn:aws:cloudfront::111111111111:key-value-store/1",
    distribution="E123",
    site_url="https://oblique.example.org",
)


def _handle(world: World, seconds: float = 900) -> dict[str, Any]:
    answer: dict[str, Any] = handler.handle(
        an_event("codepipeline_job"), AContext(seconds), jobs=world.jobs()
    )
    return answer


def test_a_job_is_done_answered_and_reported() -> None:
    world = World()
    assert _handle(world) == {"job": JOB, "ended": "published", "release": RELEASE}
    assert [each[0] for each in world.answers.told] == ["succeed"]


def test_a_failed_job_is_an_answer_and_no_error_of_the_function() -> None:
    world = World(NotedPublisher(publish=SiteBroken("index.html:3 names css/gone.css")))
    assert _handle(world)["ended"] == "failed"
    assert [each[0] for each in world.answers.told] == ["fail"]


def test_the_time_that_is_left_is_lambdas() -> None:
    publisher = NotedPublisher()
    _handle(World(publisher), seconds=300)
    assert publisher.seconds == [210, 210]


def test_an_event_that_is_no_job_is_refused() -> None:
    with pytest.raises(InvalidMessageError, match="not a job of CodePipeline"):
        handler.handle({"Records": []}, AContext(), jobs=World().jobs())


def test_jobs_are_built_from_the_environment_and_connect_to_nothing(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in SITE.to_env().items():
        monkeypatch.setitem(os.environ, name, value)
    assert SiteSettings.from_env(os.environ) == SITE
    assert site_wiring.pipeline_jobs(SITE, session)
