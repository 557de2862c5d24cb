"""The local edge over HTTP: a site under each of its names, the key-value stores, and a list of the sites."""

import html

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from everyday_local.edge.data_plane import PREFIX, DataPlane
from everyday_local.edge.model import Asked, Cloud
from everyday_local.edge.sites import Sites
from everyday_local.edge.stores import Stores

_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def build_app(sites: Sites, stores: Stores, cloud: Cloud) -> ASGIApp:
    """What names a site by its host is the site's; all else is the stand-in's own."""
    plane = DataPlane(stores, cloud.has_store)

    async def health(_: Request) -> Response:
        return JSONResponse({"sites": [each.names for each in await run_in_threadpool(cloud.distributions)]})

    async def index(request: Request) -> Response:
        return HTMLResponse(await run_in_threadpool(_index, cloud, request.url.port))

    own = Starlette(
        routes=[
            Route("/", index),
            Route("/_standin/health", health),
            Route(f"{PREFIX}{{rest:path}}", plane.answer, methods=["GET", "PUT", "POST", "DELETE"]),
        ]
    )
    served = Starlette(routes=[Route("/{path:path}", _Served(sites).answer, methods=_METHODS)])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (served if await _names_a_site(sites, scope) else own)(scope, receive, send)

    return app


async def _names_a_site(sites: Sites, scope: Scope) -> bool:
    """`*.localhost` is never ours, so that a site which is not deployed yet says so."""
    hosts = [value.decode("latin-1") for name, value in scope.get("headers", []) if name == b"host"]
    name = hosts[0].partition(":")[0] if hosts else ""
    if name in {"", "localhost", "127.0.0.1"} or name.endswith(".127.0.0.1"):
        return False
    return name.endswith(".localhost") or await run_in_threadpool(sites.find, name) is not None


class _Served:
    def __init__(self, sites: Sites) -> None:
        self._sites = sites

    async def answer(self, request: Request) -> Response:
        return await run_in_threadpool(self._answer, request)

    def _answer(self, request: Request) -> Response:
        host = request.headers.get("host", "")
        distribution = self._sites.find(host)
        if distribution is None:
            return PlainTextResponse(f"No site is deployed under {host}.\n", 404)
        asked = Asked(
            request.method,
            host,
            request.scope["raw_path"].decode("latin-1"),
            request.scope["query_string"].decode("latin-1"),
            dict(request.headers),
        )
        answer = self._sites.answer(distribution, asked)
        response = Response(answer.body, answer.status, dict(answer.headers))
        for cookie in answer.cookies:
            response.headers.append("set-cookie", cookie)
        return response


def _index(cloud: Cloud, port: int | None) -> str:
    names = sorted(name for each in cloud.distributions() for name in each.names)
    links = [
        f'<li><a href="http://{html.escape(name)}:{port}/">{html.escape(name)}</a></li>' for name in names
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Local sites</title>'
        "<style>body{font:1.1rem system-ui;max-width:40rem;margin:4rem auto;padding:0 1rem}</style>"
        f"<h1>Local sites</h1><ul>{''.join(links) or '<li>None is deployed yet.</li>'}</ul></html>"
    )
