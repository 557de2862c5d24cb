"""What a caption says: its text, title, hashtags and mentions."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from everyday.photos.captions import clean, cut, excerpt, hashtags, mentions, slug, title
from everyday.photos.model import MediaType
from tests.builders import a_medium

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
FLAG = "\U0001f1e9\U0001f1ea"


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("plain", "plain"),
        ("  a  b  \n\n\n\n c ", "a  b\n\nc"),
        ("a\r\nb\rc\u2028d\u2029e\x85f", "a\nb\nc\nd\ne\nf"),
        ("a\0b\x1b[31m\x7f\x9f", "ab[31m"),
        ("a\tb", "a b"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069x", "x"),
        ("\u200fשלום\u200e", "\u200fשלום\u200e"),
        ("\ud83d\ude00", "😀"),
        ("\ud83d \ude00", "\ufffd \ufffd"),
        ("\ufeffa\ufffe\uffff\ufdd0\U0001fffeb", "ab"),
        (FAMILY, FAMILY),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("<script>&amp;</script>", "<script>&amp;</script>"),
    ],
)
def test_a_caption_keeps_its_words_and_loses_what_cannot_be_shown(given_text: str, shown: str) -> None:
    assert clean(given_text) == shown


@given(st.text(st.characters()))
@example("\r\0\n")
@example("\ud83d\0\ude00")
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("caption", "expected"),
    [
        ("Morning light\nand more", "Morning light"),
        ("\n\n  Morning   light  ", "Morning light"),
        ("Morning light #sunrise #lake", "Morning light"),
        ("Morning light — #sunrise", "Morning light"),
        ("#Morning at the lake", "#Morning at the lake"),
        ("Walk to #lake today", "Walk to #lake today"),
        ("#one #two\nThen words", "Then words"),
        (".\n.\nWords", "."),
        ("\u2800\n\u3164\nWords", "Words"),
        ("#one#two #three", "Photo, 1 May 2024"),
        ("", "Photo, 1 May 2024"),
        ("\0\u202e", "Photo, 1 May 2024"),
        ("😀😀", "😀😀"),
        ("100% #", "100% #"),
        ("Thanks @friend", "Thanks @friend"),
        ("photo\u202egnp.exe", "photognp.exe"),
    ],
)
def test_a_title_is_the_first_line_that_says_something(caption: str, expected: str) -> None:
    assert title(caption, a_medium()) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (MediaType.IMAGE, "Photo, 1 May 2024"),
        (MediaType.VIDEO, "Video, 1 May 2024"),
        (MediaType.CAROUSEL_ALBUM, "Photos, 1 May 2024"),
    ],
)
def test_a_medium_without_words_is_called_by_its_kind_and_day(kind: MediaType, expected: str) -> None:
    assert title("#tag", a_medium(media_type=kind)) == expected


@pytest.mark.parametrize("unit", ["x", "😀", FAMILY, FLAG, "e\u0301", "👍🏽", "❤️", "1️⃣", "\u1112\u1161\u11ab"])
def test_a_long_title_is_cut_between_what_a_reader_sees_as_characters(unit: str) -> None:
    short = title(unit * 400, a_medium())
    assert len(short) <= 255
    assert short.endswith("…")
    assert short[:-1] == unit * (len(short[:-1]) // len(unit))
    assert len(short) > 255 - 1 - len(unit)


def test_a_cut_prefers_the_end_of_a_word() -> None:
    assert cut("The quick brown fox, jumps over", 22) == "The quick brown fox…"
    assert cut("Exactly as long", 15) == "Exactly as long"


def test_a_pile_of_marks_is_cut_all_the_same() -> None:
    assert len(cut("a" + "\u0301" * 999, 255)) == 255


@pytest.mark.parametrize(
    ("caption", "tags"),
    [
        ("#one #Two words #ONE", ("one", "two")),
        ("#one#two", ("one", "two")),
        ("word#no &#39; C#minor", ()),
        ("(#yes) “#yes2” #yes3!", ("yes", "yes2", "yes3")),
        ("❤️#heart", ("heart",)),
        ("#sun☀️ #sun🌅set", ("sun",)),
        ("#🌅 #1 #2024 # ##", ()),
        ("#2024goals", ("2024goals",)),
        ("#️⃣ key", ()),
        ("#snake_case #kebab-case", ("snake_case", "kebab")),
        ("#日本語 #שקיעה #غروب #नमस्ते", ("日本語", "שקיעה", "غروب", "नमस्ते")),
        ("#caf\u00e9 #cafe\u0301 #CAFÉ", ("caf\u00e9",)),
        ("＃全角", ("全角",)),
        ("#İstanbul", ("i̇stanbul",)),
        ("##double", ("double",)),
        ("#می\u200cخواهم", ("می\u200cخواهم",)),
        ("#" + "x" * 300, ("x" * 191,)),
        ("https://example.org/#part", ()),
    ],
)
def test_hashtags_are_tags_of_any_script_each_once(caption: str, tags: tuple[str, ...]) -> None:
    assert hashtags(caption) == tags


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("@friend", ["friend"]),
        ("with @Some.One_1, and (@two)!", ["some.one_1", "two"]),
        ("me@example.org", []),
        ("@name.", ["name"]),
        ("@wow...nice", ["wow"]),
        ("@.dot @", []),
        ("@müller", []),
        ("@" + "a" * 30, ["a" * 30]),
        ("@" + "a" * 31, []),
        ("https://example.org/@user", []),
        ("@@twice", []),
    ],
)
def test_mentions_are_names_that_instagram_allows(line: str, names: list[str]) -> None:
    pieces = list(mentions(line))
    assert [name for _, name in pieces if name] == names
    assert "".join(text for text, _ in pieces) == line


@given(st.text())
def test_mentions_lose_no_character(line: str) -> None:
    assert "".join(text for text, _ in mentions(line)) == line


def test_an_excerpt_is_one_line_without_the_last_hashtags() -> None:
    assert excerpt("One\n\ntwo #three four\n#five #six") == "One two #three four"
    assert excerpt("#only #tags") is None
    assert excerpt("") is None
    assert len(excerpt("word " * 400) or "") <= 300


def test_a_slug_is_the_identity() -> None:
    assert slug("17900000000000001") == "ig-17900000000000001"
    assert slug("export-0a1b2c3d4e5f6071") == "ig-export-0a1b2c3d4e5f6071"
