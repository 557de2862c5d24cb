"""The stand-in over HTTP: AWS JSON 1.1, as an unmodified AWS client speaks it."""

from uuid import uuid4

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from everyday_local.broken import Broken
from everyday_local.ecs.control import Control
from everyday_local.ecs.ecs import ConnectionCut, Ecs
from everyday_local.ecs.errors import EcsError
from everyday_local.ecs.shapes import TARGET
from everyday_local.ecs.views import on_the_wire

_TYPE = "application/x-amz-json-1.1"


def build_app(ecs: Ecs) -> ASGIApp:
    """The stand-in as an ASGI application: the wire protocol at `/`, the control page at `/_standin`."""
    wire = Wire(ecs)
    return Starlette(routes=[*Control(ecs).routes(), Route("/", wire.answer, methods=["POST"])])


class Wire:
    """One POST is one action, named by the header X-Amz-Target. Signatures are not checked."""

    def __init__(self, ecs: Ecs) -> None:
        self._ecs = ecs

    async def answer(self, request: Request) -> Response | Broken:
        try:
            action, params = _asked(request, await request.body())
            told = await run_in_threadpool(self._ecs.call, action, params)
        except EcsError as error:
            return _json({"__type": error.code, "message": str(error), **error.members}, error.status)
        except ConnectionCut:
            return Broken([], declared=1, content_type=_TYPE, ending="reset")
        return _json(told, 200)


def _asked(request: Request, body: bytes) -> tuple[str, dict[str, object]]:
    """The action and its parameters. Raises EcsError for what is no request of ECS's."""
    target, _, action = request.headers.get("x-amz-target", "").rpartition(".")
    if target != TARGET:
        raise EcsError("UnknownOperationException", "The header X-Amz-Target names no action of ECS.")
    try:
        return action, msgspec.json.decode(body or b"{}", type=dict[str, object])
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise EcsError("SerializationException", str(error)) from error


def _json(document: object, status: int) -> Response:
    body = msgspec.json.encode(on_the_wire(document))
    return Response(body, status, media_type=_TYPE, headers={"x-amzn-requestid": str(uuid4())})
