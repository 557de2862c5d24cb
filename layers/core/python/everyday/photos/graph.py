"""The Instagram API's payloads: media out of pages, and our errors out of theirs. Pure.

Instagram API with Instagram Login: `/me/media`, newest first, fields on request.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, NamedTuple

import msgspec

from everyday.errors import (
    EverydayError,
    MediumGone,
    OwnerActionNeeded,
    SourceError,
    SourceThrottled,
    SourceUnavailable,
)
from everyday.photos.model import Item, MediaType, Medium, Origin, Section
from everyday.photos.ports import Page
from everyday.photos.said import without_addresses
from everyday.photos.usage import pause_until

_CORE = "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,timestamp,username"
_CHILD = "id,media_type,media_url,thumbnail_url"
FIELD_LISTS = (
    f"{_CORE},shortcode,alt_text,like_count,comments_count,is_comment_enabled,is_shared_to_feed"
    f",media_audio_type,is_ai_generated,children{{{_CHILD},alt_text,timestamp}}",
    f"{_CORE},alt_text,like_count,comments_count,children{{{_CHILD},alt_text}}",
    f"{_CORE},children{{{_CHILD}}}",
)
"""What to ask for, richest first: one field that the account or version does not allow fails the whole call
(code 100), so the next shorter list is tried."""

_THROTTLED = frozenset({4, 17, 32, 341, 613, *range(80000, 80100)})
_PASSING = frozenset({1, 2})
_PERMISSION = frozenset({3, 10, 368, *range(200, 300)})
_TOKEN = frozenset({102, 190})
_GONE = 33
_TOKEN_TROUBLE = {
    458: "the app was removed from the account",
    459: "Instagram wants the account confirmed: log in at instagram.com",
    460: "the password was changed",
    463: "it expired",
    464: "the account is not confirmed: log in at instagram.com",
}


class Answer(NamedTuple):
    """One answer of the API. `payload` is parsed JSON, None when the body was none."""

    status: int
    headers: Mapping[str, str]
    payload: Any


class _Error(msgspec.Struct):
    code: int = 0
    error_subcode: int = 0
    message: str = ""
    type: str = ""
    is_transient: bool = False
    fbtrace_id: str = ""


class _Child(msgspec.Struct):
    id: str | None = None
    media_type: str = "IMAGE"
    media_url: str | None = None
    thumbnail_url: str | None = None
    alt_text: str | None = None


class _Children(msgspec.Struct):
    data: list[_Child] = []


class _Medium(_Child, kw_only=True):
    id: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,32}\Z")]
    media_type: MediaType
    timestamp: str
    caption: str | None = None
    media_product_type: str | None = None
    permalink: str | None = None
    username: str | None = None
    children: _Children | None = None


class _Cursors(msgspec.Struct):
    after: str | None = None


class _Paging(msgspec.Struct):
    next: str | None = None
    cursors: _Cursors | None = None


def read_page(answer: Answer, *, asked: str | None, now: datetime) -> Page:
    """The page in an answer to a request with cursor `asked`.

    Raises SourceUnavailable when it is no page, or when it does not say how the listing goes on.
    """
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    listed = payload.get("data")
    if not isinstance(listed, list):
        raise SourceUnavailable("Instagram's answer holds no list of media")
    media, unreadable = [], []
    for said in listed:
        try:
            media.append(read_medium(said))
        except ValueError:
            unreadable.append(_name(said))
    cursor = _next_cursor(payload, asked)
    return Page(media, cursor, unreadable, pause_until(answer.headers, now=now))


def read_medium(said: Any) -> Medium:
    """The medium in a payload. Raises ValueError saying what is wrong with it.

    `Medium.said` keeps the payload whole but for signed addresses and paging links.
    """
    given = msgspec.convert(said, _Medium)
    children = given.children.data if given.children else []
    album = given.media_type is MediaType.CAROUSEL_ALBUM
    parts: list[_Child] = children if album and children else [given]
    return Medium(
        id=given.id,
        origin=Origin.API,
        section=_section(given.media_product_type),
        media_type=given.media_type,
        taken_at=_instant(given.timestamp),
        items=tuple(_item(position, part) for position, part in enumerate(parts, start=1)),
        caption=given.caption or "",
        permalink=given.permalink,
        username=given.username,
        said=without_addresses(said),
    )


def failure(answer: Answer, *, now: datetime, medium_id: str | None = None) -> EverydayError | None:
    """The error in an answer, None when there is none. SourceUnavailable means: try again soon.

    `medium_id` names the medium that was asked for: it is what code 100/33 says is gone.
    """
    error = _error(answer)
    if error is None:
        return None
    what = _described(error, answer.status)
    if medium_id is not None and (error.code, error.error_subcode) == (100, _GONE):
        return MediumGone(f"Instagram no longer shows {medium_id} ({what})")
    if error.code in _THROTTLED or answer.status == 429:
        return SourceThrottled(
            f"Instagram's rate limit is reached ({what})", retry_at=_retry_at(answer, error, now)
        )
    if error.code in _PASSING or error.is_transient or answer.status >= 500:
        return SourceUnavailable(f"Instagram has a passing fault ({what})")
    return _owners(error, what) or SourceError(f"Instagram refuses the request ({what})")


def refuses_fields(answer: Answer) -> bool:
    """Whether a shorter field list may help."""
    error = _error(answer)
    return error is not None and error.code == 100 and error.error_subcode != _GONE


def _owners(error: _Error, what: str) -> OwnerActionNeeded | None:
    if error.code in _TOKEN:
        why = _TOKEN_TROUBLE.get(error.error_subcode, "it is no longer valid")
        return OwnerActionNeeded(f"Instagram refuses the token: {why}. Run `everyday photos login` ({what})")
    if error.code in _PERMISSION or (error.code, error.error_subcode) == (100, _GONE):
        return OwnerActionNeeded(
            "Instagram denies the permission or blocks the app. Look at the app's dashboard, then run"
            f" `everyday photos login` ({what})"
        )
    return None


def _error(answer: Answer) -> _Error | None:
    payload = answer.payload if isinstance(answer.payload, dict) else {}
    if answer.status == 200 and "error" not in payload:
        # A page that is no JSON, with status 200, comes from something between Instagram and us.
        return None if payload else _Error(message="no JSON object", is_transient=True)
    try:
        return msgspec.convert(payload.get("error", {}), _Error)
    except msgspec.ValidationError:
        return _Error(message="an error in no known shape")


def _described(error: _Error, status: int) -> str:
    said = " ".join(error.message.split())[:200]
    code = f"code {error.code}/{error.error_subcode}" if error.code else f"status {status}"
    return ", ".join(part for part in (code, error.type, said, error.fbtrace_id) if part)


def _retry_at(answer: Answer, error: _Error, now: datetime) -> datetime:
    told = pause_until(answer.headers, now=now)
    # Meta's windows roll over an hour; 341 is a limit on the app itself, which lasts longer.
    return told or now + (timedelta(hours=24) if error.code == 341 else timedelta(hours=1))


def _next_cursor(payload: Mapping[str, Any], asked: str | None) -> str | None:
    try:
        paging = msgspec.convert(payload.get("paging") or {}, _Paging)
    except msgspec.ValidationError:
        raise SourceUnavailable("Instagram's paging cannot be read") from None
    # The last page may still have a cursor; only `next` tells that there is more. Its address holds the
    # access token, so it is looked at here and goes nowhere.
    if paging.next is None:
        return None
    after = paging.cursors.after if paging.cursors else None
    if not after or after == asked:
        raise SourceUnavailable("Instagram's paging leads nowhere")
    return after


def _section(product: str | None) -> Section:
    return {"REELS": Section.REEL, "STORY": Section.STORY}.get(product or "", Section.POST)


def _item(position: int, part: _Child) -> Item:
    return Item(
        position=position,
        video=part.media_type == MediaType.VIDEO,
        url=part.media_url or None,
        thumbnail_url=part.thumbnail_url or None,
        source_id=part.id,
        alt_text=part.alt_text or None,
    )


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    try:
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text} is out of range") from None


def _name(said: Any) -> str:
    name = said.get("id") if isinstance(said, dict) else None
    return name if isinstance(name, str) and name.isascii() and name.isdigit() else "?"
