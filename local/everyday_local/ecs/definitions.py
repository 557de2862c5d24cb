"""Task definitions: registering, finding and retiring their revisions."""

from collections.abc import Mapping
from typing import Any

from everyday_local.ecs.definition_rules import check_definition, required_attributes
from everyday_local.ecs.errors import EcsError, client_error, invalid
from everyday_local.ecs.paging import page
from everyday_local.ecs.records import Definition
from everyday_local.ecs.world import World

Params = Mapping[str, Any]
Answer = dict[str, Any]


class DefinitionActions:
    """The actions about task definitions."""

    def __init__(self, world: World) -> None:
        self._world = world

    def register(self, params: Params) -> Answer:
        check_definition(params)
        family = params["family"]
        revisions = self._world.definitions.setdefault(family, [])
        number = revisions[-1].revision + 1 if revisions else 1
        arn = self._world.names.arn(f"task-definition/{family}:{number}")
        content = {name: value for name, value in params.items() if name != "tags"}
        content |= {
            "taskDefinitionArn": arn,
            "revision": number,
            "status": "ACTIVE",
            "containerDefinitions": [_with_defaults(each) for each in params["containerDefinitions"]],
            "volumes": params.get("volumes", []),
            "placementConstraints": params.get("placementConstraints", []),
            "requiresAttributes": [{"name": name} for name in required_attributes(params)],
            "compatibilities": ["EXTERNAL", "EC2"],
            "registeredAt": self._world.timeline.now(),
            "registeredBy": f"arn:aws:iam::{self._world.names.account}:root",
        }
        definition = Definition(
            family=family, revision=number, arn=arn, content=content, tags=list(params.get("tags", []))
        )
        revisions.append(definition)
        self._world.changed.add(("definition", arn))
        return {"taskDefinition": dict(content), "tags": definition.tags}

    def describe(self, params: Params) -> Answer:
        try:
            definition = self._world.definition(params["taskDefinition"])
        except EcsError as error:
            raise client_error("Unable to describe task definition.") from error
        tags = definition.tags if "TAGS" in params.get("include", []) else []
        return {"taskDefinition": dict(definition.content), "tags": tags}

    def deregister(self, params: Params) -> Answer:
        """Only ever one revision: a family alone is refused."""
        reference = params["taskDefinition"]
        if ":" not in reference.rpartition("/")[2]:
            raise invalid("The revision of the task definition is missing.")
        definition = self._world.definition(reference)
        if not definition.active:
            raise client_error("The specified task definition is inactive already.")
        definition.content |= {"status": "INACTIVE", "deregisteredAt": self._world.timeline.now()}
        self._world.changed.add(("definition", definition.arn))
        return {"taskDefinition": dict(definition.content)}

    def list(self, params: Params) -> Answer:
        """ARNs by family and revision; `familyPrefix` is a whole family here, as the API reference says."""
        status, family = params.get("status", "ACTIVE"), params.get("familyPrefix")
        found = [
            each
            for revisions in self._world.definitions.values()
            for each in revisions
            if each.content["status"] == status and family in {None, each.family}
        ]
        down = params.get("sort") == "DESC"
        shown, more = page(found, params, lambda each: f"{each.family}:{each.revision:08d}", down=down)
        return {"taskDefinitionArns": [each.arn for each in shown], **more}

    def list_families(self, params: Params) -> Answer:
        prefix, status = params.get("familyPrefix", ""), params.get("status", "ACTIVE")
        found = [
            family
            for family, revisions in self._world.definitions.items()
            if family.startswith(prefix) and _shown(status, any(each.active for each in revisions))
        ]
        shown, more = page(found, params, str)
        return {"families": shown, **more}


def _shown(status: str, active: bool) -> bool:
    return status == "ALL" or active == (status == "ACTIVE")


def _with_defaults(container: Mapping[str, Any]) -> dict[str, Any]:
    """ECS fills these in when it describes."""
    empty: dict[str, Any] = {"environment": [], "portMappings": [], "mountPoints": [], "volumesFrom": []}
    ports = [{"protocol": "tcp", "hostPort": 0, **each} for each in container.get("portMappings", [])]
    return {"cpu": 0, "essential": True, **empty, **container, "portMappings": ports}
