"""The pipelines that are deployed, as their definitions stand in the local AWS."""

from collections.abc import Mapping
from typing import Any

import msgspec

PARAMETERS = "/everyday/local/pipelines/"
"""Where the local stage leaves them: each the properties of one AWS::CodePipeline::Pipeline."""


class ActionType(msgspec.Struct, frozen=True, rename="pascal"):
    """Who runs an action."""

    category: str
    provider: str
    owner: str = "AWS"
    version: str = "1"


class Artifact(msgspec.Struct, frozen=True, rename="pascal"):
    """A zip that one action makes and others read."""

    name: str


class Action(msgspec.Struct, frozen=True, rename="pascal"):
    """One step. Actions of a stage with a lower `run_order` end before those with a higher one begin."""

    name: str
    action_type_id: ActionType
    configuration: Mapping[str, Any] = {}
    input_artifacts: tuple[Artifact, ...] = ()
    output_artifacts: tuple[Artifact, ...] = ()
    run_order: int = 1


class Stage(msgspec.Struct, frozen=True, rename="pascal"):
    """Actions that belong together."""

    name: str
    actions: tuple[Action, ...]

    def in_order(self) -> list[Action]:
        return sorted(self.actions, key=lambda action: (action.run_order, action.name))


class ArtifactStore(msgspec.Struct, frozen=True, rename="pascal"):
    """The bucket of the artifacts."""

    location: str
    type: str = "S3"


class Pipeline(msgspec.Struct, frozen=True, rename="pascal"):
    """A definition. What it says besides is CodePipeline's own affair (roles, triggers)."""

    name: str
    stages: tuple[Stage, ...]
    artifact_store: ArtifactStore
    execution_mode: str = "SUPERSEDED"
    pipeline_type: str = "V1"

    def source(self) -> Action:
        """The first action, which everything begins with."""
        return self.stages[0].actions[0]


def parse(document: str) -> Pipeline:
    """One definition. Raises msgspec.ValidationError: it is not what CloudFormation would take."""
    return msgspec.convert(msgspec.json.decode(document), Pipeline, strict=False)


def deployed(ssm: Any) -> dict[str, Pipeline]:
    """All definitions by the pipelines' names, as they are now."""
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=PARAMETERS.rstrip("/"))
    found = [parse(each["Value"]) for page in pages for each in page["Parameters"]]
    return {each.name: each for each in found}
