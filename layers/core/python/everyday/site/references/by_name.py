"""Which language a file is written in, by its name."""

from functools import partial

from everyday.site.references import css, html, json, scripts
from everyday.site.references.text import Reader

_script = partial(scripts.references, scripts.always)
_BY_EXTENSION: dict[str, Reader] = {
    "css": css.references,
    "js": _script,
    "mjs": _script,
    "cjs": _script,
    "json": json.references,
    "webmanifest": json.manifest,
    "importmap": json.import_map,
    "map": json.source_map,
}
_MARKUP = {
    "html": html.references,
    "htm": html.references,
    "xhtml": html.xml_references,
    "svg": html.xml_references,
    "xml": html.xml_references,
    "rss": html.xml_references,
    "atom": html.xml_references,
}


def by_name(path: str, *, relevant: scripts.Relevant | None = None) -> Reader | None:
    """What finds the references of a file with this name; None: it has none, such as a picture.

    `relevant`: whether a script may hold any reference at all; it is asked for each script in markup.
    """
    name = path.rpartition("/")[2].lower()
    _, dot, extension = name.rpartition(".")
    if not dot:
        return None
    if name == "manifest.json":
        return json.manifest_or_data
    if extension in _MARKUP:
        reader = _MARKUP[extension]
        return partial(reader, relevant=relevant) if relevant else reader
    return _BY_EXTENSION.get(extension)
