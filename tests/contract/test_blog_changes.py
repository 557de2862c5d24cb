"""How posts change and are tagged: over the light blog and over Ghost."""

from typing import Any

import pytest

from tests.contract.blogs import BlogUnderTest, fresh, problem, tree

LONG_AGO = "2020-01-01T00:00:00.000Z"
COLLISION = (409, "UpdateCollisionError", "UPDATE_COLLISION")
INVALID = (422, "ValidationError", None)


def old_post(blog: BlogUnderTest, **fields: Any) -> dict[str, Any]:
    """A post last changed long ago, so that a change shows without waiting for the next second."""
    return blog.created(updated_at=LONG_AGO, html="<p>one</p>", tags=["a", "b"], slug=fresh(), **fields)


def test_a_change_says_what_it_is_based_on(blog: BlogUnderTest) -> None:
    post = old_post(blog)
    path = f"/posts/{post['id']}/?source=html"

    assert problem(blog.call("PUT", path, json={"posts": [{"title": "x"}]})) == INVALID
    assert problem(blog.put({**post, "updated_at": "x"}, title="x")) == INVALID


def test_a_change_moves_updated_at(blog: BlogUnderTest) -> None:
    post = old_post(blog)
    changed = blog.put(post, html="<p>two</p>").json()["posts"][0]

    assert tree(changed["html"]) == "<p>two</p>"
    assert changed["updated_at"] > post["updated_at"]
    assert [tag["name"] for tag in changed["tags"]] == ["a", "b"]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "A title"},
        {"html": "<p>one</p>"},
        {"html": "<p><span>one</span></p><!-- no difference -->"},
        {"tags": ["a", "b"]},
        {"tags": ["b", "a"]},
    ],
)
@pytest.mark.parametrize("based_on", [LONG_AGO, "2021-01-01T00:00:00.000Z"])
def test_a_change_of_nothing_moves_nothing(
    blog: BlogUnderTest, fields: dict[str, Any], based_on: str
) -> None:
    post = old_post(blog)
    answer = blog.put({**post, "updated_at": based_on}, **fields)

    assert answer.status_code == 200
    assert answer.json()["posts"][0]["updated_at"] == LONG_AGO


@pytest.mark.parametrize("fields", [{"title": "Other"}, {"html": "<p>two</p>"}, {"tags": ["c"]}])
@pytest.mark.parametrize("based_on", ["2019-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z"])
def test_a_stale_change_collides(blog: BlogUnderTest, fields: dict[str, Any], based_on: str) -> None:
    post = old_post(blog)

    assert problem(blog.put({**post, "updated_at": based_on}, **fields)) == COLLISION


def test_other_tags_alone_are_kept_and_do_not_move_updated_at(blog: BlogUnderTest) -> None:
    post = old_post(blog)
    changed = blog.put(post, tags=["c"]).json()["posts"][0]

    assert [tag["name"] for tag in changed["tags"]] == ["c"]
    assert changed["updated_at"] == LONG_AGO


def test_a_slug_that_is_taken_gets_a_number_on_change_too(blog: BlogUnderTest) -> None:
    taken = blog.created(slug=fresh())["slug"]

    assert blog.put(old_post(blog), slug=taken).json()["posts"][0]["slug"] == f"{taken}-2"


def test_publishing_keeps_the_date_and_unpublishing_too(blog: BlogUnderTest) -> None:
    draft = old_post(blog, published_at="2011-01-01T00:00:00Z")
    post = blog.put(draft, status="published").json()["posts"][0]
    again = blog.put(post, status="draft").json()["posts"][0]

    assert (post["status"], post["published_at"]) == ("published", "2011-01-01T00:00:00.000Z")
    assert (again["status"], again["published_at"]) == ("draft", "2011-01-01T00:00:00.000Z")


@pytest.mark.parametrize(
    ("fields", "kept"),
    [({"tags": []}, {"tags": []}), ({"title": ""}, {"title": "(Untitled)"})],
)
def test_a_change_may_empty(blog: BlogUnderTest, fields: dict[str, Any], kept: dict[str, Any]) -> None:
    changed = blog.put(old_post(blog), **fields).json()["posts"][0]

    assert {name: changed[name] for name in kept} == kept


@pytest.mark.parametrize(
    "fields", [{"title": "x" * 256}, {"authors": []}, {"html": "<video src='/v.mp4'></video>"}]
)
def test_a_change_is_refused_with(blog: BlogUnderTest, fields: dict[str, Any]) -> None:
    assert problem(blog.put(old_post(blog), **fields)) == INVALID


def tags_of(post: dict[str, Any]) -> list[tuple[str, str]]:
    return [(tag["name"], tag["visibility"]) for tag in post["tags"]]


def test_tags_are_matched_by_exact_name(blog: BlogUnderTest) -> None:
    name = fresh("sunset")
    small = blog.created(tags=[name])["tags"][0]
    again, capital = (blog.created(tags=[each])["tags"][0] for each in (name, name.title()))

    assert again["id"] == small["id"]
    assert (small["slug"], capital["slug"]) == (name, f"{name}-2")
    assert blog.created(tags=[{"slug": name}])["tags"][0]["id"] == small["id"]


def test_a_post_has_a_name_once_whatever_its_case(blog: BlogUnderTest) -> None:
    name = fresh("dusk")

    assert tags_of(blog.created(tags=[name.title(), name, name.upper()])) == [(name.title(), "public")]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("日本", "ri-ben"),
        ("привет", "privet"),
        ("a,b", "a-b"),
        ("it's", "its"),
        ("C++", "c"),
        ("straße", "strasse"),
    ],
)
def test_the_slug_of_a_tag(blog: BlogUnderTest, name: str, slug: str) -> None:
    made = blog.created(tags=[name])["tags"][0]

    assert made["name"] == name
    assert made["slug"] in {slug, *(f"{slug}-{number}" for number in range(2, 9))}


def test_a_tag_with_a_hash_is_internal(blog: BlogUnderTest) -> None:
    post = blog.created(tags=["#instagram", "sea"])

    assert tags_of(post) == [("#instagram", "internal"), ("sea", "public")]
    assert post["tags"][0]["slug"] == "hash-instagram"
    assert post["primary_tag"] is None


def test_sixty_tags_are_taken(blog: BlogUnderTest) -> None:
    names = [f"n{number}" for number in range(60)]

    assert [tag["name"] for tag in blog.created(tags=names)["tags"]] == names
