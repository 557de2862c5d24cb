"""The media host: signed files with ranges, and everything that can be wrong with a download."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from everyday_local.broken import Broken
from everyday_local.instagram.account import File, Post
from everyday_local.instagram.api import pause, record, spoiled
from everyday_local.instagram.faults import Effect, Fault, Op
from everyday_local.instagram.gallery import Blob
from everyday_local.instagram.standin import Standin, file_path

_NAME = re.compile(r"\d+_(\d+)_([nt])\.(?:jpg|mp4)")
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
_AT_ONCE = 4 * 1024 * 1024
_HUGE = 5 * 1024**3
_NOT_A_PICTURE = b"%PDF-1.7\n% this is not what the address promised\n"


class MediaFiles:
    """Serves `/media/…`. Two painters at most work at a time; what is painted is served at once."""

    def __init__(self, standin: Standin) -> None:
        self._standin = standin
        self._painters = ThreadPoolExecutor(2, thread_name_prefix="painter")

    async def serve(self, request: Request) -> ASGIApp:
        path = request.url.path
        found = self._find(path)
        targets = (found[0].id, found[1].id) if found else ()
        faults = self._standin.strike(Op.FILE, *targets)
        await pause(self._standin, faults)
        response: Response | Broken
        if found is None:
            response = PlainTextResponse("Not Found", 404)
        elif not self._standin.signer.good(path, request.query_params, now=self._standin.now()):
            response = _refusal()
        else:
            response = await self._respond(request, found[1], faults)
        record(self._standin, Op.FILE, request, response)
        return response

    def _find(self, path: str) -> tuple[Post, File] | None:
        """The post and the file of exactly this path."""
        match = _NAME.fullmatch(path.removeprefix("/media/"))
        if match is None:
            return None
        post = self._standin.account.get(match[1])
        found = (post, post.files[0]) if post else self._standin.account.child(match[1])
        return found if found and file_path(found[1], thumbnail=match[2] == "t") == path else None

    async def _respond(self, request: Request, file: File, faults: Sequence[Fault]) -> Response | Broken:
        thumbnail = request.url.path.endswith("_t.jpg")
        blob = await self._blob(file, thumbnail=thumbnail)
        kind = "video/mp4" if file.video and not thumbnail else "image/jpeg"
        for fault in faults:
            if (answer := _broken(fault, blob, kind)) is not None:
                return answer
        return spoiled(faults) or whole(blob, kind, request.headers.get("range"))

    async def _blob(self, file: File, *, thumbnail: bool) -> Blob:
        gallery = self._standin.gallery
        if gallery.ready(file, thumbnail=thumbnail):
            return gallery.blob(file, thumbnail=thumbnail)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._painters, lambda: gallery.blob(file, thumbnail=thumbnail))


def _refusal() -> Response:
    return PlainTextResponse("URL signature expired", 403)


def _broken(fault: Fault, blob: Blob, kind: str) -> Response | Broken | None:
    """The answer of a fault that only downloads have."""
    half = blob.size // 2 if fault.size is None else fault.size
    if fault.do in {Effect.TRUNCATED, Effect.RESET}:
        ending = "reset" if fault.do is Effect.RESET else "close"
        return Broken(blob.chunks(0, half), declared=blob.size, content_type=kind, ending=ending)
    if fault.do is Effect.HUGE:
        return Broken([blob.head[:65536]], declared=fault.size or _HUGE, content_type=kind, ending="hang")
    if fault.do is Effect.DRIP:
        drops = _drops(blob, fault.size or 1)
        return Broken(drops, declared=blob.size, content_type=kind, pause=fault.seconds)
    if fault.do is Effect.WRONG_TYPE:
        return Response(_NOT_A_PICTURE, media_type=kind)
    if fault.do is Effect.EXPIRED:
        return _refusal()
    return RedirectResponse(fault.url, 302) if fault.do is Effect.REDIRECT else None


def _drops(blob: Blob, size: int) -> Iterator[bytes]:
    for chunk in blob.chunks():
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


def whole(blob: Blob, kind: str, asked: str | None) -> Response:
    """The file, or the one range of it that is asked for."""
    span = _span(asked, blob.size)
    if span is None:
        return Response(status_code=416, headers={"content-range": f"bytes */{blob.size}"})
    start, end = span
    headers = {"accept-ranges": "bytes", "cache-control": "max-age=1209600, no-transform"}
    status = 200
    if asked and (start, end) != (0, blob.size):
        status, headers["content-range"] = 206, f"bytes {start}-{end - 1}/{blob.size}"
    if end - start <= _AT_ONCE:
        return Response(b"".join(blob.chunks(start, end)), status, headers, kind)
    headers["content-length"] = str(end - start)
    return StreamingResponse(_stream(blob, start, end), status, headers, kind)


async def _stream(blob: Blob, start: int, end: int) -> AsyncIterator[bytes]:
    for chunk in blob.chunks(start, end):
        yield chunk


def _span(asked: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None when the range cannot be served."""
    match = _RANGE.fullmatch(asked) if asked else None
    if match is None or not any(match.groups()):
        return (0, size)
    first, last = match.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else None
    start, end = int(first), min(int(last) + 1 if last else size, size)
    return (start, end) if start < end else None
