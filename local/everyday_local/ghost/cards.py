"""Ghost's cards as a post shows them: pictures, galleries, videos, embeds and plain HTML."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.dom.minidom import Element, Node

_WIDTHS = (600, 1000, 1600, 2400)
_WIDEST = 2000
_PER_ROW = 3


class Frame(NamedTuple):
    """What cards need to know of the post: the blog's address."""

    site: str

    def absolute(self, url: str) -> str:
        """Ghost stores its own addresses relative and shows them absolute."""
        return self.site + url if url.startswith("/") and not url.startswith("//") else url

    def hosts(self, url: str) -> bool:
        return url.startswith(f"{self.site}/content/images/")


def figure(node: Element, frame: Frame) -> str | None:
    """The card of a figure; None when it is none, "" when it is a card that shows nothing."""
    classes = node.getAttribute("class").split()
    if "kg-gallery-card" in classes:
        return _gallery(node, frame)
    if "kg-video-card" in classes:
        return _video(node, frame)
    pictures = node.getElementsByTagName("img")
    return picture(pictures[0], frame, caption=_caption(node), classes=classes) if pictures else None


def picture(node: Element, frame: Frame, *, caption: str = "", classes: Sequence[str] = ()) -> str | None:
    """An image card; None without an address."""
    if not node.getAttribute("src"):
        return None
    wide = [name for name in classes if name in {"kg-width-wide", "kg-width-full"}]
    width = _size(node)[0]
    attributes = _picture_attributes(node, frame)
    if "srcset" in attributes:
        room = 1200 if wide else 720
        if width >= room:
            attributes["sizes"] = f"(min-width: {room}px) {room}px"
    names = ["kg-card", "kg-image-card", *wide]
    ordered = {"src": attributes.pop("src"), "class": "kg-image", **attributes}
    return _figure(names, f"<img{_attributes(ordered)}>", caption)


def plain(html: str) -> str:
    """An HTML card: what is inside is never touched."""
    return f"\n<!--kg-card-begin: html-->\n{html}\n<!--kg-card-end: html-->\n"


def embed(node: Element) -> str:
    """An embed card of a frame."""
    return _figure(["kg-card", "kg-embed-card"], inner_html([node]), "")


def inner_html(nodes: Sequence[Node]) -> str:
    """The nodes as HTML text."""
    import html5lib

    serializer = html5lib.serializer.HTMLSerializer(
        quote_attr_values="always", omit_optional_tags=False, strip_whitespace=False
    )
    walker = html5lib.getTreeWalker("dom")
    return "".join(str(serializer.render(walker(node))) for node in nodes)


def _gallery(node: Element, frame: Frame) -> str | None:
    pictures = node.getElementsByTagName("img")
    if not pictures:
        return None
    images = [
        _picture_attributes(image, frame, room=720)
        for image in pictures
        if image.getAttribute("src") and all(_size(image))
    ]
    if not images:
        return ""
    rows = "".join(
        '<div class="kg-gallery-row">'
        + "".join(f'<div class="kg-gallery-image"><img{_attributes(image)}></div>' for image in row)
        + "</div>"
        for row in _rows(images)
    )
    names = ["kg-card", "kg-gallery-card", "kg-width-wide"]
    return _figure(names, f'<div class="kg-gallery-container">{rows}</div>', _caption(node))


def _rows(images: Sequence[dict[str, str]]) -> Iterator[Sequence[dict[str, str]]]:
    """Three a row; one picture is never left alone in the last row."""
    count = len(images)
    start = 0
    while start < count:
        left = count - start
        take = 2 if left == _PER_ROW + 1 else min(_PER_ROW, left)
        yield images[start : start + take]
        start += take


def _video(node: Element, frame: Frame) -> str | None:
    containers = [each for each in node.getElementsByTagName("div") if "kg-video-container" in _classes(each)]
    videos = [video for each in containers for video in each.getElementsByTagName("video")]
    if not videos or not videos[0].getAttribute("src"):
        return None
    video = videos[0]
    thumbnail = frame.absolute(node.getAttribute("data-kg-thumbnail"))
    attributes = {"src": frame.absolute(video.getAttribute("src"))}
    attributes |= {name: video.getAttribute(name) for name in ("width", "height") if video.hasAttribute(name)}
    attributes |= {"poster": thumbnail, "playsinline": "", "preload": "metadata"}
    container = f'<div class="kg-video-container"><video{_attributes(attributes)}></video></div>'
    names = ["kg-card", "kg-video-card", "kg-width-regular"]
    extra = {"data-kg-thumbnail": thumbnail, "data-kg-custom-thumbnail": ""}
    return _figure(names, container, _caption(node), extra)


def _picture_attributes(node: Element, frame: Frame, *, room: int = 0) -> dict[str, str]:
    src = frame.absolute(node.getAttribute("src"))
    width, height = _size(node)
    shown_width, shown_height = width, height
    if frame.hosts(src) and width > _WIDEST:
        shown_width, shown_height = _WIDEST, round(height * _WIDEST / width)
    attributes = {"src": src}
    if width and height:
        attributes |= {"width": str(shown_width), "height": str(shown_height)}
    attributes |= {"loading": "lazy", "alt": node.getAttribute("alt")}
    if node.getAttribute("title"):
        attributes["title"] = node.getAttribute("title")
    if frame.hosts(src) and width > _WIDTHS[0]:
        attributes["srcset"] = _srcset(src, width)
        if room and width >= room:
            attributes["sizes"] = f"(min-width: {room}px) {room}px"
    return attributes


def _srcset(src: str, width: int) -> str:
    parts = urlsplit(src)
    origin = src[: src.index("/content/images/")]
    rest = parts.path.removeprefix("/content/images/")
    entries = [f"{origin}/content/images/size/w{each}/{rest} {each}w" for each in _WIDTHS if each < width]
    if width <= _WIDEST:
        entries.append(f"{src} {width}w")
    return ", ".join(entries)


def _caption(node: Element) -> str:
    captions = node.getElementsByTagName("figcaption")
    if not captions:
        return ""
    return inner_html(captions[0].childNodes).replace("<br>", " ").strip()


def _figure(names: Sequence[str], inner: str, caption: str, extra: dict[str, str] | None = None) -> str:
    classes = [*names, "kg-card-hascaption"] if caption else names
    told = f"<figcaption>{caption}</figcaption>" if caption else ""
    return f"<figure{_attributes({'class': ' '.join(classes), **(extra or {})})}>{inner}{told}</figure>"


def _classes(node: Element) -> Sequence[str]:
    return node.getAttribute("class").split()


def _size(node: Element) -> tuple[int, int]:
    width, height = (node.getAttribute(name) for name in ("width", "height"))
    return (int(width), int(height)) if width.isdecimal() and height.isdecimal() else (0, 0)


def _attributes(values: dict[str, str]) -> str:
    return "".join(f' {name}="{escape(value)}"' for name, value in values.items())
