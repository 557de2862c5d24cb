"""The API adapter, over a server that answers as Instagram is documented to."""

import json
import logging
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram import GraphSource, secret_token
from everyday.adapters.media_http import MediaDownloads
from everyday.errors import (
    CursorRefused,
    EverydayError,
    MediumGone,
    MediumMissing,
    OwnerActionNeeded,
    SettingsError,
    SourceError,
    SourceThrottled,
    SourceUnavailable,
)
from everyday.photos.graph import FIELD_LISTS
from tests.builders import NOW, an_item
from tests.files import picture
from tests.web import Web, reply, serving

TOKEN = "IGAA-canary+token/with=signs"
MEDIUM = {
    "id": "17900000000000001",
    "media_type": "IMAGE",
    "media_url": "https://x",
    "timestamp": "2024-05-01T08:25:28+0000",
}
LAST = {"data": [MEDIUM]}


class Script:
    """Answers requests one after the other: (status, payload) or bytes; the last answer repeats."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, str]] = []

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        query = parse_qs(urlsplit(handler.path).query)
        self.asked.append({name: values[0] for name, values in query.items()})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, bytes):
            reply(handler, answer)
        else:
            status, payload, *headers = answer
            reply(handler, json.dumps(payload).encode(), status=status, **(headers[0] if headers else {}))


class Naps(list[float]):
    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest.fixture
def source(naps: Naps) -> Iterator[Callable[..., tuple[GraphSource, Script]]]:
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(*answers: Any, token: Callable[[], str] = lambda: TOKEN) -> tuple[GraphSource, Script]:
            script = Script(*answers)
            web: Web = stack.enter_context(serving(script))
            http = GraphHttp(web.url, clock=lambda: NOW, sleep=naps, jitter=lambda: 0.5)
            media = MediaDownloads([web.url], max_bytes=10**6)
            return GraphSource(http, token=token, media=media, page_size=25), script

        yield start


def refusal(code: int, subcode: int = 0, **more: Any) -> tuple[int, Any]:
    message = f"Malformed access token {TOKEN}"
    return 400, {"error": {"message": message, "code": code, "error_subcode": subcode, **more}}


Start = Callable[..., tuple[GraphSource, Script]]


def test_a_page_is_one_request_with_our_cursor(source: Start) -> None:
    following = {"next": f"https://graph/?access_token={TOKEN}&after=B", "cursors": {"after": "B"}}
    graph, script = source((200, {"data": [MEDIUM], "paging": following}), (200, LAST))
    first = graph.page(None)
    assert (first.media[0].id, first.cursor) == (MEDIUM["id"], "B")
    assert graph.page(first.cursor).cursor is None
    assert [asked.get("after") for asked in script.asked] == [None, "B"]
    assert script.asked[0] == {"limit": "25", "fields": FIELD_LISTS[0], "access_token": TOKEN}


def test_a_refused_field_list_is_shortened_and_the_shorter_one_remembered(source: Start) -> None:
    graph, script = source(refusal(100), (200, LAST))
    graph.page(None)
    graph.page(None)
    assert [asked["fields"] for asked in script.asked] == [FIELD_LISTS[0], FIELD_LISTS[1], FIELD_LISTS[1]]


def test_a_forgotten_cursor_is_told_from_a_refused_field(source: Start) -> None:
    graph, script = source(refusal(100), refusal(100), refusal(100), (200, LAST))
    with pytest.raises(CursorRefused):
        graph.page("OLD")
    graph.page(None)
    assert script.asked[-1]["fields"] == FIELD_LISTS[0]


def test_when_every_field_list_is_refused_the_walk_ends_with_what_instagram_said(source: Start) -> None:
    graph, _ = source(refusal(100))
    with pytest.raises(SourceError, match="100/0"):
        graph.page(None)


@pytest.mark.parametrize(
    "bad", [refusal(1), refusal(2, is_transient=True), (503, {}), (500, None), b"<html>"]
)
def test_a_passing_fault_is_tried_again(bad: Any, source: Start, naps: Naps) -> None:
    graph, script = source(bad, bad, (200, LAST))
    assert len(graph.page(None).media) == 1
    assert naps == [0.25, 1.0]
    assert len(script.asked) == 3


def test_a_lasting_fault_ends_after_four_tries(source: Start, naps: Naps) -> None:
    graph, script = source((503, {}))
    with pytest.raises(SourceUnavailable):
        graph.page(None)
    assert len(script.asked) == 4
    assert naps == [0.25, 1.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(190, 463), OwnerActionNeeded),
        (refusal(10), OwnerActionNeeded),
        (refusal(4), SourceThrottled),
        (refusal(80002), SourceThrottled),
        ((429, {}), SourceThrottled),
        (refusal(2500), SourceError),
        ((302, {}, {"Location": "https://evil.example"}), SourceError),
    ],
)
def test_what_does_not_pass_is_not_tried_again(answer: Any, kind: type[EverydayError], source: Start) -> None:
    graph, script = source(answer)
    with pytest.raises(kind):
        graph.page(None)
    assert len(script.asked) == 1


def test_a_page_near_the_rate_limit_is_delivered(source: Start) -> None:
    graph, _ = source((200, LAST, {"X_App_Usage": '{"call_count": 97}'}))
    page = graph.page(None)
    assert len(page.media) == 1
    assert page.pause_until is not None
    assert page.pause_until > NOW


@pytest.mark.parametrize(
    "answer",
    [
        refusal(190, 463),
        refusal(100),
        refusal(4),
        refusal(1),
        (500, {"error": TOKEN}),
        (400, {"error": {"code": TOKEN}}),
        (400, {"error": {"code": 2500, "message": f"Unknown path ?access_token={quote_plus(TOKEN)}"}}),
    ],
)
def test_no_error_log_or_repr_holds_the_token(
    answer: Any, source: Start, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    graph, _ = source(answer)
    with pytest.raises(EverydayError) as raised:
        graph.page(None)
    chain: BaseException | None = raised.value
    while chain:
        assert "canary" not in f"{chain!r} {chain}"
        chain = chain.__cause__
    assert "canary" not in f"{graph!r} {caplog.text}"


def test_no_answer_at_all_does_not_tell_the_token_either(naps: Naps) -> None:
    with serving(lambda handler: None) as web:
        gone = web.url
    http = GraphHttp(gone, clock=lambda: NOW, sleep=naps)
    graph = GraphSource(http, token=lambda: TOKEN, media=MediaDownloads([], max_bytes=1))
    with pytest.raises(SourceUnavailable) as raised:
        graph.page(None)
    assert "canary" not in str(raised.value)
    assert len(naps) == 3


def test_the_token_is_read_once_and_again_after_it_was_refused(source: Start) -> None:
    tokens = iter(["old", "new"])
    graph, script = source((200, LAST), refusal(190, 460), (200, LAST), token=lambda: next(tokens))
    graph.page(None)
    with pytest.raises(OwnerActionNeeded):
        graph.page(None)
    graph.page(None)
    assert [asked["access_token"] for asked in script.asked] == ["old", "old", "new"]


@pytest.mark.parametrize(
    ("payload", "count"), [({"media_count": 61}, 61), ({"id": "1"}, None), ({"media_count": "many"}, None)]
)
def test_the_count_is_what_the_account_says(payload: Any, count: int | None, source: Start) -> None:
    graph, _ = source((200, payload))
    assert graph.count() == count


def test_a_fresh_medium_is_asked_by_its_id(source: Start) -> None:
    graph, script = source((200, MEDIUM | {"media_url": "https://fresh"}))
    assert graph.fresh(MEDIUM["id"]).items[0].url == "https://fresh"
    assert script.asked[0]["fields"] == FIELD_LISTS[0]


def test_a_medium_that_is_gone_says_so(source: Start) -> None:
    graph, _ = source(refusal(100, 33))
    with pytest.raises(MediumGone):
        graph.fresh(MEDIUM["id"])


@pytest.mark.parametrize("medium_id", ["export-00000000000000aa", "../me", "1?x=", ""])
def test_no_other_id_is_ever_asked_for(medium_id: str, source: Start) -> None:
    graph, script = source((200, MEDIUM))
    with pytest.raises(MediumGone):
        graph.fresh(medium_id)
    assert script.asked == []


def test_an_unreadable_fresh_medium_stops_only_itself(source: Start) -> None:
    graph, _ = source((200, {"id": "x"}))
    with pytest.raises(MediumMissing):
        graph.fresh(MEDIUM["id"])


def test_bytes_come_from_the_items_address_and_a_missing_address_is_told() -> None:
    with serving(lambda handler: reply(handler, picture("JPEG"))) as web:
        media = MediaDownloads([web.url], max_bytes=10**6)
        graph = GraphSource(GraphHttp(web.url), token=lambda: TOKEN, media=media)
        item = an_item(url=f"{web.url}/1.jpg", thumbnail_url=f"{web.url}/t.jpg")
        with graph.open(item) as body, graph.open(item, thumbnail=True) as thumbnail:
            assert b"".join(body.chunks) == b"".join(thumbnail.chunks) == picture("JPEG")
        assert web.asked == ["/1.jpg", "/t.jpg"]
        with pytest.raises(MediumMissing):
            graph.open(an_item(url=None))


def test_an_endless_answer_is_not_read_to_its_end(source: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("everyday.adapters.graph_http._MOST_BYTES", 1000)
    graph, _ = source(b" " * 5000)
    with pytest.raises(SourceUnavailable, match="longer"):
        graph.page(None)


class OneSecret:
    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value

    def get(self, name: str) -> dict[str, Any]:
        return self.value

    def put(self, name: str, value: Any) -> None: ...


def test_the_token_comes_from_the_secret() -> None:
    assert secret_token(OneSecret({"access_token": "t"}), "s")() == "t"
    for empty in ({}, {"access_token": ""}, {"access_token": 5}):
        with pytest.raises(SettingsError, match="login"):
            secret_token(OneSecret(empty), "s")()
