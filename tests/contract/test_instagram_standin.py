"""The Instagram stand-in against what Meta documents and what real answers showed."""

import itertools
import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import html5lib
import pytest
import requests

from everyday.adapters.graph_http import GraphHttp
from everyday.adapters.instagram import GraphSource
from everyday.adapters.instagram_token import TokenApi
from everyday.adapters.media_http import MediaDownloads
from everyday_local.instagram.account import Account, Post
from everyday_local.instagram.control import Settings, turn
from everyday_local.instagram.faults import Effect, Fault, Op
from everyday_local.instagram.limits import Limits
from everyday_local.instagram.run import running, spawned
from everyday_local.instagram.sample import bulk
from everyday_local.instagram.standin import Standin
from everyday_local.instagram.tokens import APP_ID, APP_SECRET
from tests.builders import NOW

FIELDS = "id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,timestamp,username"
CHILDREN = "children{id,media_type,media_url,thumbnail_url,alt_text}"
HOME = "http://127.0.0.1:9/callback"


class Client:
    """Asks the stand-in. `standin` is reached into for what only the owner or the clock can do."""

    def __init__(self, standin: Standin) -> None:
        self.standin = standin
        self.session = requests.Session()

    def ask(
        self, path: str, *, method: str = "GET", token: str | None = None, **query: str
    ) -> requests.Response:
        asked = {"access_token": self.standin.token if token is None else token, **query}
        return self.session.request(method, f"{self.standin.url}{path}", params=asked, timeout=10)

    def json(self, path: str, **query: str) -> dict[str, Any]:
        answer = self.ask(path, **query)
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def error(self, path: str, **query: Any) -> tuple[int, int, int | None]:
        answer = self.ask(path, **query)
        told = answer.json()["error"]
        assert {"message", "type", "code", "is_transient", "fbtrace_id"} <= told.keys()
        return answer.status_code, told["code"], told.get("error_subcode")

    def pages(self, **query: str) -> Iterator[dict[str, Any]]:
        """Every page, each next one asked for by the cursor alone."""
        page = self.json("/v25.0/me/media", **query)
        yield page
        while "next" in page.get("paging", {}):
            page = self.json("/v25.0/me/media", **query, after=page["paging"]["cursors"]["after"])
            yield page

    def listed(self, **query: str) -> list[str]:
        return [medium["id"] for page in self.pages(**query) for medium in page["data"]]

    def first(self, **query: str) -> dict[str, Any]:
        told: dict[str, Any] = self.json("/me/media", fields=f"{FIELDS},{CHILDREN}", limit="1", **query)[
            "data"
        ][0]
        return told

    def get(self, address: str, **headers: str) -> requests.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(address, headers=named, timeout=10, allow_redirects=False)


@pytest.fixture(scope="module")
def sample() -> Iterator[Client]:
    """The sample account, for tests that change nothing."""
    with running(now=lambda: NOW) as standin:
        yield Client(standin)


@pytest.fixture
def small() -> Iterator[Client]:
    """Seven small media, for tests that change something."""
    with running(bulk(7, size=30_000), now=lambda: NOW) as standin:
        yield Client(standin)


# The listing


@pytest.mark.parametrize("limit", ["1", "7", "25", "100", "5000"])
def test_the_pages_hold_every_post_once_pinned_first_then_the_newest(sample: Client, limit: str) -> None:
    posts = sample.standin.account.listed
    assert sample.listed(limit=limit) == [post.id for post in posts]
    pinned = [post for post in posts if post.pinned]
    assert posts[: len(pinned)] == pinned
    assert pinned
    dates = [post.taken_at for post in posts[len(pinned) :]]
    assert dates == sorted(dates, reverse=True)
    assert max(dates) > min(post.taken_at for post in pinned)


def test_next_holds_the_token_in_clear_and_the_last_page_has_cursors_only(sample: Client) -> None:
    *pages, last = sample.pages(limit="30", fields="id")
    for page in pages:
        asked = parse_qs(urlsplit(page["paging"]["next"]).query)
        assert asked["access_token"] == [sample.standin.token]
        assert asked["after"] == [page["paging"]["cursors"]["after"]]
    assert last["paging"].keys() == {"cursors"}
    assert sample.get(pages[0]["paging"]["next"]).json() == pages[1]


def test_a_page_has_at_most_100_posts_and_25_by_default() -> None:
    with running(bulk(130, size=0), now=lambda: NOW) as standin:
        client = Client(standin)
        assert len(client.json("/me/media")["data"]) == 25
        assert [len(page["data"]) for page in client.pages(limit="500")] == [100, 30]


def test_an_empty_account_has_a_page_without_paging(sample: Client) -> None:
    with running(Account(sample.standin.account.profile, []), now=lambda: NOW) as standin:
        assert Client(standin).json("/me/media") == {"data": []}


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "x"}, {"limit": "-1"}, {"after": "%%"}, {"after": "W10"}]
)
def test_a_bad_limit_or_cursor_is_code_100(sample: Client, query: dict[str, str]) -> None:
    assert sample.error("/me/media", **query) == (400, 100, None)


@pytest.mark.parametrize("who", ["me", "17841400000000001"])
def test_the_listing_is_found_under_me_and_the_user_id(sample: Client, who: str) -> None:
    assert len(sample.json(f"/{who}/media", limit="3")["data"]) == 3


def test_stories_and_archived_posts_are_not_listed(sample: Client) -> None:
    hidden = {post.id for post in sample.standin.account.posts if not post.section.postable}
    assert len(hidden) >= 5
    assert not hidden & set(sample.listed(limit="100"))


def test_stories_are_seen_for_24_hours() -> None:
    moment = NOW
    with running(now=lambda: moment) as standin:
        story = next(post for post in standin.account.posts if post.section.value == "story")
        moment = story.taken_at + timedelta(hours=23)
        token = standin.tokens.issue(moment - timedelta(days=1))
        assert Client(standin).ask("/me/stories", token=token).json() == {"data": [{"id": story.id}]}
        moment += timedelta(hours=1)
        assert Client(standin).ask("/me/stories", token=token).json() == {"data": []}


# Fields


def posts_by(sample: Client, fields: str) -> dict[str, dict[str, Any]]:
    return {
        medium["id"]: medium for page in sample.pages(limit="100", fields=fields) for medium in page["data"]
    }


def test_only_the_asked_fields_are_answered_in_their_order_and_the_id_always(sample: Client) -> None:
    medium = sample.json("/me/media", fields="timestamp,permalink", limit="1")["data"][0]
    assert list(medium) == ["timestamp", "permalink", "id"]
    assert datetime.fromisoformat(medium["timestamp"]).tzinfo == UTC
    assert medium["timestamp"].endswith("+0000")
    assert list(sample.json("/me/media", limit="1")["data"][0]) == ["id"]


def test_what_has_no_value_is_left_out(sample: Client) -> None:
    told = posts_by(sample, "caption,like_count,media_url,thumbnail_url,children,is_ai_generated")
    for post in sample.standin.account.listed:
        medium = told[post.id]
        assert ("caption" in medium) == (post.caption is not None)
        assert ("like_count" in medium) == (post.likes is not None)
        assert ("media_url" in medium) == (not post.files[0].withheld)
        assert ("thumbnail_url" in medium) == (post.media_type == "VIDEO")
        assert ("children" in medium) == (post.media_type == "CAROUSEL_ALBUM")
        assert "is_ai_generated" not in medium


def test_a_carousels_children_come_in_order_without_captions(sample: Client) -> None:
    post = next(post for post in sample.standin.account.listed if len(post.files) == 10)
    fields = "id,caption,media_type,media_url,permalink"
    told = sample.json(f"/{post.id}", fields=f"media_url,children{{{fields}}}")
    children = told["children"]["data"]
    assert [child["id"] for child in children] == [file.id for file in post.files]
    assert all(child.keys() == {"id", "media_type", "media_url", "permalink"} for child in children)
    assert urlsplit(told["media_url"]).path == urlsplit(children[0]["media_url"]).path
    apart = sample.json(f"/{post.id}/children", fields="id,media_type")
    assert [child["id"] for child in apart["data"]] == [child["id"] for child in children]
    assert sample.json(f"/{children[3]['id']}", fields="media_type")["media_type"] == "IMAGE"


def test_alternative_texts_are_for_pictures_only(sample: Client) -> None:
    told = posts_by(sample, "alt_text")
    single = [post for post in sample.standin.account.listed if len(post.files) == 1]
    for post in single:
        assert told[post.id].get("alt_text") == (None if post.files[0].video else post.files[0].alt)
    assert {bool(post.files[0].alt and post.files[0].video) for post in single} == {True, False}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/me/media", "id,location"),
        ("/me/media", "id,children{id,edited_at}"),
        ("/me/media", "view_count"),
        ("/me", "id,email"),
        ("/17900000000000001", "nope"),
    ],
)
def test_one_unknown_field_fails_the_whole_call(sample: Client, path: str, fields: str) -> None:
    assert sample.error(path, fields=fields) == (400, 100, None)


@pytest.mark.parametrize("fields", ["id,children{id", "id}", "{id}", "id;caption", "id,,caption"])
def test_a_malformed_field_list_is_code_2500(sample: Client, fields: str) -> None:
    assert sample.error("/me/media", fields=fields) == (400, 2500, None)


def test_an_account_can_refuse_fields_that_exist(small: Client) -> None:
    turn(small.standin, Settings(refused_fields=["alt_text"]))
    assert small.error("/me/media", fields="id,alt_text") == (400, 100, None)
    assert small.error("/me/media", fields="id,children{alt_text}") == (400, 100, None)
    assert small.json("/me/media", fields="id,caption")["data"]


def test_the_owner_is_described(sample: Client) -> None:
    told = sample.json("/me", fields="user_id,username,account_type,media_count")
    assert told["user_id"] == "17841400000000001"
    assert told["id"] != told["user_id"]
    assert told["media_count"] == len(sample.standin.account.listed)


# Tokens


def test_a_token_is_taken_from_the_query_or_the_header(sample: Client) -> None:
    header = {"Authorization": f"Bearer {sample.standin.token}"}
    assert requests.get(f"{sample.standin.url}/me", headers=header, timeout=10).status_code == 200
    assert sample.error("/me", token="") == (400, 190, None)
    assert sample.error("/me", token="IGAAsomethingelse") == (400, 190, None)


@pytest.mark.parametrize("subcode", [458, 459, 460, 464, 467])
def test_a_revoked_token_says_why(small: Client, subcode: int) -> None:
    small.standin.tokens.revoke(small.standin.token, subcode)
    assert small.error("/me/media") == (400, 190, subcode)


def test_a_token_dies_after_60_days(small: Client) -> None:
    small.standin.advance(timedelta(days=57, hours=23))
    assert small.ask("/me").status_code == 200
    small.standin.advance(timedelta(hours=2))
    assert small.error("/me") == (400, 190, 463)
    assert small.error("/refresh_access_token", grant_type="ig_refresh_token") == (400, 190, 463)


def test_a_refresh_gives_60_days_and_the_old_token_lives_on(small: Client) -> None:
    told = small.json("/refresh_access_token", grant_type="ig_refresh_token")
    assert told.keys() == {"access_token", "token_type", "expires_in"}
    assert (told["token_type"], told["expires_in"]) == ("bearer", 60 * 86400)
    for token in (told["access_token"], small.standin.token):
        assert small.ask("/me", token=token).status_code == 200


def test_a_token_younger_than_24_hours_is_not_refreshed(small: Client) -> None:
    young = small.json("/refresh_access_token", grant_type="ig_refresh_token")["access_token"]
    query = {"token": young, "grant_type": "ig_refresh_token"}
    assert small.error("/refresh_access_token", **query)[0] == 400
    assert small.ask("/me", token=young).status_code == 200
    small.standin.advance(timedelta(hours=24))
    assert small.ask("/refresh_access_token", **query).status_code == 200


@pytest.mark.parametrize("path", ["/refresh_access_token", "/me", "/me/media", "/access_token"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_only_get_is_supported(small: Client, path: str, method: str) -> None:
    answer = small.ask(path, method=method, grant_type="ig_refresh_token")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == f"Unsupported request - method type: {method.lower()}"


def log_in(client: Client) -> str:
    """The owner says yes; returns the code."""
    asked = {"client_id": APP_ID, "redirect_uri": HOME + "?x=1", "response_type": "code", "state": "s<1"}
    page = client.session.get(f"{client.standin.url}/oauth/authorize", params=asked, timeout=10)
    link = html5lib.parse(page.text, namespaceHTMLElements=False).find(".//a[@id='allow']")
    assert link is not None
    address = link.get("href") or ""
    assert address.startswith(HOME + "?x=1&")
    assert address.endswith("#_")
    told = parse_qs(urlsplit(address).query)
    assert told["state"] == ["s<1"]
    return told["code"][0]


def test_a_login_leads_from_a_code_to_a_long_lived_token(small: Client) -> None:
    code = log_in(small)
    form = {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": HOME + "?x=1",
        "code": code,
    }
    redeemed = requests.post(f"{small.standin.url}/oauth/access_token", data=form, timeout=10)
    short = redeemed.json()["access_token"]
    assert small.error("/refresh_access_token", token=short, grant_type="ig_refresh_token")[0] == 400
    asked = {"grant_type": "ig_exchange_token", "client_secret": APP_SECRET}
    long = small.ask("/access_token", token=short, **asked).json()
    assert long["expires_in"] == 60 * 86400
    small.standin.advance(timedelta(hours=25))
    assert small.error("/me", token=short) == (400, 190, 463)
    assert small.ask("/me", token=long["access_token"]).status_code == 200
    renewed = TokenApi(GraphHttp(small.standin.url)).refresh(long["access_token"])
    assert renewed.access_token != long["access_token"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"code": "AQother"},
        {"redirect_uri": "http://127.0.0.1:9/other"},
        {"client_secret": "no"},
        {"client_id": "1"},
    ],
)
def test_a_code_is_redeemed_once_by_its_own_application(small: Client, wrong: dict[str, str]) -> None:
    good = {
        "client_id": APP_ID,
        "client_secret": APP_SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": HOME,
        "code": small.standin.tokens.code(HOME),
    }
    address = f"{small.standin.url}/oauth/access_token"
    statuses = [
        requests.post(address, data=form, timeout=10).status_code for form in ({**good, **wrong}, good, good)
    ]
    assert statuses == [400, 200, 400]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/access_token", {"grant_type": "ig_exchange_token", "client_secret": "wrong"}),
        (
            "/access_token",
            {"grant_type": "ig_exchange_token", "client_secret": APP_SECRET},
        ),  # long-lived already
        ("/access_token", {"grant_type": "other"}),
        ("/refresh_access_token", {}),
    ],
)
def test_wrong_token_requests_are_refused(small: Client, path: str, query: dict[str, str]) -> None:
    assert small.error(path, **query)[0] == 400


# Errors and limits


@pytest.mark.parametrize("node", ["17999999999999999", "1", "nonsense"])
def test_an_unknown_node_is_100_33(sample: Client, node: str) -> None:
    for path in (f"/{node}", f"/{node}/children", f"/{node}/media"):
        assert sample.error(path) == (400, 100, 33)


@pytest.mark.parametrize(
    ("code", "subcode"),
    [
        *((190, subcode) for subcode in (463, 460, 458, 467, 459, 464, None)),
        *((code, None) for code in (102, 4, 17, 32, 613, 80002, 80000, 10, 200, 299, 3, 100, 341, 368)),
        (1, 99),
        (2, None),
        (4, 2446079),
        (100, 33),
    ],
)
def test_every_documented_error_comes_on_demand_at_the_call_that_is_asked_for(
    small: Client, code: int, subcode: int | None
) -> None:
    small.standin.faults.plant(
        Fault(on=Op.LIST, do=Effect.ERROR, nth=2, code=code, subcode=subcode, minutes=7)
    )
    assert small.ask("/me/media").status_code == 200
    answer = small.ask("/me/media")
    error = answer.json()["error"]
    assert answer.status_code == (500 if code in {1, 2} else 400)
    assert (error["code"], error.get("error_subcode")) == (code, subcode)
    assert error["is_transient"] is (code in {1, 2})
    assert small.ask("/me/media").status_code == 200


def test_a_throttled_call_says_how_long_to_wait(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.ERROR, code=80002, minutes=7))
    told = json.loads(small.ask("/me/media").headers["X-Business-Use-Case-Usage"])
    (usage,) = told["17841400000000001"]
    assert (usage["type"], usage["call_count"], usage["estimated_time_to_regain_access"]) == (
        "instagram",
        100,
        7,
    )


@pytest.mark.parametrize(
    ("limits", "code", "wait"),
    [
        ({"hourly": 4, "daily": 100}, 4, timedelta(hours=1)),
        ({"hourly": 100, "daily": 4}, 80002, timedelta(days=1)),
    ],
)
def test_a_spent_budget_throttles_until_the_window_has_passed(
    limits: dict[str, int], code: int, wait: timedelta
) -> None:
    with running(bulk(2, size=0), now=lambda: NOW, limits=Limits(**limits)) as standin:
        client = Client(standin)
        shares = [usage(client.ask("/me"), code)["call_count"] for _ in range(4)]
        assert shares == [25, 50, 75, 100]
        assert client.error("/me") == (400, code, None)
        assert usage(client.ask("/me"), code)["call_count"] == 100
        standin.advance(wait)
        assert client.ask("/me").status_code == 200


def usage(answer: requests.Response, code: int) -> dict[str, Any]:
    if code == 4:
        told: dict[str, Any] = json.loads(answer.headers["X-App-Usage"])
        assert told.keys() == {"call_count", "total_time", "total_cputime"}
        return told
    whole = json.loads(answer.headers["X-Business-Use-Case-Usage"])
    return dict(whole["17841400000000001"][0])


# Listings that go wrong


def test_a_listing_cut_short_has_no_next_although_there_is_more(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.CUT, nth=2))
    assert len(small.listed(limit="2")) == 4
    assert len(small.listed(limit="2")) == 7


def test_a_repeated_page_is_the_one_before(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.REPEAT, nth=3))
    first, second, again, *rest = small.pages(limit="2")
    assert again == second != first
    assert len(rest) == 2


def test_a_loop_leads_back_to_the_first_page(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.LOOP, nth=2, times=None))
    pages = itertools.islice(small.pages(limit="2"), 9)
    ids = [medium["id"] for page in pages for medium in page["data"]]
    assert len(ids) == 18
    assert len(set(ids)) == 4


def test_an_empty_page_ends_the_listing(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.EMPTY, nth=2))
    assert list(small.pages(limit="2"))[1:] == [{"data": []}]


def test_a_post_that_arrives_during_the_walk_shifts_nothing(small: Client) -> None:
    before = small.listed()
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.PUBLISH, nth=2, caption="Just now"))
    assert small.listed(limit="3") == before
    after = small.listed(limit="3")
    assert after[1:] == before
    assert small.json(f"/{after[0]}", fields="caption")["caption"] == "Just now"


def test_a_post_deleted_or_edited_during_the_walk_shifts_nothing(small: Client) -> None:
    before = small.listed()
    small.standin.faults.plant(
        Fault(on=Op.LIST, do=Effect.DELETE, nth=2, post=before[2]),
        Fault(on=Op.LIST, do=Effect.EDIT, nth=2, post=before[6], caption="Edited"),
    )
    assert small.listed(limit="3") == before
    assert small.error(f"/{before[2]}") == (400, 100, 33)
    assert small.json(f"/{before[6]}", fields="caption")["caption"] == "Edited"


@pytest.mark.parametrize(
    ("fault", "status", "start"),
    [
        ({"do": Effect.HTML}, 200, "<!doctype html>"),
        ({"do": Effect.NOT_JSON}, 200, '{"data"'),
        ({"do": Effect.STATUS, "status": 503}, 503, ""),
    ],
)
def test_an_answer_can_be_no_answer_at_all(
    small: Client, fault: dict[str, Any], status: int, start: str
) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, **fault))
    answer = small.ask("/me/media")
    assert answer.status_code == status
    assert answer.text.startswith(start)
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_the_connection_of_a_call_can_be_reset(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.LIST, do=Effect.RESET))
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        small.ask("/me/media")
    assert small.standin.calls(Op.LIST)[0].status == 0


# Files


def test_a_file_is_whole_and_the_same_at_every_address(small: Client) -> None:
    one, other = (small.first()["media_url"] for _ in range(2))
    assert one != other
    first, second = small.get(one), small.get(other)
    assert first.headers["Content-Type"] == "image/jpeg"
    assert int(first.headers["Content-Length"]) == len(first.content) == 30_000
    assert first.content == second.content
    assert first.content[:3] == b"\xff\xd8\xff"


def test_an_address_expires_at_its_oe_and_a_fresh_one_works(small: Client) -> None:
    address = small.first()["media_url"]
    expires = datetime.fromtimestamp(int(parse_qs(urlsplit(address).query)["oe"][0], 16), UTC)
    assert expires == NOW + timedelta(days=3)
    small.standin.advance(expires - NOW - timedelta(seconds=1))
    assert small.get(address).status_code == 200
    small.standin.advance(timedelta(seconds=1))
    refused = small.get(address)
    assert (refused.status_code, refused.text) == (403, "URL signature expired")
    assert small.get(small.first()["media_url"]).status_code == 200


def test_a_tampered_address_is_refused(small: Client) -> None:
    address = small.first()["media_url"]
    path = urlsplit(address).path
    later = address.replace("oe=6", "oe=7")
    other = small.json("/me/media", fields="media_url", limit="2")["data"][1]["media_url"].split("?")[1]
    unsigned = f"{small.standin.url}{path}"
    for wrong in (later, f"{unsigned}?{other}", unsigned, f"{unsigned}?oe=zz&oh=zz"):
        assert wrong != address
        assert small.get(wrong).status_code == 403, wrong
    assert small.get(address.replace("_n.jpg", "_n.mp4")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "start", "end"),
    [
        ("bytes=0-99", 206, 0, 100),
        ("bytes=29990-", 206, 29990, 30000),
        ("bytes=-10", 206, 29990, 30000),
        ("bytes=100-99999", 206, 100, 30000),
        ("bytes=0-", 200, 0, 30000),
        ("lines=1-2", 200, 0, 30000),
        ("bytes=30000-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
    ],
)
def test_a_range_gives_just_those_bytes(small: Client, asked: str, status: int, start: int, end: int) -> None:
    address = small.first()["media_url"]
    whole, part = small.get(address).content, small.get(address, Range=asked)
    assert part.status_code == status
    assert part.content == whole[start:end]
    if status == 206:
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/30000"


def test_a_film_of_any_size_is_streamed() -> None:
    size = 12_000_000
    with running(bulk(1, size=size, film=True), now=lambda: NOW) as standin:
        client = Client(standin)
        answer = client.get(client.first()["media_url"])
        assert (answer.headers["Content-Type"], len(answer.content)) == ("video/mp4", size)
        assert answer.content[4:8] == b"ftyp"
        tail = client.get(client.first()["media_url"], Range="bytes=-5000000")
        assert tail.content == answer.content[-5_000_000:]


FILE_FAULTS = [
    ({"do": Effect.HTML}, 200, b"<!doctype html>"),
    ({"do": Effect.WRONG_TYPE}, 200, b"%PDF"),
    ({"do": Effect.EXPIRED}, 403, b"URL signature expired"),
    ({"do": Effect.STATUS, "status": 500}, 500, b""),
    ({"do": Effect.REDIRECT, "url": "http://169.254.169.254/latest"}, 302, b""),
]


@pytest.mark.parametrize(("fault", "status", "start"), FILE_FAULTS)
def test_a_download_can_be_something_else(
    small: Client, fault: dict[str, Any], status: int, start: bytes
) -> None:
    small.standin.faults.plant(Fault(on=Op.FILE, **fault))
    address = small.first()["media_url"]
    answer = small.get(address)
    assert answer.status_code == status
    assert answer.content.startswith(start)
    assert answer.headers.get("Location", "") == fault.get("url", "")
    assert len(small.get(address).content) == 30_000


def left_open(address: str) -> socket.socket:
    """A connection over which the file is asked for."""
    parts = urlsplit(address)
    connection = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10)
    connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    return connection


def read_head(connection: socket.socket) -> bytes:
    """The answer's head and nothing of its body."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += connection.recv(1)
    return head


def nothing_more(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return not connection.recv(1)
    except BlockingIOError:
        return True


def test_a_download_can_end_too_early(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.FILE, do=Effect.TRUNCATED, size=1000))
    with left_open(small.first()["media_url"]) as connection:
        assert b"content-length: 30000\r\n" in read_head(connection)
        assert len(b"".join(iter(lambda: connection.recv(4096), b""))) == 1000


def test_a_download_can_be_reset(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.FILE, do=Effect.RESET, size=1000))
    with left_open(small.first()["media_url"]) as connection, pytest.raises(ConnectionResetError):
        list(iter(lambda: connection.recv(4096), b""))


def test_5_gb_can_be_declared_and_never_sent_while_others_are_served(small: Client) -> None:
    small.standin.faults.plant(Fault(on=Op.FILE, do=Effect.HUGE))
    address = small.first()["media_url"]
    with left_open(address) as connection:
        assert b"content-length: 5368709120\r\n" in read_head(connection)
        assert len(small.get(address).content) == 30_000


def test_a_download_can_drip(small: Client) -> None:
    small.standin.faults.plant(
        Fault(on=Op.FILE, do=Effect.DRIP, size=2, seconds=3600),
        Fault(on=Op.FILE, do=Effect.DRIP, size=5000, seconds=0.001, nth=3),
    )
    address = small.first()["media_url"]
    with left_open(address) as connection:
        assert b"content-length: 30000\r\n" in read_head(connection)
        assert connection.recv(100) == b"\xff\xd8"
        whole = small.get(address).content
        assert nothing_more(connection)
    assert small.get(address).content == whole


def test_a_slow_answer_holds_nobody_up(small: Client) -> None:
    slow, quick = small.json("/me/media", fields="media_url", limit="2")["data"]
    small.standin.faults.plant(Fault(on=Op.FILE, do=Effect.DELAY, seconds=3600, target=slow["id"]))
    with left_open(slow["media_url"]) as waiting:
        assert small.get(quick["media_url"]).status_code == 200
        assert nothing_more(waiting)
    assert small.get(quick["media_url"]).status_code == 200


def test_a_fault_can_be_aimed_at_one_medium(small: Client) -> None:
    ids = small.listed()
    small.standin.faults.plant(Fault(on=Op.FILE, do=Effect.EXPIRED, target=ids[2], times=None))
    media = small.json("/me/media", fields="media_url")["data"]
    statuses = {medium["id"]: small.get(medium["media_url"]).status_code for medium in media}
    assert [id_ for id_, status in statuses.items() if status == 403] == [ids[2]]


# The log, the control API, the state


def test_the_log_tells_every_call_and_no_secret(small: Client) -> None:
    small.listed(limit="3", fields="id,media_url")
    small.get(small.first()["media_url"])
    small.error("/refresh_access_token", grant_type="ig_exchange_token", client_secret="hush")
    log = small.standin.log
    assert [call.op for call in log] == ["list", "list", "list", "list", "file", "refresh"]
    assert [call.status for call in log] == [200] * 5 + [400]
    assert log[0].query == {"limit": "3", "fields": "id,media_url"}
    for secret in (small.standin.token, "hush", "oh="):
        assert secret not in repr(log)


def test_another_process_can_steer_it(small: Client) -> None:
    base = f"{small.standin.url}/_standin"
    session = small.session
    made = session.post(f"{base}/posts", json={"caption": "Hello <b>"}, timeout=10).json()["id"]
    assert small.listed()[0] == made
    assert session.patch(f"{base}/posts/{made}", json={"caption": "New"}, timeout=10).status_code == 204
    assert small.json(f"/{made}", fields="caption")["caption"] == "New"
    assert session.delete(f"{base}/posts/{made}", timeout=10).status_code == 204
    assert session.delete(f"{base}/posts/{made}", timeout=10).status_code == 404
    assert session.post(f"{base}/faults", json=[{"on": "me", "do": "error", "code": 10}], timeout=10).ok
    assert small.error("/me") == (400, 10, None)
    session.post(f"{base}/settings", json={"url_seconds": 60, "advance_seconds": 30}, timeout=10)
    expires = int(parse_qs(urlsplit(small.first()["media_url"]).query)["oe"][0], 16)
    assert expires == (NOW + timedelta(seconds=90)).timestamp()
    session.post(f"{base}/settings", json={"now": "2026-06-01T00:00:00+00:00"}, timeout=10)
    assert small.standin.now() == datetime(2026, 6, 1, tzinfo=UTC)
    young = session.post(f"{base}/tokens", json={"age_hours": 1}, timeout=10).json()["access_token"]
    assert small.error("/refresh_access_token", token=young, grant_type="ig_refresh_token")[0] == 400
    assert session.delete(f"{base}/log", timeout=10).json()["calls"][-1]["op"] == "refresh"
    assert session.get(f"{base}/log", timeout=10).json() == {"calls": []}


def test_the_owners_secret_has_the_shape_that_the_application_keeps(small: Client) -> None:
    secret = requests.post(f"{small.standin.url}/_standin/token", timeout=10).json()
    assert secret["access_token"] == small.standin.token
    assert datetime.fromisoformat(secret["obtained_at"]) == NOW - timedelta(days=2)
    assert datetime.fromisoformat(secret["expires_at"]) == NOW + timedelta(days=58)
    assert requests.get(f"{small.standin.url}/_standin/health", timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("faults", '[{"on":"me","do":"explode"}]'),
        ("settings", '{"dely_ms":1}'),
        ("posts", "{}"),
        ("tokens", "no"),
    ],
)
def test_a_wrong_order_is_refused_with_the_reason(small: Client, path: str, body: str) -> None:
    answer = requests.post(f"{small.standin.url}/_standin/{path}", data=body, timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_restart_shows_the_same_account(tmp_path: Path) -> None:
    with running(state=tmp_path, now=lambda: NOW) as standin:
        client = Client(standin)
        edited, deleted, *_ = client.listed()
        standin.account.edit(edited, "Changed\u202e my mind")
        standin.account.remove(deleted)
        made = standin.publish("And one more")
        token, before, film = standin.token, client.listed(limit="100"), first_film(client)
    with running(state=tmp_path, now=lambda: NOW) as standin:
        client = Client(standin)
        assert standin.token == token
        assert client.listed(limit="100") == before
        assert client.json(f"/{edited}", fields="caption")["caption"] == "Changed\u202e my mind"
        assert client.error(f"/{deleted}") == (400, 100, 33)
        assert made.id in before
        address = urlsplit(film)
        assert client.get(f"{standin.url}{address.path}?{address.query}").status_code == 200
        standin.account.remove(made.id)
        assert standin.publish("Not the same post").id != made.id


def first_film(client: Client) -> str:
    post = next(post for post in client.standin.account.listed if post.files[0].video)
    address: str = client.json(f"/{post.id}", fields="media_url")["media_url"]
    return address


# Readers of the whole


def test_our_own_client_reads_the_whole_account(sample: Client) -> None:
    url = sample.standin.url
    source = GraphSource(
        GraphHttp(url),
        token=lambda: sample.standin.token,
        media=MediaDownloads([url], max_bytes=10_000_000),
        page_size=30,
    )
    posts: dict[str, Post] = {post.id: post for post in sample.standin.account.listed}
    cursor, media = None, []
    while True:
        page = source.page(cursor)
        assert not page.unreadable
        media += page.media
        if (cursor := page.cursor) is None:
            break
    assert [medium.id for medium in media] == list(posts)
    for medium in media:
        post = posts[medium.id]
        assert (medium.caption, medium.taken_at) == (post.caption or "", post.taken_at)
        assert [item.video for item in medium.items] == [file.video for file in post.files]
    film = next(item for medium in media for item in medium.items if item.video and item.url)
    with source.open(film) as body:
        assert b"".join(body.chunks)[4:8] == b"ftyp"


def test_the_page_shows_captions_as_text_and_nothing_else(sample: Client) -> None:
    for post in sample.standin.account.listed:
        page = sample.get(sample.standin.url + post.permalink.removeprefix("https://www.instagram.com"))
        tree = html5lib.parse(page.text, namespaceHTMLElements=False)
        shown = tree.find(".//p[@class='caption']")
        assert shown is not None
        assert (shown.text or "") == (post.caption or "")
        assert len(shown) == 0
        assert tree.find(".//script") is None
        assert not [name for element in tree.iter() for name in element.attrib if str(name).startswith("on")]
    grid = html5lib.parse(sample.get(sample.standin.url).text, namespaceHTMLElements=False)
    assert len(grid.findall(".//li/a")) == len(sample.standin.account.listed)
    assert grid.find(".//script") is None


def test_it_runs_as_a_process_that_says_where_it_is_and_ends_when_told(tmp_path: Path) -> None:
    with spawned("--port", "0", "--state", str(tmp_path), "--bulk", "3", "--bytes", "9000") as there:
        page = requests.get(
            f"{there.url}/me/media", params={"access_token": there.token, "fields": "media_url"}, timeout=10
        ).json()
        assert len(page["data"]) == there.media == 3
        assert len(requests.get(page["data"][0]["media_url"], timeout=10).content) == 9000
    with pytest.raises(requests.ConnectionError):
        requests.get(there.url, timeout=10)
