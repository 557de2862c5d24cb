"""A tiny tree of HTML: text and attribute values are escaped here and nowhere else.

Nothing can be put into the tree as finished HTML, so no text can become markup.
"""

from collections.abc import Mapping
from html import escape
from typing import NamedTuple

_VOID = frozenset({"br", "img"})


class Element(NamedTuple):
    """One element. Attributes that are None are left out."""

    name: str
    attributes: Mapping[str, str | int | None]
    children: "tuple[Node, ...]" = ()


Node = Element | str


def element(name: str, *children: Node, **attributes: str | int | None) -> Element:
    """An element from keywords: `class_` is `class`, and `data_kg_thumbnail` is `data-kg-thumbnail`."""
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    return Element(name, named, children)


def to_html(node: Node) -> str:
    """The node as HTML: element and attribute names as given, everything else escaped."""
    if isinstance(node, str):
        return escape(node)
    attributes = "".join(
        f' {key}="{escape(str(value))}"' for key, value in node.attributes.items() if value is not None
    )
    if node.name in _VOID:
        return f"<{node.name}{attributes}>"
    return f"<{node.name}{attributes}>{''.join(map(to_html, node.children))}</{node.name}>"
