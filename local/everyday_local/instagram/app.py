"""The routes of the stand-in."""

import re

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from everyday_local.instagram.api import Api
from everyday_local.instagram.control import Control
from everyday_local.instagram.login import Login
from everyday_local.instagram.media_files import MediaFiles
from everyday_local.instagram.page import Pages
from everyday_local.instagram.standin import Standin

_ANY = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_VERSION = re.compile(r"/v\d+\.\d+(?=/)")


def build_app(standin: Standin) -> ASGIApp:
    """The stand-in as an ASGI application. A version in front of the path is allowed and ignored."""
    api, pages, login = Api(standin), Pages(standin), Login(standin)
    routes = [
        Route("/", pages.grid),
        Route("/p/{code}/", pages.post),
        Route("/reel/{code}/", pages.post),
        Route("/media/{name}", MediaFiles(standin).serve),
        *Control(standin).routes(),
        Route("/oauth/authorize", login.authorize),
        Route("/oauth/access_token", login.redeem, methods=["POST"]),
        Route("/refresh_access_token", api.refresh, methods=_ANY),
        Route("/access_token", api.exchange, methods=_ANY),
        Route("/{node}", api.node, methods=_ANY),
        Route("/{node}/media", api.media, methods=_ANY),
        Route("/{node}/children", api.children, methods=_ANY),
        Route("/{node}/stories", api.stories, methods=_ANY),
    ]
    return _without_version(Starlette(routes=routes))


def _without_version(app: ASGIApp) -> ASGIApp:
    async def strip(scope: Scope, receive: Receive, send: Send) -> None:
        if (match := _VERSION.match(scope.get("path", ""))) is not None:
            scope = {**scope, "path": scope["path"][match.end() :]}
        await app(scope, receive, send)

    return strip
