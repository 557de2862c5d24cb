"""What stands in a `script` element, and in the attributes that are scripts."""

from collections.abc import Callable
from functools import partial

from everyday.site.references import json
from everyday.site.references.attributes import SCRIPTS
from everyday.site.references.found import NOTHING, Contents
from everyday.site.references.text import Reader

Relevant = Callable[[bytes], bool]
"""Whether a script may hold references at all: parsing it takes longer than anything else of a page."""

TEMPLATES = (b"text/html", b"text/template", b"text/x-template", b"text/x-handlebars-template")
"""Markup that a script will use: nobody knows what for."""

_DATA: dict[bytes, Reader] = {b"importmap": json.import_map, b"speculationrules": json.speculation_rules}


def always(_script: bytes) -> bool:
    """Every script may."""
    return True


def by_type(kind: bytes, relevant: Relevant) -> Reader | None:
    """What reads a script of this type (HTML §4.12.1); None: a browser does nothing with it, nor do we."""
    if not kind or kind.split(b";")[0] in SCRIPTS:
        return partial(references, relevant)
    if kind in _DATA:
        return _DATA[kind]
    return json.references if kind.endswith((b"/json", b"+json")) else None


def references(relevant: Relevant, content: bytes) -> Contents:
    """What a script names, if it may name anything."""
    if not relevant(content):
        return NOTHING
    # Loaded here, since a site without scripts needs no parser of JavaScript.
    from everyday.site.references import script

    return script.references(content)
