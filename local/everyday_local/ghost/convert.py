"""What Ghost makes of `source=html`: the editor's blocks and cards stay, everything else is dropped."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape
from typing import NamedTuple
from urllib.parse import quote
from xml.dom.minidom import Element, Node

from everyday_local.ghost import cards
from everyday_local.ghost.problems import invalid
from everyday_local.ghost.text import collapsed

_FORMATS = {
    "strong": "strong",
    "b": "strong",
    "em": "em",
    "i": "em",
    "code": "code",
    "u": "u",
    "s": "s",
    "sub": "sub",
    "sup": "sup",
}
_DROPPED = frozenset({"script", "style", "video", "audio", "svg", "template", "input", "embed", "source"})
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_LISTS = frozenset({"ul", "ol"})
_BEGIN = re.compile(r"\s*kg-card-begin: html\s*")
_END = re.compile(r"\s*kg-card-end: html\s*")


class _Run(NamedTuple):
    """A piece of text, a line break ("\\n" as `text`), in nested formats and perhaps in a link."""

    text: str
    formats: tuple[str, ...]
    link: str | None


def convert(html: str, site: str) -> str | None:
    """The post's HTML as Ghost shows it, None when it shows nothing; `site` is the blog's address.

    Raises Problem 422 when nothing is left that the editor knows, as for a bare `<video>`.
    """
    if not html:
        return None
    import html5lib

    post = _Post(cards.Frame(site))
    post.children(html5lib.parseFragment(html, treebuilder="dom", namespaceHTMLElements=False), (), None)
    post.close()
    if not post.blocks:
        raise invalid("Invalid lexical structure. setEditorState: the editor state is empty.")
    if post.blocks[-1] == "<p></p>":
        post.blocks.pop()
    return "".join(post.blocks) or None


def plain_text(html: str | None) -> str | None:
    """The words of a converted post; blocks are an empty line apart."""
    if not html:
        return None
    import html5lib

    document = html5lib.parse(html, treebuilder="dom", namespaceHTMLElements=False)
    for unread in ("figure", "script", "style"):
        for node in list(document.getElementsByTagName(unread)):
            node.parentNode.removeChild(node)
    body = document.getElementsByTagName("body")[0]
    blocks = (_words(node).strip() for node in body.childNodes)
    return "\n\n".join(filter(None, blocks)) or None


def _words(node: Node) -> str:
    if node.nodeType == Node.TEXT_NODE:
        return node.nodeValue or ""
    return "\n" if node.nodeName == "br" else "".join(_words(child) for child in node.childNodes)


class _Post:
    """Blocks as they are found; `runs` is the paragraph being filled, None between paragraphs."""

    def __init__(self, frame: cards.Frame) -> None:
        self._frame = frame
        self.blocks: list[str] = []
        self._runs: list[_Run] | None = None
        self._ids: dict[str, int] = {}

    def children(self, node: Node, formats: tuple[str, ...], link: str | None) -> None:
        siblings: list[Node] = list(node.childNodes)
        while siblings:
            child = siblings.pop(0)
            if child.nodeType == Node.COMMENT_NODE:
                siblings = self._comment(child, siblings)
            elif child.nodeType == Node.TEXT_NODE:
                self._say(collapsed(child), formats, link)
            elif isinstance(child, Element) and child.tagName not in _DROPPED:
                self._element(child, formats, link)

    def close(self) -> None:
        if self._runs is not None:
            empty = [run.text for run in self._runs] in ([], ["\n"])
            self.blocks.append("<p></p>" if empty else f"<p>{_render(self._runs)}</p>")
        self._runs = None

    def _element(self, node: Element, formats: tuple[str, ...], link: str | None) -> None:
        name = node.tagName
        if name == "br":
            self._say("\n", formats, link)
        elif name in _FORMATS:
            added = () if _FORMATS[name] in formats else (_FORMATS[name],)
            self.children(node, formats + added, link)
        elif name == "a":
            self._runs = self._runs or []
            self.children(node, formats, _opening(node, self._frame))
        elif name == "p":
            self.close()
            self._runs = []
            self.children(node, formats, link)
            self.close()
        elif (block := self._block(node, link)) is not None:
            self._card(block)
        elif name != "img":
            self.children(node, formats, link)

    def _block(self, node: Element, link: str | None) -> str | None:
        """The block an element stands for by itself; None when only its children count."""
        name = node.tagName
        if name in _HEADINGS:
            return f'<{name} id="{self._id(_words(node))}">{_inline(node, self._frame)}</{name}>'
        if name == "img":
            return None if link else cards.picture(node, self._frame)
        if name == "hr":
            return "<hr>"
        return _BLOCKS[name](node, self._frame) if name in _BLOCKS else None

    def _card(self, block: str) -> None:
        if self._runs:
            self.close()
        self._runs = None
        self.blocks.append(block)

    def _say(self, text: str, formats: tuple[str, ...], link: str | None) -> None:
        if text:
            self._runs = [*(self._runs or []), _Run(text, formats, link)]

    def _comment(self, begin: Node, siblings: list[Node]) -> list[Node]:
        ends = [at for at, node in enumerate(siblings) if _is_comment(node, _END)]
        if not (_is_comment(begin, _BEGIN) and ends):
            return siblings
        html = cards.inner_html(siblings[: ends[0]]).strip("\n")
        self._card(cards.plain(re.sub(r'( (?:src|href)=")(/[^/])', rf"\1{self._frame.site}\2", html)))
        return siblings[ends[0] + 1 :]

    def _id(self, text: str) -> str:
        slug = re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", text.lower()).strip())
        number = self._ids[slug] = self._ids.get(slug, -1) + 1
        return quote(slug) + (f"-{number}" if number else "")


def _quotation(node: Element, frame: cards.Frame) -> str:
    paragraphs = _elements(node, "p") or [node]
    return f"<blockquote>{'<br><br>'.join(_inline(each, frame) for each in paragraphs)}</blockquote>"


def _code(node: Element, _: cards.Frame) -> str | None:
    inner = [child for child in node.childNodes if child.nodeName == "code"]
    return f"<pre><code>{escape(_words(inner[0]), quote=False)}</code></pre>" if inner else None


def _embed(node: Element, _: cards.Frame) -> str:
    return cards.embed(node)


def _table(node: Element, _: cards.Frame) -> str:
    return cards.plain(cards.inner_html([node]))


def _list(node: Element, frame: cards.Frame) -> str:
    start = f' start="{node.getAttribute("start")}"' if node.getAttribute("start") else ""
    items = "".join(_item(child, frame) for child in _elements(node, "li"))
    return f"<{node.tagName}{start}>{items}</{node.tagName}>"


def _elements(node: Element, name: str) -> list[Element]:
    return [child for child in node.childNodes if isinstance(child, Element) and child.tagName == name]


def _item(node: Element, frame: cards.Frame) -> str:
    """Lists inside an item come after its text."""
    nested = [child for child in node.childNodes if isinstance(child, Element) and child.tagName in _LISTS]
    lists = "".join(_list(child, frame) for child in nested)
    for child in nested:
        node.removeChild(child)
    return f"<li>{_inline(node, frame)}{lists}</li>"


_BLOCKS: Mapping[str, Callable[[Element, cards.Frame], str | None]] = {
    "blockquote": _quotation,
    "figure": cards.figure,
    "iframe": _embed,
    "ol": _list,
    "pre": _code,
    "table": _table,
    "ul": _list,
}


def _inline(node: Node, frame: cards.Frame) -> str:
    """The text of one block, whatever blocks it contains."""
    inner = _Post(frame)
    inner.children(node, (), None)
    runs = inner._runs or []
    return "".join(re.sub(r"</?p>", "", block) for block in inner.blocks) + _render(runs)


def _opening(node: Element, frame: cards.Frame) -> str:
    href = frame.absolute(node.getAttribute("href"))
    attributes = {"href": href, "rel": node.getAttribute("rel")}
    return "<a" + "".join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value) + ">"


def _render(runs: Sequence[_Run]) -> str:
    out: list[str] = []
    opened: tuple[str, ...] = ()
    for run in (*runs, _Run("", (), None)):
        wanted = ((run.link,) if run.link else ()) + run.formats
        shared = _shared(opened, wanted)
        out.extend(f"</{_tag(each)}>" for each in reversed(opened[shared:]))
        out.extend(each if each.startswith("<") else f"<{each}>" for each in wanted[shared:])
        out.append("<br>" if run.text == "\n" else escape(run.text, quote=False).replace("\xa0", "&nbsp;"))
        opened = wanted
    return "".join(out)


def _tag(opening: str) -> str:
    return "a" if opening.startswith("<") else opening


def _shared(one: Iterable[str], other: Iterable[str]) -> int:
    count = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _is_comment(node: Node, pattern: re.Pattern[str]) -> bool:
    return node.nodeType == Node.COMMENT_NODE and bool(pattern.fullmatch(node.nodeValue or ""))
