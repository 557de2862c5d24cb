import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram_token import TokenApi
from everyday.errors import EverydayError, OwnerActionNeeded, SourceError, SourceUnavailable
from tests.builders import NOW
from tests.web import reply, serving

GRANTED = {"access_token": "LONG-canary", "token_type": "bearer", "expires_in": 5183944}
Asked = list[tuple[str, str, dict[str, str]]]
Start = Callable[..., tuple[TokenApi, Asked]]


@pytest.fixture
def api() -> Iterator[Start]:
    with ExitStack() as stack:

        def start(payload: Any, *, status: int = 200) -> tuple[TokenApi, Asked]:
            asked: Asked = []

            def answer(handler: BaseHTTPRequestHandler) -> None:
                path, query = urlsplit(handler.path)[2:4]
                form = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
                values = {name: given[0] for name, given in parse_qs(query or form).items()}
                asked.append((handler.command, path, values))
                reply(handler, json.dumps(payload).encode(), status=status)

            web = stack.enter_context(serving(answer))
            return TokenApi(GraphHttp(web.url, clock=lambda: NOW, sleep=lambda _: None)), asked

        yield start


def test_a_token_is_refreshed_with_get_and_without_the_secret(api: Start) -> None:
    tokens, asked = api(GRANTED)
    access_token, expires_in = tokens.refresh("OLD")
    assert (access_token, expires_in) == ("LONG-canary", 5183944)
    expected = {"grant_type": "ig_refresh_token", "access_token": "OLD"}
    assert asked == [("GET", "/refresh_access_token", expected)]


def test_the_same_token_may_come_back(api: Start) -> None:
    tokens, _ = api(GRANTED)
    assert tokens.refresh("LONG-canary").access_token == "LONG-canary"


def test_the_account_of_a_token_is_told(api: Start) -> None:
    tokens, _ = api({"user_id": 178, "username": "sample", "id": "5"})
    assert tokens.whose("T") == {"user_id": "178", "username": "sample"}


@pytest.mark.parametrize(
    ("payload", "status", "kind"),
    [
        ({"error": {"code": 190, "error_subcode": 463, "message": "CANARY"}}, 400, OwnerActionNeeded),
        ({"error": {"code": 190, "message": "Malformed access token CANARY"}}, 400, OwnerActionNeeded),
        ({"error_type": "OAuthException", "code": 400, "error_message": "CANARY"}, 400, SourceError),
        ({"access_token": "X"}, 200, SourceUnavailable),
        ({"access_token": "X", "expires_in": -1}, 200, SourceUnavailable),
        ({"access_token": "", "expires_in": 5}, 200, SourceUnavailable),
        ([], 200, SourceUnavailable),
    ],
)
def test_a_refused_refresh_is_told_without_the_token(
    payload: Any, status: int, kind: type[EverydayError], api: Start
) -> None:
    tokens, _ = api(payload, status=status)
    with pytest.raises(kind) as raised:
        tokens.refresh("CANARY")
    assert "CANARY" not in str(raised.value)


def test_no_repr_holds_a_token(api: Start) -> None:
    tokens, _ = api(GRANTED)
    assert "canary" not in repr(tokens.refresh("OLD"))
