"""A dot and base32 need no escape in any language, whatever escape stands before or after them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.site.references.by_name import by_name
from everyday.site.references.found import Found, Kind
from everyday.site.resolve import Outcome, Resolver

HASH = "k3v9x2m4qa"


def found_in(file: str, content: str) -> Found:
    language = by_name(file)
    assert language is not None
    return next(found for found in language(content.encode()).found if found.kind is not Kind.MODULE)


def with_hash(file: str, content: str, target: str) -> str:
    """The file with a hash in its first reference, which leads to `target`."""
    found = found_in(file, content)
    resolver = Resolver([target])
    answer = resolver.resolve(found, resolver.place(file))
    assert (answer.outcome, answer.path) == (Outcome.FILE, target)
    assert answer.at is not None
    raw = content.encode()
    at = found.byte(answer.at)
    return (raw[:at] + f".{HASH}".encode() + raw[at:]).decode()


@pytest.mark.parametrize(
    ("file", "content", "edited"),
    [
        ("x.js", r"f('./a\x2ejs')", rf"f('./a.{HASH}\x2ejs')"),
        ("x.js", r"f('./\141.js')", rf"f('./\141.{HASH}.js')"),
        ("x.js", "f('./a\\\n.js')", f"f('./a\\\n.{HASH}.js')"),
        ("x.js", r"f('.\/a%2ejs?v=1.2')", rf"f('.\/a.{HASH}%2ejs?v=1.2')"),
        ("x.json", r'["\/a\u002ejs"]', rf'["\/a.{HASH}\u002ejs"]'),
        ("x.json", r'["\/\u0061.js"]', rf'["\/\u0061.{HASH}.js"]'),
        ("x.css", r"a{b:url(\61.js)}", rf"a{{b:url(\61.{HASH}.js)}}"),
        ("x.css", r"a{b:url(\61 .js)}", rf"a{{b:url(\61 .{HASH}.js)}}"),
        ("x.css", r"a{b:url('a\2e js')}", rf"a{{b:url('a.{HASH}\2e js')}}"),
        ("x.css", r"a{b:url(a\.js)}", rf"a{{b:url(a.{HASH}\.js)}}"),
        ("x.html", "<img src='&#97.js'>", f"<img src='&#97.{HASH}.js'>"),
        ("x.html", "<img src=a&period;js>", f"<img src=a.{HASH}&period;js>"),
    ],
)
def test_a_hash_stands_where_the_language_reads_it(file: str, content: str, edited: str) -> None:
    assert with_hash(file, content, "a.js") == edited


@pytest.mark.parametrize(
    ("file", "content", "target"),
    [
        ("x.html", "<img src='d/x&amp'>", "d/x&"),
        ("x.html", "<img src=d/&#97>", "d/a"),
        ("x.css", r"a{b:url(d/\61)}", "d/a"),
        ("x.css", r"a{b:url('d/\61 ')}", "d/a"),
        ("x.js", r"f('d/\1411')", "d/a1"),
    ],
)
def test_a_hash_may_end_an_escape_that_the_quote_ended(file: str, content: str, target: str) -> None:
    text = found_in(file, content).text
    assert found_in(file, with_hash(file, content, target)).text == f"{text}.{HASH}"


FORMS = st.sampled_from(["{c}", "\\x{n:02x}", "\\u{n:04x}", "\\u{{{n:x}}}", "\\{n:o}", "\\\n{c}"])
CSS_FORMS = st.sampled_from(["{c}", "\\{n:x} ", "\\{n:06x}", "\\{n:05x}\t"])
HTML_FORMS = st.sampled_from(["{c}", "&#{n};", "&#x{n:x};", "%{n:02x}"])
NAMES = st.text("abcxyzAZ019_-", min_size=1, max_size=6)


@given(NAMES, st.data())
@pytest.mark.parametrize(
    ("file", "forms", "around"),
    [
        ("x.js", FORMS, "f('./{}')"),
        ("x.css", CSS_FORMS, "a{{b:url('./{}')}}"),
        ("x.html", HTML_FORMS, "<img src='./{}'>"),
    ],
)
def test_however_a_name_is_escaped_its_hash_is_read_back(
    file: str, forms: st.SearchStrategy[str], around: str, stem: str, data: st.DataObject
) -> None:
    name = f"{stem}.png"
    raw = "".join(data.draw(forms).format(c=character, n=ord(character)) for character in name)
    edited = with_hash(file, around.format(raw), name)
    resolver = Resolver([f"{stem}.{HASH}.png"])
    assert resolver.resolve(found_in(file, edited), resolver.place(file)).outcome is Outcome.FILE
