"""References in HTML, SVG and XML."""

# ruff: noqa: E501, SIM905 -- a case is read best in one line

import pytest

from everyday.site.references.by_name import by_name
from everyday.site.references.found import Found, Kind, Seal
from everyday.site.references.html import references, xml_references
from tests.unit.site.references.spelling import assert_in_order, said, texts

A, L, M, T = "ASSET", "LINK", "MODULE", "TEXT"

FOUND = {
    # How attributes are written
    "quoted, unquoted, spaced": (
        b"<img src=\"a.png\"><img src='b.png'><img src=c.png><img src = d.png ><img\nsrc=e.png/>",
        [(A, "a.png"), (A, "b.png"), (A, "c.png"), (A, "d.png"), (A, "e.png/")],
    ),
    "in any case": (b"<IMG SRC=a.png><A HREF=b.html>", [(A, "a.png"), (L, "b.html")]),
    "the first of two": (b"<img src=a.png src=no.png SRC=no.png>", [(A, "a.png")]),
    "the first of two, though empty": (b"<img src='' src=no.png><img src src=no.png>", []),
    "after slashes and nonsense": (b"<img/src=a.png><img =x =src=no <img src=b.png>", [(A, "a.png"), (A, "b.png")]),
    "a > in a value": (b"<a title='>' href=a.html><p title=\"<img src=no.png>\">", [(L, "a.html")]),
    "spaces around the address": (b"<a href=' \n a b.html\t'>", [(L, "a b.html")]),
    "a byte order mark": (b"\xef\xbb\xbf<img src=a.png>", [(A, "a.png")]),
    "NUL and CR": (b"<img\rsrc=a.png>\0<img\r\nsrc=b.png>", [(A, "a.png"), (A, "b.png")]),
    "a < that begins no tag": (b"1 < 2 <3 <> </> <img src=a.png>", [(A, "a.png")]),
    "a tag without end": (b"<img src=a.png><img src='no.png", [(A, "a.png")]),
    "a tag without >": (b"<img src=a.png><img src=no.png ", [(A, "a.png")]),
    "nothing of closing tags": (b"</a href=no.html></img src='>'><img src=a.png>", [(A, "a.png")]),
    # What the attributes are
    "what a page is made of": (
        b"<script src=a.js></script><iframe src=b.html></iframe><embed src=c.svg><audio src=d.ogg></audio>"
        b"<video src=e.mp4 poster=f.jpg><source src=g.mp4><track src=h.vtt></video><input type=image src=i.png>"
        b"<object data=j.svg></object><table background=k.png><html manifest=l.appcache>",
        [(A, name) for name in "a.js b.html c.svg d.ogg e.mp4 f.jpg g.mp4 h.vtt i.png j.svg k.png l.appcache".split()],
    ),
    "where a page leads": (
        b"<a href=a.html><area href=b.html><form action=c.html><button formaction=d.html><blockquote cite=e.html>"
        b"<img longdesc=f.html>",
        [(L, name) for name in "a.html b.html c.html d.html e.html f.html".split()],
    ),
    "an element that only a script knows": (b"<x-card src=a.png href=b.html></x-card>", [(T, "a.png"), (T, "b.html")]),
    "links by what they are": (
        b"<link rel='Shortcut ICON' href=a.ico><link href=b.css rel=stylesheet><link rel=preload href=c.woff2>"
        b"<link rel=modulepreload href=d.js><link rel=manifest href=e.webmanifest><link rel=canonical href=f.html>"
        b"<link rel='alternate' href=g.xml><link rel=next href=h.html><link rel='alternate stylesheet' href=i.css>"
        b"<link rel=apple-touch-icon href=j.png>",
        [(A, "a.ico"), (A, "b.css"), (A, "c.woff2"), (A, "d.js"), (A, "e.webmanifest"), (L, "f.html"), (L, "g.xml"),
         (L, "h.html"), (A, "i.css"), (A, "j.png")],
    ),
    "what tells others about the page": (
        b"<meta property=og:image content=a.png><meta content=b.png name=twitter:image>"
        b"<meta name=msapplication-TileImage content=c.png><meta itemprop=image content=d.png>"
        b"<meta property=og:url content=e.html><meta name=description content=no.png>"
        b"<meta property=og:image:width content=no.png>",
        [(A, "a.png"), (A, "b.png"), (A, "c.png"), (A, "d.png"), (L, "e.html")],
    ),
    "a page that moves on": (
        b"<meta http-equiv=Refresh content='5; URL=a.html'><meta http-equiv=refresh content='0;url=\"b.html\" no'>"
        b"<meta http-equiv=refresh content='1 c.html'><meta http-equiv=refresh content=5>",
        [(L, "a.html"), (L, "b.html"), (L, "c.html")],
    ),
    "pictures to choose from": (
        b"<img srcset='a.png, b.png 2x,c,d.png 3x, e.png (no, no) 4x,, f.png,'>"
        b"<source srcset=g.png><link rel=preload as=image imagesrcset='h.png 1x'>",
        [(A, name) for name in "a.png b.png c,d.png e.png f.png g.png h.png".split()],
    ),
    "style": (
        b"<p style=\"background:url(a.png)\"><p style='b:url(&quot;b.png&quot;)'><style>@import 'c.css';</style>",
        [(A, "a.png"), (A, "b.png"), (A, "c.css")],
    ),
    "scripts": (
        b"<script>f('a/b.js')</script><script type=module>import './c.js'</script><p onclick='go(\"d.html\")'>"
        b"<p onclick=\"go(&#39;e.html&#39;)\"><script type=text/x-no>f('no.js')</script>",
        [(T, "a/b.js"), (M, "./c.js"), (T, "d.html"), (T, "e.html")],
    ),
    "data for scripts": (
        b"<script type=application/json>{\"a\":\"a.png\"}</script><script type=application/ld+json>[\"b.png\"]</script>"
        b"<script type=speculationrules>{\"prefetch\":[{\"urls\":[\"c.html\"]}]}</script>"
        b"<p data-src=d.png data-n=5 data-srcset='e.png 1x, f.png 2x' data-bg='url(g.png)'"
        b" data-props='{&quot;a&quot;:&quot;h\\/i.png&quot;}'>",
        [(T, "a.png"), (T, "b.png"), (L, "c.html"), (T, "d.png"), (T, "5"), (T, "e.png"), (T, "f.png"), (T, "g.png"),
         (T, "h/i.png")],
    ),
    "drawings": (
        b"<svg><use xlink:href=a.svg#x /><image href=b.png /><a xlink:href=c.html></a><rect mask='url(d.svg#m)'"
        b" fill='url(#no)' stroke=red /></svg>",
        [(A, "a.svg#x"), (A, "b.png"), (L, "c.html"), (A, "d.svg#m")],
    ),
    "templates, and what those without scripts see": (
        b"<template><img src=a.png></template><noscript><img src=b.png></noscript>", [(A, "a.png"), (A, "b.png")],
    ),
    "templates of a script": (b"<script type=text/template><img src=a.png></script>", [(T, "a.png")]),
    "a page in a page": (b"<iframe srcdoc='<img src=&quot;a.png&quot;>'></iframe>", [(A, "a.png")]),
    # What ends what
    "comments": (
        b"<!-- <img src=no.png> --><img src=a.png><!--><img src=b.png><!---><img src=c.png><!--x--!><img src=d.png>"
        b"<!--[if IE]><img src=no.png><![endif]--><!-- -- > <img src=no.png>",
        [(A, "a.png"), (A, "b.png"), (A, "c.png"), (A, "d.png")],
    ),
    "bogus comments": (
        b"<!doctype html><?php <img src=a.png><! <img src=b.png></ <img src=c.png><img src=d.png>", [(A, "d.png")]
    ),
    "texts": (
        b"<title><img src=no.png></title><textarea><img src=no.png></textarea ><xmp><img src=no.png></xmp>"
        b"<iframe><img src=no.png></iframe><noframes><img src=no.png></noframes><noembed><img src=no.png></noembed>"
        b"<p title=no.png alt=no.png placeholder=no.png value=no.png aria-label=no.png>no.png</p><img src=a.png>",
        [(A, "a.png")],
    ),
    "the rest of a page": (b"<img src=a.png><plaintext><img src=no.png></plaintext><img src=no.png>", [(A, "a.png")]),
    "a closing tag of another name": (b"<style>a{b:url(a.png)}</styles>c{d:url(b.png)}</STYLE\n><img src=c.png>",
        [(A, "a.png"), (A, "b.png"), (A, "c.png")]),
    "a script that writes a script": (
        b"<script>f('a.js');<!-- <script> </script> <img src=no.png> --></script><img src=b.png>",
        [(T, "a.js"), (A, "b.png")],
    ),
    "a script in an open comment": (b"<script><!-- '<p>'</script><img src=a.png>", [(A, "a.png")]),
    "elements that close themselves in a drawing": (
        b"<svg><title/><style/><script/><image href=a.png /></svg><img src=b.png>", [(A, "a.png"), (A, "b.png")]
    ),
    "elements that do not in a page": (b"<title/><img src=no.png></title><img src=a.png>", [(A, "a.png")]),
    "CDATA in a drawing": (
        b"<svg><![CDATA[<image href=no.png>]]><style><![CDATA[a{b:url(a.png)}]]></style></svg>", [(A, "a.png")]
    ),
    "a page in a drawing": (
        b"<svg><foreignObject><title/><img src=no.png></title><img src=a.png></foreignObject></svg>", [(A, "a.png")]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("page", "found"), FOUND.values(), ids=FOUND)
def test_a_page_names(page: bytes, found: list[tuple[str, str]]) -> None:
    contents = references(page)
    assert said(contents) == found
    assert_in_order(contents, page)


@pytest.mark.parametrize(
    ("raw", "text", "offsets"),
    [
        (b"?a&amp;b", "?a&b", (10, 11, 12, 17, 18)),
        (b"&#97;&#x62;.c", "ab.c", (10, 15, 21, 22, 23)),
        (b"a&copy=b", "a&copy=b", None),
        (b"a&copyb", "a&copyb", None),
        (b"a&copy.b", "a©.b", (10, 11, 16, 17, 18)),
        (b"a&no;&;&#;", "a&no;&;&#;", None),
        (b"&eacute;.b", "é.b", (10, 18, 19, 20)),
        (b"&#128;a&#0;", "€a\ufffd", (10, 16, 17, 21)),
        (b"&#9999999999;&#xd800;", "\ufffd\ufffd", (10, 23, 31)),
        (b"\xc3\xa9&amp;", "é&", (10, 12, 17)),
        (b"&acE;a", "\u223e\u0333a", (10, 10, 15, 16)),
        (b"\xe9.b", "é.b", (10, 11, 12, 13)),
        (b"&#32;a ", "a", (15, 16)),
    ],
)
def test_an_entity_is_decoded_and_keeps_its_place(
    raw: bytes, text: str, offsets: tuple[int, ...] | None
) -> None:
    [found] = references(b'<img src="' + raw + b'">').found
    assert found.text == text
    assert found.start == (offsets or (10,))[0]
    if offsets:
        assert found.offsets == offsets
    else:
        assert found.offsets is None or found.offsets == tuple(range(10, 11 + len(raw)))


def test_two_languages_escapes_keep_their_places() -> None:
    page = b"<p style='a:url(&quot;x\\2e p&quot;)'>"
    [found] = references(page).found
    assert found.text == "x.p"
    assert found.offsets == tuple(map(page.index, (b"x", b"\\", b"p&", b"&quot;)")))


def test_integrity_is_of_the_file_of_its_element() -> None:
    page = b"<img src=a.png><script integrity='sha256-x' src=a.js></script><link integrity=y rel=preload href=b.css>"
    contents = references(page)
    first, second = page.index(b"sha256-x"), page.index(b"=y ") + 1
    assert contents.seals == [Seal(first, first + 8, "sha256-x", 1), Seal(second, second + 1, "y", 2)]
    assert texts(contents)[1:] == ["a.js", "b.css"]


def test_integrity_of_nothing_seals_nothing() -> None:
    assert (
        references(b"<script integrity=x>1</script><link integrity=x rel=icon><img src=a integrity=x>").seals
        == []
    )


def test_the_first_base_with_an_address_counts() -> None:
    page = b"<base target=x><base href=' /a&amp;b/ '><base href=/no/>"
    assert references(page).base == "/a&b/"
    assert said(references(page)) == []


def test_an_import_map_is_known() -> None:
    contents = references(b'<script type="importmap">{"imports":{"a":"./a.js"}}</script>')
    assert dict(contents.imports) == {"a": "./a.js"}
    assert contents.found == [Found(Kind.MODULE, "./a.js", 42)]


def test_scripts_that_may_name_nothing_are_not_parsed() -> None:
    asked: list[bytes] = []

    def relevant(script: bytes) -> bool:
        asked.append(script)
        return b"yes" in script

    page = b"<script>f('yes.js')</script><script>f('no.js')</script>"
    assert texts(references(page, relevant=relevant)) == ["yes.js"]
    assert asked == [b"f('yes.js')", b"f('no.js')"]


def test_a_script_tells_what_it_puts_together() -> None:
    page = b"<script>f('img/' + n + '.png')</script>"
    assert [page[piece.start :][:4] for piece in references(page).pieces][:1] == [b"img/"]


XML_FOUND = {
    "addresses with any prefix": (
        b'<svg:svg><svg:image xlink:href="a.png"/><use x:href="b.svg#c"/><a href="d.html"/></svg:svg>',
        [(A, "a.png"), (A, "b.svg#c"), (L, "d.html")],
    ),
    "style": (
        b"<svg><style>a{b:url(a.png)}</style><s:style><![CDATA[a{b:url(b.png)} </style> ]]></s:style>"
        b"<style><!-- url(no.png) -->c{d:url('&#101;.png')}</style><g style=\"mask:url(f.svg#m)\"/></svg>",
        [(A, "a.png"), (A, "b.png"), (A, "e.png"), (A, "f.svg#m")],
    ),
    "the style sheet of the document": (
        b'<?xml version="1.0"?><?xml-stylesheet type="text/css" href="a.css"?><?no href="no.css"?><svg/>',
        [(A, "a.css")],
    ),
    "a doctype with declarations": (
        b'<!DOCTYPE svg [<!ENTITY a "<image href=\'no.png\'/>]"><!-- \' ]> --> ]><image href="a.png"/>',
        [(A, "a.png")],
    ),
    "a doctype": (b'<!DOCTYPE svg PUBLIC "-//W3C" "no.dtd"><image href="a.png"/>', [(A, "a.png")]),
    "comments and CDATA": (
        b'<!-- --!> <image href="no.png"/> --><![CDATA[<image href="no.png"/>]]><image href="a.png"/>',
        [(A, "a.png")],
    ),
    "elements that close themselves": (b'<title/><style/><script/><image href="a.png"/>', [(A, "a.png")]),
    "only entities of XML": (b'<image href="a&eacute;&amp;.png"/>', [(A, "a&eacute;&.png")]),
    "scripts": (b"<svg><script><![CDATA[f('a.js')]]></script></svg>", [(T, "a.js")]),
    "another vocabulary": (b'<browserconfig><logo src="a.png"/></browserconfig>', [(T, "a.png")]),
}


@pytest.mark.parametrize(("document", "found"), XML_FOUND.values(), ids=XML_FOUND)
def test_an_xml_document_names(document: bytes, found: list[tuple[str, str]]) -> None:
    contents = xml_references(document)
    assert said(contents) == found
    assert_in_order(contents, document)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_nothing_is_found_in_utf16(encoding: str) -> None:
    page = "\ufeff<img src=a.png>".encode(encoding)
    assert said(references(page)) == said(xml_references(page)) == []


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("a/b.html", b"<a href=x.y>"),
        ("b.HTM", b"<a href=x.y>"),
        ("b.xhtml", b"<a href='x.y'/>"),
        ("b.svg", b"<a href='x.y'/>"),
        ("b.xml", b"<a href='x.y'/>"),
        ("b.css", b"@import 'x.y'"),
        ("b.js", b"import './x.y'"),
        ("b.mjs", b"import './x.y'"),
        ("b.cjs", b"f('./x.y')"),
        ("b.json", b'["x.y"]'),
        ("manifest.json", b'["x.y"]'),
        ("b.webmanifest", b'{"src":"x.y"}'),
        ("b.importmap", b'{"imports":{"a":"x.y"}}'),
        ("b.js.map", b'{"file":"x.y"}'),
    ],
)
def test_a_file_is_read_by_its_name(path: str, content: bytes) -> None:
    language = by_name(path)
    assert language
    assert [text.removeprefix("./") for text in texts(language(content))] == ["x.y"]


@pytest.mark.parametrize("path", ["a.png", "html", "css/noextension", "a.html.gz", "a.css/b"])
def test_a_file_of_no_known_language_has_no_reader(path: str) -> None:
    assert by_name(path) is None


def test_by_name_passes_on_what_is_relevant() -> None:
    language = by_name("a.html", relevant=lambda _: False)
    assert language
    assert said(language(b"<script>f('a.js')</script>")) == []
