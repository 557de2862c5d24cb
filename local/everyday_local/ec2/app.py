"""The stand-in behind HTTP: EC2's API, each instance's metadata service, and a hand on the world."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from everyday_local.ec2 import views, wire
from everyday_local.ec2.actions import Actions
from everyday_local.ec2.things import Ec2Error, Instance
from everyday_local.ec2.world import World

TOKEN = "a-token-of-the-stand-in"  # noqa: S105 - guards nothing: it is asked for as EC2's is
_BUSY = 503


class Switch:
    """Trouble on demand. `throttled`: so many calls of the API are refused."""

    throttled = 0

    def pass_(self) -> None:
        """Raises Ec2Error for a call that is refused."""
        if self.throttled > 0:
            self.throttled -= 1
            raise Ec2Error("RequestLimitExceeded", "Request limit exceeded.")


class Ec2App:
    """`clock` tells what time it is in the world; it is brought there before each answer."""

    def __init__(self, world: World, clock: Callable[[], float]) -> None:
        self._world, self._clock, self._lock = world, clock, Lock()
        self._actions, self._switch = Actions(world), Switch()

    def routes(self) -> list[Route]:
        return [
            Route("/", self.api, methods=["POST"]),
            Route("/imds/{instance}/latest/api/token", self.token, methods=["PUT"]),
            Route("/imds/{instance}/latest/{path:path}", self.metadata),
            Route("/_standin/health", lambda _: JSONResponse({"ok": True})),
            Route("/_standin/interrupt", self.interrupt, methods=["POST"]),
            Route("/_standin/capacity", self.capacity, methods=["POST"]),
            Route("/_standin/throttle", self.throttle, methods=["POST"]),
        ]

    def tick(self) -> None:
        """Bring the world to the present; without it nothing happens between two requests."""
        with self._now():
            pass

    async def api(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))
        try:
            self._switch.pass_()
            asked = wire.operation(form)
            parameters = wire.read(asked, form)
            with self._now():
                answer = self._actions.act(asked.name, parameters)
        except Ec2Error as error:
            status = _BUSY if error.code == "RequestLimitExceeded" else 400
            return Response(wire.refusal(error), status, media_type="text/xml")
        return Response(wire.write(asked, answer), media_type="text/xml")

    async def token(self, request: Request) -> Response:
        seconds = request.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
        known = seconds.isdigit() and 1 <= int(seconds) <= 21600
        return PlainTextResponse(TOKEN) if known else Response(status_code=400)

    async def metadata(self, request: Request) -> Response:
        """Version 2 only: without a token there is no answer."""
        if request.headers.get("x-aws-ec2-metadata-token") != TOKEN:
            return Response(status_code=401)
        with self._now():
            found = self._world.instances.get(request.path_params["instance"])
            text = _metadata(found, request.path_params["path"]) if found else None
        return Response(status_code=404) if text is None else PlainTextResponse(text)

    async def interrupt(self, request: Request) -> Response:
        """`{"instance", "notice": true, "rebalance": false}`."""
        asked = await request.json()
        with self._now():
            found = self._world.instances.get(asked.get("instance", ""))
            if found is None:
                return JSONResponse({"error": "there is no such instance"}, 404)
            if asked.get("rebalance"):
                found.rebalance = True
            elif asked.get("notice", True):
                self._world.give_notice(found.id)
            else:
                self._world.cut_power(found.id)
        return JSONResponse({"instance": found.id})

    async def capacity(self, request: Request) -> Response:
        """`{"spot": […], "on-demand": […]}`: the zones that have any; a market left out has it in all."""
        asked = await request.json()
        with self._now():
            self._world.capacity = lambda _type, zone, market: market not in asked or zone in asked[market]
        return JSONResponse(asked)

    async def throttle(self, request: Request) -> Response:
        """`{"calls": 3}`."""
        self._switch.throttled = int((await request.json())["calls"])
        return JSONResponse({"calls": self._switch.throttled})

    @contextmanager
    def _now(self) -> Iterator[None]:
        """The world at the present time, and nobody else at it."""
        with self._lock:
            self._world.advance(self._clock())
            yield


def build_app(world: World, clock: Callable[[], float]) -> Starlette:
    """The stand-in for EC2 as an application."""
    return Starlette(routes=Ec2App(world, clock).routes())


def _metadata(of: Instance, path: str) -> str | None:
    """None: there is nothing (now)."""
    found = {
        "meta-data/instance-id": of.id,
        "meta-data/instance-type": of.type,
        "meta-data/placement/availability-zone": of.zone,
        "meta-data/placement/region": of.zone[:-1],
    }
    if of.notice is not None:
        time = f"{views.at(of.notice):%Y-%m-%dT%H:%M:%SZ}"
        found["meta-data/spot/instance-action"] = f'{{"action": "terminate", "time": "{time}"}}'
    if of.rebalance:
        found["meta-data/events/recommendations/rebalance"] = '{"noticeTime": "now"}'
    return found.get(path)
