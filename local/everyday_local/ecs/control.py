"""`/_standin/…`: what a test in another process, or the owner, needs to steer the stand-in."""

from typing import Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from everyday_local.ecs.ecs import Ecs
from everyday_local.ecs.errors import EcsError
from everyday_local.ecs.events import Weather
from everyday_local.ecs.faults import Fault
from everyday_local.ecs.records import Instance
from everyday_local.ecs.views import in_an_event, instance_view, task_view


class NewInstance(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A machine that joins a cluster (made when it is not there): CPU units, MiB, number of GPUs."""

    cpu: int
    memory: int
    cluster: str = "default"
    ec2_instance_id: str | None = None
    instance_type: str | None = None
    gpus: int = 0
    attributes: dict[str, str | None] = {}


class Change(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`connected`: the agent's connection. `status`: ACTIVE or DRAINING."""

    connected: bool | None = None
    status: str | None = None


class Foreign(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A task of somebody else on an instance, by ARN, id or EC2 instance id."""

    instance: str
    cpu: int = 0
    memory: int
    seconds: float = 3600


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be turned while the stand-in runs; what is left out stays as it is."""

    visible_after_seconds: float | None = None
    throttle_scale: float | None = None
    start_seconds: float | None = None
    keep_failures: bool | None = None
    advance_seconds: float | None = None
    events: Weather | None = None


class Control:
    """The endpoints; a body that is not understood is answered with 400 and the reason."""

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs

    def routes(self) -> list[Route]:
        return [
            Route("/_standin/health", self.health),
            Route("/_standin/log", self.log, methods=["GET", "DELETE"]),
            Route("/_standin/faults", self.faults, methods=["POST", "DELETE"]),
            Route("/_standin/settings", self.settings, methods=["POST"]),
            Route("/_standin/instances", self.add, methods=["POST"]),
            Route("/_standin/instances/{instance}", self.change, methods=["PATCH", "DELETE"]),
            Route("/_standin/tasks", self.foreign, methods=["POST"]),
        ]

    async def health(self, _: Request) -> Response:
        world = self._ecs.world
        return JSONResponse({"instances": len(world.instances), "tasks": len(world.tasks)})

    async def log(self, request: Request) -> Response:
        """Every operation and every change of a task, oldest first."""
        with self._ecs.turn():
            history = self._ecs.history
            told = {
                "operations": [each._asdict() for each in history.operations],
                "transitions": [_transition(each._asdict()) for each in history.transitions],
            }
            if request.method == "DELETE":
                history.clear()
        return JSONResponse(in_an_event(told))

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._ecs.faults.clear()
            return Response(status_code=204)
        faults = await _read(request, list[Fault])
        if isinstance(faults, Response):
            return faults
        self._ecs.faults.plant(*faults)
        return Response(status_code=204)

    async def settings(self, request: Request) -> Response:
        settings = await _read(request, Settings)
        if isinstance(settings, Response):
            return settings
        await run_in_threadpool(turn, self._ecs, settings)
        return Response(status_code=204)

    async def add(self, request: Request) -> Response:
        told = await _read(request, NewInstance)
        if isinstance(told, Response):
            return told
        return await run_in_threadpool(_add, self._ecs, told)

    async def change(self, request: Request) -> Response:
        """DELETE takes the machine away, as a spot reclaim does."""
        reference = request.path_params["instance"]
        try:
            instance = self._ecs.find_instance(reference)
        except KeyError:
            return JSONResponse({"error": f"there is no instance {reference}"}, 404)
        if request.method == "DELETE":
            await run_in_threadpool(self._ecs.terminate, instance)
            return Response(status_code=204)
        told = await _read(request, Change)
        if isinstance(told, Response):
            return told
        return await run_in_threadpool(_change, self._ecs, instance, told)

    async def foreign(self, request: Request) -> Response:
        told = await _read(request, Foreign)
        if isinstance(told, Response):
            return told
        return await run_in_threadpool(_foreign, self._ecs, told)


def turn(ecs: Ecs, settings: Settings) -> None:
    """Apply what is given."""
    if settings.visible_after_seconds is not None:
        ecs.see_after(settings.visible_after_seconds)
    if settings.throttle_scale is not None:
        ecs.throttle.scale = settings.throttle_scale
    if settings.start_seconds is not None:
        ecs.agents.start_seconds = settings.start_seconds
    if settings.keep_failures is not None:
        ecs.actions.runs.keep_failures = settings.keep_failures
    if settings.events is not None:
        ecs.weather(settings.events)
    if settings.advance_seconds is not None:
        ecs.advance(settings.advance_seconds)


def _add(ecs: Ecs, told: NewInstance) -> Response:
    kind = {"ecs.instance-type": told.instance_type} if told.instance_type else {}
    ecs.add_cluster(told.cluster)
    instance = ecs.add_instance(
        told.cluster,
        cpu=told.cpu,
        memory=told.memory,
        ec2_id=told.ec2_instance_id,
        gpus=told.gpus,
        attributes={**kind, **told.attributes},
    )
    return JSONResponse(in_an_event(instance_view(instance)), 201)


def _change(ecs: Ecs, instance: Instance, change: Change) -> Response:
    if change.status not in {None, "ACTIVE", "DRAINING"}:
        return JSONResponse({"error": "status is ACTIVE or DRAINING"}, 400)
    if change.connected is not None:
        ecs.connect(instance, connected=change.connected)
    if change.status is not None:
        ecs.set_status(instance, change.status)
    return JSONResponse(in_an_event(instance_view(instance)))


def _foreign(ecs: Ecs, told: Foreign) -> Response:
    try:
        instance = ecs.find_instance(told.instance)
        task = ecs.place_foreign(instance, cpu=told.cpu, memory=told.memory, seconds=told.seconds)
    except KeyError:
        return JSONResponse({"error": f"there is no instance {told.instance}"}, 404)
    except EcsError as error:
        return JSONResponse({"error": str(error)}, 409)
    return JSONResponse(in_an_event(task_view(task)), 201)


def _transition(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "demand": msgspec.to_builtins(told["demand"])}


async def _read(request: Request, kind: Any) -> Any:
    """The body as `kind`, or the answer that says what is wrong with it."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.DecodeError as error:
        return JSONResponse({"error": str(error)}, 400)
