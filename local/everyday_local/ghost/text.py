"""The text of an HTML tree as an editor takes it over: white space collapses as on a page."""

import re
from collections.abc import Callable
from xml.dom.minidom import Node

_INLINE = frozenset(
    {
        "a",
        "abbr",
        "acronym",
        "b",
        "cite",
        "code",
        "del",
        "em",
        "i",
        "ins",
        "kbd",
        "label",
        "output",
        "q",
        "ruby",
    }
    | {"s", "samp", "span", "strong", "sub", "sup", "time", "u", "tt", "var"}
)


def collapsed(node: Node) -> str:
    """The text node's text without the white space that a page would not show."""
    text = re.sub(r"[ \t\r\n]+", " ", node.nodeValue or "")
    if text.startswith(" "):
        before = _neighbour(node, _before, lambda found: bool(found))
        if before is None or before[-1] in " \t\n":
            text = text[1:]
    if text.endswith(" ") and _neighbour(node, _after, lambda found: bool(found.strip(" \t\r\n"))) is None:
        text = text[:-1]
    return text


def _before(node: Node) -> tuple[Node | None, Node | None]:
    return node.previousSibling, node.lastChild


def _after(node: Node) -> tuple[Node | None, Node | None]:
    return node.nextSibling, node.firstChild


def _neighbour(
    node: Node, way: Callable[[Node], tuple[Node | None, Node | None]], counts: Callable[[str], bool]
) -> str | None:
    """The nearest text on the same line that counts; None at the line's end."""
    place = _next_in_line(node, way)
    while place is not None and not counts(place.nodeValue or ""):
        place = _next_in_line(place, way)
    return place.nodeValue if place else None


def _next_in_line(node: Node, way: Callable[[Node], tuple[Node | None, Node | None]]) -> Node | None:
    place: Node | None = node
    while place is not None:
        while (sibling := way(place)[0]) is None:
            if (place := place.parentNode) is None:
                return None
        place = sibling
        if place.nodeType == Node.ELEMENT_NODE and place.nodeName not in _INLINE:
            return None
        while (child := way(place)[1]) is not None:
            place = child
        if place.nodeType == Node.TEXT_NODE:
            return place
        if place.nodeName == "br":
            return None
    return None
