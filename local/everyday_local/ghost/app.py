"""The light blog as a web application: the Admin API, the public files and the pages."""

import asyncio
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request as Incoming
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from everyday_local.ghost import pages, tokens
from everyday_local.ghost.admin import OPERATIONS, VERSION, Admin, Answer, Request
from everyday_local.ghost.faults import Call, Fault, Faults, Planned
from everyday_local.ghost.problems import Problem
from everyday_local.ghost.store import Store
from everyday_local.ghost.uploads import File, Uploads

_API = "/ghost/api/admin"
_BAD_GATEWAY = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_NEVER_SECONDS = 3600.0


class BlogApp:
    """One blog in `folder`, answering at `site` to the holder of `key`."""

    def __init__(self, folder: Path, site: str, key: str, *, faults: Faults, calls: list[Call]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(folder, site)
        self._uploads = Uploads(folder / "content", site)
        self._admin = Admin(self.store, self._uploads)
        self._arrivals = folder / "arriving"
        self._arrivals.mkdir(exist_ok=True)
        self._key = key
        self._faults = faults
        self._calls = calls
        self._one_at_a_time = threading.Lock()
        self.asgi = Starlette(routes=self._routes())

    def _routes(self) -> list[Route]:
        def admin(path: str, method: str, op: str) -> Route:
            return Route(_API + path, self._endpoint(op), methods=[method])

        return [
            admin("/site/", "GET", "site.read"),
            admin("/posts/", "GET", "posts.browse"),
            admin("/posts/", "POST", "posts.add"),
            admin("/posts", "POST", "posts.add"),
            admin("/posts/slug/{key}/", "GET", "posts.read.slug"),
            admin("/posts/{key}/", "GET", "posts.read"),
            admin("/posts/{key}/", "PUT", "posts.edit"),
            admin("/posts/{key}/", "DELETE", "posts.destroy"),
            admin("/images/upload/", "POST", "images.upload"),
            admin("/media/upload/", "POST", "media.upload"),
            Route("/ghost/{rest:path}", _no_such_resource),
            Route("/content/{kind}/{path:path}", self._content),
            *pages.routes(self.store),
        ]

    def _endpoint(self, op: str) -> Callable[[Incoming], Any]:
        async def endpoint(incoming: Incoming) -> Response:
            name = "posts.read" if op == "posts.read.slug" else op
            planned = self._faults.due(name)
            if planned and (early := await self._before(planned, incoming, name)):
                return early
            request = await self._request(incoming)
            answer = await run_in_threadpool(self._answer, op, request, incoming.headers.get("authorization"))
            return await self._after(planned, answer, incoming, name)

        return endpoint

    async def _before(self, planned: Planned, incoming: Incoming, op: str) -> Response | None:
        """What goes wrong before anything is done; None to go on."""
        fault = planned.fault
        if fault is Fault.SLOW:
            await asyncio.sleep(planned.seconds)
            return None
        if fault is Fault.RESET:
            self._note(op, incoming, Answer(0, None), None)
            return _Reset()
        response = _refusal(planned)
        if response is None:
            return None
        # The request is read to its end, or the client would see a reset instead of the answer.
        async for _ in incoming.stream():
            pass
        self._note(op, incoming, Answer(0, None), response.status_code)
        return response

    async def _after(self, planned: Planned | None, answer: Answer, incoming: Incoming, op: str) -> Response:
        fault = planned.fault if planned else None
        if fault in {Fault.RESET_AFTER, Fault.SILENT_AFTER}:
            self._note(op, incoming, answer, None)
            if fault is Fault.SILENT_AFTER:
                await asyncio.sleep(planned.seconds if planned and planned.seconds else _NEVER_SECONDS)
            return _Reset()
        if fault is Fault.ERROR_AFTER:
            self._note(op, incoming, answer, 500)
            return _internal_error()
        self._note(op, incoming, answer, answer.status)
        headers = {"Content-Version": f"v{VERSION}"}
        if answer.document is None:
            return Response(status_code=answer.status, headers=headers)
        return JSONResponse(answer.document, answer.status, headers)

    def _answer(self, op: str, request: Request, authorization: str | None) -> Answer:
        try:
            if op != "site.read":  # the only call of ours that Ghost answers to anybody
                tokens.check(authorization, self._key, now=time.time())
            with self._one_at_a_time:
                return OPERATIONS[op](self._admin, request)
        except Problem as problem:
            return Answer(problem.status, problem.document())
        finally:
            for file in request.files.values():
                file.path.unlink(missing_ok=True)

    async def _request(self, incoming: Incoming) -> Request:
        form: dict[str, str] = {}
        files: dict[str, File] = {}
        body = b""
        if incoming.headers.get("content-type", "").startswith("multipart/"):
            async with incoming.form() as parts:
                for name, part in parts.multi_items():
                    if isinstance(part, UploadFile):
                        files[name] = await run_in_threadpool(self._arrive, part)
                    else:
                        form[name] = part
        else:
            body = await incoming.body()
        key = incoming.path_params.get("key", "")
        return Request(key, incoming.query_params, body, form, files, datetime.now(UTC))

    def _arrive(self, part: UploadFile) -> File:
        with tempfile.NamedTemporaryFile(dir=self._arrivals, delete=False) as target:
            shutil.copyfileobj(part.file, target)
        return File(part.filename or "", part.content_type or "", Path(target.name))

    async def _content(self, incoming: Incoming) -> Response:
        planned = self._faults.due("content.read")
        if planned and (early := await self._before(planned, incoming, "content.read")):
            return early
        kind, path = incoming.path_params["kind"], incoming.path_params["path"]
        found = (
            await run_in_threadpool(self._uploads.find, kind, path) if kind in {"images", "media"} else None
        )
        self._note("content.read", incoming, Answer(0, None), 200 if found else 404)
        if found is None:
            return PlainTextResponse("File not found\n", 404)
        return FileResponse(found, headers={"Cache-Control": "public, max-age=31536000"})

    def _note(self, op: str, incoming: Incoming, answer: Answer, reply: int | None) -> None:
        self._calls.append(Call(op, _key_of(incoming, answer), answer.effect, reply))


class _Reset(Response):
    """Cuts the connection instead of answering."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        scope["state"]["abort"]()


def _key_of(incoming: Incoming, answer: Answer) -> str:
    """What the call was about: the post's slug, the upload's reference, or what stands in the path."""
    document = answer.document or {}
    kinds = ("images", "media") if incoming.method == "GET" else ("posts", "images", "media")
    for kind in kinds:
        found = document.get(kind) or [{}]
        if key := found[0].get("slug") or found[0].get("ref"):
            return str(key)
    path = incoming.path_params.get("key") or incoming.path_params.get("path")
    return str(path or incoming.query_params.get("filter", ""))


async def _no_such_resource(incoming: Incoming) -> Response:
    if incoming.url.path.startswith(_API):
        return JSONResponse(Problem("NotFoundError", "Resource not found").document(), 404)
    return HTMLResponse(pages.no_admin(), 404)


def _error(problem: Problem) -> Response:
    return JSONResponse(problem.document(), problem.status)


def _internal_error() -> Response:
    error = {"message": "An unexpected error occurred, please try again.", "type": "InternalServerError"}
    return JSONResponse({"errors": [error]}, 500)


def _throttled(planned: Planned) -> Response:
    error = {"message": "Too many requests.", "type": "TooManyRequestsError"}
    return JSONResponse({"errors": [error]}, 429, {"Retry-After": str(round(planned.seconds))})


def _refusal(planned: Planned) -> Response | None:
    """The answer of a fault that does nothing else; None for other faults."""
    collision = Problem("UpdateCollisionError", "Saving failed!", code="UPDATE_COLLISION")
    refusals = {
        Fault.ERROR: _internal_error(),
        Fault.BAD_GATEWAY: HTMLResponse(_BAD_GATEWAY, 502),
        Fault.THROTTLED: _throttled(planned),
        Fault.COLLISION: _error(collision),
        Fault.INVALID: _error(Problem("ValidationError", "Validation error, cannot save post.")),
    }
    return refusals.get(planned.fault)
