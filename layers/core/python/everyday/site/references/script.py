"""References in JavaScript: what it imports, and the strings that may be addresses. Pure.

tree-sitter reads the file, and goes on after what it does not understand: strings there count too, because a
reference that is not followed breaks the page, and a string that is no reference is hardly ever the exact
address of a file. Only a string that has no end is left out.

Never references: comments, regular expressions, JSX, a string that is a whole statement (`"use strict"`), and
the names of properties (`{"a.png": 1}`, `icons["a.png"]`); nor any other string of the file with the text of
such a name, for it may be a key into that object. Strings that are put together (`"img/" + name`, templates
with `${}`) are `pieces`, and so are those other strings.
"""

import re
from collections.abc import Iterator
from functools import cache

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from everyday.site.references.found import Contents, Found, Kind, Piece
from everyday.site.references.jsescape import decode

LONGEST = 16_384
"""Bytes of a string that may still be an address: S3 keeps names of up to 1,024 bytes, a JavaScript escape
takes at most 10 for one, and dots and a query have room too."""

_LITERAL = "[(string) (template_string)]"
_QUERY = f"""
(string) @text
(template_string) @text
(template_string (template_substitution)) @made

(import_statement source: (string) @module)
(export_statement source: (string) @module)
(call_expression function: (import) arguments: (arguments {_LITERAL} @module))
(call_expression
  function: (member_expression object: (meta_property) property: (property_identifier) @_resolve)
  arguments: (arguments {_LITERAL} @module)
  (#eq? @_resolve "resolve"))
(new_expression
  constructor: (identifier) @_url
  arguments: (arguments {_LITERAL} @file (member_expression object: (meta_property)))
  (#eq? @_url "URL"))

(pair key: (string) @name)
(pair_pattern key: (string) @name)
(method_definition name: (string) @name)
(field_definition property: (string) @name)
(subscript_expression index: {_LITERAL} @name)
(expression_statement . (string) @never .)
(import_specifier (string) @never)
(export_specifier (string) @never)
(jsx_attribute (string) @never)
"""

_MAP = b"sourceMappingURL="
_COMMENT = re.compile(rb"/[/*][#@]\s*sourceMappingURL=([^\s'\"*]+)\s*(?:\*/)?\s*\Z")
_NEAR = 64
_ADDRESS = re.compile(rb"[./\\]")
_KINDS = {"module": Kind.MODULE, "file": Kind.LINK}


_ROLES = ("name", "module", "file", "never", "made")
"""What a string may be besides a text; a later one says more than an earlier one."""


def references(content: bytes) -> Contents:
    """What a script names: imports as MODULE, `new URL(…, import.meta.url)` and the source map as LINK (both
    are relative to the script itself), and every other whole string as TEXT. Never raises: what is no
    JavaScript just has few of these."""
    root = _parser().parse(content).root_node
    nodes = QueryCursor(_query()).captures(root)
    roles = {node.start_byte: role for role in _ROLES for node in nodes.get(role, ())}
    names = {_inside(content, node) for node in nodes.get("name", ())}
    found, pieces = list(_source_map(content, root)), list[Piece]()
    for node in nodes.get("text", ()):
        role = roles.get(node.start_byte, "text")
        if role == "made":
            pieces += _made(content, node)
        elif role not in ("name", "never") and (one := _found(content, node, _KINDS.get(role, Kind.TEXT))):
            if role == "text" and (_inside(content, node) in names or _is_part(content, node)):
                pieces.append(Piece(one.text, one.start))
            else:
                found.append(one)
    return Contents(sorted(found, key=_start), pieces=sorted(pieces, key=_start))


def _start(one: Found | Piece) -> int:
    return one.start


def _inside(content: bytes, node: Node) -> bytes:
    return content[node.start_byte + 1 : node.end_byte - 1]


def _is_part(content: bytes, node: Node) -> bool:
    """Whether a `+` stands beside a literal. It is looked for in the text, because a query for it takes time
    that is the square of the longest sum."""
    before = content[max(0, node.start_byte - _NEAR) : node.start_byte].rstrip()
    after = content[node.end_byte : node.end_byte + _NEAR].lstrip()
    return before.endswith((b"+", b"+=")) or after.startswith(b"+")


def _found(content: bytes, node: Node, kind: Kind) -> Found | None:
    """A literal whose text may be an address. A bare word never is one, unless it is imported or has an
    escape, which may be its dot."""
    start, end = node.start_byte + 1, node.end_byte - 1
    if not 0 < end - start <= LONGEST or node.has_error:
        return None
    raw = content[start:end]
    if kind is Kind.TEXT and not _ADDRESS.search(raw):
        return None
    decoded = decode(raw, start)
    return Found(kind, decoded[0], start, decoded[1]) if decoded else None


def _made(content: bytes, template: Node) -> Iterator[Piece]:
    """What stands between the `${}` of a template."""
    start = template.start_byte + 1
    for child in template.children:
        if child.type in ("template_substitution", "`"):
            end, after = child.start_byte, child.end_byte
            if start < end and (decoded := decode(content[start:end], start)):
                yield Piece(decoded[0], start)
            start = after


def _source_map(content: bytes, root: Node) -> Iterator[Found]:
    """ECMA-426, "JavaScriptExtractSourceMapURL": the last comment that names one."""
    at = content.rfind(_MAP)
    if at < 0 or (comment := root.descendant_for_byte_range(at, at + 1)) is None or comment.type != "comment":
        return
    named = _COMMENT.match(content, comment.start_byte, comment.end_byte)
    if named and not named[1].startswith(b"data:") and (text := named[1].decode(errors="ignore")):
        yield Found(Kind.LINK, text, named.start(1))


@cache
def _language() -> Language:
    return Language(tree_sitter_javascript.language())


@cache
def _query() -> Query:
    return Query(_language(), _QUERY)


def _parser() -> Parser:
    return Parser(_language())
