"""Stored files on their way to the browser: streamed, in parts where it asks for parts, closed at the end."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from everyday.photos.ports import Body

# A stored file is somebody else's bytes: the browser may show it and nothing more.
_HEADERS = {
    "accept-ranges": "bytes",
    "cache-control": "private, max-age=86400, immutable",
    "content-security-policy": "default-src 'none'; media-src 'self'; style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class Span(NamedTuple):
    """Bytes from `start` up to, not including, `end`."""

    start: int
    end: int


def span(header: str | None, length: int) -> Span | None:
    """What a Range header asks of a file of that length; None when it lies outside of the file.

    RFC 9110 §14.2: a header that cannot be understood, or asks for several ranges, is as if it was not there.
    """
    found = _RANGE.fullmatch(header or "")
    if not found or not any(found.groups()):
        return Span(0, length)
    first, last = found.groups()
    if not first:
        return Span(max(0, length - int(last)), length) if int(last) else None
    end = min(int(last) + 1, length) if last else length
    return Span(int(first), end) if int(first) < end else None


def sent(request: Request, opening: AbstractContextManager[Body]) -> Response:
    """The answer with an archive's file, or the part of it that the request asks for."""
    closing = ExitStack()
    with ExitStack() as unsent:
        body = closing.enter_context(opening)
        unsent.callback(closing.close)
        if body.length is None:
            answer = _streaming(body, closing, _HEADERS, 200, None)
        else:
            asked = span(request.headers.get("range"), body.length)
            if asked is None:
                return Response(status_code=416, headers={"content-range": f"bytes */{body.length}"})
            headers = {**_HEADERS, "content-length": str(asked.end - asked.start)}
            part = asked != Span(0, body.length)
            if part:
                headers["content-range"] = f"bytes {asked.start}-{asked.end - 1}/{body.length}"
            answer = _streaming(body, closing, headers, 206 if part else 200, asked)
        if request.method == "HEAD":
            return Response(status_code=answer.status_code, headers=dict(answer.headers))
        unsent.pop_all()
    return answer


def _streaming(
    body: Body, closing: ExitStack, headers: dict[str, str], status: int, asked: Span | None
) -> StreamingResponse:
    chunks = _part(body.chunks, asked) if asked else body.chunks
    return StreamingResponse(
        _until_closed(chunks, closing), status, headers=headers, media_type=body.content_type
    )


def _part(chunks: Iterator[bytes], asked: Span) -> Iterator[bytes]:
    """The archive reads from the beginning; what lies before `start` is dropped."""
    at = 0
    for chunk in chunks:
        if piece := chunk[max(0, asked.start - at) : max(0, asked.end - at)]:
            yield piece
        at += len(chunk)
        if at >= asked.end:
            return


def _until_closed(chunks: Iterator[bytes], closing: ExitStack) -> Iterator[bytes]:
    with closing:
        yield from chunks
