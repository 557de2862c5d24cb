"""References in JSON, web app manifests, import maps and source maps."""

import json as standard

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.references import json
from everyday.site.references.found import Found, Kind, Seal
from tests.unit.site.references.spelling import assert_in_order, assert_raw, said, texts


def test_values_may_be_addresses_and_keys_are_none() -> None:
    document = b'{"no.a":"a.png","b":["c/d",{"no.e" : "f.js"}],"g":"dull","h":1.5,"i":""}'
    assert said(json.references(document)) == [("TEXT", "a.png"), ("TEXT", "c/d"), ("TEXT", "f.js")]


@pytest.mark.parametrize(
    ("document", "text", "offsets"),
    [
        (rb'["a\/b"]', "a/b", (2, 3, 5, 6)),
        (rb'["\u002e/"]', "./", (2, 8, 9)),
        (rb'["\ud83d\ude00."]', "😀.", (2, 14, 15)),
        (rb'["\ud83d."]', "\ufffd.", (2, 8, 9)),
        (b'["\xc3\xa9\\/"]', "é/", (2, 4, 6)),
    ],
)
def test_an_escape_is_decoded_and_keeps_its_place(
    document: bytes, text: str, offsets: tuple[int, ...]
) -> None:
    assert json.references(document).found == [Found(Kind.TEXT, text, 2, offsets)]


def test_a_string_without_end_ends_with_its_line() -> None:
    assert texts(json.references(b'{ // isn"t json\n "a": "b.c" }')) == ["b.c"]


def test_nothing_is_found_in_utf16() -> None:
    document = '{"src":"a.b"}'.encode("utf-16")
    for read in (json.references, json.manifest, json.source_map, json.import_map):
        assert said(read(document)) == []


def test_a_manifest_names_its_pictures_and_pages() -> None:
    manifest = b"""{"name": "no.png", "start_url": "./?a=1", "scope": "/app/", "id": "/no.html",
      "icons": [{"src": "i.png", "sizes": "1x1", "type": "image/no.png"}], "screenshots": [{"src": "s.webp"}],
      "shortcuts": [{"name": "No.", "url": "/new.html", "icons": [{"src": "n.svg"}]}]}"""
    assert said(json.manifest(manifest)) == [
        ("LINK", "./?a=1"), ("LINK", "/app/"), ("ASSET", "i.png"), ("ASSET", "s.webp"), ("LINK", "/new.html"),
        ("ASSET", "n.svg"),
    ]  # fmt: skip
    assert json.manifest_or_data(manifest) == json.manifest(manifest)


def test_a_tools_manifest_is_data() -> None:
    assert said(json.manifest_or_data(b'{"main.js":{"file":"a/m.js"}}')) == [("TEXT", "a/m.js")]


def test_of_a_source_map_only_the_files_names_are_read() -> None:
    document = {
        "version": 3,
        "file": "a.js",
        "sourceRoot": "",
        "sources": ["../src/a.ts", None, "b].ts"],
        "sourcesContent": ['import "no.js"; // ], "sources": ["no.ts"]', None],
        "names": ["file", "sources", "no.x"],
        "mappings": "AAAA;no.js",
    }
    assert texts(json.source_map(standard.dumps(document).encode())) == ["a.js", "../src/a.ts", "b].ts"]


def test_an_import_map_gives_its_addresses_and_its_names() -> None:
    document = b"""{"imports": {"app": "./app.js", "lib/": "/lib/"}, "scopes": {"/no/": {"x": "/y.js"}},
      "integrity": {"/app.js": "sha384-abc"}, "more": {"a": "no.js"}}"""
    found = json.import_map(document)
    assert said(found) == [("MODULE", text) for text in ("./app.js", "/lib/", "/y.js", "/app.js")]
    assert dict(found.imports) == {"app": "./app.js", "lib/": "/lib/", "x": "/y.js"}
    start = document.index(b"sha384-abc")
    assert found.seals == [Seal(start, start + 10, "sha384-abc", 3)]


def test_speculation_rules_name_pages() -> None:
    assert said(json.speculation_rules(b'{"prefetch":[{"urls":["/a","b.html"]}]}')) == [
        ("LINK", "/a"), ("LINK", "b.html"),
    ]  # fmt: skip


VALUES = st.recursive(
    st.none() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [string for item in items for string in strings(item)]


def address(raw: str) -> bool:
    spelt = standard.dumps(raw)[1:-1]
    text = "".join(c if not 0xD800 <= ord(c) <= 0xDFFF else "\ufffd" for c in raw).strip(
        "".join(map(chr, range(33)))
    )
    return any(c in spelt for c in "./\\") and bool(text) and not text.startswith(("#", "data:"))


@given(VALUES, st.sampled_from([None, 1]))
def test_exactly_the_strings_that_may_be_addresses_are_found(value: object, indent: int | None) -> None:
    document = standard.dumps(value, indent=indent).encode()
    found = json.references(document)
    trim = "".join(map(chr, range(33)))
    assert texts(found) == [string.strip(trim) for string in strings(value) if address(string)]
    assert_in_order(found, document)
    assert_raw(found, document, json.ESCAPES)


READERS = (json.references, json.manifest, json.source_map, json.import_map)
PIECES = [
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b":",
    b",",
    b'"sources":[',
    b'"file":"a.b"',
    b'"names":[',
    b'"a":',
    b"\n",
    b"\xff",
]


@given(st.lists(st.sampled_from(PIECES)).map(b"".join) | st.binary())
def test_whatever_the_bytes_are_they_are_read(document: bytes) -> None:
    for read in READERS:
        assert_in_order(read(document), document)


@pytest.mark.parametrize("part", [*PIECES, b'"\\"', b'{"a":"b.c"', b'"sources":["', b'"imports":{"a":"b.c"'])
def test_a_megabyte_of_beginnings_is_read(part: bytes) -> None:
    """It would take hours if any part were read once for each that follows."""
    document = part * (1_000_000 // len(part))
    for read in READERS:
        assert_in_order(read(document), document)
