"""`/_standin/…`: what a test in another process needs to steer the stand-in."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from everyday_local.instagram.faults import Fault
from everyday_local.instagram.standin import Standin
from everyday_local.instagram.tokens import APP_ID, APP_SECRET


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What can be turned while the stand-in runs; what is left out stays as it is."""

    delay_ms: int | None = None
    url_seconds: int | None = None
    hourly_calls: int | None = None
    daily_calls: int | None = None
    refused_fields: list[str] | None = None
    advance_seconds: float | None = None
    now: datetime | None = None


class Caption(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    caption: str


class NewToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A token of this age, and how long it is good for from when it was issued."""

    age_hours: float = 0
    valid_hours: float = 60 * 24


class Control:
    """The endpoints; a body that is not understood is answered with 400 and the reason."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin

    def routes(self) -> list[Route]:
        return [
            Route("/_standin/account", self.account),
            Route("/_standin/health", self.health),
            Route("/_standin/token", self.token, methods=["GET", "POST"]),
            Route("/_standin/log", self.log, methods=["GET", "DELETE"]),
            Route("/_standin/faults", self.faults, methods=["POST", "DELETE"]),
            Route("/_standin/settings", self.settings, methods=["POST"]),
            Route("/_standin/tokens", self.tokens, methods=["POST"]),
            Route("/_standin/posts", self.publish, methods=["POST"]),
            Route("/_standin/posts/{post}", self.post, methods=["PATCH", "DELETE"]),
        ]

    async def account(self, _: Request) -> Response:
        return JSONResponse(ready(self._standin))

    async def health(self, _: Request) -> Response:
        return JSONResponse({"media": len(self._standin.account.listed)})

    async def token(self, _: Request) -> Response:
        """The owner's token, in the shape in which the application keeps its secret."""
        text = self._standin.tokens.first(self._standin.now())
        token, profile = self._standin.tokens.about(text), self._standin.account.profile
        secret = {
            "access_token": text,
            "obtained_at": token.issued_at.isoformat(),
            "expires_at": token.expires_at.isoformat(),
            "user_id": profile.user_id,
            "username": profile.username,
        }
        return JSONResponse(secret)

    async def log(self, request: Request) -> Response:
        calls = [call._asdict() for call in self._standin.log]
        if request.method == "DELETE":
            self._standin.log.clear()
        return JSONResponse({"calls": calls})

    async def faults(self, request: Request) -> Response:
        if request.method == "DELETE":
            self._standin.faults.clear()
            return Response(status_code=204)
        faults = await _read(request, list[Fault])
        if isinstance(faults, Response):
            return faults
        self._standin.faults.plant(*faults)
        return Response(status_code=204)

    async def settings(self, request: Request) -> Response:
        settings = await _read(request, Settings)
        if isinstance(settings, Response):
            return settings
        turn(self._standin, settings)
        return Response(status_code=204)

    async def tokens(self, request: Request) -> Response:
        asked = await _read(request, NewToken)
        if isinstance(asked, Response):
            return asked
        issued_at = self._standin.now() - timedelta(hours=asked.age_hours)
        token = self._standin.tokens.issue(issued_at, timedelta(hours=asked.valid_hours))
        return JSONResponse({"access_token": token}, 201)

    async def publish(self, request: Request) -> Response:
        told = await _read(request, Caption)
        if isinstance(told, Response):
            return told
        return JSONResponse({"id": self._standin.publish(told.caption).id}, 201)

    async def post(self, request: Request) -> Response:
        post_id = request.path_params["post"]
        if self._standin.account.get(post_id) is None:
            return JSONResponse({"error": f"there is no post {post_id}"}, 404)
        if request.method == "DELETE":
            self._standin.account.remove(post_id)
            return Response(status_code=204)
        told = await _read(request, Caption)
        if isinstance(told, Response):
            return told
        self._standin.account.edit(post_id, told.caption)
        return Response(status_code=204)


def turn(standin: Standin, settings: Settings) -> None:
    """Apply what is given."""
    if settings.delay_ms is not None:
        standin.delay = timedelta(milliseconds=settings.delay_ms)
    if settings.url_seconds is not None:
        standin.signer.lifetime = timedelta(seconds=settings.url_seconds)
    if settings.hourly_calls is not None:
        standin.limits.hourly = settings.hourly_calls
    if settings.daily_calls is not None:
        standin.limits.daily = settings.daily_calls
    if settings.refused_fields is not None:
        standin.describer.refused = frozenset(settings.refused_fields)
    if settings.advance_seconds is not None:
        standin.advance(timedelta(seconds=settings.advance_seconds))
    if settings.now is not None:
        standin.advance(settings.now.astimezone(UTC) - standin.now())


def ready(standin: Standin) -> dict[str, Any]:
    """What a caller needs to start: addresses, the token and whose account it is."""
    profile = standin.account.profile
    return {
        "url": standin.url,
        "token": standin.token,
        "user_id": profile.user_id,
        "username": profile.username,
        "media": len(standin.account.listed),
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
    }


async def _read(request: Request, kind: Any) -> Any:
    """The body as `kind`, or the answer that says what is wrong with it."""
    try:
        return msgspec.json.decode(await request.body(), type=kind)
    except msgspec.DecodeError as error:
        return JSONResponse({"error": str(error)}, 400)
