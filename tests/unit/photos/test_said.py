import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everyday.photos.said import parse, well_formed, without_addresses

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.text(alphabet=st.characters(codec=None, categories=None)))
def test_every_text_becomes_one_that_utf8_can_write(text: str) -> None:
    well_formed(text).encode()


@pytest.mark.parametrize(
    ("text", "expected"), [("\ud83c\udf05", "🌅"), ("a\ud800b", "a�b"), ("café 🌅", "café 🌅")]
)
def test_surrogate_pairs_are_joined_and_lone_ones_replaced(text: str, expected: str) -> None:
    assert well_formed(text) == expected


@given(anything)
def test_what_is_parsed_can_be_stored(value: object) -> None:
    import msgspec

    msgspec.json.encode(parse(json.dumps(value)))


@given(st.binary() | st.text())
def test_any_document_is_parsed_or_refused_with_a_value_error(document: bytes | str) -> None:
    try:
        parse(document)
    except ValueError:
        return


@pytest.mark.parametrize("document", ["[" * 100_000, "[" * 200 + "]" * 200, '{"a":' * 90 + "1" + "}" * 90])
def test_deep_nesting_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(document)


def test_whole_numbers_beyond_64_bits_become_text() -> None:
    assert parse(f"[{2**63}, {-(2**63)}]") == [str(2**63), -(2**63)]


def test_addresses_and_paging_are_left_out_and_the_rest_is_kept() -> None:
    said = {
        "id": "1",
        "media_url": "https://x/?oh=1",
        "like_count": 3,
        "new_field": {"thumbnail_url": "https://x", "kept": [1, {"media_url": "https://x"}]},
        "link": "https://graph/?access_token=SECRET",
        "children": {"data": [{"id": "2", "media_url": "u"}], "paging": {"next": "https://x"}},
    }
    assert without_addresses(said) == {
        "id": "1",
        "like_count": 3,
        "new_field": {"kept": [1, {}]},
        "children": {"data": [{"id": "2"}]},
    }
