"""What holds of every page: exactly the references that were written, whatever stands around them."""

import pytest
from html5lib._tokenizer import HTMLTokenizer
from html5lib.constants import tokenTypes
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.references.entities import HTML_ATTRIBUTE
from everyday.site.references.found import Kind
from everyday.site.references.html import references, xml_references
from tests.unit.site.references.spelling import assert_in_order, assert_raw, texts

NAMES = st.text(st.sampled_from("abcé&;= ._-/?#%<>\\(),"), min_size=1, max_size=8).map(
    lambda name: f"x{name}x"
)


def escaped(name: str) -> str:
    return "".join(c if c.isalnum() or c in "./-_?" else f"&#{ord(c)};" for c in name)


WRITTEN = {
    '<img alt="no.png" src="{}">': True,
    "<a class='a b' href='{}' title=no>": True,
    "<IMG SRC={}>": True,
    "<video poster={0} poster=no.png></video>": True,
    '<x-y data-file="{}/x.png">': True,
    "<!-- <img src='{}'> -->": False,
    "<textarea><a href='{}'></textarea>": False,
    "<p title='<img src={0}>' id={0}>{0}</p>": False,
    "<script>/* {} */</script>": False,
    "<title>{}</title>": False,
    "</a href={}>": False,
}


@given(st.lists(st.tuples(st.sampled_from(list(WRITTEN)), NAMES)))
def test_exactly_the_references_written_are_found(parts: list[tuple[str, str]]) -> None:
    page = "\n".join(form.format(escaped(name)) for form, name in parts).encode()
    found = references(page)
    expected = [name + "/x.png" * form.startswith("<x-y") for form, name in parts if WRITTEN[form]]
    assert texts(found) == expected
    assert_in_order(found, page)
    assert_raw(found, page, HTML_ATTRIBUTE)


PIECES = [
    "<",
    ">",
    "/",
    "=",
    "'",
    '"',
    " ",
    "\n",
    "!",
    "-",
    "--",
    "<!--",
    "-->",
    "--!>",
    "<!-->",
    "<!",
    "<?",
    "</",
    "&",
    "&amp;",
    "&copy",
    ";",
    "<img src=",
    "<img src='a.png'>",
    "<a href=b>",
    "</a>",
    "<p class=x title='",
    "<p id=",
    "src=c.png",
    "SRC='d'",
    "<title>",
    "</title>",
    "<textarea>",
    "</textarea",
    "<style>",
    "</style>",
    "<script>",
    "</script>",
    "<script src=e.js>",
    "</script ",
    "x",
    "<xmp>",
    "</xmp>",
    "<img ",
    "<b",
    "[CDATA[",
    "]]>",
]


def addresses_of_html5lib(page: str) -> list[str]:
    """The `src` and `href` of every tag, as another tokeniser of the standard reads them."""
    found = [
        value.strip("".join(map(chr, range(33))))
        for token in start_tags(page)
        for name, value in token["data"].items()
        if token["name"] in WITH.get(name, ())
    ]
    return [text for text in found if text]


WITH = {"src": ("img", "script"), "href": ("a",)}
STATES = {"title": "rcdataState", "textarea": "rcdataState", "style": "rawtextState", "xmp": "rawtextState"}


def start_tags(page: str):
    """The tokens, with the tokeniser put into the states that a tree would put it into."""
    stream = HTMLTokenizer(page)
    for token in stream:
        if token["type"] != tokenTypes["StartTag"]:
            continue
        yield token
        if token["name"] == "script":
            stream.state = stream.scriptDataState
        elif token["name"] in STATES:
            stream.state = getattr(stream, STATES[token["name"]])


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_another_tokeniser_of_the_standard_finds_the_same(page: str) -> None:
    ours = references(page.encode(), relevant=lambda _: False)
    kept = [found.text for found in ours.found if found.kind is not Kind.TEXT]
    assert kept == addresses_of_html5lib(page)


@given(st.lists(st.sampled_from(PIECES)).map(lambda parts: "".join(parts).encode()) | st.binary())
def test_whatever_the_bytes_are_they_are_read(page: bytes) -> None:
    for read in (references, xml_references):
        assert_in_order(read(page), page)


ENDLESS = [
    b"<a ",
    b'"',
    b"'",
    b"&",
    b"<",
    b"url(",
    b"<!--",
    b"<!-",
    b"<!",
    b"<?",
    b"</",
    b"</a ",
    b"<a/",
    b"<a =",
    b"<a b=",
    b'<a href="',
    b"<a href=x>",
    b"<p class=",
    b"<svg>",
    b"<svg></math>",
    b"<svg><foreignobject>",
    b"<style>",
    b"<title>",
    b"<script><!--<script>",
    b"<script type=text/html>",
    b"<![CDATA[",
    b"<!DOCTYPE [<",
    b'<!DOCTYPE "',
    b"<?xml-stylesheet ",
    b"<img srcset='a,,,,",
    b"<img data-x='{\"",
    b"<iframe srcdoc='&lt;",
    b"<iframe srcdoc=<iframe/",
    b"<p style='url(",
    b"<plaintext>",
    b"<p a:b",
]


@pytest.mark.parametrize("part", ENDLESS)
def test_a_megabyte_of_beginnings_is_read(part: bytes) -> None:
    """It would take hours if any part were read once for each that follows."""
    page = part * (1_000_000 // len(part))
    for read in (references, xml_references):
        assert_in_order(read(page), page)
