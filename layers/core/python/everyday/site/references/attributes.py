"""Which attributes of HTML and SVG hold what: the tables, no code.

HTML (WHATWG), "Attributes" in its index, and §15 for the obsolete ones; SVG 2 §16 for `href`, and SVG 2 §6.6
for the attributes that are CSS. `link` by "Link types" (HTML §4.6.7), `meta` by the Open Graph protocol, by
Twitter's and Microsoft's lists, and by schema.org for `itemprop`.
"""

from everyday.site.references.found import Kind

ASSET, LINK, TEXT = Kind.ASSET, Kind.LINK, Kind.TEXT


def _names(names: str) -> frozenset[bytes]:
    return frozenset(names.encode().split())


# The elements on which a browser uses the attribute. On any other one only a script can, as TEXT.
_ASSETS = {
    b"src": _names("img script iframe frame embed audio video source track input image bgsound"),
    b"href": _names(
        "image use script feimage pattern lineargradient radialgradient textpath mpath filter cursor animate"
        " animatemotion animatetransform set mask tref font-face-uri glyph"
    ),
    b"poster": _names("video"),
    b"data": _names("object"),
    b"background": _names("body table thead tbody tfoot tr td th"),
    b"manifest": _names("html"),
}
_LINKS = {
    b"href": _names("a area"),
    b"action": _names("form"),
    b"formaction": _names("button input"),
    b"cite": _names("blockquote q ins del"),
    b"longdesc": _names("img iframe frame"),
}
LISTS = {b"srcset": _names("img source"), b"imagesrcset": _names("link")}

# An attribute that is CSS, of SVG's presentation.
CSS = _names("fill stroke filter mask clip-path cursor marker marker-start marker-mid marker-end")

_ASSET_LINKS = _names(
    "stylesheet icon apple-touch-icon apple-touch-icon-precomposed apple-touch-startup-image mask-icon"
    " fluid-icon preload modulepreload manifest image_src"
)
_ASSET_META = _names(
    "og:image og:image:url og:image:secure_url og:video og:video:url og:video:secure_url og:audio"
    " og:audio:url og:audio:secure_url og:logo twitter:image twitter:image:src twitter:image0"
    " twitter:image1 twitter:image2"
    " twitter:image3 twitter:player:stream msapplication-tileimage msapplication-square70x70logo"
    " msapplication-square150x150logo msapplication-wide310x150logo msapplication-square310x310logo"
    " msapplication-config image thumbnail thumbnailurl contenturl logo"
)
_LINK_META = _names("og:url twitter:url twitter:player msapplication-starturl url embedurl")

# Elements whose content is no markup (HTML §13.2.6.2, §13.2.6.4). `noscript` is not among them: who has no
# scripts sees its markup.
RAW = _names("script style title textarea xmp iframe noembed noframes plaintext")

SCRIPTS = _names(
    "text/javascript application/javascript text/ecmascript application/ecmascript application/x-javascript"
    " application/x-ecmascript text/x-javascript text/x-ecmascript text/jscript text/livescript"
    " text/javascript1.0 text/javascript1.1 text/javascript1.2 text/javascript1.3 text/javascript1.4"
    " text/javascript1.5 module"
)


def kind(element: bytes, attribute: bytes) -> Kind | None:
    """What an address in this attribute is; None: it holds none. `link` has its own rule."""
    assets, links = _ASSETS.get(attribute), _LINKS.get(attribute)
    if assets is None and links is None:
        return None
    if assets and element in assets:
        return ASSET
    return LINK if links and element in links else TEXT


def of_link(rel: bytes) -> Kind:
    """Of a `link` by its `rel`: it is a part of the page, or another page."""
    return ASSET if _ASSET_LINKS.intersection(rel.lower().split()) else LINK


def of_meta(name: bytes) -> Kind | None:
    """Of a `meta` by its `name`, `property` or `itemprop`."""
    name = name.strip().lower()
    if name in _ASSET_META:
        return ASSET
    return LINK if name in _LINK_META else None
