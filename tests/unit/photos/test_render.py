"""What the blog shall show: cards, text, dates, tags and the mark of identity."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import html5lib
import pytest

from everyday.photos.model import MediaType, Medium
from everyday.photos.ports import Draft
from everyday.photos.render import Block, Film, Picture, Style, render, revision_in
from tests.builders import NOW, TAKEN, a_medium

URL = "https://blog.example/content/images/2026/05"


def a_picture(number: int = 1, **changes: Any) -> Picture:
    return Picture(f"{URL}/{number}.jpg", 1080, 1350, f"Picture {number}")._replace(**changes)


def a_film(number: int = 1, **changes: Any) -> Film:
    preview = a_picture(number, url=f"{URL}/{number}-thumbnail.jpg")
    return Film(f"{URL}/{number}.mp4", 720, 1280, 75, preview)._replace(**changes)


def a_draft(*blocks: Block, style: Style | None = None, **medium: Any) -> Draft:
    return render(a_medium(**medium), blocks or (a_picture(),), style or Style(), now=NOW)


def dom(draft: Draft) -> Any:
    return html5lib.parse(draft.html, treebuilder="lxml", namespaceHTMLElements=False).find("body")


def kinds(draft: Draft) -> list[str]:
    names = {"kg-image-card": "image", "kg-gallery-card": "gallery", "kg-video-card": "video"}
    return [names[it.get("class").split()[1]] for it in dom(draft).iter("figure")]


BODY = Style(feature_image=False)


@pytest.mark.parametrize(
    ("blocks", "style", "medium", "shown"),
    [
        ((a_picture(),), Style(), {}, []),
        ((a_picture(),), BODY, {}, ["image"]),
        ((a_picture(),), Style(), {"caption": "", "permalink": None}, ["image"]),
        ((a_picture(alt="word " * 100),), Style(), {}, ["image"]),
        ((a_picture(still=True),), Style(), {}, ["image"]),
        ((a_picture(1), a_picture(2)), Style(), {}, ["gallery"]),
        ((a_film(),), Style(), {}, ["video"]),
    ],
)
def test_a_lone_photo_heads_the_post_and_is_not_shown_twice(
    blocks: tuple[Block, ...], style: Style, medium: dict[str, Any], shown: list[str]
) -> None:
    draft = a_draft(*blocks, style=style, **medium)
    assert kinds(draft) == shown
    assert bool(draft.feature_image) is style.feature_image


def test_one_picture_is_an_image_card_with_size_and_alt_text() -> None:
    (image,) = dom(a_draft(a_picture(), style=BODY)).iter("img")
    assert dict(image.attrib) == {
        "src": f"{URL}/1.jpg",
        "class": "kg-image",
        "alt": "Picture 1",
        "width": "1080",
        "height": "1350",
    }
    assert image.getparent().get("class") == "kg-card kg-image-card"


@pytest.mark.parametrize(
    ("count", "rows"),
    [(2, [2]), (3, [3]), (4, [3, 1]), (9, [3, 3, 3]), (11, [3, 3, 3, 2]), (20, [3, 3, 3, 3, 3, 3, 2])],
)
def test_a_carousel_is_galleries_with_rows_of_three(count: int, rows: list[int]) -> None:
    draft = a_draft(*map(a_picture, range(count)))
    found = dom(draft).xpath('//div[@class="kg-gallery-container"]/div[@class="kg-gallery-row"]')
    assert [
        len(row.xpath('./div[@class="kg-gallery-image"]/img[@width and @height]')) for row in found
    ] == rows
    assert [image.get("alt") for image in dom(draft).iter("img")] == [f"Picture {n}" for n in range(count)]


def test_a_tenth_picture_alone_is_an_image() -> None:
    assert kinds(a_draft(*map(a_picture, range(10)))) == ["gallery", "image"]


def test_a_mixed_carousel_keeps_its_order() -> None:
    blocks = [a_picture(1), a_film(2), a_picture(3), a_picture(4), a_film(5), a_film(6), a_picture(7)]
    draft = a_draft(*blocks)
    assert kinds(draft) == ["image", "video", "gallery", "video", "video", "image"]
    shown = re.findall(r'src="[^"]*/(\d)\.', draft.html)
    assert shown == list("1234567")


def test_a_video_is_a_video_card_with_its_preview_size_and_length() -> None:
    (figure,) = dom(a_draft(a_film())).iter("figure")
    (video,) = figure.xpath('./div[@class="kg-video-container"]/video')
    assert dict(figure.attrib) == {
        "class": "kg-card kg-video-card",
        "data-kg-thumbnail": f"{URL}/1-thumbnail.jpg",
    }
    assert dict(video.attrib) == {"src": f"{URL}/1.mp4", "width": "720", "height": "1280"}
    assert figure.xpath('string(.//span[@class="kg-video-duration"])') == "1:15"


def test_a_video_without_preview_size_or_length_still_has_a_size() -> None:
    html = a_draft(Film(f"{URL}/1.mp4")).html
    assert 'width="1080"' in html
    assert "thumbnail" not in html
    assert "duration" not in html


def test_a_video_that_stays_on_instagram_is_its_preview_with_a_link() -> None:
    (caption,) = dom(a_draft(a_picture(still=True))).iter("figcaption")
    assert caption.find("a").get("href") == "https://www.instagram.com/p/AbC1x/"
    assert kinds(a_draft(a_picture(1), a_picture(2, still=True), a_picture(3))) == ["image"] * 3


def test_the_caption_becomes_paragraphs_with_line_breaks_and_linked_mentions() -> None:
    draft = a_draft(caption="One\ntwo @Friend #tag\n\nthree")
    assert draft.html.endswith(
        '<p>One<br>two <a href="https://www.instagram.com/friend/">@Friend</a> #tag</p><p>three</p>'
        '<p><a href="https://www.instagram.com/p/AbC1x/">View on Instagram</a></p>'
    )


def test_a_post_is_never_empty() -> None:
    draft = render(a_medium(caption="", permalink=None), [], Style(), now=NOW)
    assert draft.html == "<p>No picture.</p>"
    assert draft.title == "Photo, 1 May 2024"


@pytest.mark.parametrize(
    ("taken", "published"),
    [
        (TAKEN, "2024-05-01T08:25:28.000Z"),
        (TAKEN.astimezone(timezone(timedelta(hours=2))), "2024-05-01T08:25:28.000Z"),
        (datetime(2010, 10, 6, tzinfo=UTC), "2010-10-06T00:00:00.000Z"),
        (datetime(2099, 1, 1, tzinfo=UTC), "2026-05-01T12:00:00.000Z"),
    ],
)
def test_a_post_is_dated_to_its_day_and_never_to_the_future(taken: datetime, published: str) -> None:
    assert a_draft(taken_at=taken).published_at == published


def test_tags_are_the_owners_then_the_hashtags_then_the_common_one_each_once() -> None:
    draft = a_draft(style=Style(tags=("Lake", "Photos")), caption="#lake #sun #Lake #photos")
    assert draft.tags == ["Lake", "Photos", "sun", "#instagram"]


def test_the_style_says_status_author_and_feature_image() -> None:
    plain, styled = a_draft(), a_draft(style=Style("published", (), "me@example.org", False))
    assert (plain.status, plain.authors) == ("draft", [])
    assert (plain.feature_image, plain.feature_image_alt) == (f"{URL}/1.jpg", "Picture 1")
    assert (styled.status, styled.authors, styled.feature_image) == ("published", ["me@example.org"], None)


def test_a_videos_preview_is_the_feature_image() -> None:
    assert a_draft(a_film(1), a_picture(2)).feature_image == f"{URL}/1-thumbnail.jpg"
    assert a_draft(Film(f"{URL}/1.mp4")).feature_image is None


def test_a_long_alt_text_is_whole_in_the_post_and_cut_in_the_feature_image() -> None:
    draft = a_draft(a_picture(alt="word " * 100))
    assert len(draft.feature_image_alt or "") <= 191
    assert f'alt="{("word " * 100).strip()}"' in draft.html


def test_the_footer_names_the_medium_and_the_revision() -> None:
    draft = a_draft()
    rev = revision_in(draft.foot, "17900000000000001")
    assert draft.foot == f"<!-- everyday instagram:17900000000000001 rev:{rev} -->"
    assert rev is not None
    assert revision_in(draft.foot, "1790000000000000") is None
    assert revision_in("", "17900000000000001") is None


@pytest.mark.parametrize(
    "change",
    [
        {"caption": "Other"},
        {"caption": "Morning light\n#sunset"},
        {"permalink": "https://www.instagram.com/p/Other/"},
    ],
)
def test_the_revision_changes_with_what_the_post_shows(change: dict[str, str]) -> None:
    assert a_draft(**change).foot != a_draft().foot


def test_the_revision_does_not_change_with_time_or_status() -> None:
    medium: Medium = a_medium(taken_at=NOW + timedelta(days=1), media_type=MediaType.IMAGE)
    drafts = [
        render(medium, [a_picture()], Style(status), now=NOW + timedelta(hours=hours))
        for status, hours in (("draft", 0), ("published", 1))
    ]
    assert drafts[0].foot == drafts[1].foot
