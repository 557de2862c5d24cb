"""cloudtop_keeper: an event of EC2, a tick or a wish goes through one use case."""

from typing import Any

import boto3
import pytest

from everyday import cloudtop_wiring
from everyday.errors import InvalidMessageError, SettingsError
from everyday.settings import CloudtopSettings
from functions.cloudtop_keeper import handler
from tests.functions.handling import AContext, an_event
from tests.functions.test_wiring import session
from tests.unit.cloudtop.keeper_world import World
from tests.unit.cloudtop.situations import UP

__all__ = ["session"]

ENVIRONMENT = {
    "NAME": "box",
    "TABLE": "table",
    "ENGINE": "spot-fleet",
    "FLEETS": "us-east-1a=sfr-1,us-east-1b=sfr-2",
    "ZONE": "us-east-1a",
    "VOLUME": "vol-1",
    "ALARM_TOPIC": "arn:aws:sns:us-east-1:111111111111:alarms",
}


def _handle(event: dict[str, Any], world: World) -> dict[str, Any]:
    answer: dict[str, Any] = handler.handle(event, AContext(60), keeper=world.keeper())
    return answer


def test_a_tick_is_a_look_and_says_what_was_done() -> None:
    world = World()
    world.book.put_wish(UP)
    answer = _handle(an_event("schedule"), world)
    assert [it["type"] for it in answer["did"]] == ["SetCapacity"]
    assert world.fleets.asked["a"].total == 1


def test_an_event_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidMessageError):
        _handle({"hello": "world"}, World())


@pytest.mark.parametrize("engine", ["spot-fleet", "auto-scaling"])
def test_the_environment_makes_a_keeper(session: boto3.Session, engine: str) -> None:
    settings = CloudtopSettings.from_env({**ENVIRONMENT, "ENGINE": engine, "DOMAIN": "box.example.org"})
    keeper = cloudtop_wiring.keeper(settings, session)
    assert keeper.rules.named
    assert keeper.names is not None


@pytest.mark.parametrize("wrong", [{"ENGINE": "horse"}, {"FLEETS": "us-east-1a"}])
def test_settings_that_mean_nothing_are_named(session: boto3.Session, wrong: dict[str, str]) -> None:
    settings = CloudtopSettings.from_env(ENVIRONMENT | wrong)
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        cloudtop_wiring.keeper(settings, session)
