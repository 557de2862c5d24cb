"""graph.instagram.com over HTTP: tokens, limits, errors, faults and the log around each answer."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp

from everyday_local.broken import Broken
from everyday_local.instagram.edges import Answer, Edges, Query
from everyday_local.instagram.faults import Effect, Fault, Op
from everyday_local.instagram.graph_errors import GraphError, unsupported_method
from everyday_local.instagram.standin import SECRETS, Call, Standin

LOGIN_PAGE = "<!doctype html><title>Instagram</title><p>Please wait a few minutes before you try again."

Act = Callable[[Query, Sequence[Fault]], Answer]


class Api:
    """The endpoints. Each answers GET; anything else is refused as the API refuses it."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin
        self._edges = Edges(standin)

    async def node(self, request: Request) -> ASGIApp:
        node_id = request.path_params.get("node", "me")
        if self._edges.is_me(node_id):
            return await self._answer(request, Op.ME, lambda query, _: self._edges.me(query))
        return await self._answer(
            request, Op.MEDIUM, lambda query, _: self._edges.medium(node_id, query), node_id
        )

    async def media(self, request: Request) -> ASGIApp:
        node_id = request.path_params["node"]
        return await self._answer(
            request, Op.LIST, lambda query, faults: self._edges.media(node_id, query, faults)
        )

    async def children(self, request: Request) -> ASGIApp:
        node_id = request.path_params["node"]
        return await self._answer(
            request, Op.CHILDREN, lambda query, _: self._edges.children(node_id, query), node_id
        )

    async def stories(self, request: Request) -> ASGIApp:
        node_id = request.path_params["node"]
        return await self._answer(request, Op.STORIES, lambda query, _: self._edges.stories(node_id, query))

    async def refresh(self, request: Request) -> ASGIApp:
        return await self._answer(request, Op.REFRESH, lambda query, _: self._edges.refresh(query))

    async def exchange(self, request: Request) -> ASGIApp:
        return await self._answer(request, Op.EXCHANGE, lambda query, _: self._edges.exchange(query))

    async def _answer(self, request: Request, op: Op, act: Act, target: str = "") -> ASGIApp:
        faults = self._standin.strike(op, target)
        await pause(self._standin, faults)
        response = spoiled(faults) or self._respond(request, act, faults)
        record(self._standin, op, request, response)
        return response

    def _respond(self, request: Request, act: Act, faults: Sequence[Fault]) -> Response:
        standin, error = self._standin, None
        try:
            answer = self._act(request, act, faults)
        except GraphError as told:
            answer, error = told.body(), told
        headers = standin.limits.headers(standin.account.profile.user_id, standin.now(), error)
        status = error.status if error else 200
        response = JSONResponse(answer, status, headers={**headers, "cache-control": "private, no-store"})
        response.headers["content-type"] = "application/json; charset=UTF-8"
        return response

    def _act(self, request: Request, act: Act, faults: Sequence[Fault]) -> Answer:
        if request.method not in {"GET", "HEAD"}:
            raise unsupported_method(request.method)
        query = {**request.query_params, "access_token": _token(request)}
        self._standin.tokens.check(query["access_token"], self._standin.now())
        self._standin.limits.spend(self._standin.now())
        for fault in faults:
            if fault.do is Effect.ERROR:
                raise GraphError(fault.code, fault.subcode, minutes=fault.minutes)
        return act(query, faults)


def _token(request: Request) -> str:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text if scheme.lower() == "bearer" else request.query_params.get("access_token", "")


async def pause(standin: Standin, faults: Sequence[Fault]) -> None:
    """Hold the answer back, without holding up anybody else's."""
    seconds = standin.delay.total_seconds()
    seconds += sum(fault.seconds for fault in faults if fault.do is Effect.DELAY)
    if seconds:
        await asyncio.sleep(seconds)


def spoiled(faults: Sequence[Fault]) -> Response | Broken | None:
    """The answer of the first fault that can strike any call; None when there is none."""
    for fault in faults:
        if fault.do is Effect.STATUS:
            return Response(status_code=fault.status)
        if fault.do is Effect.HTML:
            return HTMLResponse(LOGIN_PAGE)
        if fault.do is Effect.NOT_JSON:
            return Response('{"data":[{"id":"179', media_type="application/json")
        if fault.do is Effect.RESET:
            sent = b'{"data":[{"id":"179'[: fault.size]
            return Broken([sent], declared=4096, content_type="application/json", ending="reset")
    return None


def record(standin: Standin, op: Op, request: Request, response: Any) -> None:
    """Write the call into the log, without its secrets."""
    query = {name: value for name, value in request.query_params.items() if name not in SECRETS}
    status = 0 if isinstance(response, Broken) else response.status_code
    standin.log.append(Call(op, request.url.path, status, request.method, query))
