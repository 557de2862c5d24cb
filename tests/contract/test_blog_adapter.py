"""Our adapter keeps the port's promises over the light blog and over Ghost."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from everyday.adapters import ghost
from everyday.adapters.ghost import GhostBlog
from everyday.errors import BlogCollision, BlogKeyRefused, BlogPostGone, BlogRejected
from everyday.photos.ports import Draft
from tests.contract.blogs import BlogUnderTest, fresh, tree


def now() -> datetime:
    return datetime.now(UTC)


def a_draft(slug: str, **changes: object) -> Draft:
    whole = Draft(
        slug=slug,
        title="Morning light",
        html="<p>Morning light</p>",
        status="draft",
        published_at="2024-05-01T08:25:28+00:00",
        tags=["sunrise", "#instagram"],
        authors=[],
        canonical_url="https://www.instagram.com/p/AbC1x/",
        foot=f"<!-- everyday instagram:{slug.removeprefix('ig-')} rev:0123456789ab -->",
    )
    return whole._replace(**changes)


def marker(slug: str) -> str:
    return f"instagram:{slug.removeprefix('ig-')} "


@pytest.fixture
def ours(blog: BlogUnderTest) -> GhostBlog:
    return GhostBlog(blog.url, lambda: blog.key, clock=now)


def test_check_tells_the_site(blog: BlogUnderTest, ours: GhostBlog) -> None:
    site = ours.check()

    assert (site.title, site.url, site.version[:2]) == ("everyday", f"{blog.url}/", "6.")


def test_a_wrong_key_is_refused_and_not_told(blog: BlogUnderTest) -> None:
    wrong = blog.key[:-6] + "abcdef"
    with pytest.raises(BlogKeyRefused) as refused:
        GhostBlog(blog.url, lambda: wrong, clock=now).check()

    assert wrong.partition(":")[2] not in str(refused.value)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_is_hours_off_does_not_matter(blog: BlogUnderTest, hours: int) -> None:
    off = GhostBlog(blog.url, lambda: blog.key, clock=lambda: now() + timedelta(hours=hours))

    assert off.create(a_draft(fresh())).status == "draft"


def test_a_post_is_created_with_all_that_was_drafted(blog: BlogUnderTest, ours: GhostBlog) -> None:
    draft = a_draft(
        fresh(), status="published", feature_image="https://e.com/a.jpg", feature_image_alt="A boat"
    )
    made = ours.create(draft)
    told = blog.call("GET", f"/posts/{made.id}/?formats=html").json()["posts"][0]

    assert made == ours.get(made.id)
    assert (made.slug, made.status, made.foot) == (draft.slug, "published", draft.foot)
    assert made.url == f"{blog.url}/{draft.slug}/"
    assert tree(told["html"]) == draft.html
    assert [tag["name"] for tag in told["tags"]] == list(draft.tags)
    assert told["published_at"] == "2024-05-01T08:25:28.000Z"
    assert told["canonical_url"] == draft.canonical_url
    assert (told["feature_image"], told["feature_image_alt"]) == (
        draft.feature_image,
        draft.feature_image_alt,
    )


@pytest.mark.parametrize("author", ["owner", "owner@example.com", "nobody"])
def test_an_author_may_be_a_slug_or_an_address(ours: GhostBlog, author: str) -> None:
    assert ours.create(a_draft(fresh(), authors=[author])).id


def test_find_knows_slug_numbered_slug_and_marker_and_nothing_else(ours: GhostBlog) -> None:
    slug = fresh()
    first = ours.create(a_draft(slug))
    second = ours.create(a_draft(slug, foot=""))
    renamed = ours.create(a_draft(fresh("renamed"), foot=a_draft(slug).foot))
    ours.create(a_draft(f"{slug}9"))
    ours.create(a_draft(f"{slug}-x", foot=""))

    assert second.slug == f"{slug}-2"
    assert list(ours.find(slug=slug, marker=marker(slug))) == [first, second, renamed]
    assert ours.find(slug=fresh(), marker=marker(fresh())) == []


def test_find_follows_every_page(ours: GhostBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = fresh()
    made = [ours.create(a_draft(slug)) for _ in range(5)]
    monkeypatch.setattr(ghost, "_PAGE", 2)

    assert list(ours.find(slug=slug, marker=marker(slug))) == made


def test_update_replaces_what_was_drafted_and_keeps_date_status_and_slug(
    blog: BlogUnderTest, ours: GhostBlog
) -> None:
    draft = a_draft(fresh())
    made = ours.create(draft)
    changed = ours.update(
        made.id,
        draft._replace(
            title="Evening", html="<p>Evening</p>", tags=["dusk"], slug="other", status="published"
        ),
        updated_at=made.updated_at,
    )
    told = blog.call("GET", f"/posts/{made.id}/?formats=html").json()["posts"][0]

    assert (changed.slug, changed.status) == (made.slug, "draft")
    assert (told["title"], tree(told["html"])) == ("Evening", "<p>Evening</p>")
    assert [tag["name"] for tag in told["tags"]] == ["dusk"]
    assert told["published_at"] == "2024-05-01T08:25:28.000Z"


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({"status": "published"}, False),
        ({"published_at": "2023-01-01T00:00:00.000Z"}, False),
        ({"slug": "another-address"}, False),
        ({"title": "Mine now"}, True),
        ({"html": "<p>My own words</p>"}, True),
        ({"tags": ["sunrise", "#instagram", "mine"]}, True),
        ({"custom_excerpt": "In short"}, True),
        ({"feature_image": "https://e.com/b.jpg"}, True),
    ],
)
def test_content_moves_when_a_post_is_edited_and_not_when_it_is_published(
    blog: BlogUnderTest, ours: GhostBlog, change: dict[str, object], moves: bool
) -> None:
    made = ours.create(a_draft(fresh()))
    told = blog.call("GET", f"/posts/{made.id}/").json()["posts"][0]
    assert blog.put(told, **change).status_code == 200

    assert (ours.get(made.id).content != made.content) is moves


def test_update_of_a_post_that_somebody_changed_collides(ours: GhostBlog) -> None:
    draft = a_draft(fresh())
    made = ours.create(draft)

    with pytest.raises(BlogCollision):
        ours.update(made.id, draft._replace(title="Evening"), updated_at="2020-01-01T00:00:00.000Z")


def test_what_ghost_refuses_is_told_in_its_words(ours: GhostBlog) -> None:
    with pytest.raises(BlogRejected, match="title"):
        ours.create(a_draft(fresh(), title="x" * 256))


def test_a_post_that_is_gone(ours: GhostBlog) -> None:
    made = ours.create(a_draft(fresh()))
    ours.delete(made.id)
    ours.delete(made.id)

    with pytest.raises(BlogPostGone):
        ours.get(made.id)
    with pytest.raises(BlogPostGone):
        ours.update(made.id, a_draft(fresh()), updated_at=made.updated_at)


def test_a_picture_that_was_uploaded_is_found_again(ours: GhostBlog, tmp_path: Path) -> None:
    name = f"{fresh()}-1-0123abcd.jpg"
    path = tmp_path / "picture"
    Image.effect_noise((300, 200), 50).convert("RGB").save(path, "JPEG")

    assert ours.uploaded(name, begun_at=now(), video=False) is None
    made = ours.upload(name, str(path), content_type="image/jpeg")
    assert made.endswith(f"/{name}")
    assert ours.uploaded(name, begun_at=now(), video=False) == made
    assert ours.uploaded(name, begun_at=now(), video=True) is None


def test_an_uploaded_video_is_found_again(ours: GhostBlog, tmp_path: Path) -> None:
    name = f"{fresh()}-1-0123abcd.mp4"
    video = tmp_path / "video"
    video.write_bytes(bytes(3_000_000))

    made = ours.upload(name, str(video), content_type="video/mp4")
    assert ours.uploaded(name, begun_at=now(), video=True) == made


def test_a_file_that_is_no_picture_is_refused(ours: GhostBlog, tmp_path: Path) -> None:
    path = tmp_path / "picture"
    path.write_bytes(b"not a picture")

    with pytest.raises(BlogRejected):
        ours.upload(f"{fresh()}.jpg", str(path), content_type="image/jpeg")
