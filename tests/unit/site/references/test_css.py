"""References in style sheets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.references.css import ESCAPES, references
from everyday.site.references.found import Found, Kind
from tests.unit.site.references.spelling import assert_in_order, assert_raw, said, texts

FOUND = {
    "an address without quotes": (b"a{b:url(x.png)}", ["x.png"]),
    "in either quotes": (b"a{b:url('x.png') url( \"y.png\" )}", ["x.png", "y.png"]),
    "in any case": (b"a{b:URL(x.png)}@IMPORT 'y.css';", ["x.png", "y.css"]),
    "both forms of @import": (b'@import "a.css";@import url(b.css) screen;', ["a.css", "b.css"]),
    "@import after a comment": (b'@import/* "no.css" */ "a.css";', ["a.css"]),
    "every source of a font": (
        b"@font-face{src:local('no.ttf'),url(a.woff2) format('woff2'),url(a.eot?#iefix)}",
        ["a.woff2", "a.eot?#iefix"],
    ),
    "strings of image-set, not of its type()": (
        b"a{b:-webkit-image-set('a.png' 1x,'b.png' type('image/no') 2x,url(c.png) 3x)} d{e:'no.png'}",
        ["a.png", "b.png", "c.png"],
    ),
    "addresses and strings of image-set": (
        b"a{b:image-set(url(a.png) 1x,url(b'.png) 2x,'c.png' 3x)}",
        ["a.png", "c.png"],
    ),
    "image-set after a comment": (b'a{b:image-set(/* "no.png" */"a.png" 1x)}', ["a.png"]),
    "src()": (b"a{b:src( 'a.png' )}", ["a.png"]),
    "a custom property": (b":root{--logo:url(a.svg)}", ["a.svg"]),
    "content that is a picture": (b'a{content:url(a.png) "no.png"}', ["a.png"]),
    "after an escaped selector": (rb".md\:w-1\/2 .x\(url\({b:url(a.png)}", ["a.png"]),
    "with query and fragment": (b"a{b:url(a.svg?v=1#x)}", ["a.svg?v=1#x"]),
    "at the file's end": (b"a{b:url(a.png", ["a.png"]),
    "a string at the file's end": (b"a{b:url('a.png", ["a.png"]),
    "after a byte order mark": (b"\xef\xbb\xbf@import 'a.css';", ["a.css"]),
    "after what is no comment": (b"a/b{c:url(a.png)}", ["a.png"]),
}


@pytest.mark.parametrize(("sheet", "found"), FOUND.values(), ids=FOUND)
def test_a_sheet_fetches(sheet: bytes, found: list[str]) -> None:
    assert texts(references(sheet), Kind.ASSET) == found
    assert_in_order(references(sheet), sheet)
    assert_raw(references(sheet), sheet, ESCAPES)


NOTHING_IN = {
    "a comment": b"/* url(no.png) @import 'no.css'; */",
    "a comment without end": b"/* url(no.png)",
    "content": b"a{content:'no.png'}",
    "a string that holds a function": b'a{content:"url(no.png)"}',
    "a namespace": b"@namespace url(http://x/no.png);@namespace svg 'no.png';@namespace a url('no.png');",
    "a charset": b"@charset 'no.css';",
    "a longer function name": b"a{b:myurl(no.png) my-src('no.png') xurl(no.png) my-image-set('no.png')}",
    "a longer at-rule": b"@import-x 'no.css';@imports 'no.css';",
    "a bad address": b"a{b:url(no no.png) url(no'.png)}",
    "a bad string": b"a{b:url('no\n.png)}",
    "a fragment of the page": b"a{b:url(#no)}",
    "data": b"a{b:url(data:image/png;base64,no.png)}",
    "no address": b"a{b:url() url('') url( )}",
    "UTF-16": "a{b:url(no.png)}".encode("utf-16"),
}


@pytest.mark.parametrize("sheet", NOTHING_IN.values(), ids=NOTHING_IN)
def test_there_is_no_reference_in(sheet: bytes) -> None:
    assert said(references(sheet)) == []


@pytest.mark.parametrize(
    ("sheet", "text", "offsets"),
    [
        (rb"url(a\2e png)", "a.png", (4, 5, 9, 10, 11, 12)),
        (rb"url(a\@2)", "a@2", (4, 5, 7, 8)),
        (b"url('a\\\nb')", "ab", (5, 8, 9)),
        (b"url('a\\\r\nb')", "ab", (5, 9, 10)),
        (rb"url(\00002Eb)", ".b", (4, 11, 12)),
        (b"url(a\\\xc3\xa9b)", "aéb", (4, 5, 8, 9)),
        (rb"url(a\0 b)", "a\ufffdb", (4, 5, 8, 9)),
        (b"url(\xe9.png)", "é.png", (4, 5, 6, 7, 8, 9)),
    ],
)
def test_an_escape_is_decoded_and_keeps_its_place(sheet: bytes, text: str, offsets: tuple[int, ...]) -> None:
    assert references(sheet).found == [Found(Kind.ASSET, text, offsets[0], offsets)]


def test_the_last_source_map_is_a_link() -> None:
    sheet = b"/*# sourceMappingURL=no.map */a{b:url(a.png)}/*# sourceMappingURL=a.css.map */"
    assert said(references(sheet)) == [("ASSET", "a.png"), ("LINK", "a.css.map")]


NAMES = st.text(st.sampled_from("abcé7 ._-@/'\"()\\\n"), min_size=1, max_size=8).map(lambda name: f"x{name}x")


def escaped(name: str) -> str:
    return "".join(c if c.isalnum() or c in "./-_" else f"\\{ord(c):x} " for c in name)


WRITTEN = {
    "a{{b:url({})}}": Kind.ASSET,
    "a{{b:url( '{}' )}}": Kind.ASSET,
    '@import "{}" screen;': Kind.ASSET,
    "a{{b:image-set('{}' 1x)}}": Kind.ASSET,
    "/* {0} */a{{content:'{0}';c:format('{0}')}}": None,
    "@namespace x url({});": None,
    ".{}:hover{{}}": None,
}


@given(st.lists(st.tuples(st.sampled_from(list(WRITTEN)), NAMES)))
def test_exactly_the_references_written_are_found(parts: list[tuple[str, str]]) -> None:
    sheet = "\n".join(form.format(escaped(name)) for form, name in parts).encode()
    found = references(sheet)
    assert texts(found) == [name for form, name in parts if WRITTEN[form] is not None]
    assert_in_order(found, sheet)
    assert_raw(found, sheet, ESCAPES)


PIECES = [
    b"url(",
    b"'",
    b'"',
    b"\\",
    b"\n",
    b"/*",
    b"*/",
    b")",
    b"(",
    b"@import ",
    b"image-set(",
    b"a.png",
    b"\xff",
]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join) | st.binary())
def test_whatever_the_bytes_are_they_are_read(sheet: bytes) -> None:
    assert_in_order(references(sheet), sheet)


@pytest.mark.parametrize(
    "part", [*PIECES, b"url('", b"image-set(x(", b"image-set('", b"/*# sourceMappingURL=", b"\\("]
)
def test_a_megabyte_of_beginnings_is_read(part: bytes) -> None:
    """It would take hours if any part were read once for each that follows."""
    sheet = part * (1_000_000 // len(part))
    assert_in_order(references(sheet), sheet)
