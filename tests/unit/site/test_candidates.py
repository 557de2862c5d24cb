"""A file that is not parsed names no file: `Candidates` never says no where a parser would find a name."""

import html
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.candidates import Candidates
from everyday.site.references.script import references


def test_a_file_without_any_name_is_not_parsed() -> None:
    candidates = Candidates(["main.css", "photo-01.jpg", "ä b.png"])
    assert not candidates.any_in(b"x = 'main.cs' + \"photo-1.jpg\" + '\\u00e4%20' + '&amp;' + /\\d\\x00\\0/")
    assert not candidates.any_in(b"")


def test_a_site_without_names_has_no_candidates() -> None:
    assert not Candidates([]).any_in(b"anything.js")


@pytest.mark.parametrize(
    "written",
    [
        "a-b_c.png",
        r"a-b_c\.png",
        r"\a-b_c.png",
        r"a\x2db_c.png",
        r"a-b\u005Fc.png",
        r"a-b_c\u{2E}png",
        r"a-b_c\u{00002e}png",
        r"a-b_\143.png",
        r"a-b_c\56png",
        r"a-b_c\00002e png",
        r"a-b_\63.png",
        "a-b_\\\nc.png",
        "a-b_\\\r\nc.png",
        "a-b_\\\u2028c.png",
        "a-b_%63.png",
        "a-b_c%2Epng",
        r"a-b_\x2563.png",
        "a-b_&#99;.png",
        "a-b_&#x063;.png",
        "a-b_c&period;png",
        "a-b&lowbar;c.png",
    ],
)
def test_a_name_is_seen_however_it_is_escaped(written: str) -> None:
    assert Candidates(["a-b_c.png"]).any_in(f"x = '{written}'".encode())


@pytest.mark.parametrize("text", ["日本", "a", "&;", " "])
def test_a_name_without_a_plain_part_is_always_possible(text: str) -> None:
    assert Candidates([text]).any_in(text.encode())


@pytest.mark.parametrize("written", ["img/", r"img\/"])
def test_a_folder_is_seen_in_the_beginning_of_an_address(written: str) -> None:
    candidates = Candidates(["img/"])
    assert candidates.any_in(f"x = '{written}' + n".encode())
    assert not candidates.any_in(b"img.src = n")


NAMES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\u2028\u2029"),
    min_size=1,
    max_size=12,
).map(lambda stem: f"{stem}.png")
WAYS = st.sampled_from(
    [
        lambda name: name,
        quote,
        html.escape,
        lambda name: json.dumps(name)[1:-1],
        lambda name: json.dumps(name, ensure_ascii=False)[1:-1].replace("&", r"\u0026"),
        lambda name: html.escape(quote(name, safe="&")),
        lambda name: name.encode("ascii", "xmlcharrefreplace").decode(),
    ]
)


@given(NAMES, WAYS, st.lists(NAMES, max_size=3))
def test_ordinary_escaping_hides_no_name(name: str, way: object, others: list[str]) -> None:
    written = f'<p>"../img\\/{way(name)}?v=1"'  # type: ignore[operator]
    assert Candidates([*others, name]).any_in(written.encode())


PLAIN = st.text("abcxyzAZ019._-", min_size=1, max_size=6)
FORMS = st.sampled_from(
    ["{c}", "\\{c}", "\\x{n:02x}", "\\u{n:04X}", "\\u{{{n:x}}}", "\\{n:o}", "\\\n{c}", "\\{n:03o}"]
)


@given(PLAIN, st.data())
def test_whatever_a_script_may_be_read_to_name_is_a_candidate(stem: str, data: st.DataObject) -> None:
    name = f"{stem}.js"
    raw = "".join(data.draw(FORMS).format(c=character, n=ord(character)) for character in name)
    content = f"x = './{raw}'".encode()
    if any(found.text == f"./{name}" for found in references(content).found):
        assert Candidates([name]).any_in(content)
