"""What the blog shall show of a medium. Pure: the same medium and files always give the same draft.

The HTML is what Ghost's `source=html` turns into cards (Ghost 6.65): image, gallery and video figures with
Ghost's own class names, and paragraphs. The caption never stands inside an HTML card, whose content Ghost
keeps verbatim. One text does not come out of Ghost as it went in, whoever writes it: `__GHOST_URL__`, which
Ghost replaces by the blog's address.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple

import msgspec

from everyday.errors import BlogRejected
from everyday.photos import captions
from everyday.photos.markup import Element, Node, element, to_html
from everyday.photos.model import Medium
from everyday.photos.ports import Draft

COMMON_TAG = "#instagram"  # a leading # makes a tag internal in Ghost: never shown, still a filter
_ROW = 3
_GALLERY = 9  # Ghost's editor shows at most nine pictures in a gallery
_PERMALINK = re.compile(r"https://(?:www\.)?instagram\.com/[A-Za-z0-9_./-]*(?=[?#]|\Z)")
_MARKER = re.compile(r"<!-- everyday instagram:(\S+) rev:([0-9a-f]{12}) -->")


class Picture(NamedTuple):
    """An uploaded picture; sizes in pixels. `still` marks the preview of a video that stays on Instagram."""

    url: str
    width: int | None = None
    height: int | None = None
    alt: str = ""
    still: bool = False


class Film(NamedTuple):
    """An uploaded video; sizes in pixels."""

    url: str
    width: int | None = None
    height: int | None = None
    seconds: int | None = None
    thumbnail: Picture | None = None


Block = Picture | Film


class Style(NamedTuple):
    """How the owner wants posts: status `draft` or `published`, tags that every post gets, the author's slug
    or e-mail address, and whether the first picture is also the post's feature image: the picture of lists
    and link previews, which Ghost's themes show above the post too. A lone photo then stands only there."""

    status: str = "draft"
    tags: Sequence[str] = ()
    author: str | None = None
    feature_image: bool = True


def render(medium: Medium, blocks: Sequence[Block], style: Style, *, now: datetime) -> Draft:
    """The post of a medium whose files are uploaded as `blocks`, in display order.

    The post is dated to the day the picture was taken, never later than `now`: Ghost 6.65 would show a
    post of the future at once, above all others. Raises BlogRejected when the id cannot be a marker's.
    """
    cover = next(_covers(blocks), None) if style.feature_image else None
    draft = Draft(
        slug=captions.slug(medium.id),
        title=captions.title(medium.caption, medium),
        html=_html(medium, [] if _stands_above(cover, blocks, medium) else blocks),
        status=style.status,
        published_at=_ghost_time(min(medium.taken_at, now)),
        tags=_tags(style.tags, medium.caption),
        authors=[style.author] if style.author else [],
        canonical_url=permalink(medium),
        foot="",
        custom_excerpt=captions.excerpt(medium.caption),
        feature_image=cover.url if cover else None,
        feature_image_alt=captions.cut(_alt(cover), captions.ALT_LIMIT) or None if cover else None,
    )
    return draft._replace(foot=f"<!-- everyday {marker(medium.id)}rev:{_revision(draft)} -->")


def marker(medium_id: str) -> str:
    """The part of the footer that names the medium; it ends in a space, so no id is the start of another.
    Raises BlogRejected when the id could end the comment it stands in."""
    if not re.fullmatch(r"[0-9A-Za-z_]+(-[0-9A-Za-z_]+)*", medium_id):
        raise BlogRejected(f"{medium_id[:64]!r} cannot be a medium's id")
    return f"instagram:{medium_id} "


def revision_in(foot: str, medium_id: str) -> str | None:
    """The revision that a post's footer says it has, if it is this medium's post."""
    found = _MARKER.search(foot)
    return found[2] if found and found[1] == medium_id else None


def permalink(medium: Medium) -> str | None:
    """The medium's page on Instagram, without query; None when what the source gave is no such address."""
    given = _PERMALINK.match(medium.permalink or "")
    return given[0] if given else None


def _revision(draft: Draft) -> str:
    # Status and date are not part of it: an update never changes them, since the owner may have.
    told = draft._replace(status="", published_at="", foot="")
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()[:12]


def _ghost_time(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tags(configured: Iterable[str], caption: str) -> list[str]:
    # Ghost 6.65 on SQLite tells tags apart by case and then numbers the slug of the second one.
    once: dict[str, str] = {}
    for tag in (*configured, *captions.hashtags(caption), COMMON_TAG):
        once.setdefault(tag.casefold(), tag)
    return list(once.values())


def _stands_above(cover: Picture | None, blocks: Sequence[Block], medium: Medium) -> bool:
    """Whether the feature image shows all there is: a lone photo, its whole alt text. Ghost refuses a post
    without any content, so something else must be left for that."""
    if cover is None or cover.still or list(blocks) != [cover] or len(_alt(cover)) > captions.ALT_LIMIT:
        return False
    return bool(captions.clean(medium.caption) or permalink(medium))


def _covers(blocks: Iterable[Block]) -> Iterator[Picture]:
    for block in blocks:
        picture = block if isinstance(block, Picture) else block.thumbnail
        if picture:
            yield picture


def _html(medium: Medium, blocks: Sequence[Block]) -> str:
    link = permalink(medium)
    parts = [*_cards(blocks, link), *_paragraphs(medium.caption)]
    if link:
        parts.append(element("p", element("a", "View on Instagram", href=link)))
    # Ghost refuses a post without content (422), and a medium may have no file, caption or address.
    return "".join(map(to_html, parts or [element("p", "No picture.")]))


def _cards(blocks: Sequence[Block], link: str | None) -> Iterator[Element]:
    """Pictures that follow one another become galleries; everything stays in order."""
    for together, run in groupby(blocks, key=lambda block: isinstance(block, Picture) and not block.still):
        group = list(run)
        if together and len(group) > 1:
            for start in range(0, len(group), _GALLERY):
                yield _gallery([it for it in group[start : start + _GALLERY] if isinstance(it, Picture)])
        else:
            yield from (_film(it) if isinstance(it, Film) else _image(it, link) for it in group)


def _alt(picture: Picture) -> str:
    return " ".join(captions.clean(picture.alt).split())


def _img(picture: Picture, class_: str | None = None) -> Element:
    return element(
        "img",
        src=picture.url,
        class_=class_,
        alt=_alt(picture),
        width=picture.width,
        height=picture.height,
    )


def _image(picture: Picture, link: str | None) -> Element:
    children: list[Node] = [_img(picture, "kg-image")]
    if picture.still:
        where = element("a", "Watch the video on Instagram", href=link) if link else "A video on Instagram"
        children.append(element("figcaption", where))
    return element("figure", *children, class_="kg-card kg-image-card")


def _gallery(pictures: Sequence[Picture]) -> Element:
    if len(pictures) == 1:
        return _image(pictures[0], None)
    images = [element("div", _img(it), class_="kg-gallery-image") for it in pictures]
    rows = [
        element("div", *images[start : start + _ROW], class_="kg-gallery-row")
        for start in range(0, len(images), _ROW)
    ]
    container = element("div", *rows, class_="kg-gallery-container")
    return element("figure", container, class_="kg-card kg-gallery-card kg-width-wide")


def _film(film: Film) -> Element:
    # Ghost 6.65 reads the preview from the figure's data-kg-thumbnail, and drops a card without a size.
    video = element("video", src=film.url, width=film.width or 1080, height=film.height or 1080)
    parts: list[Node] = [video]
    if film.seconds is not None:
        clock = f"{film.seconds // 60}:{film.seconds % 60:02}"
        parts.append(element("span", clock, class_="kg-video-duration"))
    return element(
        "figure",
        element("div", *parts, class_="kg-video-container"),
        class_="kg-card kg-video-card",
        data_kg_thumbnail=film.thumbnail.url if film.thumbnail else None,
    )


def _paragraphs(caption: str) -> Iterator[Element]:
    text = captions.clean(caption)
    for paragraph in text.split("\n\n") if text else ():
        yield element("p", *_lines(paragraph))


def _lines(paragraph: str) -> Iterator[Node]:
    for number, line in enumerate(paragraph.split("\n")):
        if number:
            yield element("br")
        for piece, name in captions.mentions(line):
            # Hashtags stay plain text: the blog's address of a tag is Ghost's to make.
            yield element("a", piece, href=f"https://www.instagram.com/{name}/") if name else piece
