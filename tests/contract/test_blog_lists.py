"""How posts are listed and found: over the light blog and over Ghost."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.blogs import BlogUnderTest, fresh, problem

INVALID = (422, "ValidationError", None)


@pytest.mark.parametrize(
    ("asked", "limit"), [("all", 100), ("101", 100), ("x", 100), ("0", 15), (None, 15), ("5", 5)]
)
def test_a_page_holds_at_most_a_hundred(blog: BlogUnderTest, asked: str | None, limit: int) -> None:
    answer = blog.call("GET", "/posts/", params={"limit": asked} if asked else {})

    assert answer.json()["meta"]["pagination"]["limit"] == limit


@pytest.mark.parametrize("query", [{"limit": "-1"}, {"page": "x"}, {"formats": "wild"}])
def test_a_list_is_refused_with(blog: BlogUnderTest, query: dict[str, str]) -> None:
    assert problem(blog.call("GET", "/posts/", params=query)) == INVALID


def test_pages_are_followed_by_next(blog: BlogUnderTest) -> None:
    mark = fresh("walk")
    made = [blog.created(canonical_url=f"https://e.com/{mark}")["id"] for _ in range(5)]
    query = {"filter": f"canonical_url:'https://e.com/{mark}'", "order": "created_at asc, id asc", "limit": 2}
    seen: list[str] = []
    page: int | None = 1
    while page:
        told = blog.call("GET", "/posts/", params={**query, "page": page}).json()
        seen += [post["id"] for post in told["posts"]]
        page = told["meta"]["pagination"]["next"]

    assert seen == made
    assert told["meta"]["pagination"] | {"limit": 2, "pages": 3, "total": 5} == told["meta"]["pagination"]


def test_a_page_past_the_end_is_empty_and_still_names_a_next(blog: BlogUnderTest) -> None:
    tag = fresh("tag")
    for _ in range(2):
        blog.created(tags=[tag])
    query = {"filter": f"tag:{tag}", "page": 999}
    several = blog.call("GET", "/posts/", params={**query, "limit": 1}).json()
    one = blog.call("GET", "/posts/", params={**query, "limit": 5}).json()

    assert several["posts"] == one["posts"] == []
    assert several["meta"]["pagination"]["next"] == 1000
    assert one["meta"]["pagination"]["next"] is None


def test_posts_are_found_by(blog: BlogUnderTest) -> None:
    slug, other = fresh(), fresh()
    tag = fresh("tag")
    post = blog.created(
        slug=slug,
        html=f"<p>word-{slug}</p>",
        tags=[tag],
        canonical_url=f"https://e.com/{slug}/",
        codeinjection_foot=f"<!-- everyday instagram:{slug} rev:abc -->",
        published_at="2001-02-03T00:00:00Z",
    )
    blog.created(slug=other)
    blog.created(slug=slug)
    both = {slug, f"{slug}-2"}
    cases = {
        f"slug:{slug}": {slug},
        f"slug:[{slug},{other}]": {slug, other},
        f"slug:~^'{slug}'": both,
        f"slug:~^'{slug.upper()}'": both,
        f"slug:~$'{slug}'": {slug},
        f"tag:{tag}": {slug},
        f"tags:[{tag}]+status:draft": {slug},
        f"tags:[{tag}]+status:published": set(),
        f"tag:{tag}+published_at:<'2001-02-04'": {slug},
        f"tag:{tag}+published_at:>'2001-02-04'": set(),
        f"html:~'{slug}'": {slug},
        f"plaintext:~'{slug}'": {slug},
        f"canonical_url:'https://e.com/{slug}/'": {slug},
        f"codeinjection_foot:~'instagram:{slug} '": {slug},
        f"codeinjection_foot:~'INSTAGRAM:{slug} '": {slug},
        f"slug:{other},codeinjection_foot:~'instagram:{slug} '": {slug, other},
        f"(slug:{slug},slug:{other})+slug:-{other}": {slug},
        f"id:{post['id']}": {slug},
        f"slug:~^'{slug[:-3]}%'": set(),
        f"slug:~^'{slug[:2]}_{slug[3:]}'": set(),
        "slug:'it\\'s'": set(),
    }

    assert {text: {each["slug"] for each in blog.found(filter=text)} for text in cases} == cases


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("((", (400, "BadRequestError", None)),
        ("slug", (400, "BadRequestError", None)),
        ("slug:x)", (400, "BadRequestError", None)),
        ("unheard_of:1", (400, "BadRequestError", "SQLITE_ERROR")),
    ],
)
def test_a_filter_is_refused(blog: BlogUnderTest, text: str, expected: tuple[int, str, str | None]) -> None:
    assert problem(blog.call("GET", "/posts/", params={"filter": text})) == expected


def test_only_the_fields_that_are_asked_for_are_told(blog: BlogUnderTest) -> None:
    slug = blog.created(html="<p>x</p>", slug=fresh())["slug"]

    assert set(blog.found(filter=f"slug:{slug}", fields="id,slug,unheard_of")[0]) == {"id", "slug"}
    assert "html" not in blog.found(filter=f"slug:{slug}")[0]
    assert blog.found(filter=f"slug:{slug}", formats="html")[0]["html"] == "<p>x</p>"


def test_drafts_come_first_and_then_the_newest(blog: BlogUnderTest) -> None:
    mark = f"https://e.com/{fresh('order')}"
    day = datetime(2001, 1, 1, tzinfo=UTC)
    for name, status, days in (("old", "published", 1), ("new", "published", 9), ("draft", "draft", 2)):
        at = (day + timedelta(days=days)).isoformat()
        blog.created(title=name, status=status, published_at=at, canonical_url=mark)

    assert [post["title"] for post in blog.found(filter=f"canonical_url:'{mark}'")] == ["draft", "new", "old"]
