"""What Ghost's Admin API promises about keys, posts and lists. The light blog must keep the same promises."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.contract.blogs import BlogUnderTest, fresh, problem

REFUSED = ("UnauthorizedError", "INVALID_JWT")
INVALID = (422, "ValidationError", None)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"exp": 600},
        {"iat": -250},
        {"iat": 120},
        {"iat": 4000, "exp": 5000},
        {"exp": None},
        {"aud": "/v5/admin/"},
        {"aud": "admin"},
    ],
)
def test_a_token_is_taken(blog: BlogUnderTest, changes: dict[str, Any]) -> None:
    answer = blog.call("GET", "/posts/", headers={"Authorization": f"Ghost {blog.token(**changes)}"})

    assert answer.status_code == 200
    assert answer.headers["content-version"].startswith("v6.")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iat": -400, "exp": 4000}, (401, *REFUSED)),
        ({"iat": None}, (401, *REFUSED)),
        ({"exp": -1}, (401, *REFUSED)),
        ({"aud": "/content/"}, (401, *REFUSED)),
        ({"secret": "00" * 32}, (401, *REFUSED)),
        ({"algorithm": "HS384", "secret": "00" * 48}, (401, *REFUSED)),
        ({"kid": "0" * 24}, (401, "UnauthorizedError", "UNKNOWN_ADMIN_API_KEY")),
        ({"kid": ""}, (400, "BadRequestError", "MISSING_ADMIN_API_KID")),
    ],
)
def test_a_token_is_refused(
    blog: BlogUnderTest, changes: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    answer = blog.call("GET", "/posts/", headers={"Authorization": f"Ghost {blog.token(**changes)}"})

    assert problem(answer) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (403, "NoPermissionError", None)),
        ({"Authorization": "Ghost nonsense"}, (400, "BadRequestError", "INVALID_JWT")),
        ({"Authorization": "Bearer x"}, (401, "UnauthorizedError", "INVALID_AUTH_HEADER")),
    ],
)
def test_a_request_without_a_token_is_refused(
    blog: BlogUnderTest, headers: dict[str, str], expected: tuple[int, str, str]
) -> None:
    answer = requests.get(f"{blog.url}/ghost/api/admin/posts/", headers=headers, timeout=30)

    assert problem(answer) == expected


def test_the_site_is_told_to_anybody(blog: BlogUnderTest) -> None:
    site = requests.get(f"{blog.url}/ghost/api/admin/site/", timeout=30).json()["site"]

    assert (site["title"], site["url"]) == ("everyday", f"{blog.url}/")


def test_one_slug_twice_makes_two_posts(blog: BlogUnderTest) -> None:
    slug = fresh()
    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(lambda _: blog.created(slug=slug)["slug"], range(5)))

    assert sorted(made) == [slug, *(f"{slug}-{number}" for number in (2, 3, 4, 5))]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"slug": "AbC--d_é x", "title": "x"}, r"abc-d_e-x(-\d+)?"),
        ({"title": "!!!"}, r"post(-\d+)?"),
        ({"title": "😀"}, r"post(-\d+)?"),
        ({"title": "It's 日本"}, r"its-ri-ben(-\d+)?"),
        ({"title": "word " * 50}, r"(word-){37}(-\d+)?"),
        ({"title": ""}, r"untitled(-\d+)?"),
    ],
)
def test_a_slug_is_made_from(blog: BlogUnderTest, given: dict[str, str], expected: str) -> None:
    assert re.fullmatch(expected, blog.created(**given)["slug"])


@pytest.mark.parametrize(
    ("field", "most"),
    [("title", 255), ("custom_excerpt", 300), ("feature_image_alt", 191)],
)
def test_a_limit_counts_characters_and_refuses_one_more(blog: BlogUnderTest, field: str, most: int) -> None:
    more = {"feature_image": "https://pictures.example/1.jpg"} if field == "feature_image_alt" else {}
    fits = "😀" * most

    assert blog.created(**{field: fits, **more})[field] == fits
    assert problem(blog.post(**{field: fits + "😀", **more})) == INVALID


def test_a_slug_has_at_most_191_characters_and_185_are_kept(blog: BlogUnderTest) -> None:
    slug = fresh().ljust(191, "y")

    assert blog.created(slug=slug)["slug"] == slug[:185]
    assert problem(blog.post(slug=f"{slug}y")) == INVALID


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "   "},
        {"title": None},
        {"title": 3},
        {"html": 3},
        {"status": "wild"},
        {"published_at": "yesterday"},
        {"published_at": "2010-05-01T08:25:28"},
        {"published_at": "2010-05-01"},
        {"status": "scheduled", "published_at": "2020-05-01T08:25:28Z"},
        {"status": "scheduled"},
        {"canonical_url": "two words"},
        {"feature_image": "two words"},
        {"codeinjection_foot": "x" * 65536},
        {"tags": "sea"},
        {"tags": [None]},
        {"tags": [{}]},
        {"tags": [""]},
        {"tags": ["x" * 192]},
        {"authors": []},
        {"authors": [{"name": "somebody"}]},
    ],
)
def test_a_post_is_refused_with(blog: BlogUnderTest, fields: dict[str, Any]) -> None:
    assert problem(blog.post(**fields)) == INVALID


@pytest.mark.parametrize(
    "body", [{}, {"posts": []}, {"posts": [{}]}, {"posts": [{"title": "1"}, {"title": "2"}]}]
)
def test_a_body_holds_one_post_with_a_title(blog: BlogUnderTest, body: dict[str, Any]) -> None:
    assert problem(blog.call("POST", "/posts/?source=html", json=body)) == INVALID


def test_a_body_that_is_not_json_is_refused(blog: BlogUnderTest) -> None:
    answer = blog.call("POST", "/posts/", data="{", headers={"Content-Type": "application/json"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("2010-05-01T08:25:28+0000", "2010-05-01T08:25:28.000Z"),
        ("2010-05-01T08:25:28+02:00", "2010-05-01T06:25:28.000Z"),
        ("2010-05-01T08:25:28.123Z", "2010-05-01T08:25:28.000Z"),
        ("2099-05-01T08:25:28Z", "2099-05-01T08:25:28.000Z"),
    ],
)
@pytest.mark.parametrize("status", ["draft", "published"])
def test_a_date_is_kept_in_utc(blog: BlogUnderTest, status: str, given: str, kept: str) -> None:
    post = blog.created(status=status, published_at=given)

    assert (post["status"], post["published_at"]) == (status, kept)


def test_what_is_not_told_is_filled_in(blog: BlogUnderTest) -> None:
    post = blog.created(unheard_of=1, created_at="2015-01-01T00:00:00.000Z", canonical_url="", slug="")

    assert post["status"] == "draft"
    assert post["published_at"] is None
    assert post["canonical_url"] is None
    assert not post["created_at"].startswith("2015")
    assert "unheard_of" not in post
    assert blog.created(updated_at="2015-01-01T00:00:00.000Z")["updated_at"] == "2015-01-01T00:00:00.000Z"
    assert blog.created(status="published")["published_at"] is not None


def test_an_address_of_the_blog_becomes_absolute(blog: BlogUnderTest) -> None:
    post = blog.created(canonical_url="/x", feature_image="/content/images/x.jpg")

    assert post["canonical_url"] == f"{blog.url}/x"
    assert post["feature_image"] == f"{blog.url}/content/images/x.jpg"
    assert blog.created(canonical_url="https://e.com/p/1/")["canonical_url"] == "https://e.com/p/1/"


def test_a_draft_and_a_post_have_their_addresses(blog: BlogUnderTest) -> None:
    draft, post = blog.created(), blog.created(status="published", slug=fresh())

    assert draft["url"] == f"{blog.url}/p/{draft['uuid']}/"
    assert post["url"] == f"{blog.url}/{post['slug']}/"
    assert requests.get(post["url"], timeout=30).status_code == 200
    assert requests.get(f"{blog.url}/{draft['slug']}/", timeout=30).status_code == 404


def test_a_page_carries_canonical_address_and_injected_code(blog: BlogUnderTest) -> None:
    post = blog.created(
        status="published",
        slug=fresh(),
        canonical_url="https://e.com/p/1/",
        codeinjection_foot="<!-- everyday instagram:1 rev:abc -->",
        title="<b>&",
    )
    page = requests.get(post["url"], timeout=30).text

    assert '<link rel="canonical" href="https://e.com/p/1/">' in page
    assert "<!-- everyday instagram:1 rev:abc -->" in page
    assert "&lt;b&gt;&amp;" in page


@pytest.mark.parametrize(
    "authors", [["nobody@example.com"], [{"slug": "nobody"}], [{"email": "owner@example.com"}], None]
)
def test_an_unknown_author_is_the_owner(blog: BlogUnderTest, authors: list[Any] | None) -> None:
    post = blog.created(**({"authors": authors} if authors else {}))

    assert [author["slug"] for author in post["authors"]] == ["owner"]


def test_a_post_that_is_not_there(blog: BlogUnderTest) -> None:
    gone = blog.created()
    path = f"/posts/{gone['id']}/"

    assert blog.call("DELETE", path).status_code == 204
    assert problem(blog.call("DELETE", path)) == (404, "NotFoundError", None)
    assert problem(blog.call("GET", path)) == (404, "NotFoundError", None)
    assert problem(blog.put(gone, title="x")) == (404, "NotFoundError", None)
    assert problem(blog.call("GET", "/posts/slug/nobody-has-this/")) == (404, "NotFoundError", None)
    assert problem(blog.call("GET", "/posts/no-id/")) == INVALID
    assert problem(blog.call("GET", "/nothing/")) == (404, "NotFoundError", None)
